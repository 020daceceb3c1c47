/* SPDX-License-Identifier: MIT */
/* runs_panes.c - below the table: curves of the marked runs, else of the one under the cursor, and what is known of
 * that one. */
#include "tui/runs_priv.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "tui/curves.h"
#include "view/fmt.h"
#include "view/runs.h"

static const double smoothing = 0.6;
enum { LABEL = 7 };

void tb_runs_free_lines(struct runs_state *st)
{
    for (int i = 0; i < st->n_lines; i++) {
        tb_series_free(&st->line[i].s);
        tb_series_free(&st->line[i].raw);
    }
    st->n_lines = 0;
}

static void read_line(struct tb_screen *s, const struct tb_run_item *item)
{
    struct runs_state *st = s->state;
    struct runs_line *l = &st->line[st->n_lines];
    const struct tb_metrics *m = item->sum.damage[0] ? NULL : tb_desk_run(s->desk, item->sum.id, NULL, NULL);
    *l = (struct runs_line){ .tint = tb_desk_tint(s->desk, item->sum.id) };
    if (!m || m->n_train == 0 || !tb_series_of(&l->s, m, "train/loss", "tokens", NULL)
        || !tb_series_of(&l->raw, m, "train/loss", "tokens", NULL))
        return;
    tb_series_smooth(&l->s, smoothing);
    tb_str_copy(l->label, sizeof l->label, item->sum.name);
    st->n_lines++;
}

static const char *fact(const struct tb_metrics *m, const char *section, const char *key)
{
    return tb_json_str(tb_metrics_fact(m, section, key), "");
}

static void add(struct tb_text *t, const char *label, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void add(struct tb_text *t, const char *label, const char *fmt, ...)
{
    char value[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(value, sizeof value, fmt, ap);
    va_end(ap);
    if (*value)
        tb_text_wrap(t, TB_STYLE_PLAIN, LABEL, "%-*s%s", LABEL, label, value);
}

static void add_numbers(struct tb_text *t, const struct tb_run_item *item)
{
    const struct tb_run_summary *s = &item->sum;
    char a[32], b[32], c[32];
    add(t, "step", "%lld/%lld   %s/%s %s", (long long)s->step, (long long)s->n_steps,
        tb_fmt_unit(a, sizeof a, TB_UNIT_SHORT, s->tokens < 0 ? NAN : (double)s->tokens),
        tb_fmt_unit(b, sizeof b, TB_UNIT_SHORT, s->budget < 0 ? NAN : (double)s->budget), s->budget_unit);
    add(t, "eval", "%s @%s   best %s", tb_fmt_unit(a, sizeof a, TB_UNIT_LOSS, s->last_eval),
        tb_fmt_unit(b, sizeof b, TB_UNIT_SHORT, s->eval_tokens), tb_fmt_unit(c, sizeof c, TB_UNIT_LOSS, s->best_eval));
    double memory = (double)(s->peak_bytes > 0 ? s->peak_bytes : s->predicted_bytes);
    double tok_s = item->sight.stall ? NAN : tb_run_tok_s(item);
    add(t, "mem", "%s%s   %s tok/s", tb_fmt_unit(a, sizeof a, TB_UNIT_BYTES, memory > 0 ? memory : NAN),
        s->peak_bytes > 0 ? "" : " planned", tb_fmt_unit(b, sizeof b, TB_UNIT_PLAIN, tok_s));
}

static void add_origin(struct tb_text *t, const struct tb_run_item *item, const struct tb_metrics *m)
{
    const struct tb_run_summary *s = &item->sum;
    char a[32], b[32];
    add(t, "base", "%.40s  %.6s..", fact(m, "base", "name"), s->base_id);
    add(t, "data", "%.40s  %.6s..", s->data, s->data_id);
    add(t, "method", "%s  %s trainable", s->method,
        tb_fmt_unit(a, sizeof a, TB_UNIT_SHORT, s->n_trainable < 0 ? NAN : (double)s->n_trainable));
    add(t, "lr", "%s %s", *s->rates ? s->rates : tb_fmt_unit(b, sizeof b, TB_UNIT_RATE, s->lr),
        fact(m, "config", "schedule.name"));
}

static void add_rest(struct tb_text *t, const struct tb_run_item *item, const struct tb_metrics *m)
{
    if (*fact(m, "env", "git"))
        add(t, "git", "%.7s", fact(m, "env", "git"));
    if (m->n_samples)
        add(t, "last", "\"%.100s\"", m->samples[m->n_samples - 1].output);
    if (m->n_events)
        add(t, "event", "%s: %.100s", m->events[m->n_events - 1].kind, m->events[m->n_events - 1].text);
    add(t, "note", "%s", *item->sum.note ? item->sum.note : "-");
}

static void read_facts(struct tb_screen *s)
{
    struct tb_text *t = &((struct runs_state *)s->state)->facts;
    const struct tb_run_item *item = tb_desk_current(s->desk);
    struct tb_err err = { 0 };
    tb_text_clear(t);
    if (!item)
        return;
    tb_text_fmt(t, TB_STYLE_HEAD, "%s", *item->sum.name ? item->sum.name : item->sum.id);
    add(t, "run", "%s  %s", item->sum.id, item->sum.damage[0] ? "damaged" : tb_state_name(item->sight.state));
    if (item->sight.stall)
        add(t, "waits", "%s", tb_stall_advice(item->sight.stall));
    const struct tb_metrics *m = item->sum.damage[0] ? NULL : tb_desk_run(s->desk, item->sum.id, NULL, &err);
    if (!m) {
        add(t, "", "%s", item->sum.damage[0] ? item->sum.damage : err.text);
        return;
    }
    add_origin(t, item, m);
    add_numbers(t, item);
    add_rest(t, item, m);
}

void tb_runs_read_panes(struct tb_screen *s)
{
    const struct tb_run_item *chosen[RUNS_LINES];
    size_t n = tb_desk_chosen(s->desk, chosen, RUNS_LINES);
    tb_runs_free_lines(s->state);
    for (size_t i = 0; i < n; i++)
        read_line(s, chosen[i]);
    read_facts(s);
}

void tb_runs_draw_chart(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct runs_state *st = s->state;
    struct tb_plot_line line[RUNS_LINES] = { 0 };
    unsigned tint[RUNS_LINES];
    struct tb_plot p = { .title = "train/loss  ema 0.6", .x_name = "tokens", .line = line, .n = (size_t)st->n_lines };
    for (int i = 0; i < st->n_lines; i++) {
        line[i] = (struct tb_plot_line){ .s = st->line[i].s, .raw = st->line[i].raw, .label = st->line[i].label };
        tint[i] = st->line[i].tint;
    }
    if (p.n)
        tb_curves_draw(c, &p, tint);
    else
        tb_canvas_text(c, 0, 0, TB_STYLE_DIM, "no curve yet");
}
