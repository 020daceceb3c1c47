/* SPDX-License-Identifier: MIT */
/* told.c - from records to lines. */
#include "cli/told.h"

#include <math.h>

#include "base/str.h"

static struct tb_live_facts facts_of(const struct tb_metrics *m)
{
    return (struct tb_live_facts){ .name = tb_json_str(tb_metrics_fact(m, "run", "name"), ""),
                                   .memory = tb_json_str(tb_metrics_fact(m, "plan", "memory"), ""),
                                   .excess = tb_json_str(tb_metrics_fact(m, "plan", "excess"), NULL),
                                   .n_trainable = tb_json_int(tb_metrics_fact(m, "plan", "n_trainable"), 0),
                                   .share = tb_json_real(tb_metrics_fact(m, "plan", "share"), NAN),
                                   .n_steps = tb_json_int(tb_metrics_fact(m, "plan", "n_steps"), 0),
                                   .seconds = tb_json_int(tb_metrics_fact(m, "plan", "n_steps"), 0) ? 0 : 60.0
                                              * tb_json_real(tb_json_get(tb_json_get(m->facts, "config"), "budget.n"),
                                                             0),
                                   .bytes = tb_json_int(tb_metrics_fact(m, "plan", "predicted_bytes"), 0),
                                   .n_eval = tb_json_int(tb_metrics_fact(m, "data", "n_eval"), 1),
                                   .from_step = m->step };
}

static bool is_worth_telling(const struct tb_event *e)
{
    static const char *const quiet[] = { "checkpoint", "best", NULL };
    return !tb_str_in(e->kind, quiet);
}

void tb_told_open(struct tb_told_run *r, struct tb_live *live, const char *dir)
{
    struct tb_err err;
    r->is_open = tb_follow_open(&r->f, dir, &err);
    if (!r->is_open) {
        tb_follow_close(&r->f);
        return;
    }
    const struct tb_metrics *m = &r->f.m;
    struct tb_live_facts facts = facts_of(m);
    r->step = m->resumed_at >= 0 && m->n_train ? m->train[m->n_train - 1].step : 0;
    r->eval = m->n_eval && r->step > 0 ? m->eval[m->n_eval - 1].step : -1;
    tb_live_begin(live, r, &facts);
}

bool tb_told_news(struct tb_told_run *r, struct tb_live *live, struct tb_err *err)
{
    const struct tb_metrics *m = &r->f.m;
    if (!tb_follow_poll(&r->f, err))
        return false;
    size_t first = m->n_train;
    while (first > 0 && m->train[first - 1].step > r->step)
        first--;
    for (size_t i = first; i < m->n_train; i++)
        tb_live_step(live, r, &m->train[i]);
    for (size_t i = 0; i < m->n_eval; i++)
        if (m->eval[i].step > r->eval)
            tb_live_eval(live, r, &m->eval[i]);
    for (size_t i = r->n_events; i < m->n_events; i++)
        if (is_worth_telling(&m->events[i]))
            tb_live_note(live, r, m->events[i].step, m->events[i].kind, m->events[i].text);
    r->step = m->n_train ? m->train[m->n_train - 1].step : r->step;
    r->eval = m->n_eval ? m->eval[m->n_eval - 1].step : r->eval;
    r->n_events = m->n_events;
    return true;
}

void tb_told_close(struct tb_told_run *r)
{
    if (r->is_open)
        tb_follow_close(&r->f);
    r->is_open = false;
}
