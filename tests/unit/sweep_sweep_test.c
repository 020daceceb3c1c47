/* SPDX-License-Identifier: MIT */
/* sweep_sweep_test.c - a sweep without training: which trials are due, decisions on made-up curves, what is left of all
 * that when the process is gone (at a whole line and within one), finalists, targets, importance of keys, damage. */
#include "sweep/sweep.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "sweep/importance.h"
#include "sweep/standing.h"
#include "tests/recipes/words.h"
#include "tests/unit/sweep_lab.h"

static const char asha[] = "\"prune\": {\"kind\": \"asha\", \"min\": 100, \"eta\": 2}, \"seeds\": [0, 7], "
                           "\"finalists\": 1, \"objective\": {\"target\": 0.5}";

static bool begin(struct tb_sweep *s, int n)
{
    return ok(tb_sweep_open(s, store, make_plan(n, asha), &err), "a sweep is opened");
}

static size_t n_due(struct tb_sweep *s)
{
    size_t *due, n;
    bool good = tb_sweep_due(s, &due, &n, &err);
    free(due);
    return good ? n : SIZE_MAX;
}

static size_t n_events(const struct tb_sweep *s, const char *kind)
{
    size_t n = 0;
    for (size_t i = 0; i < tb_json_len(s->events); i++)
        n += strcmp(tb_json_str(tb_json_get(tb_json_at(s->events, i), "kind"), ""), kind) == 0;
    return n;
}

static void append(const struct tb_sweep *s, const char *text)
{
    char *path = tb_path_join(s->dir, "events.jsonl");
    FILE *f = fopen(path, "ab");
    fputs(text, f);
    fclose(f);
    free(path);
}

static void decisions(void)
{
    struct tb_sweep s, again;
    if (!begin(&s, 3))
        return;
    is_int(n_due(&s), 6, "all trials of a random search are due");
    is_int(n_due(&s), 6, "and no more when it is asked again");
    ok(!tb_sweep_open(&again, store, make_plan(3, asha), &err) && err.kind == TB_ERR_BUSY, "one process leads a sweep");
    tb_sweep_close(&again);
    see(&s, 0, 100, 2.0, false);
    see(&s, 1, 100, 2.5, false);
    see(&s, 2, 120, 2.2, true);
    see(&s, 3, 100, 2.6, false);
    ok(!s.trial[0].gives_up && !s.trial[1].gives_up, "the first of each arm goes on: arms are not weighed together");
    ok(s.trial[3].gives_up, "the second of an arm does not if it is worse");
    is_int(s.trial[2].n_decided, 1, "nor would the third,");
    ok(!s.trial[2].gives_up && n_events(&s, "spare") == 1, "but it is protected");
    append(&s, "{\"kind\": \"prune\", \"trial\": 0, \"ru");
    tb_sweep_close(&s);
    if (!begin(&s, 3))
        return;
    is_int(s.n, 6, "a new process finds the trials");
    ok(s.trial[3].gives_up && !s.trial[0].gives_up, "and the decisions; a line that was cut off is none");
    size_t n = tb_json_len(s.events);
    see(&s, 0, 100, 2.0, false);
    see(&s, 3, 100, 2.6, false);
    is_int(tb_json_len(s.events), n, "nothing is decided twice");
    ok(tb_sweep_ran(&s, 1, "0123456789abcdef", TB_STATE_QUEUED, &err), "a run is noted");
    append(&s, "no event\n{\"kind\": \"run\", \"trial\": 0, \"run\": \"../../etc\"}\n[1]\n");
    append(&s, "{\"kind\": \"trial\", \"trial\": 99}\n"
               "{\"kind\": \"keep\", \"trial\": 0, \"rung\": 9223372036854775807}\n");
    tb_sweep_close(&s);
    if (!begin(&s, 3))
        return;
    is_str(s.trial[1].run, "0123456789abcdef", "behind the cut");
    is_str(s.trial[0].run, "", "a path is no run");
    is_int(s.n, 6, "events that make no sense are passed over");
    is_int(s.trial[0].n_decided, 1, "numbers too");
    tb_sweep_close(&s);
}

static void end(struct tb_sweep *s, size_t i, enum tb_state state, double value)
{
    s->trial[i].curve.n = 0;
    tb_curve_add(&s->trial[i].curve, 400, value);
    s->trial[i].state = state;
    s->trial[i].is_over = true;
}

static void finalists(void)
{
    struct tb_sweep s;
    struct tb_spread sp;
    if (!begin(&s, 4))
        return;
    is_int(n_due(&s), 8, "trials");
    for (size_t i = 0; i < 8; i++)
        end(&s, i, i == 2 ? TB_STATE_PRUNED : i == 5 ? TB_STATE_FAILED : TB_STATE_DONE, 3 - 0.1 * (i == 2 || i == 5)
            - 0.01 * (double)i);
    is_int(n_due(&s), 2, "the best of each arm that came to its end is trained again");
    ok(s.trial[8].of == 6 && s.trial[9].of == 7, "not one that was pruned or failed");
    ok(tb_standing_finalist(&s, 0) == 6 && tb_standing_finalist(&s, 1) == 7, "and these stand for their arms");
    s.trial[6].state = s.trial[4].state = s.trial[0].state = TB_STATE_RUNNING;
    is_int(tb_standing_finalist(&s, 0), 2, "while none has come to its end the best so far does");
    s.trial[6].state = s.trial[4].state = s.trial[0].state = TB_STATE_DONE;
    is_int(tb_config_int(&s.trial[8].config, "seed"), 7, "with the other seed,");
    is_str(tb_trial_name(&s.trial[8]), "lora-3-s7", "which its name says");
    is_int(n_due(&s), 2, "once");
    end(&s, 8, TB_STATE_DONE, 2.98);
    end(&s, 9, TB_STATE_DONE, 3.5);
    is_int(n_due(&s), 0, "then the sweep is over");
    tb_spread_read(&s, 6, &sp);
    is_int(sp.n, 2, "two seeds");
    near(sp.mean, (2.94 + 2.98) / 2, 1e-12, "their mean");
    near(sp.sd, 0.04 / sqrt(2), 1e-9, "their deviation");
    struct tb_standing st;
    tb_standing_read(&s, 0, &st);
    ok(st.n_trials == 4 && st.n_done == 3 && st.n_pruned == 1 && st.n_seeds == 1, "the arm is counted");
    tb_sweep_close(&s);
}

