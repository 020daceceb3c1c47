/* SPDX-License-Identifier: MIT */
/* verb_sweep.c - tunebench sweep: leads the search of a recipe, or shows one. A word that names a file is a recipe. */
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "cli/attend.h"
#include "cli/make_plan.h"
#include "cli/pick.h"
#include "cli/sweep_lead.h"
#include "cli/sweep_show.h"
#include "cli/verb.h"

static const char usage[] = "sweep RECIPE | sweep SWEEP";

static const struct tb_flag flags[] = {
    { "set", "KEY=VALUE", true, "a key of all runs" },
    { "grid", "KEY=A,B", true, "values to choose from besides" },
    { "threads", "N", false, "threads; all processors if not given" },
    { "in-flight", "N", false, "runs that take turns (4), for a worker that is started now" },
    { "events", "N", false, "decisions to show, the last ones (12)" },
    TB_FLAG_JSON,
    { 0 }
};

static bool show(const char *ref, const struct tb_args *a, const struct tb_out *out, struct tb_err *err)
{
    struct tb_sweep s;
    long most;
    if (!tb_args_int(a, "events", 0, 1000000, 12, &most, err))
        return false;
    struct tb_store *store = tb_pick_store(a, err);
    if (!store)
        return false;
    bool good = tb_sweep_load(&s, tb_store_path(store), ref, err);
    if (good)
        tb_sweep_show(&s, out, (size_t)most);
    tb_sweep_close(&s);
    tb_store_close(store);
    return good;
}

static bool lead(const struct tb_args *a, const struct tb_out *out, int *exit_code, struct tb_err *err)
{
    char id[16] = "";
    struct tb_plan *p = tb_make_plan(a, usage, err);
    if (p && !p->sweep) {
        tb_plan_free(p);
        return tb_fail(err, TB_ERR_USAGE, "%s is no search; add search = t.random{ trials = 20 }, or: tunebench run %s",
                       a->pos[0], a->pos[0]);
    }
    return p && tb_sweep_lead(p, a, id, exit_code, err) && show(id, a, out, err);
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_out out;
    if (!tb_out_open(&out, a, err) || !tb_args_count(a, 1, 1, usage, err))
        return false;
    if (tb_str_ends(a->pos[0], ".lua") || tb_file_exists(a->pos[0]))
        return lead(a, &out, exit_code, err);
    return show(a->pos[0], a, &out, err);
}

const struct tb_verb tb_verb_sweep = {
    .name = "sweep", .usage = "RECIPE | SWEEP",
    .help = "Leads the search of a recipe, or shows how one stands.\n"
            "A recipe with search = t.random{..} or t.tpe{..}: the worker trains its trials,\n"
            "those that fall behind are pruned as the recipe says, the best are trained\n"
            "again with other seeds. Called again, it goes on.\n"
            "SWEEP is an id, the beginning of one, or @last.",
    .examples = "  tunebench plan recipes/lr-search.lua\n"
                "  tunebench sweep recipes/lr-search.lua\n"
                "  tunebench sweep @last --json\n",
    .flags = flags, .run = run,
};
