/* SPDX-License-Identifier: MIT */
/* curves.c - pieces of the chart become text in a style; the chart itself is worked out in view/plot.c. Which of two
 * lines a cell belongs to is decided there as for a screen with colours, so that mono only leaves the colours out. */
#include "tui/curves.h"

struct onto {
    struct tb_canvas *c;
    const unsigned *tint;
};

static unsigned style_of(unsigned tint, bool is_raw)
{
    return tb_style_tint(tint) | (is_raw ? TB_STYLE_FAINT : 0);
}

static void put(void *arg, int row, int column, struct tb_plot_ink ink, const char *s, size_t n)
{
    const struct onto *o = arg;
    unsigned style = ink.line < 0 ? TB_STYLE_DIM : style_of(o->tint[ink.line], ink.is_raw);
    tb_canvas_bytes(o->c, column, row, style, s, n);
}

void tb_curves_draw(struct tb_canvas *c, const struct tb_plot *p, const unsigned *tint)
{
    struct tb_plot own = *p;
    struct onto o = { c, tint };
    own.width = c->width;
    own.height = c->height;
    own.glyphs = tb_canvas_glyphs(c);
    own.depth = TB_DEPTH_256;
    tb_plot_draw(&own, put, &o);
}
