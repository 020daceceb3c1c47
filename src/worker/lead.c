/* SPDX-License-Identifier: MIT */
/* lead.c - one sweep after the other: requests are answered, runs looked at, decisions carried out, trials put on the
 * list. At most twice as many wait there as take turns, so that other runs of the store have their share and a decision
 * about those behind is not too late. Everything stands in the sweep's log before it is done; a sweep that cannot be
 * led on (a full disk, a damaged plan) is let go and tried again with the next look at the list. */
#include "worker/lead.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/numeric.h"
#include "base/str.h"
#include "store/ctl.h"
#include "store/duty.h"
#include "sweep/act.h"
#include "worker/worker_priv.h"

#define FILE_ENV "env.json"
enum { MAX_ENV = 1 << 20, LISTED = 2 };
static const double look_s = 5, ask_s = 0.1;

struct lead {
    struct tb_sweep s;
    struct tb_json *env;
    bool *is_listed, *is_asked; /* of each trial: by us; to end */
    size_t n_marks;
    double looked_at; /* at all that are on the list, monotonic */
    bool is_done;
};

struct tb_leads {
    struct tb_worker *w;
    struct lead **at;
    size_t n, cap;
    double asked_at; /* when somebody looked for requests last, monotonic */
    bool is_asked;
};

struct tb_leads *tb_leads_open(struct tb_worker *w)
{
    struct tb_leads *ls = tb_xcalloc(1, sizeof *ls);
    ls->w = w;
    return ls;
}

static void close_lead(struct lead *l)
{
    tb_sweep_close(&l->s);
    tb_json_free(l->env);
    free(l->is_listed);
    free(l->is_asked);
    free(l);
}

void tb_leads_close(struct tb_leads *ls)
{
    for (size_t i = 0; ls && i < ls->n; i++)
        close_lead(ls->at[i]);
    if (ls)
        free(ls->at);
    free(ls);
}

/* Room for marks of trials that were added. */
static void grow_marks(struct lead *l)
{
    if (l->n_marks >= l->s.n)
        return;
    l->is_listed = tb_xrealloc(l->is_listed, l->s.n, sizeof *l->is_listed);
    l->is_asked = tb_xrealloc(l->is_asked, l->s.n, sizeof *l->is_asked);
    memset(l->is_listed + l->n_marks, 0, (l->s.n - l->n_marks) * sizeof *l->is_listed);
    memset(l->is_asked + l->n_marks, 0, (l->s.n - l->n_marks) * sizeof *l->is_asked);
    l->n_marks = l->s.n;
}

/* ---- one round */

/* What somebody asked of it, answered. */
static bool obey(struct lead *l, struct tb_err *err)
{
    struct tb_ctl_request q;
    enum tb_ctl_found found;
    char words[256];
    bool good = true;
    while (good && (found = tb_ctl_take(l->s.dir, &q, words)) != TB_CTL_NONE) {
        if (found == TB_CTL_GARBAGE)
            continue;
        struct tb_err why = { 0 };
        if (!tb_sweep_obey(&l->s, q.verb, q.args, words, &why))
            snprintf(words, sizeof words, TB_CTL_NOT_DONE "%.200s", why.text);
        good = tb_ctl_done(l->s.dir, &q, 0, words, err);
        tb_ctl_free(&q);
        grow_marks(l);
    }
    return good;
}

/* `only`: this run; NULL: all that are on the list, seldom, since their own news ring. */
static bool look(struct lead *l, const char *only, struct tb_err *err)
{
    bool good = true, all = !only && tb_clock_mono_s() >= l->looked_at + look_s;
    for (size_t i = 0; good && i < l->s.n; i++) {
        const struct tb_trial *t = &l->s.trial[i];
        if (!t->is_over && i < l->n_marks && l->is_listed[i] && (all || (only && strcmp(t->run, only) == 0)))
            good = tb_sweep_see_run(&l->s, i, false, err);
    }
    l->looked_at = all ? tb_clock_mono_s() : l->looked_at;
    if (!good || !tb_sweep_check(&l->s, err))
        return false;
    tb_sweep_act(&l->s, l->is_asked);
    return true;
}

/* One trial into the store and on the list. One that cannot be made has failed; the others go on. */
static bool put(struct tb_worker *w, struct lead *l, size_t i, struct tb_err *err)
{
    struct tb_plan part = *l->s.plan;
    struct tb_worker_result r = { 0 };
    struct tb_err why = { 0 };
    part.whole = l->s.plan;
    part.n_runs = 1;
    part.runs = &l->s.trial[i].config;
    w->env = l->env;
    bool is_put = tb_worker_put(w, &part, &r, &why);
    w->env = NULL;
    bool good = !is_put && why.kind == TB_ERR_IO ? tb_fail(err, TB_ERR_IO, "%s", why.text)
              : !is_put                          ? tb_sweep_refuse(&l->s, i, &why, err)
                                                 : tb_sweep_ran(&l->s, i, r.run[0].id, r.run[0].state, err);
    l->is_listed[i] = good && is_put;
    if (l->is_listed[i])
        good = tb_sweep_see_run(&l->s, i, false, err);
    tb_worker_result_free(&r);
    return good;
}

