/* SPDX-License-Identifier: MIT */
/* verb_stop.c - tunebench stop: ends runs so that they can go on. */
#include "cli/end.h"
#include "cli/verb.h"

static const struct tb_end stop = { .verb = "stop", .done = "stopped", .state = TB_STATE_STOPPED };

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    return tb_end_runs(&stop, a, exit_code, err);
}

static const struct tb_flag flags[] = { TB_FLAG_WAIT, TB_FLAG_JSON, { 0 } };

const struct tb_verb tb_verb_stop = {
    .name = "stop", .usage = "RUN..",
    .help = "Stops runs behind a checkpoint; 'resume' goes on from there.\n"
            "It does not matter which process trains them.\n"
            "RUN is a name, the beginning of an id, @last, @best, or a filter as ls takes it.",
    .examples = "  tunebench stop lora-r8-s0\n"
                "  tunebench stop state:running,queued\n"
                "  tunebench stop @last --wait 0\n",
    .flags = flags, .run = run,
};
