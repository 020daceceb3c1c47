/* SPDX-License-Identifier: MIT */
/* verb_prune.c - tunebench prune: gives runs up that are not worth their tokens. */
#include "cli/end.h"
#include "cli/verb.h"

static const struct tb_end prune = {
    .verb = "prune", .done = "pruned", .state = TB_STATE_PRUNED, .spares_protected = true,
};

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    return tb_end_runs(&prune, a, exit_code, err);
}

static const struct tb_flag flags[] = {
    { "force", NULL, false, "also protected runs" }, TB_FLAG_WAIT, TB_FLAG_JSON, { 0 }
};

const struct tb_verb tb_verb_prune = {
    .name = "prune", .usage = "RUN..",
    .help = "Gives runs up behind a checkpoint.\n"
            "As stop, but 'resume --all' passes them over; 'resume RUN' goes on with one. Protected runs are spared.\n"
            "RUN is a name, the beginning of an id, @last, @best, or a filter as ls takes it.",
    .examples = "  tunebench prune prefix20-s0\n"
                "  tunebench prune state:running 'eval>2.5'\n"
                "  tunebench prune --force lora-r8-s0\n",
    .flags = flags, .run = run,
};
