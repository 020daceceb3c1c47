/* SPDX-License-Identifier: MIT */
/* report_charts.c - the charts of a report: what each shows, and the same in words. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "view/figure.h"
#include "view/report_priv.h"

enum { APART = 13 }; /* units between two letters */

/* Lowest and highest of what is finite. */
struct span {
    double low, high;
};

static void take(struct span *s, double v)
{
    if (!isfinite(v))
        return;
    s->low = fmin(s->low, v);
    s->high = fmax(s->high, v);
}

static const struct span nothing = { INFINITY, -INFINITY };

static struct tb_axis axis_of(struct span s, bool is_log, bool is_time)
{
    struct tb_axis a;
    bool has_log = is_log && s.low > 0;
    double room = has_log ? 0 : 0.04 * (s.high - s.low);
    if (has_log) {
        s.low /= 1.1;
        s.high *= 1.1;
    }
    tb_axis_open(&a, s.low - room, s.high + room, has_log, is_time);
    return a;
}

/* ---- loss by tokens */

/* Letters at the ends of lines, from the topmost on; one that would cover another moves below it. */
static void put_letters(struct tb_figure *f, const double *x, const double *y, size_t n)
{
    size_t order[TB_REPORT_ARMS];
    double at_x[TB_REPORT_ARMS], at_y[TB_REPORT_ARMS];
    for (size_t i = 0; i < n; i++) {
        size_t k = i;
        for (; k > 0 && y[i] > y[order[k - 1]]; k--)
            order[k] = order[k - 1];
        order[k] = i;
    }
    for (size_t k = 0; k < n; k++) {
        at_x[k] = tb_figure_x(f, x[order[k]]);
        at_y[k] = tb_figure_y(f, y[order[k]]);
        for (size_t j = 0; j < k; j++)
            if (fabs(at_x[k] - at_x[j]) < APART && at_y[k] < at_y[j] + APART)
                at_y[k] = at_y[j] + APART;
        tb_figure_letter(f, order[k], x[order[k]], y[order[k]], at_y[k] - tb_figure_y(f, y[order[k]]));
    }
}

static char *loss_words(const struct tb_report *r)
{
    struct tb_buf b = { 0 };
    tb_buf_str(&b, "Held-out loss by trained tokens, mean over seeds, the band from the lowest to the highest seed.");
    for (size_t i = 0; i < r->arms->n; i++) {
        const struct tb_report_arm *a = &r->arm[i];
        if (a->n_curve)
            tb_buf_fmt(&b, " %c %s: from %.3f to %.3f.", (int)('A' + i), r->arms->arm[i].name, a->loss[0],
                       a->loss[a->n_curve - 1]);
    }
    return tb_buf_take(&b);
}

static void draw_curves(struct tb_figure *f, const struct tb_report *r)
{
    double x[TB_REPORT_ARMS], y[TB_REPORT_ARMS];
    for (size_t i = 0; i < r->arms->n; i++) {
        const struct tb_report_arm *a = &r->arm[i];
        tb_figure_band(f, i, a->tokens, a->low, a->high, a->n_curve);
        x[i] = a->n_curve ? a->tokens[a->n_curve - 1] : NAN;
        y[i] = a->n_curve ? a->loss[a->n_curve - 1] : NAN;
    }
    for (size_t i = 0; i < r->arms->n; i++)
        tb_figure_line(f, i, r->arm[i].tokens, r->arm[i].loss, r->arm[i].n_curve, "line");
    put_letters(f, x, y, r->arms->n);
}

char *tb_report_chart_loss(const struct tb_report *r)
{
    struct span x = nothing, y = nothing;
    struct tb_figure f;
    for (size_t i = 0; i < r->arms->n; i++)
        for (size_t k = 0; k < r->arm[i].n_curve; k++) {
            take(&x, r->arm[i].tokens[k]);
            take(&y, r->arm[i].low[k]);
            take(&y, r->arm[i].high[k]);
        }
    if (x.low > x.high || y.low > y.high)
        return tb_xstrdup("");
    char *words = loss_words(r);
    tb_figure_open(&f, &(struct tb_figure_spec){ .id = "chart-loss", .title = "Held-out loss while training",
                                                 .words = words, .x_name = "tokens", .x = axis_of(x, false, false),
                                                 .y = axis_of(y, false, false) });
    draw_curves(&f, r);
    free(words);
    return tb_figure_take(&f);
}

