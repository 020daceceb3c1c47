/* SPDX-License-Identifier: MIT */
/* sweep_lead.c - round by round: the trials that are due go on the list, tb_attend follows them and tells what they
 * record, and what src/sweep decides about that is carried out by requests to the runs. Training is the worker's, in a
 * process of its own, so this process may be killed at any moment: called again it goes on with the same sweep. */
#include "cli/sweep_lead.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/attend.h"
#include "store/ctl.h"
#include "store/writer.h"
#include "sweep/sweep.h"

enum { MOST_IN_VAIN = 3 };

struct lead {
    struct tb_sweep s;
    size_t *due;
    size_t n_due;
    bool *is_asked; /* of each trial: to be pruned */
    struct tb_err err; /* the first that came while runs were followed */
    bool has_failed;
    int n_in_vain; /* rounds in a row after which no more runs were over */
};

static void keep_error(struct lead *l, bool good, const struct tb_err *err)
{
    if (good || l->has_failed)
        return;
    l->has_failed = true;
    l->err = *err;
}

static void on_put(void *arg, const struct tb_worker_result *r)
{
    struct lead *l = arg;
    struct tb_err err = { 0 };
    for (size_t i = 0; i < r->n && i < l->n_due; i++)
        keep_error(l, tb_sweep_ran(&l->s, l->due[i], r->run[i].id, r->run[i].state, &err), &err);
}

/* Through the writer while it waits on the list, else by a request. */
static void give_up(struct lead *l, size_t i, bool is_listed)
{
    char *dir = tb_path_join(l->s.runs, l->s.trial[i].run);
    struct tb_run_writer *w = is_listed ? tb_run_writer_open(dir, NULL) : NULL;
    unsigned seq;
    if (w && tb_run_writer_metrics(w)->state == TB_STATE_QUEUED)
        tb_run_writer_seal(w, TB_STATE_PRUNED, "sweep", "the sweep reached its target", NULL, NULL);
    else if (!w)
        tb_ctl_post(dir, "prune", NULL, &seq, NULL);
    tb_run_writer_close(w);
    l->is_asked[i] = true;
    free(dir);
}

/* After the target was reached; those on the list first, so that no worker takes one meanwhile. */
static void end_all(struct lead *l)
{
    for (size_t k = l->n_due; k-- > 0;) {
        size_t i = l->due[k];
        const struct tb_trial *t = &l->s.trial[i];
        if (!t->is_over && !tb_state_is_over(t->state) && (ptrdiff_t)i != l->s.winner && !t->is_protected
            && !l->is_asked[i] && *t->run)
            give_up(l, i, true);
    }
}

static void on_seen(void *arg, const char *id, const struct tb_metrics *m)
{
    struct lead *l = arg;
    struct tb_err err = { 0 };
    for (size_t k = 0; k < l->n_due; k++) {
        size_t i = l->due[k];
        const struct tb_trial *t = &l->s.trial[i];
        if (strcmp(t->run, id) != 0)
            continue;
        keep_error(l, tb_sweep_see(&l->s, i, m, &err), &err);
        if (t->gives_up && !t->is_protected && !l->is_asked[i] && !tb_state_is_over(t->state))
            give_up(l, i, false);
    }
    if (l->s.winner >= 0)
        end_all(l);
}

/* Trains what is due; *exit_code as tb_attend says. */
static bool train(struct lead *l, const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_plan part = *l->s.plan;
    struct tb_attend_spec spec = { .plan = &part, .in_background = true, .put = on_put, .seen = on_seen, .arg = l };
    part.whole = l->s.plan;
    part.n_runs = l->n_due;
    part.runs = tb_xcalloc(l->n_due, sizeof *part.runs);
    l->is_asked = tb_xcalloc(l->s.n, sizeof *l->is_asked);
    for (size_t i = 0; i < l->n_due; i++)
        part.runs[i] = l->s.trial[l->due[i]].config;
    bool good = tb_attend(&spec, a, NULL, exit_code, err);
    free(l->is_asked);
    free(part.runs);
    l->is_asked = NULL;
    if (good && l->has_failed)
        *err = l->err;
    return good && !l->has_failed && tb_sweep_see_all(&l->s, false, err);
}

