/* SPDX-License-Identifier: MIT */
/* verb_resume.c - tunebench resume: goes on with runs that were left unfinished. */
#include <stdio.h>

#include "cli/live.h"
#include "cli/verb.h"

static const struct tb_flag flags[] = {
    { "all", NULL, false, "all that were left unfinished: queued, stopped, lost" },
    { "threads", "N", false, "threads; as the run was begun if not given (the bits are the same)" },
    { "json", NULL, false, "the comparison as JSON" },
    { "csv", NULL, false, "the comparison as CSV" },
    { "plain", NULL, false, "the comparison separated by tabs" },
    { 0 }
};

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_worker_spec spec;
    struct tb_worker_result result;
    struct tb_live live;
    struct tb_out out;
    bool all = tb_args_has(a, "all");
    if (!tb_out_open(&out, a, err) || !tb_live_open(&live, &spec, a, err))
        return false;
    if (all == (a->n_pos > 0))
        return tb_fail(err, TB_ERR_USAGE, "name runs, or give --all");
    tb_live_signals();
    bool good = tb_worker_resume(a->pos, (size_t)a->n_pos, &spec, &result, err);
    if (good && result.n == 0)
        printf("nothing to go on with: every run is done\n");
    else
        good = good && tb_live_compare(&out, a, &result, err);
    *exit_code = tb_live_exit(&result);
    tb_worker_result_free(&result);
    return good;
}

const struct tb_verb tb_verb_resume = {
    .name = "resume", .usage = "RUN.. | --all",
    .help = "Goes on with runs from their newest checkpoint; with the same bits as if they had never stopped.",
    .examples = "  tunebench resume lora-r8-s0\n  tunebench resume --all\n", .flags = flags, .run = run,
};
