/* SPDX-License-Identifier: MIT */
/* curves.h - a chart (view/plot.h) drawn onto a canvas, each line in the tint of its run. */
#ifndef TB_TUI_CURVES_H
#define TB_TUI_CURVES_H

#include "tui/canvas.h"
#include "view/plot.h"

/* p->width, height, glyphs and depth are set here: those of the canvas. tint[i]: of line i (tb_tint_of). */
void tb_curves_draw(struct tb_canvas *c, const struct tb_plot *p, const unsigned *tint);

#endif
