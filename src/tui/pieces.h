/* SPDX-License-Identifier: MIT */
/* pieces.h - a line put together of facts: those that matter less give way where there is no room for all, and only
 * then is anything cut. */
#ifndef TB_TUI_PIECES_H
#define TB_TUI_PIECES_H

#include "tui/canvas.h"

struct tb_piece {
    char text[128]; /* "": it is not there */
    unsigned style;
    int drop;       /* the highest goes first; 0: stays */
};

/* From column x to the right edge, three blanks between them; empties those that have no room. The column behind. */
int tb_pieces_draw(struct tb_canvas *c, int x, int y, struct tb_piece *p, int n);

#endif