static bool is_interrupted(int exit_code)
{
    return exit_code == 130 || exit_code == 75;
}

static bool note_begin(struct tb_sweep *s, struct tb_err *err)
{
    const struct tb_json *search = tb_json_get(s->spec, "search");
    if (tb_json_len(s->events) > 0)
        return true;
    return tb_sweep_note(s, "begin", NULL, err, "%s: %lld trials in each of %zu arm%s",
                         tb_json_str(tb_json_get(search, "kind"), ""), (long long)tb_sweep_trials(s),
                         tb_sweep_arms(s), tb_sweep_arms(s) == 1 ? "" : "s");
}

static bool tell_begin(struct tb_sweep *s, bool is_old, size_t n_due, struct tb_err *err)
{
    fprintf(stderr, "sweep %s %s; look: tunebench sweep %s\n", s->id, is_old ? "goes on" : "begins", s->id);
    return !is_old || tb_sweep_note(s, "resume", NULL, err, "goes on with %zu run%s", n_due, n_due == 1 ? "" : "s");
}

static bool note_end(struct tb_sweep *s, int *exit_code, struct tb_err *err)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        n += !isnan(tb_trial_value(&s->trial[i]));
    *exit_code = n ? 0 : 5;
    return tb_sweep_note(s, "end", NULL, err, n ? "%zu of %zu runs have a result" : "no trial has a result: %zu of %zu "
                         "runs; look at one of them: tunebench log RUN", n, s->n);
}

static size_t count_over(const struct tb_sweep *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        n += s->trial[i].is_over;
    return n;
}

/* A worker that is killed again and again, or a run that nobody can read, must not keep the rounds going for ever. */
static bool round_of(struct lead *l, const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    size_t before = count_over(&l->s);
    if (!train(l, a, exit_code, err))
        return false;
    l->n_in_vain = count_over(&l->s) > before || is_interrupted(*exit_code) ? 0 : l->n_in_vain + 1;
    return l->n_in_vain < MOST_IN_VAIN
        || tb_fail(err, TB_ERR_IO, "sweep %s: no run came to its end in %d rounds; see what is wrong: tunebench log %s",
                   l->s.id, l->n_in_vain, l->s.trial[l->due[0]].run);
}

static bool lead(struct lead *l, const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    bool good = tb_sweep_see_all(&l->s, true, err) && note_begin(&l->s, err);
    bool is_old = l->s.n > 0, was_idle = true;
    while (good) {
        free(l->due);
        l->due = NULL;
        good = tb_sweep_due(&l->s, &l->due, &l->n_due, err);
        if (!good || l->n_due == 0)
            break;
        if (was_idle)
            good = tell_begin(&l->s, is_old, l->n_due, err);
        was_idle = false;
        good = good && round_of(l, a, exit_code, err);
        if (is_interrupted(*exit_code))
            return good;
    }
    return good && (was_idle || note_end(&l->s, exit_code, err));
}

bool tb_sweep_lead(struct tb_plan *p, const struct tb_args *a, char id[16], int *exit_code, struct tb_err *err)
{
    struct lead l = { .n_due = 0 };
    struct tb_store *store = tb_store_open(tb_args_get(a, "store"), true, err);
    if (!store) {
        tb_plan_free(p);
        return false;
    }
    bool good = tb_sweep_open(&l.s, tb_store_path(store), p, err) && lead(&l, a, exit_code, err);
    snprintf(id, 16, "%s", l.s.id);
    tb_sweep_close(&l.s);
    tb_store_close(store);
    free(l.due);
    return good;
}
