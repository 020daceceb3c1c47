/* SPDX-License-Identifier: MIT */
/* series.c - columns, min/max decimation, debiased EMA, sparklines.
 * EMA: e = w e + (1 - w) y, shown as e / (1 - w^k) after k finite points, so the first points are
 * not drawn towards zero; kept as what is shown, so that equal points give just that. Decimation
 * never drops an extreme: the spike one looks for is still there. */
#include "view/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

void tb_series_free(struct tb_series *s)
{
    free(s->x);
    free(s->y);
    *s = (struct tb_series){ 0 };
}

static void room(struct tb_series *s, size_t n)
{
    s->x = tb_xcalloc(n + 1, sizeof *s->x);
    s->y = tb_xcalloc(n + 1, sizeof *s->y);
    s->n = 0;
}

static void point(struct tb_series *s, double x, double y)
{
    s->x[s->n] = x;
    s->y[s->n++] = y;
}

static bool no_column(const char *what, const char *name, const struct tb_column *c, int n,
                      struct tb_err *err)
{
    char names[200] = "";
    for (int i = 0; i < n; i++) {
        strncat(names, " ", sizeof names - strlen(names) - 1);
        strncat(names, c[i].name, sizeof names - strlen(names) - 1);
    }
    return tb_fail(err, TB_ERR_USAGE, "no %s '%s'; there are:%s", what, name, names);
}

/* Where an evaluation stands on the axis; the base alone is before the first step, evaluated or not. NaN: nowhere. */
static double place_of(const struct tb_metrics *m, int64_t step, int xc)
{
    for (size_t i = m->n_eval; i-- > 0;)
        if (m->eval[i].step == (double)step)
            return ((const double *)&m->eval[i])[xc];
    return step == 0 ? 0 : NAN;
}

/* False if the run has no measure of that name. */
static bool of_measure(struct tb_series *s, const struct tb_metrics *m, const char *metric, int xc)
{
    const char *name = tb_str_starts(metric, "eval/") ? metric + 5 : metric;
    const struct tb_measures *all = &m->measures;
    bool is_there = false;
    room(s, all->n);
    for (size_t i = 0; i < all->n; i++) {
        double x = place_of(m, all->at[i].step, xc);
        if (strcmp(all->at[i].name, name) != 0 || all->at[i].step > m->step || isnan(x))
            continue;
        point(s, x, all->at[i].value);
        is_there = true;
    }
    if (!is_there)
        tb_series_free(s);
    return is_there;
}

bool tb_series_of(struct tb_series *s, const struct tb_metrics *m, const char *metric,
                  const char *x, struct tb_err *err)
{
    bool is_eval = tb_str_starts(metric, "eval/");
    const char *name = is_eval ? metric + 5 : tb_str_starts(metric, "train/") ? metric + 6 : metric;
    const struct tb_column *columns = is_eval ? tb_eval_columns : tb_train_columns;
    int n = is_eval ? TB_N_EVAL : TB_N_TRAIN, yc = tb_column_find(columns, n, name),
        xc = tb_column_find(columns, n, x);
    const double *rows = is_eval ? (const double *)m->eval : (const double *)m->train;
    size_t n_rows = is_eval ? m->n_eval : m->n_train;
    *s = (struct tb_series){ 0 };
    if (yc < 0 && xc >= 0 && xc <= 2 && of_measure(s, m, metric, xc))
        return true;
    if (yc < 0)
        return no_column("metric", metric, columns, n, err);
    if (xc < 0 || xc > 2)
        return no_column("x axis", x, columns, 3, err);
    room(s, n_rows);
    for (size_t i = 0; i < n_rows; i++) {
        const double *row = rows + i * (size_t)n;
        if (row[0] <= (double)m->step)
            point(s, row[xc], row[yc]);
    }
    return true;
}

