/* SPDX-License-Identifier: MIT */
/* view_sweeps_test.c - a sweep as it is shown: rungs counted, best with spread, keys, what runs and what is next,
 * tokens and time with their doubt, columns and scatter, finalists and reasons; the list of a store's sweeps; and what
 * people ask of a whole sweep. */
#include "view/sweeps.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "sweep/act.h"
#include "tests/recipes/words.h"
#include "tests/unit/sweep_lab.h"

static const char rest[] = "\"prune\": {\"kind\": \"asha\", \"min\": 100, \"eta\": 2}, \"seeds\": [0, 7], "
                           "\"finalists\": 1, \"objective\": {\"metric\": \"eval/loss\", \"target\": 0.1}";

static bool begin(struct tb_sweep *s, int n)
{
    size_t *due = NULL, n_due = 0;
    bool good = tb_sweep_open(s, store, make_plan(n, rest), &err)
             && (s->phase != TB_SWEEP_NEW || tb_sweep_note(s, "begin", NULL, &err, "begins"))
             && tb_sweep_due(s, &due, &n_due, &err);
    free(due);
    return ok(good, "a sweep of %zu trials", n_due);
}

static void end(struct tb_sweep *s, size_t i, enum tb_state state)
{
    s->trial[i].state = state;
    s->trial[i].is_over = true;
}

/* Of the arm lora (even trials), budget 400: 0 came to 400, 2 was given up at 100, 4 is on its way to 200, 6 waits. */
static void set_stage(struct tb_sweep *s)
{
    see(s, 0, 100, 2.0, false);
    see(s, 0, 400, 1.5, false);
    end(s, 0, TB_STATE_DONE);
    see(s, 2, 100, 2.5, false);
    end(s, 2, TB_STATE_PRUNED);
    see(s, 4, 100, 1.0, false);
    see(s, 4, 150, 0.9, false);
    s->trial[4].wall_s = 3;
}

static void shown(void)
{
    struct tb_sweep s;
    struct tb_sweep_view v;
    if (!begin(&s, 4))
        return;
    set_stage(&s);
    tb_sweep_view_make(&v, &s, tb_clock_wall_ns());
    const struct tb_sweep_arm_view *a = &v.arm[0];
    is_int(v.n_arms, 2, "two arms");
    is_str(a->name, "lora", "the first is lora");
    is_int(a->n_rungs, 3, "rungs at 100 and 200, and the budget");
    near(a->rung[2].tokens, 400, 0, "which is the last");
    is_int(a->rung[0].n_in, 4, "four set out for the first");
    is_int(a->rung[0].n_passed, 2, "two were let go on there,");
    is_int(a->rung[0].n_pruned, 1, "one was given up,");
    is_int(a->rung[0].n_waiting, 1, "one waits");
    is_int(a->rung[1].n_in, 2, "two set out for the second:");
    is_int(a->rung[1].n_passed, 1, "one is behind it,");
    is_int(a->rung[1].n_running, 1, "one on the way");
    is_int(a->rung[2].n_passed, 1, "one is done");
    is_int(v.n_now, 1, "one runs");
    ok(v.now[0].trial == 4 && v.now[0].rung == 1, "on its way to the second rung");
    near(v.now[0].left_s, 5, 1e-9, "and is told its time");
    is_int(v.n_next, 5, "five wait");
    ok(v.n_best == 3 && v.best[0].trial == 4 && v.best[1].trial == 0, "the best is the best value so far");
    near(v.spent_tok, 400 + 100 + 150, 0, "tokens spent");
    near(v.saved_tok, 300, 0, "and saved");
    ok(v.expected_tok > v.spent_tok && v.doubt_tok > 0 && v.left_s > 0, "more are expected, with a doubt");
    ok(v.is_led && v.n_over == 2, "it is led, two runs are over");
    is_int(v.n_keys, 2 * 2 + 1, "two keys in each arm, and the method");
    is_str(tb_sweep_main_key(&v), "lr", "the main key is the rate");
    tb_sweep_view_free(&v);
    tb_sweep_close(&s);
}

static void bars(void)
{
    char bar[17];
    struct tb_sweep_rung r = { .n_in = 8, .n_waiting = 2, .n_running = 2, .n_passed = 2, .n_pruned = 1, .n_lost = 1 };
    tb_sweep_bar(&r, 16, bar);
    is_str(bar, "####xxxx>>>>....", "each state has its share of the bar");
    r = (struct tb_sweep_rung){ .n_in = 100, .n_running = 1, .n_waiting = 99 };
    tb_sweep_bar(&r, 8, bar);
    is_str(bar, ">.......", "what runs is seen, however few");
    r = (struct tb_sweep_rung){ .n_in = 3, .n_passed = 3 };
    tb_sweep_bar(&r, 7, bar);
    is_str(bar, "#######", "all of them are the whole bar");
    r.n_in = r.n_passed = 0;
    tb_sweep_bar(&r, 4, bar);
    is_str(bar, "    ", "nobody has none");
    tb_sweep_bar(&r, 0, bar);
    is_str(bar, "", "nor has a bar of no cells any");
}

