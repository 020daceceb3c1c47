/* SPDX-License-Identifier: MIT */
/* figure.h - a chart that stands in a page: it takes colours and type from the page's style, fits a phone, and says in
 * words what it shows. Pure: what comes out depends on what is drawn and on nothing else. */
#ifndef TB_VIEW_FIGURE_H
#define TB_VIEW_FIGURE_H

#include "base/buf.h"
#include "view/axis.h"

#include <stdbool.h>
#include <stddef.h>

/* Strings are lent until the figure is open. */
struct tb_figure_spec {
    const char *id;             /* one of its own in the page: letters, digits, '-' */
    const char *title, *words;  /* words: what a reader who does not see it has to know */
    const char *x_name, *y_name;
    struct tb_axis x, y;
    size_t n_rows;              /* not 0: instead of a y axis rows 0 .. n - 1, named by tb_figure_row */
};

struct tb_figure {
    struct tb_buf b;
    struct tb_figure_spec spec;
    double left, top, across, down, width, height;
};

void tb_figure_open(struct tb_figure *f, const struct tb_figure_spec *spec);
/* The SVG; malloc'ed. f is empty afterwards. */
char *tb_figure_take(struct tb_figure *f);

/* Coordinates are values of the axes; what is not finite, or has no place on them, is left out. line: its colour. */
void tb_figure_line(struct tb_figure *f, size_t line, const double *x, const double *y, size_t n, const char *kind);
void tb_figure_band(struct tb_figure *f, size_t line, const double *x, const double *low, const double *high, size_t n);
enum tb_figure_mark { TB_MARK_DOT, TB_MARK_RING, TB_MARK_CROSS };
void tb_figure_point(struct tb_figure *f, size_t line, double x, double y, enum tb_figure_mark mark);
/* From low to high, across at `at`; is_upright: low and high are values of y. */
void tb_figure_whisker(struct tb_figure *f, size_t line, double at, double low, double high, bool is_upright);
/* A line through the whole chart at a value of x. */
void tb_figure_upright(struct tb_figure *f, double x, const char *name);
/* The letter of a line beside a point, `down` units below it. */
void tb_figure_letter(struct tb_figure *f, size_t line, double x, double y, double down);
/* Names row i on the left, and says something of it on the right. */
void tb_figure_row(struct tb_figure *f, size_t i, const char *name, const char *value);
/* Units from the left and from the top of the picture, for who keeps letters apart; NaN if it has no place. */
double tb_figure_x(const struct tb_figure *f, double x);
double tb_figure_y(const struct tb_figure *f, double y);

#endif
