/* SPDX-License-Identifier: MIT */
/* act.c - from decisions to runs. An event stands in the log before anything is done, so whoever leads on after a crash
 * does it again; a run that is over takes no harm from that. */
#include "sweep/act.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "store/ctl.h"
#include "store/writer.h"

/* Those on the list; false if somebody has it. */
static bool end_waiting(const char *dir, enum tb_state state, const char *why)
{
    struct tb_run_writer *w = tb_run_writer_open(dir, NULL);
    if (w && tb_run_writer_metrics(w)->state == TB_STATE_QUEUED)
        tb_run_writer_seal(w, state, "sweep", why, NULL, NULL);
    tb_run_writer_close(w);
    return w != NULL;
}

static void ask_run(const char *dir, const char *verb, const char *why)
{
    struct tb_json *args = tb_json_new_map();
    unsigned seq;
    tb_json_set(args, "reason", tb_json_new_str(why));
    tb_ctl_post(dir, verb, args, &seq, NULL);
    tb_json_free(args);
}

void tb_sweep_end_run(const struct tb_sweep *s, size_t i, enum tb_state state, bool is_paused, const char *why)
{
    const struct tb_trial *t = &s->trial[i];
    char *dir = *t->run ? tb_path_join(s->runs, t->run) : NULL;
    bool is_taken = dir && tb_state_is_live(t->state);
    if (dir && !tb_state_is_over(t->state) && (is_taken || !end_waiting(dir, state, why)))
        ask_run(dir, is_paused ? "pause" : state == TB_STATE_PRUNED ? "prune" : "stop", why);
    free(dir);
}

/* Why all trials but one are ended, NULL: they are not. Those that run are left alone when only tokens are spent. */
static const char *ending(const struct tb_sweep *s, bool *spares_running)
{
    *spares_running = s->winner < 0 && s->failed < 0;
    return s->winner >= 0 ? "the sweep reached its target"
         : s->failed >= 0 ? "another trial of the sweep failed, which ends it"
         : s->is_spent    ? "the tokens of the sweep are spent" : NULL;
}

void tb_sweep_act(const struct tb_sweep *s, bool *is_asked)
{
    bool spares_running;
    const char *all = ending(s, &spares_running);
    for (size_t i = s->n; i-- > 0;) { /* those on the list first, so that no worker takes one meanwhile */
        const struct tb_trial *t = &s->trial[i];
        bool is_live = tb_state_is_live(t->state);
        bool with_all = all && (ptrdiff_t)i != s->winner && !(spares_running && is_live);
        if (t->is_over || is_asked[i] || !*t->run || t->is_protected || !(t->gives_up || with_all))
            continue;
        const char *why = t->gives_up && t->last ? tb_json_str(tb_json_get(t->last, "text"), "") : all;
        tb_sweep_end_run(s, i, TB_STATE_PRUNED, false, why);
        is_asked[i] = true;
    }
}

bool tb_sweep_check(struct tb_sweep *s, struct tb_err *err)
{
    double spent = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct tb_trial *t = &s->trial[i];
        spent += t->tokens;
        if (!s->fails_fast || s->failed >= 0 || s->winner >= 0 || t->state != TB_STATE_FAILED || !t->is_over)
            continue;
        struct tb_json *more = tb_json_new_map();
        tb_json_set(more, "trial", tb_json_new_int((int64_t)i));
        if (!tb_sweep_note(s, "fail", more, err, "%s failed (%.120s): the sweep ends, as fail_fast asks",
                           tb_trial_name(t), t->note))
            return false;
    }
    if (s->is_spent || s->most_tok <= 0 || spent < s->most_tok)
        return true;
    return tb_sweep_note(s, "spent", NULL, err, "%.0f tokens are spent, of %.0f that it may: no other trial begins",
                         spent, s->most_tok);
}

/* ---- what people ask */
static void end_all(struct tb_sweep *s, bool is_paused, const char *why)
{
    for (size_t i = s->n; i-- > 0;)
        if (!s->trial[i].is_over)
            tb_sweep_end_run(s, i, TB_STATE_STOPPED, is_paused, why);
}

static void count(const struct tb_sweep *s, int *n_running, int *n_waiting)
{
    *n_running = *n_waiting = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct tb_trial *t = &s->trial[i];
        bool is_live = tb_state_is_live(t->state);
        *n_running += !t->is_over && is_live;
        *n_waiting += !t->is_over && !is_live;
    }
}