static void facts(void)
{
    struct tb_sweep s;
    struct tb_spread sp;
    if (!begin(&s, 4))
        return;
    set_stage(&s);
    near(tb_sweep_column(&s, 4, "lr"), 0.003, 1e-12, "a column by the word of recipes");
    near(tb_sweep_column(&s, 4, "method.lr"), 0.003, 1e-12, "and by its key");
    near(tb_sweep_column(&s, 4, "value"), 0.9, 1e-12, "the objective");
    near(tb_sweep_column(&s, 2, "rung"), 1, 0, "decisions");
    ok(isnan(tb_sweep_column(&s, 4, "nothing")), "no such column");
    is_int(tb_standing_finalist(&s, 0), 0, "one came to its end: the finalist");
    tb_spread_read(&s, 0, &sp);
    is_int(sp.n, 1, "with one seed so far");
    is_int(tb_standing_finalist(&s, 1), -1, "the other arm has none");
    ok(strstr(tb_sweep_why(&s, 2), "rank 2 of 2") != NULL, "why it was given up: %s", tb_sweep_why(&s, 2));
    is_str(tb_sweep_why(&s, 0), "", "nothing to say of one that is done");
    struct tb_plot look = { .width = 60, .height = 12, .glyphs = TB_GLYPHS_ASCII };
    is_int(tb_json_int(tb_sweep_given(&s, 4, "r"), 0), 4, "a key as it is written");
    is_str(tb_json_str(tb_sweep_given(&s, 4, "method.kind"), ""), "lora", "also a word, out of the config");
    ok(tb_sweep_given(&s, 4, "nothing") == NULL, "or none");
    struct tb_plot_line line[TB_PLOT_LINES];
    tb_sweep_points(&s, "lr", "value", &look, line);
    ok(look.n == 2 && line[0].marks.n == 3 && line[1].marks.n == 0 && look.is_log_x, "points of each arm");
    tb_sweep_points_free(&look);
    char *text = tb_sweep_scatter(&s, "lr", "value", &look, false);
    ok(strchr(text, 'A') && strstr(text, "x: lr (log)") && strstr(text, "eval/loss"), "a scatter of both");
    free(text);
    tb_sweep_close(&s);
}

static void asked(void)
{
    struct tb_sweep s;
    char words[256];
    struct tb_json *args = tb_json_parse("{\"tokens\": 500}", 15, "args", NULL);
    if (!begin(&s, 4))
        return;
    ok(tb_sweep_obey(&s, "pause", NULL, words, &err) && s.phase == TB_SWEEP_PAUSED, "paused: %s", words);
    ok(tb_sweep_obey(&s, "pause", NULL, words, &err) && strstr(words, "already"), "only once");
    ok(tb_sweep_obey(&s, "resume", NULL, words, &err) && s.phase == TB_SWEEP_ON, "goes on");
    ok(tb_sweep_obey(&s, "budget", args, words, &err), "may spend 500 tokens");
    ok(!tb_sweep_obey(&s, "budget", NULL, words, &err), "no tokens are no budget");
    ok(!tb_sweep_obey(&s, "more", NULL, words, &err), "more trials without a plan: %s", err.text);
    ok(!tb_sweep_obey(&s, "dance", NULL, words, &err), "an unknown request");
    see(&s, 0, 400, 2.0, false);
    ok(tb_sweep_check(&s, &err) && !s.is_spent, "400 are not 500");
    see(&s, 1, 101, 2.0, false);
    ok(tb_sweep_check(&s, &err) && s.is_spent, "501 are");
    ok(tb_sweep_obey(&s, "stop", NULL, words, &err) && s.phase == TB_SWEEP_STOPPED, "stopped");
    tb_sweep_close(&s);
    ok(tb_sweep_take(&s, store, "@last", &err) && s.phase == TB_SWEEP_STOPPED && s.is_spent, "all that is in its log");
    ok(tb_sweep_note(&s, "end", NULL, &err, "ends") && s.trial[5].is_over, "what never began is over with it");
    ok(tb_sweep_obey(&s, "resume", NULL, words, &err) && !s.trial[5].is_over, "until it goes on");
    tb_sweep_close(&s);
    tb_json_free(args);
}

static void fail_fast(void)
{
    struct tb_sweep s;
    struct tb_err why = { .kind = TB_ERR_USAGE, .text = "r is too large" };
    if (!begin(&s, 3))
        return;
    ok(tb_sweep_refuse(&s, 1, &why, &err) && s.trial[1].is_over && s.trial[1].state == TB_STATE_FAILED,
       "a trial that cannot be made has failed");
    ok(strstr(tb_sweep_why(&s, 1), "too large") != NULL, "its reason stays");
    ok(tb_sweep_check(&s, &err) && s.failed < 0, "which ends nothing");
    s.fails_fast = true;
    ok(tb_sweep_check(&s, &err) && s.failed == 1, "unless it was asked for");
    size_t *due, n;
    ok(tb_sweep_due(&s, &due, &n, &err) && n == 0, "then nothing is due: no run had begun");
    free(due);
    tb_sweep_close(&s);
    ok(tb_sweep_load_log(&s, store, "@last", &err) && s.failed == 1 && s.trial[1].state == TB_STATE_FAILED,
       "and the log says so");
    tb_sweep_close(&s);
}

static void listed(void)
{
    struct tb_sweep_item *all;
    size_t n = tb_sweep_items(store, &all);
    is_int(n, 2, "two sweeps");
    ok(all[0].n_trials == 6 && all[1].n_trials == 8, "the one made last in front");
    ok(!all[0].is_led && all[0].n_over == 1 && all[0].began[0], "nobody leads it, one trial is over");
    tb_sweep_items_free(all, n);
    char *path = tb_path_join(store, "sweeps/0123456789ab");
    tb_dir_make(path, 0700, NULL);
    n = tb_sweep_items(store, &all);
    is_int(n, 2, "a folder without a plan is none");
    tb_sweep_items_free(all, n);
    free(path);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    words_add();
    tb_search_register();
    store = tb_xasprintf("%s/tb-sweep-XXXXXX", tmp ? tmp : "/tmp");
    if (!ok(mkdtemp(store) != NULL, "a folder"))
        return done();
    shown();
    bars();
    facts();
    asked();
    fail_fast();
    listed();
    tb_dir_remove(store, NULL);
    free(store);
    return done();
}