static int most_listed(const struct tb_worker *w)
{
    return LISTED * (w->spec->in_flight > 0 ? w->spec->in_flight : TB_WORKER_IN_FLIGHT);
}

static bool put_due(struct tb_worker *w, struct lead *l, const size_t *due, size_t n, struct tb_err *err)
{
    int n_listed = 0;
    bool good = true;
    for (size_t k = 0; k < n; k++)
        n_listed += l->is_listed[due[k]];
    for (size_t k = 0; good && k < n && n_listed < most_listed(w); k++)
        if (!l->is_listed[due[k]]) {
            good = put(w, l, due[k], err);
            n_listed += l->is_listed[due[k]] && !l->s.trial[due[k]].is_over;
        }
    return good;
}

/* The highest rate of its trials. */
static double highest_rate(const struct tb_sweep *s)
{
    double most = NAN;
    for (size_t i = 0; i < s->n; i++)
        most = fmax(most, tb_config_part_lr(&s->trial[i].config, 0));
    return most;
}

static bool note_end(struct tb_sweep *s, struct tb_err *err)
{
    size_t n = 0, n_failed = 0;
    const char *why = "";
    for (size_t i = 0; i < s->n; i++) {
        n += !isnan(tb_trial_value(&s->trial[i]));
        n_failed += s->trial[i].state == TB_STATE_FAILED;
        why = s->trial[i].state == TB_STATE_FAILED ? s->trial[i].note : why;
    }
    if (n > 0)
        return tb_sweep_note(s, "end", NULL, err, "%zu of %zu runs have a result", n, s->n);
    return tb_sweep_note(s, "end", NULL, err, "no trial has a result, %zu of %zu failed (%.90s); try lower rates (up "
                         "to %.3g now), clip = 1 or a longer warmup; look at one: tunebench log RUN", n_failed, s->n,
                         why, highest_rate(s));
}

static bool tend(struct tb_worker *w, struct lead *l, struct tb_err *err)
{
    size_t *due = NULL, n = 0;
    if (tb_ctl_is_asked(l->s.dir)) /* what is asked is about the runs as they are now */
        l->looked_at = -INFINITY;
    bool good = look(l, NULL, err) && obey(l, err);
    l->is_done = good && l->s.phase != TB_SWEEP_ON;
    if (!good || l->is_done)
        return good;
    do { /* what is over as soon as it is put, since the store has it, makes room for more */
        free(due);
        good = look(l, NULL, err) && tb_sweep_due(&l->s, &due, &n, err);
        grow_marks(l);
        size_t before = l->s.n_log;
        good = good && put_due(w, l, due, n, err);
        if (before == l->s.n_log)
            break;
    } while (good);
    free(due);
    if (good && n == 0) {
        l->is_done = true;
        good = note_end(&l->s, err) && tb_sweep_want(&l->s, false, err);
    }
    return good;
}

/* ---- all of them */
static void drop(struct tb_leads *ls, size_t i)
{
    close_lead(ls->at[i]);
    memmove(&ls->at[i], &ls->at[i + 1], (--ls->n - i) * sizeof *ls->at);
}

/* Says it in the worker's log. */
static void tell(const struct tb_sweep *s, const struct tb_err *why)
{
    char text[sizeof why->where + sizeof why->text + 16];
    tb_log(TB_LOG_ERROR, "sweep %s: %s", s->id, tb_err_string(why, text, sizeof text));
}

/* After a crash: what is kept of it, and what goes on. */
static bool note_return(struct tb_sweep *s, struct tb_err *err)
{
    size_t n_kept = 0, n_left = 0;
    int64_t n_steps = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct tb_trial *t = &s->trial[i];
        n_kept += t->is_over;
        n_left += !t->is_over && t->tokens > 0;
        n_steps += tb_state_is_live(t->state) ? tb_sweep_lost_steps(s, i) : 0;
    }
    struct tb_json *more = tb_json_new_map();
    tb_json_set(more, "kept", tb_json_new_int((int64_t)n_kept));
    tb_json_set(more, "resumed", tb_json_new_int((int64_t)n_left));
    tb_json_set(more, "replayed", tb_json_new_int(n_steps));
    return tb_sweep_note(s, "resume", more, err, "led again, by another worker: %zu run%s kept, %zu go on, %lld step%s "
                         "to replay", n_kept, n_kept == 1 ? "" : "s", n_left, (long long)n_steps,
                         n_steps == 1 ? "" : "s");
}