static bool hold(struct tb_sweep *s, bool is_paused, char words[256], struct tb_err *err)
{
    int n_running, n_waiting;
    count(s, &n_running, &n_waiting);
    snprintf(words, 256, "%s by its user: %d running %s, %d waiting", is_paused ? "paused" : "stopped", n_running,
             is_paused ? "are held" : "are asked to stop", n_waiting);
    if (!tb_sweep_note(s, is_paused ? "pause" : "stop", NULL, err, "%s", words) || !tb_sweep_want(s, false, err))
        return false;
    end_all(s, is_paused, is_paused ? "its sweep was paused" : "its sweep was stopped");
    return true;
}

static bool go_on(struct tb_sweep *s, char words[256], struct tb_err *err)
{
    snprintf(words, 256, "goes on");
    if (!tb_sweep_note(s, "resume", NULL, err, "goes on, as its user asks") || !tb_sweep_want(s, true, err))
        return false;
    for (size_t i = 0; i < s->n; i++)
        if (s->trial[i].state == TB_STATE_PAUSED) {
            char *dir = tb_path_join(s->runs, s->trial[i].run);
            ask_run(dir, "resume", "its sweep goes on");
            free(dir);
        }
    return true;
}

static bool bound(struct tb_sweep *s, const struct tb_json *args, char words[256], struct tb_err *err)
{
    double tokens = tb_json_real(tb_json_get(args, "tokens"), NAN);
    struct tb_json *more = tb_json_new_map();
    tb_json_set(more, "tokens", tb_json_new_real(tokens));
    snprintf(words, 256, "may spend %.0f tokens in all", tokens);
    if (isnan(tokens) || tokens < 0) {
        tb_json_free(more);
        return tb_fail(err, TB_ERR_USAGE, "a budget is a number of tokens");
    }
    return tb_sweep_note(s, "budget", more, err, "%s", words);
}

/* The same points and more behind them: then every event means what it meant. */
static bool is_longer(const struct tb_sweep *s, const struct tb_plan *p)
{
    const struct tb_json *old = tb_json_get(s->spec, "points"), *new = tb_json_get(p->sweep, "points");
    bool good = tb_json_len(new) > tb_json_len(old) && p->n_runs > s->plan->n_runs
             && tb_json_equal(tb_json_get(s->spec, "arms"), tb_json_get(p->sweep, "arms"));
    for (size_t i = 0; good && i < tb_json_len(old); i++)
        good = tb_json_equal(tb_json_at(old, i), tb_json_at(new, i));
    return good;
}

static bool grow(struct tb_sweep *s, char words[256], struct tb_err *err)
{
    char *path = tb_path_join(s->dir, TB_SWEEP_MORE);
    struct tb_json *j = tb_json_load(path, 2 * (size_t)TB_PLAN_MAX_BYTES, err);
    struct tb_plan *p = NULL;
    bool good = j && tb_plan_from_json(j, &p, err)
             && (is_longer(s, p) || tb_fail(err, TB_ERR_USAGE, "its space has no more points"));
    if (good)
        good = tb_sweep_replan(s, p, err);
    else
        tb_plan_free(p);
    tb_json_free(j);
    unlink(path);
    free(path);
    if (!good)
        return false;
    struct tb_json *more = tb_json_new_map();
    tb_json_set(more, "trials", tb_json_new_int(tb_sweep_trials(s)));
    snprintf(words, 256, "%lld trials in each arm from now on", (long long)tb_sweep_trials(s));
    return tb_sweep_note(s, "more", more, err, "%s, as its user asks", words) && tb_sweep_want(s, true, err);
}

bool tb_sweep_obey(struct tb_sweep *s, const char *verb, const struct tb_json *args, char words[256],
                   struct tb_err *err)
{
    if (strcmp(verb, "stop") == 0 || strcmp(verb, "pause") == 0) {
        if (s->phase == TB_SWEEP_ON || (s->phase == TB_SWEEP_PAUSED && strcmp(verb, "stop") == 0))
            return hold(s, strcmp(verb, "pause") == 0, words, err);
        snprintf(words, 256, "is %s already", tb_sweep_phase_name(s->phase));
        return true;
    }
    if (strcmp(verb, "resume") == 0)
        return go_on(s, words, err);
    if (strcmp(verb, "budget") == 0)
        return bound(s, args, words, err);
    if (strcmp(verb, "more") == 0)
        return grow(s, words, err);
    return tb_fail(err, TB_ERR_USAGE, TB_CTL_UNKNOWN);
}
