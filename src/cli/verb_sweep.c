/* SPDX-License-Identifier: MIT */
/* verb_sweep.c - tunebench sweep: leads the search of a recipe, shows or steers one, lists them. A word that names a
 * file is a recipe. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "cli/make_plan.h"
#include "cli/pick.h"
#include "cli/sweep_begin.h"
#include "cli/sweep_follow.h"
#include "cli/sweep_show.h"
#include "cli/sweep_steer.h"
#include "cli/verb.h"
#include "view/sweeps.h"

static const char usage[] = "sweep [RECIPE | SWEEP]";

static const struct tb_flag flags[] = {
    { "set", "KEY=VALUE", true, "a key of all runs, or of the search: search.trials=40, prune.eta=2" },
    { "grid", "KEY=A,B", true, "values to choose from besides" },
    { "detach", NULL, false, "do not look on; the worker leads it" },
    { "fail-fast", NULL, false, "the first trial that fails ends it, as fail_fast = true in the recipe" },
    { "follow", NULL, false, "look on until it is over" },
    { "stop", NULL, false, "ends its runs behind a checkpoint; --resume goes on" },
    { "pause", NULL, false, "holds its runs, and begins no others" },
    { "resume", NULL, false, "goes on with it" },
    { "more", "N", false, "N more trials in each arm" },
    { "budget", "TOKENS", false, "no trial begins once all have taken so many; 0: no bound" },
    { "threads", "N", false, "threads; all processors if not given" },
    { "memory", "MODE", false, "auto, fast or small, for a worker that is started now" },
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

static const struct tb_table_column columns[] = {
    { "id", NULL, TB_UNIT_TEXT, false },      { "phase", NULL, TB_UNIT_TEXT, false },
    { "recipe", NULL, TB_UNIT_TEXT, false },  { "search", NULL, TB_UNIT_TEXT, false },
    { "arms", NULL, TB_UNIT_PLAIN, false },   { "runs", NULL, TB_UNIT_PLAIN, false },
    { "over", NULL, TB_UNIT_PLAIN, false },   { "best", NULL, TB_UNIT_LOSS, false },
    { "began", NULL, TB_UNIT_TEXT, false },   { "changed", NULL, TB_UNIT_TEXT, false },
};

/* All of a store. */
static bool list(const struct tb_args *a, const struct tb_out *out, struct tb_err *err)
{
    static const char *const missed_least[] = { "search", "changed", "arms", "began", NULL };
    struct tb_store *store = tb_pick_store(a, err);
    struct tb_sweep_item *all = NULL;
    struct tb_table t;
    if (!store)
        return false;
    size_t n = tb_sweep_items(tb_store_path(store), &all);
    tb_table_init(&t, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < n; i++) {
        const struct tb_sweep_item *x = &all[i];
        tb_table_text(&t, x->id);
        tb_table_text(&t, tb_sweep_stand_name(x->phase, x->is_led));
        tb_table_text(&t, x->recipe);
        tb_table_text(&t, x->search);
        tb_table_int(&t, (int64_t)x->n_arms);
        tb_table_int(&t, (int64_t)x->n_trials);
        tb_table_int(&t, (int64_t)x->n_over);
        tb_table_real(&t, x->best);
        tb_table_text(&t, x->began);
        tb_table_text(&t, x->changed);
    }
    if (n == 0 && out->form == TB_EMIT_TEXT)
        printf("no sweeps in %s; begin one: tunebench sweep recipes/lr-search.lua\n", tb_store_path(store));
    else
        tb_out_table_fit(out, &t, missed_least);
    tb_table_free(&t);
    tb_sweep_items_free(all, n);
    tb_store_close(store);
    return true;
}

static bool tell_detached(const char *id, const struct tb_args *a)
{
    static const char *const ways[][2] = { { "look on", "--follow" }, { "undo", "--stop" } };
    struct tb_buf b = { 0 };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        tb_buf_fmt(&b, "; %s: tunebench sweep %s %s", ways[i][0], id, ways[i][1]);
        tb_args_tell_store(&b, a);
    }
    printf("sweep %s is led by the worker", id);
    tb_out_safe(b.p);
    putchar('\n');
    tb_buf_free(&b);
    return true;
}

static bool lead(const struct tb_args *a, const struct tb_out *out, struct tb_live *live,
                 const struct tb_worker_spec *spec, int *exit_code, struct tb_err *err)
{
    char id[TB_SWEEP_ID] = "";
    bool is_over = false;
    struct tb_plan *p = tb_make_plan(a, usage, err);
    if (p && !p->sweep) {
        tb_plan_free(p);
        return tb_fail(err, TB_ERR_USAGE, "%s is no search; add search = t.random{ trials = 20 }, or: tunebench run %s",
                       a->pos[0], a->pos[0]);
    }
    tb_live_signals(false);
    if (!p || !tb_sweep_begin(p, a, spec, id, &is_over, err))
        return false;
    if (!is_over && tb_args_has(a, "detach"))
        return tell_detached(id, a);
    return (is_over || tb_sweep_follow(id, live, spec, exit_code, err)) && show(id, a, out, err);
}

static bool look(const struct tb_args *a, const struct tb_out *out, struct tb_live *live,
                 const struct tb_worker_spec *spec, int *exit_code, struct tb_err *err)
{
    if (tb_args_has(a, "follow") && !tb_sweep_follow(a->pos[0], live, spec, exit_code, err))
        return false;
    return show(a->pos[0], a, out, err);
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_out out;
    struct tb_worker_spec spec;
    struct tb_live live;
    if (!tb_out_open(&out, a, err) || !tb_args_count(a, 0, 1, usage, err))
        return false;
    if (a->n_pos == 0)
        return list(a, &out, err);
    if (!tb_live_open(&live, &spec, a, err))
        return false;
    bool is_recipe = tb_str_ends(a->pos[0], ".lua") || tb_file_exists(a->pos[0]);
    bool good = is_recipe             ? lead(a, &out, &live, &spec, exit_code, err)
              : tb_sweep_is_steered(a) ? tb_sweep_steer(a->pos[0], a, &out, &spec, exit_code, err)
                                       : look(a, &out, &live, &spec, exit_code, err);
    tb_live_close(&live);
    return good;
}

const struct tb_verb tb_verb_sweep = {
    .name = "sweep", .usage = "[RECIPE | SWEEP]",
    .help = "Leads the search of a recipe, shows how one stands, or lists them.\n"
            "A recipe with search = t.random{..} or t.tpe{..}: a worker trains its trials and leads it, so\n"
            "that no terminal need live; those that fall behind are pruned as the recipe says, the best are\n"
            "trained again with other seeds. Killed, it goes on when called again. An edited recipe is another\n"
            "sweep, which takes over the runs that both have. Single trials: prune RUN, protect RUN.\n"
            "SWEEP is an id, the beginning of one, or @last.",
    .examples = "  tunebench plan recipes/lr-search.lua\n"
                "  tunebench sweep recipes/lr-search.lua --detach\n"
                "  tunebench sweep @last --follow\n"
                "  tunebench sweep @last --more 5\n"
                "  tunebench sweep @last --json\n",
    .flags = flags, .run = run,
};
