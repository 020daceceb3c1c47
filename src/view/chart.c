/* SPDX-License-Identifier: MIT */
/* chart.c - from series to places: points without an x are dropped, values that cannot be shown become gaps, what
 * remains is thinned to the columns there are, and both axes span all that is drawn. */
#include <math.h>

#include "base/mem.h"
#include "view/plot_priv.h"

struct bounds {
    double low, high;
};

static void widen(struct bounds *b, double v)
{
    b->low = isnan(v) || v > b->low ? b->low : v;
    b->high = isnan(v) || v < b->high ? b->high : v;
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
        bound(&v->s, &x, &y);
        bound(&v->raw, &x, &y);
        bound(&v->marks, &x, &y);
    }
    c->is_empty = !(y.low <= y.high);
    tb_axis_open(&c->x, x.low, x.high, p->is_log_x, p->is_time);
    tb_axis_open(&c->y, y.low, y.high, p->is_log, false);
    for (size_t i = 0; i < c->n; i++) {
        place(&c->curve[i].s, &c->x, &c->y);
        place(&c->curve[i].raw, &c->x, &c->y);
        place(&c->curve[i].marks, &c->x, &c->y);
    }
}

void tb_chart_free(struct tb_chart *c)
{
    for (size_t i = 0; i < c->n; i++) {
        tb_series_free(&c->curve[i].s);
        tb_series_free(&c->curve[i].raw);
        tb_series_free(&c->curve[i].marks);
    }
    c->n = 0;
}
