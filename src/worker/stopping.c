/* SPDX-License-Identifier: MIT */
/* stopping.c - ends that a rule brings about: patience and divergence; and the runs that are exempt: what a person has
 * protected ends by its budget or by a person. */
#include "worker/stopping.h"

#include <math.h>
#include <stdio.h>

#include "store/marks.h"
#include "worker/train_priv.h"

bool tb_stopping_take(struct tb_stopping *s, int64_t patience, double min_delta, int64_t step, double loss)
{
    if (step <= s->at)
        return false;
    bool is_better = loss < s->best && !(loss > s->best - min_delta);
    s->at = step;
    s->n_since = is_better ? 0 : s->n_since + 1;
    if (is_better) {
        s->best = loss;
        s->best_at = step;
    }
    return patience > 0 && s->n_since >= patience;
}

void tb_stopping_words(const struct tb_stopping *s, char *words, size_t n)
{
    int had = snprintf(words, n, "no improvement in %lld evaluation%s", (long long)s->n_since,
                       s->n_since == 1 ? "" : "s");
    if (s->best_at >= 0)
        snprintf(words + had, n - (size_t)had, "; the best is %.4f of step %lld", s->best, (long long)s->best_at);
}

struct tb_json *tb_stopping_to_json(const struct tb_stopping *s)
{
    struct tb_json *j = tb_json_new_map();
    tb_json_set(j, "best", tb_json_new_real(s->best));
    tb_json_set(j, "best_at", tb_json_new_int(s->best_at));
    tb_json_set(j, "at", tb_json_new_int(s->at));
    tb_json_set(j, "n_since", tb_json_new_int(s->n_since));
    tb_json_set(j, "ends", tb_json_new_bool(s->ends));
    return j;
}

void tb_stopping_from_json(struct tb_stopping *s, const struct tb_json *j)
{
    *s = (struct tb_stopping){ .best = tb_json_real(tb_json_get(j, "best"), INFINITY),
                               .best_at = tb_json_int(tb_json_get(j, "best_at"), -1),
                               .at = tb_json_int(tb_json_get(j, "at"), -1),
                               .n_since = tb_json_int(tb_json_get(j, "n_since"), 0),
                               .ends = tb_json_bool(tb_json_get(j, "ends"), false) };
}

static bool look(struct tb_run_writer *w, void *arg, struct tb_err *err)
{
    *(bool *)arg = tb_marks_is_protected(tb_run_writer_metrics(w));
    return true;
}

static bool is_protected(struct tb_training *t)
{
    bool found = false;
    return tb_recorder_do(t->recorder, look, &found, NULL) && found;
}

static void tell_exempt(struct tb_training *t, const char *kind, const char *words)
{
    char text[320];
    snprintf(text, sizeof text, "%s; the run is protected, so it goes on", words);
    tb_training_note(t, kind, text);
}

void tb_training_weigh(struct tb_training *t, double loss)
{
    const struct tb_config *c = &t->job->config;
    struct tb_stopping *s = &t->stopping;
    int64_t patience = tb_config_int(c, "stop.patience");
    char words[256];
    bool is_due = tb_stopping_take(s, patience, tb_config_real(c, "stop.min_delta"), t->step, loss);
    if (!is_due || t->step == t->job->n_steps) /* it ends there anyway */
        return;
    tb_stopping_words(s, words, sizeof words);
    s->ends = !is_protected(t);
    if (s->ends)
        tb_training_note(t, "patience", words);
    else if (s->n_since == patience)
        tell_exempt(t, "patience", words);
}

bool tb_training_is_broken(const struct tb_training *t, char *words, size_t n)
{
    if (t->job->n_eval == 0 || isfinite(t->eval))
        return false;
    snprintf(words, n, "the loss of the evaluation is %s", isnan(t->eval) ? "NaN" : "infinite");
    return true;
}

bool tb_training_diverge(struct tb_training *t, const char *words, struct tb_err *err)
{
    char text[320];
    if (t->last_kept >= 0)
        snprintf(text, sizeof text, "%s; the last checkpoint is that of step %lld", words, (long long)t->last_kept);
    tb_training_note(t, "divergence", t->last_kept >= 0 ? text : words);
    return tb_training_seal(t, TB_STATE_FAILED, "divergence", words, err);
}

bool tb_training_outlives(struct tb_training *t, const struct tb_step_out *out, const char *words)
{
    if (!out->is_finite || !is_protected(t))
        return false;
    if (tb_watch_is_first(&t->watch))
        tell_exempt(t, "divergence", words);
    return true;
}
