/* SPDX-License-Identifier: MIT */
/* plot_priv.h - what text and SVG share: series that are clean and thin enough to be drawn, and the two axes. */
#ifndef TB_VIEW_PLOT_PRIV_H
#define TB_VIEW_PLOT_PRIV_H

#include "view/axis.h"
#include "view/plot.h"

/* Places 0 .. 1 of one line's points, y NaN: a gap. low and high have the same x. */
struct tb_curve {
    struct tb_series s, raw, marks, low, high;
};

struct tb_chart {
    struct tb_axis x, y;
    struct tb_curve curve[TB_PLOT_LINES];
    size_t n;
    bool is_empty; /* nothing to draw */
};

/* At most two points for each of `columns` columns, extremes kept. `has_raw`: raw series are drawn too. */
void tb_chart_open(struct tb_chart *c, const struct tb_plot *p, size_t columns, bool has_raw);
void tb_chart_free(struct tb_chart *c);

#endif
