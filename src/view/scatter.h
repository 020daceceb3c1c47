/* SPDX-License-Identifier: MIT */
/* scatter.h - runs as points over two columns of their table. */
#ifndef TB_VIEW_SCATTER_H
#define TB_VIEW_SCATTER_H

#include "view/plot.h"
#include "view/runs.h"

struct tb_scatter {
    const struct tb_run_item *const *item;
    size_t n;
    int x, y;                 /* columns of numbers */
    const char *const *label; /* one a run, each with its letter; NULL, or too many runs: a letter for each method */
    const bool *is_front;     /* one a run: those joined by a line; NULL: none */
    const size_t *arm;        /* one a run: runs of an arm share a letter, its first label; NULL: none do */
};

typedef void tb_scatter_fn(void *arg, const struct tb_plot *p);
/* Hands over the plot that is made of them, one line for each letter in the order of their first runs, the front behind
 * them. */
void tb_scatter_with(const struct tb_scatter *s, const struct tb_plot *look, tb_scatter_fn *fn, void *arg);
/* Size, glyphs, colours and axes are those of look; is_svg: as SVG. Runs with an unknown value are left out.
 * malloc'ed. */
char *tb_scatter_draw(const struct tb_scatter *s, const struct tb_plot *look, bool is_svg);

#endif
