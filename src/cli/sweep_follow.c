/* SPDX-License-Identifier: MIT */
/* sweep_follow.c - a client of a sweep: it reads the log of its decisions and the journals of the runs that somebody
 * trains now, and decides nothing. It may come, go and be killed. */
#include "cli/sweep_follow.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/request.h"
#include "cli/sweep_begin.h"
#include "cli/told.h"
#include "store/ctl.h"
#include "store/duty.h"
#include "sweep/act.h"
#include "view/sweeps.h"

static const double poll_s = 0.1, answer_s = 600;
enum { MOST_STARTS = 5 };

struct follower {
    struct tb_store *store;
    const struct tb_worker_spec *spec;
    struct tb_live *live;
    struct tb_sweep s;
    struct tb_told_run **run; /* of each trial; NULL: nobody has it, or it is over */
    size_t n_run;
    size_t n_told;            /* events */
    int n_starts;             /* of workers, since something was decided */
    bool is_asked;
    char trouble[256];
};

/* Decisions that the lines of runs do not tell. */
static void tell_events(struct follower *f)
{
    size_t n = tb_json_len(f->s.events);
    for (; f->n_told < n; f->n_told++) {
        const struct tb_json *e = tb_json_at(f->s.events, f->n_told);
        f->n_starts = 0;
        if (tb_sweep_is_worth_telling(e))
            tb_live_note(f->live, NULL, 0, tb_json_str(tb_json_get(e, "kind"), ""),
                         tb_json_str(tb_json_get(e, "text"), ""));
    }
}

static void end_run(struct follower *f, size_t i, enum tb_state state)
{
    tb_live_end(f->live, f->run[i], state);
    tb_told_close(f->run[i]);
    free(f->run[i]);
    f->run[i] = NULL;
}

/* One that nobody ever had says nothing. */
static void look_at_waiting(struct follower *f, size_t i)
{
    const struct tb_trial *t = &f->s.trial[i];
    struct tb_run_sight sight;
    if (!*t->run || t->is_told || t->is_over)
        return;
    char *dir = tb_path_join(f->s.runs, t->run);
    tb_run_look(dir, TB_STATE_QUEUED, &sight);
    if (sight.pid) {
        struct tb_told_run *r = tb_xcalloc(1, sizeof *r);
        tb_told_open(r, f->live, dir);
        r->n_events = r->step > 0 ? r->f.m.n_events : 0;
        if (r->is_open)
            f->run[i] = r;
        else
            free(r);
    }
    free(dir);
}

static void look_at_open(struct follower *f, size_t i)
{
    struct tb_told_run *r = f->run[i];
    struct tb_err err;
    if (!tb_told_news(r, f->live, &err))
        end_run(f, i, TB_STATE_LOST);
    else if (r->f.sight.pid == 0)
        end_run(f, i, r->f.sight.state);
}

static size_t look_at_runs(struct follower *f)
{
    size_t n_open = 0;
    if (f->s.n > f->n_run) {
        f->run = tb_xrealloc(f->run, f->s.n, sizeof *f->run);
        memset(f->run + f->n_run, 0, (f->s.n - f->n_run) * sizeof *f->run);
        f->n_run = f->s.n;
    }
    for (size_t i = 0; i < f->s.n; i++) {
        if (f->run[i])
            look_at_open(f, i);
        else
            look_at_waiting(f, i);
        n_open += f->run[i] != NULL;
    }
    return n_open;
}

/* A stop is the whole sweep's: its leader carries it out, or this process if there is none. */
static bool ask_stop(struct follower *f, struct tb_err *err)
{
    struct tb_sweep own;
    struct tb_err why = { 0 };
    char words[256];
    unsigned seq;
    if (f->is_asked)
        return true;
    f->is_asked = true;
    bool good = tb_sweep_take(&own, tb_store_path(f->store), f->s.id, &why) && tb_sweep_see_all(&own, true, &why)
             && tb_sweep_obey(&own, "stop", NULL, words, &why);
    tb_sweep_close(&own);
    if (!good && why.kind == TB_ERR_BUSY)
        good = tb_ctl_post(f->s.dir, "stop", NULL, &seq, &why) && tb_duty_ring(tb_store_path(f->store), &why);
    if (!good && err)
        *err = why;
    return good;
}

