/* SPDX-License-Identifier: MIT */
/* axis.h - one axis of a chart: which values it spans, where a value lies on it, and the round numbers along it. */
#ifndef TB_VIEW_AXIS_H
#define TB_VIEW_AXIS_H

#include "view/fmt.h"

#include <stdbool.h>
#include <stddef.h>

struct tb_axis {
    double low, high; /* finite, low < high; above 0 if is_log */
    bool is_log;
    bool is_time;     /* seconds: ticks at minutes and hours */
};

/* Spans low .. high; one value only is put in the middle, none at all (low > high) is 0 .. 1. */
void tb_axis_open(struct tb_axis *a, double low, double high, bool is_log, bool is_time);
/* 0 at low .. 1 at high; NaN for what is not finite, or not above 0 on a log axis. Never overflows. */
double tb_axis_place(const struct tb_axis *a, double v);
double tb_axis_value(const struct tb_axis *a, double place); /* what lies there */

enum { TB_AXIS_TICKS = 32 };
struct tb_tick {
    double place; /* 0 .. 1 */
    char text[32];
};
/* At most `most` ticks (2 .. TB_AXIS_TICKS), ascending, at round numbers: 1, 2 or 5 times a power of ten, decades on a
 * log axis, parts of a minute, hour or day where it is time. The two ends where the span holds no round numbers. */
size_t tb_axis_ticks(const struct tb_axis *a, size_t most, struct tb_tick *tick);

#endif
