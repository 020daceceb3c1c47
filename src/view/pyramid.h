/* SPDX-License-Identifier: MIT */
/* pyramid.h - a series that grows and is looked at again and again: lowest and highest of each block of points, of each
 * block of blocks, and so on. A point is added in constant time, and a picture of any part of ten million points looks
 * at some thousands of them. */
#ifndef TB_VIEW_PYRAMID_H
#define TB_VIEW_PYRAMID_H

#include "view/series.h"

enum { TB_PYRAMID_LEVELS = 8 };

/* The extremes of a block: indices of points, UINT32_MAX where it has no number. */
struct tb_pyramid_block {
    uint32_t low, high;
};

struct tb_pyramid {
    struct tb_series s; /* all points, x ascending; to be read, not changed */
    size_t cap;
    struct tb_pyramid_block *level[TB_PYRAMID_LEVELS];
    size_t n[TB_PYRAMID_LEVELS], cap_level[TB_PYRAMID_LEVELS];
};

void tb_pyramid_free(struct tb_pyramid *p); /* leaves it empty, as one of zeroes is */
/* Points at or behind x go first, as a resumed run overwrites the steps it repeats. False, and nothing is changed, if
 * x is no number or there are 2^32 - 2 points. */
bool tb_pyramid_add(struct tb_pyramid *p, double x, double y);
/* Drops all points with an x of `from` or more. */
void tb_pyramid_cut(struct tb_pyramid *p, double from);
/* At most 2 * buckets points of from <= x <= to, with the lowest and the highest y of each of `buckets` equal parts of
 * that span; NaN only where a part holds nothing else. For the whole span what tb_series_decimate gives. */
void tb_pyramid_view(const struct tb_pyramid *p, double from, double to, size_t buckets, struct tb_series *out);
/* The same with the points before and behind, if there are, so that lines go on to the edges of a picture. */
void tb_pyramid_window(const struct tb_pyramid *p, double from, double to, size_t buckets, struct tb_series *out);
/* Between two points on the line that joins them; NaN beside a gap, before the first and behind the last. */
double tb_pyramid_value(const struct tb_pyramid *p, double x);
/* The last point with an x of at most this, SIZE_MAX if there is none. */
size_t tb_pyramid_before(const struct tb_pyramid *p, double x);

#endif
