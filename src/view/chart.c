/* SPDX-License-Identifier: MIT */
/* chart.c - from series to places: points without an x are dropped, values that cannot be shown become gaps, what
 * remains is thinned to the columns there are, and both axes span all that is drawn, or the part that is looked at. A
 * line that leaves that part is cut where it does. */
#include <math.h>

#include "base/mem.h"
#include "view/plot_priv.h"

enum { N_SERIES = 5 };
#define SERIES_OF(v) { &(v)->s, &(v)->raw, &(v)->marks, &(v)->low, &(v)->high }

struct bounds {
    double low, high;
};

static void widen(struct bounds *b, double v)
{
    b->low = isnan(v) || v > b->low ? b->low : v;
    b->high = isnan(v) || v < b->high ? b->high : v;
}

/* The part from .. to of s, in place: with points on its edges where the line passes them. */
static void clip(struct tb_series *s, double from, double to)
{
    struct tb_series out = { tb_xcalloc(3 * s->n + 1, sizeof(double)), tb_xcalloc(3 * s->n + 1, sizeof(double)), 0 };
    for (size_t i = 0; i < s->n; i++) {
        double edge[] = { from, to }, x = s->x[i];
        for (int k = 0; i && k < 2; k++) {
            double was = s->x[i - 1], part = (edge[k] - was) / (x - was);
            if (was >= edge[k] || x <= edge[k])
                continue;
            out.x[out.n] = edge[k];
            out.y[out.n++] = s->y[i - 1] + part * (s->y[i] - s->y[i - 1]);
        }
        if (x < from || x > to)
            continue;
        out.x[out.n] = x;
        out.y[out.n++] = s->y[i];
    }
    tb_series_free(s);
    *s = out;
}

/* Points of s where it passes low or high are added, in place, so that what lies beyond can be drawn along the edge. */
static void cross(struct tb_series *s, double low, double high)
{
    struct tb_series out = { tb_xcalloc(3 * s->n + 1, sizeof(double)), tb_xcalloc(3 * s->n + 1, sizeof(double)), 0 };
    for (size_t i = 0; i < s->n; i++) {
        double was = i ? s->y[i - 1] : NAN, y = s->y[i], edge[] = { was < y ? low : high, was < y ? high : low };
        for (int k = 0; k < 2; k++) {
            if (!((was - edge[k]) * (y - edge[k]) < 0))
                continue;
            out.x[out.n] = s->x[i - 1] + (edge[k] - was) / (y - was) * (s->x[i] - s->x[i - 1]);
            out.y[out.n++] = edge[k];
        }
        out.x[out.n] = s->x[i];
        out.y[out.n++] = y;
    }
    tb_series_free(s);
    *s = out;
}

/* A copy of `from`, thinned unless columns is 0, in which y is finite (and above 0, is_log) or NaN. */
static void take(struct tb_series *to, const struct tb_series *from, size_t columns, const struct tb_plot *p)
{
    struct tb_series clean = { tb_xcalloc(from->n + 1, sizeof(double)), tb_xcalloc(from->n + 1, sizeof(double)), 0 };
    for (size_t i = 0; i < from->n; i++) {
        bool is_shown = isfinite(from->y[i]) && (!p->is_log || from->y[i] > 0);
        if (!isfinite(from->x[i]) || (p->is_log_x && from->x[i] <= 0))
            continue;
        clean.x[clean.n] = from->x[i];
        clean.y[clean.n++] = is_shown ? from->y[i] : NAN;
    }
    if (p->view && p->view->x_from < p->view->x_to)
        clip(&clean, p->view->x_from, p->view->x_to);
    if (!columns) {
        *to = clean;
        return;
    }
    tb_series_decimate(&clean, columns, to);
    tb_series_free(&clean);
}

static void bound(const struct tb_series *s, struct bounds *x, struct bounds *y)
{
    for (size_t i = 0; i < s->n; i++) {
        widen(x, isnan(s->y[i]) ? NAN : s->x[i]);
        widen(y, s->y[i]);
    }
}

static void bound_all(struct tb_curve *v, struct bounds *x, struct bounds *y)
{
    struct tb_series *all[] = SERIES_OF(v);
    for (int k = 0; k < N_SERIES; k++)
        bound(all[k], x, y);
}

/* What somebody chose to look at, in place of all there is. */
static void look(const struct tb_plot *p, struct bounds *x, struct bounds *y)
{
    const struct tb_plot_view *v = p->view;
    if (v && v->x_from < v->x_to)
        *x = (struct bounds){ v->x_from, v->x_to };
    if (v && v->y_from < v->y_to && (!p->is_log || v->y_from > 0))
        *y = (struct bounds){ v->y_from, v->y_to };
}

static void place(struct tb_series *s, const struct tb_axis *x, const struct tb_axis *y)
{
    for (size_t i = 0; i < s->n; i++) {
        s->x[i] = tb_axis_place(x, s->x[i]);
        s->y[i] = tb_axis_place(y, s->y[i]);
    }
}

void tb_chart_open(struct tb_chart *c, const struct tb_plot *p, size_t columns, bool has_raw)
{
    static const struct tb_series none;
    struct bounds x = { INFINITY, -INFINITY }, y = x;
    *c = (struct tb_chart){ .n = p->n < TB_PLOT_LINES ? p->n : TB_PLOT_LINES };
    for (size_t i = 0; i < c->n; i++) {
        struct tb_curve *v = &c->curve[i];
        take(&v->s, &p->line[i].s, columns, p);
        take(&v->raw, has_raw ? &p->line[i].raw : &none, columns, p);
        take(&v->marks, &p->line[i].marks, p->is_scatter ? 0 : columns, p);
        take(&v->low, &p->line[i].low, 0, p);
        take(&v->high, &p->line[i].high, 0, p);
        bound_all(v, &x, &y);
    }
    c->is_empty = !(y.low <= y.high);
    look(p, &x, &y);
    for (size_t i = 0; i < c->n && p->view && p->view->y_from < p->view->y_to; i++) {
        cross(&c->curve[i].s, y.low, y.high);
        cross(&c->curve[i].raw, y.low, y.high);
    }
    tb_axis_open(&c->x, x.low, x.high, p->is_log_x, p->is_time);
    tb_axis_open(&c->y, y.low, y.high, p->is_log, false);
    for (size_t i = 0; i < c->n; i++) {
        struct tb_series *all[] = SERIES_OF(&c->curve[i]);
        for (int k = 0; k < N_SERIES; k++)
            place(all[k], &c->x, &c->y);
    }
}

void tb_chart_free(struct tb_chart *c)
{
    for (size_t i = 0; i < c->n; i++) {
        struct tb_series *all[] = SERIES_OF(&c->curve[i]);
        for (int k = 0; k < N_SERIES; k++)
            tb_series_free(all[k]);
    }
    c->n = 0;
}
