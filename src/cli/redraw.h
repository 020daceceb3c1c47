/* SPDX-License-Identifier: MIT */
/* redraw.h - lines on a terminal that are drawn again in place. No screen is taken and none is cleared: what is
 * drawn goes over what was drawn before, in one write, so nothing flickers; and the last picture stays. */
#ifndef TB_CLI_REDRAW_H
#define TB_CLI_REDRAW_H

#include "cli/out.h"
#include "store/layout.h"

struct tb_redraw {
    const struct tb_args *a;
    struct tb_out o; /* as the terminal is now */
    int n_drawn;     /* lines on the screen */
};

/* Whether lines can be drawn again there: a terminal that is not dumb, and text was asked for. */
bool tb_redraw_is_possible(const struct tb_out *o);
/* Begins a picture: looks at the terminal's size anew, goes back to where the last one began. */
void tb_redraw_begin(struct tb_redraw *r);
/* Lines that a picture may have. */
int tb_redraw_rows(void);
/* A line of n bytes, which are safe already, cut at the edge of the terminal. */
void tb_redraw_line(struct tb_redraw *r, enum tb_paint paint, const char *line, size_t n);
void tb_redraw_end(struct tb_redraw *r);

/* What color a state has. */
enum tb_paint tb_redraw_paint(enum tb_state state);

#endif
