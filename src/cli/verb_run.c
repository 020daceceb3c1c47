/* SPDX-License-Identifier: MIT */
/* verb_run.c - tunebench run: trains the runs of a recipe (or of flags) and compares them. */
#include "cli/attend.h"
#include "cli/make_plan.h"
#include "cli/verb.h"

static const char usage[] = "run RECIPE | run --base B --data D --method M.. --budget N";

static const struct tb_flag flags[] = {
    TB_PLAN_FLAGS,
    TB_ATTEND_FLAGS,
    { "again", NULL, false, "train runs that are in the store already once more, under a new id" },
    TB_FLAGS_COMPARE,
    { "json", NULL, false, "the comparison as JSON" },
    { "csv", NULL, false, "the comparison as CSV" },
    { "plain", NULL, false, "the comparison separated by tabs" },
    { 0 }
};

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_out out;
    struct tb_plan *p = tb_out_open(&out, a, err) ? tb_make_plan(a, usage, err) : NULL;
    if (p && p->sweep) {
        tb_plan_free(p);
        return tb_fail(err, TB_ERR_USAGE, "this recipe is a search; use: tunebench sweep RECIPE");
    }
    bool good = p && tb_attend(&(struct tb_attend_spec){ .plan = p }, a, &out, exit_code, err);
    tb_plan_free(p);
    return good;
}

const struct tb_verb tb_verb_run = {
    .name = "run",
    .usage = "RECIPE | --base B --data D --method M.. --budget N",
    .help = "Trains the runs of a recipe and compares them.\n"
            "They go on in a process of their own, the worker, whatever happens to this terminal; runs in flight take\n"
            "turns. A run that the store has is not trained again; one that was left unfinished goes on.",
    .examples =
        "  tunebench run recipes/compare-three.lua\n"
        "  tunebench run recipes/compare-three.lua --detach\n"
        "  tunebench run recipes/lora-rank-sweep.lua --set budget=50k --grid seed=0,1,2\n"
        "  tunebench run --base tiny --data data/places.txt --method lora:r=8,targets=q+v --method prefix:tokens=20 "
        "--budget 60k --seed 5\n",
    .flags = flags,
    .run = run,
};
