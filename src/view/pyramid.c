/* SPDX-License-Identifier: MIT */
/* pyramid.c - level 0 has a block for each 64 points, level l + 1 one for each 8 blocks of level l; the last block of a
 * level is still filling up. Blocks hold indices, so the x of an extreme is known; all levels together add 0.15 bytes
 * to the 16 of a point. */
#include "view/pyramid.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

enum { POINTS = 64, FAN = 8 };
static const struct tb_pyramid_block nothing = { UINT32_MAX, UINT32_MAX };

void tb_pyramid_free(struct tb_pyramid *p)
{
    tb_series_free(&p->s);
    for (int l = 0; l < TB_PYRAMID_LEVELS; l++)
        free(p->level[l]);
    *p = (struct tb_pyramid){ 0 };
}

/* Widens a block by a point that lies behind all it has seen: of equal ones the first stays. */
static void widen(const double *y, struct tb_pyramid_block *b, uint32_t i)
{
    if (i == UINT32_MAX || isnan(y[i]))
        return;
    if (b->low == UINT32_MAX || y[i] < y[b->low])
        b->low = i;
    if (b->high == UINT32_MAX || y[i] > y[b->high])
        b->high = i;
}

bool tb_pyramid_add(struct tb_pyramid *p, double x, double y)
{
    if (isnan(x) || p->s.n >= UINT32_MAX - 1)
        return false;
    if (p->s.n && x <= p->s.x[p->s.n - 1])
        tb_pyramid_cut(p, x);
    if (p->s.n == p->cap) {
        p->cap = p->cap ? 2 * p->cap : POINTS;
        p->s.x = tb_xrealloc(p->s.x, p->cap, sizeof *p->s.x);
        p->s.y = tb_xrealloc(p->s.y, p->cap, sizeof *p->s.y);
    }
    uint32_t i = (uint32_t)p->s.n++;
    p->s.x[i] = x;
    p->s.y[i] = y;
    size_t block = i / POINTS;
    for (int l = 0; l < TB_PYRAMID_LEVELS; l++, block /= FAN) {
        if (block == p->n[l]) {
            p->level[l] = tb_grow(p->level[l], p->n[l], &p->cap_level[l], sizeof *p->level[l]);
            p->level[l][p->n[l]++] = nothing;
        }
        widen(p->s.y, &p->level[l][block], i);
    }
    return true;
}

