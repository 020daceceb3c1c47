/* SPDX-License-Identifier: MIT */
/* The pyramid against plain decimation: whole and in part, as it grows, after cuts, with gaps and spikes. */
#include "view/pyramid.h"

#include <math.h>
#include <stdlib.h>

#include "tests/tap.h"

/* A curve with noise, gaps of all lengths and rare spikes. */
static double value(size_t i)
{
    uint32_t h = (uint32_t)i * 2654435761u;
    h ^= h >> 15;
    if (i % 1000 > 900 && i % 7000 < 2000)
        return NAN;
    if (h % 1777 == 0)
        return h % 2 ? 1e6 : -1e6;
    return 3 * exp(-(double)i / 5000) + (double)(h % 1000) / 5000;
}

static bool same(const struct tb_series *a, const struct tb_series *b)
{
    for (size_t i = 0; a->n == b->n && i < a->n; i++)
        if (a->x[i] != b->x[i] || (a->y[i] != b->y[i] && !(isnan(a->y[i]) && isnan(b->y[i]))))
            return false;
    return a->n == b->n;
}

/* Points of from <= x <= to, decimated as a series of their own. */
static bool agrees(const struct tb_pyramid *p, size_t first, size_t last, size_t buckets)
{
    struct tb_series part = { p->s.x + first, p->s.y + first, last - first }, want, got;
    tb_series_decimate(&part, buckets, &want);
    tb_pyramid_view(p, part.x[0], part.x[part.n - 1], buckets, &got);
    bool good = same(&want, &got);
    tb_series_free(&want);
    tb_series_free(&got);
    return good;
}

static void grow(struct tb_pyramid *p, size_t n)
{
    while (p->s.n < n)
        tb_pyramid_add(p, 2.0 * (double)p->s.n, value(p->s.n));
}

static void growing(void)
{
    struct tb_pyramid p = { 0 };
    int bad = 0;
    for (size_t n = 1; n < 40000; n += 1 + n / 3) {
        grow(&p, n);
        bad += !agrees(&p, 0, n, 1) || !agrees(&p, 0, n, 80) || !agrees(&p, 0, n, n + 3);
    }
    is_int(bad, 0, "as it grows it is what decimation gives");
    for (size_t first = 0; first < p.s.n; first += 997)
        for (size_t n = 1; first + n <= p.s.n; n = 3 * n + 1)
            bad += !agrees(&p, first, first + n, 50);
    is_int(bad, 0, "also each part of it");
    ok(p.n[0] == (p.s.n + 63) / 64 && p.n[1] == (p.n[0] + 7) / 8 && p.n[TB_PYRAMID_LEVELS - 1] == 1, "levels narrow");
    tb_pyramid_free(&p);
    ok(p.s.n == 0 && !p.level[0], "freed");
}

static void cuts(void)
{
    struct tb_pyramid p = { 0 }, q = { 0 };
    struct tb_series a, b;
    grow(&p, 9000);
    grow(&q, 5000);
    tb_pyramid_cut(&p, 9999);
    is_int(p.s.n, 5000, "points behind 9999 are gone");
    tb_pyramid_view(&p, 0, 9998, 60, &a);
    tb_pyramid_view(&q, 0, 9998, 60, &b);
    ok(same(&a, &b), "the rest is as if they had never been there");
    tb_series_free(&a);
    tb_series_free(&b);
    ok(tb_pyramid_add(&p, 100, -7e6) && p.s.n == 51, "a step that is repeated overwrites all behind it");
    tb_pyramid_view(&p, 0, 100, 1, &a);
    ok(a.n == 2 && a.y[1] == -7e6, "and is seen");
    tb_series_free(&a);
    ok(!tb_pyramid_add(&p, NAN, 1) && p.s.n == 51, "no place, no point");
    tb_pyramid_cut(&p, -1);
    tb_pyramid_view(&p, 0, 1, 10, &a);
    ok(p.s.n == 0 && a.n == 0 && p.n[0] == 0, "nothing left");
    tb_series_free(&a);
    tb_pyramid_free(&p);
    tb_pyramid_free(&q);
}

static void gaps(void)
{
    struct tb_pyramid p = { 0 };
    struct tb_series s;
    for (int i = 0; i < 1000; i++)
        tb_pyramid_add(&p, i, i < 500 ? NAN : i == 777 ? INFINITY : 1);
    tb_pyramid_view(&p, 0, 999, 10, &s);
    bool has_gap = isnan(s.y[0]) && isnan(s.y[4]), has_spike = false;
    for (size_t i = 0; i < s.n; i++)
        has_spike |= isinf(s.y[i]) && s.x[i] == 777;
    ok(has_gap && has_spike && s.n == 11, "gaps stay gaps, the spike stays where it is (%zu points)", s.n);
    tb_series_free(&s);
    tb_pyramid_view(&p, 2000, 3000, 10, &s);
    is_int(s.n, 0, "nothing where nothing is");
    tb_series_free(&s);
    tb_pyramid_view(&p, 500, 500, 10, &s);
    ok(s.n == 1 && s.x[0] == 500, "a span of one point");
    tb_series_free(&s);
    tb_pyramid_free(&p);
}

static void means(void)
{
    double x[300], y[300];
    struct tb_series s = { x, y, 300 };
    struct tb_ema e = { .weight = 0.9 };
    int bad = 0;
    for (int i = 0; i < 300; i++) {
        x[i] = i;
        y[i] = value((size_t)i + 800);
    }
    double raw[300];
    for (int i = 0; i < 300; i++)
        raw[i] = y[i];
    tb_series_smooth(&s, 0.9);
    for (int i = 0; i < 300; i++) {
        double got = tb_ema_next(&e, raw[i]);
        bad += got != y[i] && !(isnan(got) && isnan(y[i]));
    }
    is_int(bad, 0, "a mean point by point is that of the whole");
}

int main(void)
{
    growing();
    cuts();
    gaps();
    means();
    return done();
}