/* Whether somebody has just asked for it to be led: nobody did anything since, so nobody was killed. */
static bool is_new(const struct tb_sweep *s)
{
    static const char *const asks[] = { "begin", "resume", "more", NULL }, *const quiet[] = { "trial", "budget", NULL };
    for (size_t i = tb_json_len(s->events); i-- > 0;) {
        const char *kind = tb_json_str(tb_json_get(tb_json_at(s->events, i), "kind"), "");
        if (!tb_str_in(kind, quiet))
            return tb_str_in(kind, asks);
    }
    return true;
}

static bool take(struct tb_leads *ls, const char *id, struct tb_err *err)
{
    struct lead *l = tb_xcalloc(1, sizeof *l);
    bool good = tb_sweep_take(&l->s, tb_store_path(ls->w->store), id, err) && tb_sweep_see_all(&l->s, true, err);
    if (good) {
        char *path = tb_path_join(l->s.dir, FILE_ENV);
        l->env = tb_json_load(path, MAX_ENV, NULL);
        free(path);
        good = is_new(&l->s) || note_return(&l->s, err);
        grow_marks(l);
    }
    if (good) {
        ls->at = tb_grow(ls->at, ls->n, &ls->cap, sizeof *ls->at);
        ls->at[ls->n++] = l;
        return true;
    }
    close_lead(l);
    return false;
}

static bool is_led(const struct tb_leads *ls, const char *id)
{
    for (size_t i = 0; i < ls->n; i++)
        if (strcmp(ls->at[i]->s.id, id) == 0)
            return true;
    return false;
}

static void look_for_more(struct tb_leads *ls)
{
    char (*ids)[TB_SWEEP_ID];
    size_t n = tb_sweep_list(tb_store_path(ls->w->store), true, &ids);
    for (size_t i = n; i-- > 0;) {
        struct tb_err why = { 0 };
        if (!is_led(ls, ids[i]) && !take(ls, ids[i], &why) && why.kind != TB_ERR_BUSY)
            tb_log(TB_LOG_ERROR, "sweep %s: %s", ids[i], why.text);
    }
    free(ids);
}

void tb_leads_tend(struct tb_leads *ls)
{
    if (!ls)
        return;
    ls->is_asked = false;
    look_for_more(ls);
    for (size_t i = 0; i < ls->n; i++) {
        struct tb_err why = { 0 };
        bool good = tend(ls->w, ls->at[i], &why);
        if (!good)
            tell(&ls->at[i]->s, &why);
        if (!good || ls->at[i]->is_done)
            drop(ls, i--);
    }
}

bool tb_leads_is_asked(struct tb_leads *ls)
{
    if (!ls || ls->is_asked || ls->n == 0 || tb_clock_mono_s() < ls->asked_at + ask_s)
        return ls && ls->is_asked;
    ls->asked_at = tb_clock_mono_s();
    for (size_t i = 0; i < ls->n; i++)
        ls->is_asked = ls->is_asked || tb_ctl_is_asked(ls->at[i]->s.dir);
    return ls->is_asked;
}

static size_t find(const struct tb_leads *ls, const char *run)
{
    for (size_t k = 0; ls && k < ls->n; k++)
        for (size_t i = 0; i < ls->at[k]->s.n; i++)
            if (strcmp(ls->at[k]->s.trial[i].run, run) == 0)
                return k;
    return SIZE_MAX;
}

bool tb_leads_has(const struct tb_leads *ls, const char *run)
{
    return find(ls, run) != SIZE_MAX;
}

void tb_leads_saw(struct tb_leads *ls, const char *run)
{
    size_t k = find(ls, run);
    struct tb_err why = { 0 };
    if (k == SIZE_MAX || look(ls->at[k], run, &why))
        return;
    tell(&ls->at[k]->s, &why);
    drop(ls, k);
}

bool tb_leads_has_work(const struct tb_leads *ls)
{
    return ls && ls->n > 0;
}

/* ---- beginning one */
bool tb_lead_prepare(struct tb_worker *w, struct tb_sweep *s, struct tb_err *err)
{
    struct tb_json *env = tb_run_env(w->spec->argv, TB_VERSION, TB_NUMERIC);
    char *path = tb_path_join(s->dir, FILE_ENV), *text = tb_json_text(env, TB_JSON_LINE);
    bool good = tb_file_replace(path, text, strlen(text), err);
    for (size_t i = 0; good && i < s->plan->n_runs; i++)
        good = tb_shelf_settle(w->shelf, &s->plan->runs[i], err);
    good = good && tb_sweep_write_plan(s, err);
    free(text);
    free(path);
    tb_json_free(env);
    return good;
}