/* First point whose x is not below `x`; `behind`: whose x is above it. */
static size_t find(const struct tb_series *s, double x, bool behind)
{
    size_t lo = 0, hi = s->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (behind ? s->x[mid] <= x : s->x[mid] < x)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* The last block of each level anew, from what is left below it. */
static void mend(struct tb_pyramid *p)
{
    for (int l = 0; l < TB_PYRAMID_LEVELS; l++) {
        size_t below = l ? p->n[l - 1] : p->s.n, fan = l ? FAN : POINTS;
        p->n[l] = (below + fan - 1) / fan;
        if (!p->n[l])
            continue;
        struct tb_pyramid_block *last = &p->level[l][p->n[l] - 1];
        *last = nothing;
        for (size_t i = (p->n[l] - 1) * fan; i < below; i++) {
            widen(p->s.y, last, l ? p->level[l - 1][i].low : (uint32_t)i);
            widen(p->s.y, last, l ? p->level[l - 1][i].high : (uint32_t)i);
        }
    }
}

void tb_pyramid_cut(struct tb_pyramid *p, double from)
{
    p->s.n = find(&p->s, from, false);
    mend(p);
}

/* The extremes of the points first .. last - 1, by the largest blocks that lie in there. */
static struct tb_pyramid_block extremes(const struct tb_pyramid *p, size_t first, size_t last)
{
    struct tb_pyramid_block b = nothing;
    while (first < last) {
        size_t size = 1, next = POINTS;
        const struct tb_pyramid_block *block = NULL;
        for (int l = 0; l < TB_PYRAMID_LEVELS && first % next == 0 && first + next <= last; l++, next *= FAN) {
            size = next;
            block = &p->level[l][first / size];
        }
        widen(p->s.y, &b, block ? block->low : (uint32_t)first);
        widen(p->s.y, &b, block ? block->high : (uint32_t)first);
        first += size;
    }
    return b;
}

/* A span and the number of its parts. */
struct parts {
    double from, to;
    size_t n;
};

static bool is_within(const struct tb_series *s, size_t i, const struct parts *p, size_t b)
{
    return tb_series_bucket(p->from, p->to, s->x[i], p->n) <= b;
}

/* Behind the last point, from `first` on, that falls into bucket b or one before it. Points are spread evenly as a
 * rule, so it is looked for around as many as the bucket before had, wider and wider. */
static size_t end_of(const struct tb_series *s, size_t first, size_t last, const struct parts *p, size_t b,
                     size_t guess)
{
    size_t near = guess < last - first ? first + guess : last, by = guess / 16 + 1;
    while (near < last && is_within(s, near, p, b)) {
        first = near;
        near = by < last - near ? near + by : last;
        by *= 2;
    }
    last = near;
    while (last - first > by && !is_within(s, last - by, p, b)) {
        last -= by;
        by *= 2;
    }
    first = last - first > by ? last - by : first;
    while (first < last) {
        size_t mid = first + (last - first) / 2;
        if (is_within(s, mid, p, b))
            first = mid + 1;
        else
            last = mid;
    }
    return first;
}

static void point(struct tb_series *out, const struct tb_series *s, size_t i)
{
    out->x[out->n] = s->x[i];
    out->y[out->n++] = s->y[i];
}

/* Into out, which has room. */
static void view(const struct tb_pyramid *p, double from, double to, size_t buckets, struct tb_series *out)
{
    struct parts parts = { from, to, buckets };
    size_t first = find(&p->s, from, false), last = find(&p->s, to, true), size = 0;
    while (buckets && first < last) {
        size_t b = tb_series_bucket(from, to, p->s.x[first], buckets),
               end = end_of(&p->s, first, last, &parts, b, size);
        size = end - first;
        struct tb_pyramid_block e = extremes(p, first, end);
        if (e.low == UINT32_MAX)
            e.low = e.high = (uint32_t)first;
        point(out, &p->s, e.low < e.high ? e.low : e.high);
        if (e.low != e.high)
            point(out, &p->s, e.low < e.high ? e.high : e.low);
        first = end;
    }
}

static void open(struct tb_series *out, size_t buckets)
{
    size_t room = 2 * buckets + 3;
    *out = (struct tb_series){ tb_xcalloc(room, sizeof(double)), tb_xcalloc(room, sizeof(double)), 0 };
}

void tb_pyramid_view(const struct tb_pyramid *p, double from, double to, size_t buckets, struct tb_series *out)
{
    open(out, buckets);
    view(p, from, to, buckets, out);
}

void tb_pyramid_window(const struct tb_pyramid *p, double from, double to, size_t buckets, struct tb_series *out)
{
    size_t first = find(&p->s, from, false), last = find(&p->s, to, true);
    open(out, buckets);
    if (first > 0)
        point(out, &p->s, first - 1);
    view(p, from, to, buckets, out);
    if (last < p->s.n)
        point(out, &p->s, last);
}

size_t tb_pyramid_before(const struct tb_pyramid *p, double x)
{
    return find(&p->s, x, true) - 1;
}

double tb_pyramid_value(const struct tb_pyramid *p, double x)
{
    size_t i = tb_pyramid_before(p, x);
    const struct tb_series *s = &p->s;
    if (i == SIZE_MAX || (i + 1 == s->n && s->x[i] != x))
        return NAN;
    if (s->x[i] == x)
        return s->y[i];
    return s->y[i] + (x - s->x[i]) / (s->x[i + 1] - s->x[i]) * (s->y[i + 1] - s->y[i]);
}
