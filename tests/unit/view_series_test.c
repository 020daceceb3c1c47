/* SPDX-License-Identifier: MIT */
/* Series of hostile and of small tables: axes that are not in order, infinite values, fewer points than cells. */
#include "view/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/tap.h"

static void decimate(const double *x, const double *y, size_t n, size_t buckets, const char *what)
{
    struct tb_series s = { (double *)x, (double *)y, n }, d;
    double low = INFINITY, high = -INFINITY, got_low = INFINITY, got_high = -INFINITY;
    tb_series_decimate(&s, buckets, &d);
    for (size_t i = 0; i < n; i++) {
        low = fmin(low, y[i]);
        high = fmax(high, y[i]);
    }
    for (size_t i = 0; i < d.n; i++) {
        got_low = fmin(got_low, d.y[i]);
        got_high = fmax(got_high, d.y[i]);
    }
    ok(d.n <= 2 * buckets && got_low == low && got_high == high, "%s: %zu of %zu points, extremes kept", what, d.n, n);
    tb_series_free(&d);
}

static void axes(void)
{
    enum { N = 600 };
    double up[N], zigzag[N], wild[N], same[N], y[N];
    uint32_t seed = 7;
    for (int i = 0; i < N; i++) {
        seed = seed * 1664525 + 1013904223;
        y[i] = (double)(seed >> 16);
        up[i] = i;
        zigzag[i] = i % 2 ? i : N - i;
        same[i] = 3;
        wild[i] = i % 7 == 0 ? NAN : i % 7 == 1 ? INFINITY : i % 7 == 2 ? -1e308 : i % 7 == 3 ? 1e308 : i;
    }
    decimate(up, y, N, 10, "in order");
    decimate(up, y, N, 1, "one span");
    decimate(up, y, 5, 100, "more spans than points");
    decimate(up, y, 1, 4, "one point");
    decimate(zigzag, y, N, 10, "an axis that goes to and fro");
    decimate(wild, y, N, 10, "an axis of anything");
    wild[0] = 0;
    wild[N - 1] = 1e-300;
    decimate(wild, y, N, 10, "a tiny span");
    decimate(same, y, N, 10, "no span at all");
    struct tb_series none = { up, y, 0 }, d;
    tb_series_decimate(&none, 4, &d);
    is_int(d.n, 0, "no points");
    tb_series_free(&d);
    tb_series_decimate(&(struct tb_series){ up, y, N }, 0, &d);
    is_int(d.n, 0, "no spans");
    tb_series_free(&d);
}

static void gaps(void)
{
    double x[] = { 0, 1, 2, 3, 4, 5, 6, 7 }, y[] = { 1, 2, NAN, NAN, NAN, NAN, 5, 4 };
    struct tb_series s = { x, y, 8 }, d;
    tb_series_decimate(&s, 4, &d);
    ok(d.n == 6 && isnan(d.y[2]) && isnan(d.y[3]), "NaN stays where a span holds nothing else");
    ok(d.y[4] == 5 && d.y[5] == 4, "extremes in the order of x");
    tb_series_free(&d);
}

static void spark_is(const double *y, size_t n, size_t width, const char *want, const char *what)
{
    double x[64];
    for (size_t i = 0; i < n; i++)
        x[i] = (double)i;
    struct tb_series s = { x, (double *)y, n };
    char *text = tb_series_spark(&s, width, true);
    is_str(text, want, what);
    free(text);
}

static void sparks(void)
{
    spark_is((double[]){ 1, 1, 1 }, 3, 3, "___", "a flat line");
    spark_is((double[]){ 1, 2 }, 2, 4, "___#", "a cell without points is as the one before");
    spark_is((double[]){ 1, NAN, 2 }, 3, 6, "___  #", "also the cells behind a gap");
    spark_is((double[]){ 4, 3, 2, 1 }, 4, 2, "#_", "a cell is the mean of its points");
    spark_is((double[]){ NAN, NAN }, 2, 2, "  ", "nothing known");
    spark_is((double[]){ 1, INFINITY, 2 }, 3, 3, "_ #", "infinity is a gap");
    spark_is((double[]){ 1e308, 1e308, -1e308, -1e308 }, 4, 2, "  ", "sums that overflow");
    spark_is((double[]){ 1e308, -1e308 }, 2, 2, "__", "a span that overflows");
    spark_is(NULL, 0, 3, "   ", "no points");
    spark_is((double[]){ 1 }, 1, 0, "", "no cells");
}

static void columns(void)
{
    struct tb_metrics m;
    struct tb_series s;
    struct tb_err err = { 0 };
    struct tb_train_row train[] = { { 1, 256, 0.5, 3, 1e-4, 1, 500, 0 }, { 2, 512, 1, 2, 1e-4, 1, 500, 0 } };
    struct tb_eval_row eval[] = { { 0, 0, 0, 4, 100 }, { 2, 512, 1, 3, 100 }, { 9, 512, 1, 1, 100 } };
    tb_metrics_init(&m);
    m.train = train;
    m.n_train = 2;
    m.eval = eval;
    m.n_eval = 3;
    m.step = 2;
    ok(tb_series_of(&s, &m, "eval/loss", "step", &err) && s.n == 2 && s.y[1] == 3,
       "an evaluation not reached again is left out");
    tb_series_free(&s);
    ok(tb_series_of(&s, &m, "lr", "wall_s", &err) && s.n == 2 && s.x[0] == 0.5 && s.y[0] == 1e-4,
       "train is meant where there is no slash");
    tb_series_free(&s);
    ok(!tb_series_of(&s, &m, "loss", "loss", &err) && err.kind == TB_ERR_USAGE && strstr(err.text, "wall_s"),
       "an axis that is none: %s", err.text);
    ok(!tb_series_of(&s, &m, "eval/lr", "step", &err), "a column of the other table");
    tb_series_free(&s);
    m.train = NULL;
    m.eval = NULL;
    m.n_train = m.n_eval = 0;
    tb_metrics_free(&m);
}

static void smoothing(void)
{
    double x[4] = { 0 }, y[] = { 2, INFINITY, 4, 4 };
    struct tb_series s = { x, y, 4 };
    tb_series_smooth(&s, 0);
    ok(y[0] == 2 && y[2] == 4, "weight 0 changes nothing");
    tb_series_smooth(&s, 0.9);
    ok(isinf(y[1]), "infinity stays and is not counted");
    near(y[2], (0.9 * 0.1 * 2 + 0.1 * 4) / (1 - 0.81), 1e-12, "two points counted");
}

int main(void)
{
    axes();
    gaps();
    sparks();
    columns();
    smoothing();
    return done();
}
