/* SPDX-License-Identifier: MIT */
/* history.c - events carry their time; evaluations and steps know only the seconds of training, and their place is that
 * of their step. */
#include "view/history.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "view/fmt.h"

struct telling {
    struct tb_history *h;
    const struct tb_metrics *m;
    tb_history_fn *fn;
    void *arg;
};

void tb_history_open(struct tb_history *h, bool has_steps)
{
    *h = (struct tb_history){ .has_steps = has_steps, .eval_step = -1, .train_step = -1, .state = TB_N_STATES };
}

static void tell(const struct telling *t, struct tb_happening what)
{
    t->fn(t->arg, &what);
}

static void tell_eval(const struct telling *t, const struct tb_eval_row *row)
{
    char text[120];
    snprintf(text, sizeof text, "loss %.4f, perplexity %.3f%s", row->loss, exp(row->loss),
             row == tb_metrics_best(t->m) ? ", the best" : "");
    tell(t, (struct tb_happening){ "", row->wall_s, (int64_t)row->step, "eval", text });
}

static void tell_step(const struct telling *t, const struct tb_train_row *row)
{
    char text[200], lr[32], tokens[32], memory[32];
    snprintf(text, sizeof text, "loss %.4f  lr %s  |g| %.3g  %s tokens  %.0f tok/s  worker %s", row->loss,
             tb_fmt_unit(lr, sizeof lr, TB_UNIT_RATE, row->lr), row->grad_norm,
             tb_fmt_unit(tokens, sizeof tokens, TB_UNIT_SHORT, row->tokens), row->tok_per_s,
             tb_fmt_unit(memory, sizeof memory, TB_UNIT_BYTES, row->mem_bytes));
    tell(t, (struct tb_happening){ "", row->wall_s, (int64_t)row->step, "step", text });
}

/* Rows that were not told and whose step is at most `step`, in order; an evaluation follows its step. */
static void tell_rows(const struct telling *t, double step)
{
    const struct tb_metrics *m = t->m;
    struct tb_history *h = t->h;
    size_t k = 0, e = 0;
    step = fmin(step, (double)m->step);
    while (k < m->n_train && m->train[k].step <= h->train_step)
        k++;
    while (e < m->n_eval && m->eval[e].step <= h->eval_step)
        e++;
    for (;;) {
        bool has_train = h->has_steps && k < m->n_train && m->train[k].step <= step,
             has_eval = e < m->n_eval && m->eval[e].step <= step;
        if (!has_train && !has_eval)
            return;
        if (has_train && (!has_eval || m->train[k].step <= m->eval[e].step)) {
            h->train_step = m->train[k].step;
            tell_step(t, &m->train[k++]);
        } else {
            h->eval_step = m->eval[e].step;
            tell_eval(t, &m->eval[e++]);
        }
    }
}

static void tell_state(const struct telling *t)
{
    const struct tb_metrics *m = t->m;
    struct tb_history *h = t->h;
    char text[300];
    if (h->state == m->state && strcmp(h->changed, m->changed) == 0)
        return;
    h->state = m->state;
    tb_str_copy(h->changed, sizeof h->changed, m->changed);
    snprintf(text, sizeof text, "%s%s%s%s%s", tb_state_name(m->state), *m->ended_by ? ", by " : "", m->ended_by,
             *m->note ? ": " : "", m->note);
    int64_t step = tb_state_is_over(m->state) ? m->step : m->resumed_at < 0 ? 0 : m->resumed_at;
    tell(t, (struct tb_happening){ m->changed, NAN, step, "state", text });
}

/* The last change of state is the only one that is kept: it stands where its time puts it. */
void tb_history_next(struct tb_history *h, const struct tb_metrics *m, tb_history_fn *fn, void *arg)
{
    struct telling t = { h, m, fn, arg };
    bool is_over = tb_state_is_over(m->state);
    if (!is_over && m->resumed_at < 0)
        tell_state(&t);
    for (; h->n_events < m->n_events; h->n_events++) {
        const struct tb_event *e = &m->events[h->n_events];
        if (strcmp(e->at, m->changed) > 0) {
            tell_rows(&t, is_over ? INFINITY : -1);
            tell_state(&t);
        }
        tell_rows(&t, (double)e->step);
        tell(&t, (struct tb_happening){ e->at, e->wall_s, e->step, e->kind, e->text });
    }
    if (!is_over)
        tell_state(&t);
    tell_rows(&t, INFINITY);
    tell_state(&t);
}

char *tb_happening_time(const struct tb_happening *what, char dst[48])
{
    if (*what->at)
        snprintf(dst, 48, "%s", what->at);
    else if (isfinite(what->wall_s))
        snprintf(dst, 48, "+%.1fs", what->wall_s);
    else
        snprintf(dst, 48, "-");
    return dst;
}

bool tb_happening_is_bad(const char *kind)
{
    static const char *const bad[] = { "divergence", "error", "disk", "recovered", "replay", NULL };
    return tb_str_in(kind, bad);
}