static void target(void)
{
    struct tb_sweep s;
    if (!begin(&s, 5))
        return;
    n_due(&s);
    see(&s, 4, 50, 0.49, false);
    is_int(s.winner, 4, "a value at the target ends the sweep");
    for (size_t i = 0; i < s.n; i++)
        end(&s, i, TB_STATE_DONE, 1);
    is_int(n_due(&s), 0, "nothing more is trained");
    tb_sweep_close(&s);
}

/* The loss is the rank's alone; rates are in no order. */
static void importance(void)
{
    struct tb_sweep s;
    if (!begin(&s, 12))
        return;
    n_due(&s);
    ok(isnan(tb_importance(&s, 0, "r")), "nothing is said without results");
    for (size_t i = 0; i < s.n; i++)
        end(&s, i, TB_STATE_DONE, 1 + (double)(i / 2 % 3));
    near(tb_importance(&s, 0, "r"), 1, 1e-12, "a key that explains all");
    ok(tb_importance(&s, 0, "method.lr") < 0.2, "and one that explains nothing: %g", tb_importance(&s, 0, "method.lr"));
    for (size_t i = 0; i < s.n; i++)
        end(&s, i, TB_STATE_DONE, i % 24 < 8 ? 1 : 2);
    ok(tb_importance(&s, 0, "method.lr") > 0.9, "equal values share a rank");
    for (size_t i = 0; i < s.n; i++)
        end(&s, i, TB_STATE_DONE, fabs((double)(i / 2) - 5.5));
    ok(tb_importance(&s, 0, "method.lr") > 0.4, "a best rate in the middle is seen: %g",
       tb_importance(&s, 0, "method.lr"));
    tb_sweep_close(&s);
}

/* Rates are 0.001, 0.002, .. 0.012 of a range from 0.001 to 1. */
static void edges(void)
{
    struct tb_sweep s;
    if (!begin(&s, 12))
        return;
    is_int(tb_standing_edge(&s, 0, "method.lr"), -1, "the lowest rate lies at the end of its range");
    is_int(tb_standing_edge(&s, 4, "method.lr"), 0, "the third does not");
    is_int(tb_standing_edge(&s, 0, "r"), 0, "choices have no ends");
    is_int(tb_standing_edge(&s, 0, "seed"), 0, "nor has what is not drawn");
    tb_sweep_close(&s);
}

static void damage(void)
{
    static const char *const rests[] = {
        "\"prune\": {\"kind\": \"asha\", \"min\": 100, \"eta\": 0}", "\"prune\": {\"kind\": \"nothing\"}",
        "\"prune\": {\"kind\": \"asha\"}",
    };
    struct tb_sweep s;
    for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
        ok(!tb_sweep_open(&s, store, make_plan(2, rests[i]), &err), "refused: %s", err.text);
        tb_sweep_close(&s);
    }
    struct tb_plan *p = make_plan(2, asha);
    tb_json_set(p->sweep, "points", tb_json_new_list());
    ok(!tb_sweep_open(&s, store, p, &err), "refused: %s", err.text);
    tb_sweep_close(&s);
    ok(!tb_sweep_load(&s, store, "x", &err) && err.kind == TB_ERR_NOTFOUND, "no such sweep");
    tb_sweep_close(&s);
    ok(tb_sweep_load(&s, store, "@last", &err), "the last one is found");
    tb_sweep_close(&s);
}

/* There is room for half of a line; later there is more. */
static void full(void)
{
    struct tb_sweep s, again;
    struct rlimit before, small;
    if (!begin(&s, 2))
        return;
    size_t n = s.n_log;
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = n + 20;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    bool is_noted = tb_sweep_note(&s, "pause", NULL, &err, "held");
    setrlimit(RLIMIT_FSIZE, &before);
    ok(!is_noted && err.kind == TB_ERR_IO && s.phase != TB_SWEEP_PAUSED, "what cannot be written has not happened");
    is_int(n_due(&s), 4, "trials are recorded behind it");
    ok(tb_sweep_load(&again, store, s.id, &err), "and read");
    ok(tb_sweep_is_led(&again), "as one that is led");
    is_int(again.n, 4, "as many, half a line swallows none");
    tb_sweep_close(&again);
    tb_sweep_close(&s);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    words_add();
    tb_search_register();
    store = tb_xasprintf("%s/tb-sweep-XXXXXX", tmp ? tmp : "/tmp");
    if (!ok(mkdtemp(store) != NULL, "a folder"))
        return done();
    decisions();
    finalists();
    target();
    importance();
    edges();
    damage();
    full();
    tb_dir_remove(store, NULL);
    free(store);
    return done();
}
