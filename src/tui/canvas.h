/* SPDX-License-Identifier: MIT */
/* canvas.h - cells to draw on. A sheet holds the cells of the whole screen, a canvas is a rectangle of it: coordinates
 * begin at its upper left corner, and whatever lies outside is not drawn. All text is made safe on the way in:
 * controls, escapes, invalid bytes and marks that turn the direction become U+FFFD ('?' where glyphs are ASCII). No
 * terminal is known here. */
#ifndef TB_TUI_CANVAS_H
#define TB_TUI_CANVAS_H

#include "tui/layout.h"
#include "tui/theme.h"

#include <stddef.h>
#include <stdint.h>

/* One cell. A wide character has its bytes in the left cell; the right one has width 0 and no bytes. */
struct tb_glyph {
    char s[15]; /* UTF-8 with the marks that stand on it, ended by a zero byte */
    uint8_t width;
    uint16_t style; /* enum tb_style and bits, theme.h */
};

/* Where a click does what a key does. */
struct tb_hot {
    struct tb_rect at; /* on the sheet */
    uint32_t key;
};

struct tb_sheet {
    int width, height;
    struct tb_glyph *cell;
    int cursor_x, cursor_y; /* where text is typed; -1: nowhere */
    enum tb_glyphs glyphs;
    struct tb_hot *hot;
    size_t n_hot, cap_hot;
};

void tb_sheet_resize(struct tb_sheet *s, int width, int height); /* all blank afterwards */
void tb_sheet_clear(struct tb_sheet *s);
void tb_sheet_free(struct tb_sheet *s);
const struct tb_glyph *tb_sheet_at(const struct tb_sheet *s, int x, int y);
/* Key of the area drawn last at a cell, 0 if there is none. */
uint32_t tb_sheet_hot_at(const struct tb_sheet *s, int x, int y);

struct tb_canvas {
    struct tb_sheet *sheet;
    int x, y; /* on the sheet */
    int width, height;
};

struct tb_canvas tb_canvas_whole(struct tb_sheet *s);
/* The part r of c, cut to what is inside c. */
struct tb_canvas tb_canvas_part(const struct tb_canvas *c, struct tb_rect r);
struct tb_rect tb_canvas_rect(const struct tb_canvas *c); /* 0, 0, width, height */
enum tb_glyphs tb_canvas_glyphs(const struct tb_canvas *c);
static inline bool tb_canvas_is_ascii(const struct tb_canvas *c)
{
    return tb_canvas_glyphs(c) == TB_GLYPHS_ASCII;
}

/* Text from column x of row y on; the column behind it. x may be negative. */
int tb_canvas_text(struct tb_canvas *c, int x, int y, unsigned style, const char *s);
int tb_canvas_bytes(struct tb_canvas *c, int x, int y, unsigned style, const char *s, size_t n);
int tb_canvas_fmt(struct tb_canvas *c, int x, int y, unsigned style, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* In a field of `width` columns: cut with ".." where it is longer; right: at its right end. */
void tb_canvas_field(struct tb_canvas *c, int x, int y, int width, unsigned style, const char *s);
void tb_canvas_right(struct tb_canvas *c, int x, int y, int width, unsigned style, const char *s);
/* Paragraphs broken between words, from row y on; the row behind the last. How many rows that takes at a width. */
int tb_canvas_wrap(struct tb_canvas *c, int y, unsigned style, const char *s);
int tb_wrap_rows(int width, const char *s);
/* The same into the rows that the canvas has; the last one is cut with ".." where there is more. */
void tb_canvas_wrap_in(struct tb_canvas *c, unsigned style, const char *s);
/* "more below" at the right end of row y, which holds nothing of what is scrolled: a rule, an edge of a frame; in fewer
 * words where there is no room for them behind column x. */
void tb_canvas_beyond(struct tb_canvas *c, int x, int y, struct tb_beyond b);

/* Arrows at the right end of a row, where that costs no row: in row `first` that there are rows above, in `last` that
 * there are some below. */
void tb_canvas_arrows(struct tb_canvas *c, int first, int last, struct tb_beyond b);

void tb_canvas_fill(struct tb_canvas *c, struct tb_rect r, unsigned style); /* with blanks */
void tb_canvas_rule(struct tb_canvas *c, int y); /* a line from edge to edge */
void tb_canvas_wall(struct tb_canvas *c, int x, int y, int height); /* a line downwards */
/* A frame along the inside of r, a title in its upper edge (NULL: none); the rectangle within. */
struct tb_rect tb_canvas_box(struct tb_canvas *c, struct tb_rect r, const char *title);
/* Adds style bits (TB_STYLE_REVERSE ..) to cells that are drawn: the row of a cursor. */
void tb_canvas_add_bits(struct tb_canvas *c, struct tb_rect r, unsigned bits);
void tb_canvas_cursor(struct tb_canvas *c, int x, int y);
void tb_canvas_hot(struct tb_canvas *c, struct tb_rect r, uint32_t key);

/* Columns of a text as it is drawn, and the bytes of it that fit into `width` columns. */
int tb_text_width(const char *s);
size_t tb_text_fit(const char *s, size_t n, int width);
/* Bytes of a text to leave out in front so that its end, which says more of a path, fits behind ".."; 0: all fits. */
size_t tb_text_tail(const char *s, int width);
/* A message whose paths are shortened in their middle, "/home/../recipes/e2e-1.lua", as far as it takes to make it fit
 * and as names of files stay whole; malloc'ed. */
char *tb_text_short_paths(const char *s, int width);
/* Bytes of the first line of s[0 .. n-1] when it is broken between words and, in *skip, the blank or newline behind it
 * that is not shown. */
size_t tb_text_line(const char *s, size_t n, int width, size_t *skip);

#endif