/* ---- differences with their intervals */

static char *forest_words(const struct tb_report *r)
{
    struct tb_buf b = { 0 };
    tb_buf_fmt(&b, "Difference of the loss in RESULTS from %c %s with its 95 %% interval; left of zero is better.",
               (int)('A' + r->reference), r->arms->arm[r->reference].name);
    for (size_t i = 0; i < r->arms->n; i++)
        if (r->arm[i].is_paired)
            tb_buf_fmt(&b, " %c: %+.3f, from %+.3f to %+.3f.", (int)('A' + i), r->arm[i].p.difference, r->arm[i].p.low,
                       r->arm[i].p.high);
    return tb_buf_take(&b);
}

static void draw_forest_row(struct tb_figure *f, const struct tb_report *r, size_t i, size_t row)
{
    const struct tb_paired *p = &r->arm[i].p;
    char value[48];
    char *name = tb_xasprintf("%c %s", (int)('A' + i), r->arms->arm[i].name);
    bool is_open = p->low <= 0 && p->high >= 0;
    snprintf(value, sizeof value, is_open ? "%+.3f  ?" : "%+.3f", p->difference);
    tb_figure_row(f, row, name, value);
    tb_figure_whisker(f, i, (double)row, p->low, p->high, false);
    tb_figure_point(f, i, p->difference, (double)row, TB_MARK_DOT);
    free(name);
}

char *tb_report_chart_forest(const struct tb_report *r)
{
    struct span x = { 0, 0 };
    struct tb_figure f;
    size_t n = 0, row = 0;
    for (size_t i = 0; i < r->arms->n; i++) {
        if (!r->arm[i].is_paired)
            continue;
        n++;
        take(&x, r->arm[i].p.difference);
        take(&x, r->arm[i].p.low);
        take(&x, r->arm[i].p.high);
    }
    if (!n)
        return tb_xstrdup("");
    char *words = forest_words(r), *name = tb_xasprintf("nats per token more than %c", (int)('A' + r->reference));
    tb_figure_open(&f, &(struct tb_figure_spec){ .id = "chart-forest", .title = "Differences with their 95 % intervals",
                                                 .words = words, .x_name = name, .x = axis_of(x, false, false),
                                                 .n_rows = n });
    tb_figure_upright(&f, 0, (char[]){ (char)('A' + r->reference), '\0' });
    for (size_t i = 0; i < r->arms->n; i++)
        if (r->arm[i].is_paired)
            draw_forest_row(&f, r, i, row++);
    free(name);
    free(words);
    return tb_figure_take(&f);
}

/* ---- quality against cost */

static int by_cost(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (x[0] > y[0]) - (x[0] < y[0]);
}

static void draw_front(struct tb_figure *f, const struct tb_report *r, enum tb_report_cost cost)
{
    double point[TB_REPORT_ARMS][2], x[TB_REPORT_ARMS], y[TB_REPORT_ARMS];
    size_t n = 0;
    for (size_t i = 0; i < r->arms->n; i++) {
        if (!r->arm[i].is_front[cost])
            continue;
        point[n][0] = r->arm[i].cost[cost];
        point[n++][1] = tb_report_loss(r, i);
    }
    qsort(point, n, sizeof *point, by_cost);
    for (size_t i = 0; i < n; i++) {
        x[i] = point[i][0];
        y[i] = point[i][1];
    }
    tb_figure_line(f, 7, x, y, n, "front");
}

static char *pareto_words(const struct tb_report *r, enum tb_report_cost cost)
{
    struct tb_buf b = { 0 };
    char v[48];
    tb_buf_fmt(&b, "Held-out loss against %s; the dashed line joins the arms that none beats in both.",
               tb_report_costs[cost].words);
    for (size_t i = 0; i < r->arms->n; i++)
        tb_buf_fmt(&b, " %c: %.3f at %s%s.", (int)('A' + i), tb_report_loss(r, i),
                   tb_fmt_unit(v, sizeof v, tb_report_costs[cost].unit, r->arm[i].cost[cost]),
                   r->arm[i].is_front[cost] ? ", on the front" : "");
    return tb_buf_take(&b);
}

