/* SPDX-License-Identifier: MIT */
/* plot.h - lines of runs over one axis, as text for a terminal or as SVG. Pure functions: what comes out depends on
 * what is handed in and on nothing else. Letters stand on the lines, so that colours only repeat what is there. */
#ifndef TB_VIEW_PLOT_H
#define TB_VIEW_PLOT_H

#include "view/axis.h"
#include "view/fmt.h"
#include "view/series.h"

/* What a cell is made of: 2 x 4 dots, 2 x 2 quarters, or one letter. */
enum tb_glyphs { TB_GLYPHS_BRAILLE, TB_GLYPHS_BLOCK, TB_GLYPHS_ASCII };
bool tb_glyphs_find(const char *name, enum tb_glyphs *glyphs); /* "braille", "block", "ascii"; false: none of them */
enum tb_depth { TB_DEPTH_MONO, TB_DEPTH_16, TB_DEPTH_256, TB_DEPTH_TRUE };

enum { TB_PLOT_LINES = 26 };

/* One run. Series are lent; NaN and infinity are gaps, and on a log axis all that is not above 0. */
struct tb_plot_line {
    struct tb_series s;
    struct tb_series raw;   /* dimmed behind s where there are colours; n 0: none */
    struct tb_series marks; /* single points: evaluations; n 0: none */
    struct tb_series low, high; /* a band behind it, at the same x; n 0: none */
    const char *label;      /* for the legend; made safe here */
};

/* Another look at a chart than all that there is. */
struct tb_plot_view {
    double x_from, x_to; /* the part of the axis that is seen; equal: all of it */
    double y_from, y_to; /* likewise; what lies beyond is drawn at the edge */
    double cursor;       /* an x where a line stands; NaN: nowhere */
    int gutter;          /* least columns left of the chart, so that charts below each other agree */
    bool is_bare;        /* no title, no legend: they stand elsewhere */
};

struct tb_plot {
    const char *title;  /* "train/loss  ema 0.6" */
    const char *x_name; /* "tokens" */
    const struct tb_plot_line *line;
    size_t n;           /* at most TB_PLOT_LINES */
    int width, height;  /* in cells, with all that stands around the chart */
    enum tb_glyphs glyphs;
    enum tb_depth depth;
    bool is_log;        /* the y axis */
    bool is_time;       /* x is seconds */
    bool is_log_x;
    bool is_scatter;    /* marks are letters, all of them are drawn, and lines have none of their own */
    const struct tb_plot_view *view; /* lent; NULL: everything */
};

/* A piece of a row: its cells belong to line 0 .. n - 1, or to none (-1); raw: to what is drawn behind it. */
struct tb_plot_ink {
    int line;
    bool is_raw;
};
typedef void tb_plot_put_fn(void *arg, int row, int column, struct tb_plot_ink ink, const char *s, size_t n);
/* Hands the chart over piece by piece, from left to right and from top to bottom; cells in between are blank. The
 * number of rows. */
int tb_plot_draw(const struct tb_plot *p, tb_plot_put_fn *put, void *arg);
/* Where in its box the chart itself lies, and its axes. rows 0: nowhere. */
struct tb_plot_frame {
    int left, top, columns, rows;
    struct tb_axis x, y;
};
void tb_plot_frame(const struct tb_plot *p, struct tb_plot_frame *f);
/* The x in the middle of a column of the chart, 0 .. columns - 1; beyond: that of the edge. */
double tb_plot_frame_x(const struct tb_plot_frame *f, int column);

/* At most `height` lines of at most `width` columns, each ended by a newline; malloc'ed. The lowest and the highest
 * value are always drawn. In a small box the legend goes first, then the axes. Beyond ASCII only if glyphs say so. */
char *tb_plot_text(const struct tb_plot *p);
/* A file that needs nothing else; 10 x 20 units a cell. Grey and mid-tone, on no background: for light and dark pages.
 * Glyphs and depth do not matter. malloc'ed. */
char *tb_plot_svg(const struct tb_plot *p);

#endif