/* Who is to be gone soon wants checkpoints of what is trained now. */
static void keep_all(struct follower *f)
{
    struct tb_asked asked;
    for (size_t i = 0; i < f->n_run; i++)
        if (f->run[i])
            tb_request(f->run[i]->f.tail.dir, "checkpoint", NULL, answer_s, &asked, NULL);
}

static void tell_trouble(struct follower *f, const struct tb_duty_sight *sight)
{
    if (strcmp(sight->trouble, f->trouble) == 0)
        return;
    tb_live_trouble(f->live, sight->trouble[0] ? sight->trouble : NULL);
    tb_str_copy(f->trouble, sizeof f->trouble, sight->trouble);
}

static bool see_to_worker(struct follower *f, struct tb_err *err)
{
    struct tb_duty_sight sight;
    tb_duty_look(tb_store_path(f->store), &sight);
    tell_trouble(f, &sight);
    if ((sight.is_held && !sight.is_leaving) || f->is_asked)
        return true;
    if (f->n_starts++ >= MOST_STARTS)
        return tb_fail(err, TB_ERR_IO, "sweep %s: the worker ends without going on with it; its log is in %s/worker",
                       f->s.id, tb_store_path(f->store));
    return tb_sweep_wake(f->store, f->spec, err);
}

static bool look_on(struct follower *f, struct tb_err *err)
{
    size_t n_open = 1;
    while (f->s.phase == TB_SWEEP_ON || n_open > 0) {
        if (!tb_sweep_hear(&f->s, err))
            return false;
        tell_events(f);
        n_open = look_at_runs(f);
        if (f->s.phase == TB_SWEEP_PAUSED)
            return true; /* its runs are held, for as long as somebody likes */
        if (tb_train_wished() == TB_WISH_YIELD) {
            keep_all(f);
            return true;
        }
        if (tb_train_wished() == TB_WISH_STOP && !ask_stop(f, err))
            return false;
        if (f->s.phase == TB_SWEEP_ON && !see_to_worker(f, err))
            return false;
        if (f->s.phase == TB_SWEEP_ON || n_open > 0)
            tb_clock_nap(poll_s);
    }
    return true;
}

/* After a look at all runs: what they recorded is not in the log of the sweep. */
static int exit_code_of(const struct follower *f)
{
    struct tb_sweep s;
    size_t n = 0;
    bool good = tb_sweep_load(&s, tb_store_path(f->store), f->s.id, NULL);
    for (size_t i = 0; good && i < s.n; i++)
        n += !isnan(tb_trial_value(&s.trial[i]));
    bool is_bad = good && s.phase == TB_SWEEP_OVER && (n == 0 || s.failed >= 0);
    int code = tb_live_exit(&(struct tb_worker_result){ .n_failed = is_bad });
    tb_sweep_close(&s);
    return code;
}

bool tb_sweep_follow(const char *id, struct tb_live *live, const struct tb_worker_spec *spec, int *exit_code,
                     struct tb_err *err)
{
    struct follower f = { .live = live, .spec = spec, .store = tb_store_open(spec->store, false, err) };
    if (!f.store)
        return false;
    bool good = tb_sweep_load_log(&f.s, tb_store_path(f.store), id, err);
    if (good) {
        f.n_told = tb_json_len(f.s.events);
        tb_live_signals(false);
        good = look_on(&f, err);
    }
    for (size_t i = 0; i < f.n_run; i++)
        if (f.run[i])
            end_run(&f, i, f.run[i]->f.sight.state);
    free(f.run);
    if (good)
        *exit_code = exit_code_of(&f);
    tb_sweep_close(&f.s);
    tb_store_close(f.store);
    return good;
}
