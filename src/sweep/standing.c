/* SPDX-License-Identifier: MIT */
/* standing.c - sums over trials. */
#include "sweep/standing.h"

#include <math.h>

static int64_t *count_of(struct tb_standing *st, enum tb_state state)
{
    switch (state) {
    case TB_STATE_QUEUED: return &st->n_waiting;
    case TB_STATE_DONE: return &st->n_done;
    case TB_STATE_PRUNED: return &st->n_pruned;
    case TB_STATE_FAILED: return &st->n_failed;
    case TB_STATE_STOPPED: return &st->n_stopped;
    default: return &st->n_running;
    }
}

void tb_standing_read(const struct tb_sweep *s, size_t arm, struct tb_standing *st)
{
    *st = (struct tb_standing){ .best = -1 };
    for (size_t i = 0; i < s->n; i++) {
        const struct tb_trial *t = &s->trial[i];
        if (t->arm != arm)
            continue;
        st->spent_tok += t->tokens;
        if (t->of >= 0) {
            st->n_seeds++;
            continue;
        }
        st->n_trials++;
        ++*count_of(st, t->state);
        if (t->state == TB_STATE_PRUNED && t->budget_tok > t->tokens)
            st->saved_tok += t->budget_tok - t->tokens;
        if (tb_is_better(tb_trial_value(t), st->best < 0 ? NAN : tb_trial_value(&s->trial[st->best])))
            st->best = (ptrdiff_t)i;
    }
}

ptrdiff_t tb_standing_finalist(const struct tb_sweep *s, size_t arm)
{
    ptrdiff_t best[2] = { -1, -1 }; /* of all; of those that are done */
    for (size_t i = 0; i < s->n; i++) {
        const struct tb_trial *t = &s->trial[i];
        for (int k = 0; t->arm == arm && t->of < 0 && k <= (t->state == TB_STATE_DONE); k++)
            if (tb_is_better(tb_trial_value(t), best[k] < 0 ? NAN : tb_trial_value(&s->trial[best[k]])))
                best[k] = (ptrdiff_t)i;
    }
    return best[1] >= 0 ? best[1] : best[0];
}

size_t tb_standing_best(const struct tb_sweep *s, size_t *best, size_t most)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        double v = tb_trial_value(&s->trial[i]);
        size_t k = n;
        if (s->trial[i].of >= 0 || isnan(v))
            continue;
        while (k > 0 && tb_is_better(v, tb_trial_value(&s->trial[best[k - 1]])))
            k--;
        if (k == most)
            continue;
        n += n < most;
        for (size_t j = n - 1; j > k; j--)
            best[j] = best[j - 1];
        best[k] = i;
    }
    return n;
}

int tb_standing_edge(const struct tb_sweep *s, size_t trial, const char *key)
{
    static const double edge = 0.05;
    const struct tb_json *point = tb_sweep_point(s, &s->trial[trial]);
    const struct tb_json *arm = tb_json_at(tb_json_get(s->spec, "arms"), s->trial[trial].arm);
    struct tb_range r;
    if (!tb_range_read(tb_json_get(tb_space_template(arm, point), key), &r) || r.kind == TB_RANGE_CHOICE)
        return 0;
    double v = tb_json_real(tb_json_get(point, key), NAN), low = r.low, high = r.high;
    if (r.kind == TB_RANGE_LOG_UNIFORM) {
        v = log(v);
        low = log(low);
        high = log(high);
    }
    double at = (v - low) / (high - low);
    return at < edge ? -1 : at > 1 - edge;
}

void tb_spread_read(const struct tb_sweep *s, size_t trial, struct tb_spread *sp)
{
    double sum = 0, squares = 0;
    *sp = (struct tb_spread){ .mean = NAN, .sd = NAN };
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < s->n; i++) {
            const struct tb_trial *t = &s->trial[i];
            double v = tb_trial_value(t);
            if ((i != trial && (t->of != (ptrdiff_t)trial || t->state != TB_STATE_DONE)) || isnan(v))
                continue;
            sp->n += pass == 0;
            sum += pass == 0 ? v : 0;
            squares += pass == 1 ? (v - sum / sp->n) * (v - sum / sp->n) : 0;
        }
    sp->mean = sp->n ? sum / sp->n : NAN;
    sp->sd = sp->n > 1 ? sqrt(squares / (sp->n - 1)) : NAN;
}