/* Points first .. last - 1, all in one span: its extremes, in order. */
static void extremes(const struct tb_series *s, size_t first, size_t last, struct tb_series *out)
{
    size_t lo = SIZE_MAX, hi = SIZE_MAX;
    for (size_t i = first; i < last; i++) {
        if (isnan(s->y[i]))
            continue;
        lo = lo == SIZE_MAX || s->y[i] < s->y[lo] ? i : lo;
        hi = hi == SIZE_MAX || s->y[i] > s->y[hi] ? i : hi;
    }
    if (lo == SIZE_MAX)
        lo = hi = first;
    size_t a = lo < hi ? lo : hi, b = lo < hi ? hi : lo;
    point(out, s->x[a], s->y[a]);
    if (b != a)
        point(out, s->x[b], s->y[b]);
}

/* Columns come out of files: x may be anything, also NaN or not in order. */
size_t tb_series_bucket(double from, double to, double x, size_t buckets)
{
    double span = to - from, at = span > 0 ? (x - from) / span : 0;
    if (!(at > 0))
        return 0;
    size_t b = at < 1 ? (size_t)(at * (double)buckets) : buckets;
    return b < buckets ? b : buckets - 1;
}

static size_t bucket_of(const struct tb_series *s, double x, size_t buckets)
{
    return tb_series_bucket(s->x[0], s->x[s->n - 1], x, buckets);
}

void tb_series_decimate(const struct tb_series *s, size_t buckets, struct tb_series *out)
{
    room(out, s->n / 2 < buckets ? s->n : 2 * buckets);
    for (size_t first = 0, last; buckets && first < s->n; first = last) {
        size_t b = bucket_of(s, s->x[first], buckets);
        for (last = first + 1; last < s->n && bucket_of(s, s->x[last], buckets) <= b;)
            last++;
        extremes(s, first, last, out);
    }
}

double tb_ema_next(struct tb_ema *e, double y)
{
    if (!isfinite(y))
        return y;
    e->left = e->is_begun ? e->left * e->weight : e->weight;
    e->is_begun = true;
    e->mean += (1 - e->weight) / (1 - e->left) * (y - e->mean);
    return e->mean;
}

void tb_series_smooth(struct tb_series *s, double weight)
{
    struct tb_ema e = { .weight = weight };
    for (size_t i = 0; i < s->n; i++)
        s->y[i] = tb_ema_next(&e, s->y[i]);
}

/* Mean of the finite y of each of `width` spans; NaN where there is none. A span without any point goes on as
 * the one before it, so that few points make a line and not a row of dots. */
static double *means(const struct tb_series *s, size_t width)
{
    double *sum = tb_xcalloc(width, sizeof *sum), *n = tb_xcalloc(width, sizeof *n);
    bool *has_point = tb_xcalloc(width, sizeof *has_point);
    for (size_t i = 0; i < s->n; i++) {
        size_t b = bucket_of(s, s->x[i], width);
        has_point[b] = true;
        sum[b] += isfinite(s->y[i]) ? s->y[i] : 0;
        n[b] += isfinite(s->y[i]);
    }
    for (size_t b = 0; b < width; b++) {
        sum[b] = n[b] > 0 && isfinite(sum[b]) ? sum[b] / n[b] : NAN;
        if (b && !has_point[b])
            sum[b] = sum[b - 1];
    }
    free(has_point);
    free(n);
    return sum;
}

char *tb_series_spark(const struct tb_series *s, size_t width, bool is_ascii)
{
    static const char *const blocks[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
    static const char *const ascii[] = { "_", ".", "-", "~", "=", "+", "*", "#" };
    struct tb_buf b = { 0 };
    double *y = means(s, width ? width : 1), lo = INFINITY, hi = -INFINITY;
    for (size_t i = 0; i < width; i++) {
        lo = isnan(y[i]) || y[i] > lo ? lo : y[i];
        hi = isnan(y[i]) || y[i] < hi ? hi : y[i];
    }
    for (size_t i = 0; i < width; i++) {
        bool has_level = hi > lo && isfinite(hi - lo) && !isnan(y[i]);
        int level = has_level ? (int)((y[i] - lo) / (hi - lo) * 7.999) : 0;
        tb_buf_str(&b, isnan(y[i]) ? " " : is_ascii ? ascii[level] : blocks[level]);
    }
    free(y);
    return tb_buf_take(&b);
}