char *tb_report_chart_pareto(const struct tb_report *r, enum tb_report_cost cost)
{
    struct span x = nothing, y = nothing;
    char id[32];
    for (size_t i = 0; i < r->arms->n; i++) {
        take(&x, r->arm[i].cost[cost]);
        take(&y, tb_report_loss(r, i));
        take(&y, r->arm[i].level.low);
        take(&y, r->arm[i].level.high);
    }
    if (x.low > x.high || y.low > y.high)
        return tb_xstrdup("");
    struct tb_figure f;
    bool is_time = tb_report_costs[cost].unit == TB_UNIT_SECONDS;
    char *words = pareto_words(r, cost), name[64], title[64];
    snprintf(title, sizeof title, "loss against %s", tb_report_costs[cost].words);
    snprintf(name, sizeof name, "%s%s", tb_report_costs[cost].words,
             tb_report_costs[cost].unit == TB_UNIT_BYTES ? ", bytes" : "");
    snprintf(id, sizeof id, "chart-%s", tb_report_costs[cost].name);
    tb_figure_open(&f, &(struct tb_figure_spec){ .id = id, .title = title, .words = words,
        .x_name = name, .x = axis_of(x, x.high > 20 * x.low, is_time),
        .y = axis_of(y, false, false) });
    draw_front(&f, r, cost);
    double at[TB_REPORT_ARMS], loss[TB_REPORT_ARMS];
    for (size_t i = 0; i < r->arms->n; i++) {
        at[i] = r->arm[i].cost[cost];
        loss[i] = tb_report_loss(r, i);
        tb_figure_whisker(&f, i, at[i], r->arm[i].level.low, r->arm[i].level.high, true);
        tb_figure_point(&f, i, at[i], loss[i], TB_MARK_DOT);
    }
    put_letters(&f, at, loss, r->arms->n);
    free(words);
    return tb_figure_take(&f);
}

/* ---- trials and where they were given up */

static void draw_trial(struct tb_figure *f, const struct tb_report_trial *t)
{
    size_t line = t->arm == SIZE_MAX ? 7 : t->arm;
    bool is_finalist = t->fate == TB_FATE_FINALIST;
    tb_figure_line(f, line, t->tokens, t->value, t->n, is_finalist ? "line" : "thin");
    if (!t->n)
        return;
    double x = t->tokens[t->n - 1], y = t->value[t->n - 1];
    tb_figure_point(f, line, x, y, t->fate == TB_FATE_PRUNED || t->fate == TB_FATE_FAILED ? TB_MARK_CROSS
                                 : is_finalist ? TB_MARK_DOT : TB_MARK_RING);
    if (is_finalist && t->arm != SIZE_MAX)
        tb_figure_letter(f, line, x, y, 0);
}

static char *rung_words(const struct tb_report_sweep *s)
{
    size_t n[TB_FATE_OPEN + 1] = { 0 };
    for (size_t i = 0; i < s->n; i++)
        n[s->trial[i].fate]++;
    return tb_xasprintf("%s of every trial by trained tokens. Crosses: %zu pruned, %zu failed; rings: %zu "
                        "came to their end without being the best of their arm, %zu are not over; dots: %zu "
                        "finalists. Upright lines: %zu rungs.", s->metric, n[TB_FATE_PRUNED], n[TB_FATE_FAILED],
                        n[TB_FATE_OVER], n[TB_FATE_OPEN], n[TB_FATE_FINALIST], s->n_rungs);
}

char *tb_report_chart_rungs(const struct tb_report *r)
{
    const struct tb_report_sweep *s = r->sweep;
    struct span x = nothing, y = nothing;
    for (size_t i = 0; s && i < s->n; i++)
        for (size_t k = 0; k < s->trial[i].n; k++) {
            take(&x, s->trial[i].tokens[k]);
            take(&y, s->trial[i].value[k]);
        }
    if (!s || x.low > x.high || y.low > y.high)
        return tb_xstrdup("");
    struct tb_figure f;
    char *words = rung_words(s), name[32];
    tb_figure_open(&f, &(struct tb_figure_spec){ .id = "chart-rungs", .title = "Trials of the search", .words = words,
        .x_name = "tokens", .x = axis_of(x, false, false), .y = axis_of(y, y.low > 0 && y.high > 4 * y.low, false) });
    for (size_t i = 0; i < s->n_rungs; i++) {
        snprintf(name, sizeof name, "rung %zu", i + 1);
        tb_figure_upright(&f, s->rung[i], name);
    }
    for (size_t i = 0; i < s->n; i++)
        draw_trial(&f, &s->trial[i]);
    free(words);
    return tb_figure_take(&f);
}
