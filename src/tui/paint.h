/* SPDX-License-Identifier: MIT */
/* paint.h - what a terminal is sent so that it shows a sheet: only cells that differ from those it was sent before. A
 * sheet in, bytes out; which terminal it is only decides what of ECMA-48 is used. */
#ifndef TB_TUI_PAINT_H
#define TB_TUI_PAINT_H

#include "base/buf.h"
#include "tui/canvas.h"

struct tb_paint {
    struct tb_glyph *cell; /* what is there; NULL: unknown */
    int width, height;
    int x, y;              /* where it writes next; x -1: unknown */
    int cursor_x, cursor_y; /* -1: not shown */
    struct tb_ink ink;     /* that it writes with */
    enum tb_depth depth;
    bool has_bright;       /* 16 colours, not 8 */
    bool has_sync;         /* knows DEC 2026: shows a frame at once */
};

void tb_paint_free(struct tb_paint *p);
void tb_paint_forget(struct tb_paint *p); /* others have written there */
/* Appends what turns the screen into s; nothing if it is that already. Wrapping at the right edge must be off. */
void tb_paint_frame(struct tb_paint *p, const struct tb_sheet *s, enum tb_depth depth, struct tb_buf *out);

#endif
