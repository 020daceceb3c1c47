/* SPDX-License-Identifier: MIT */
/* paint.c - cursor movement, erasing and colours (ECMA-48), which all terminals that are still in use share. Terminals
 * disagree about the width of many characters, so behind one that is not beyond doubt the place is said anew. */
#include "tui/paint.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

static const struct tb_glyph blank = { " ", 1, TB_STYLE_PLAIN };
static const struct tb_ink plain = { -1, -1, 0 };

void tb_paint_forget(struct tb_paint *p)
{
    free(p->cell);
    p->cell = NULL;
}

void tb_paint_free(struct tb_paint *p)
{
    tb_paint_forget(p);
    *p = (struct tb_paint){ 0 };
}

/* ";38;5;74" and its like. */
static void add_color(const struct tb_paint *p, struct tb_buf *out, int32_t color, int base)
{
    if (color < 0)
        return;
    if (p->depth == TB_DEPTH_TRUE)
        tb_buf_fmt(out, ";%d;2;%d;%d;%d", base + 8, color >> 16 & 255, color >> 8 & 255, color & 255);
    else if (p->depth == TB_DEPTH_256)
        tb_buf_fmt(out, ";%d;5;%d", base + 8, color);
    else if (color < 8)
        tb_buf_fmt(out, ";%d", base + color);
    else if (p->has_bright)
        tb_buf_fmt(out, ";%d", base + 60 + color - 8);
    else if (color == 8) /* grey, of eight colours */
        tb_buf_str(out, ";2");
}

static void set_ink(struct tb_paint *p, struct tb_buf *out, struct tb_ink ink)
{
    static const struct {
        unsigned bit;
        const char *code;
    } codes[] = { { TB_STYLE_BOLD, ";1" }, { TB_STYLE_FAINT, ";2" }, { TB_STYLE_UNDERLINE, ";4" },
                  { TB_STYLE_REVERSE, ";7" } };
    if (tb_ink_is(p->ink, ink))
        return;
    p->ink = ink;
    tb_buf_str(out, "\033[0");
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (ink.bits & codes[i].bit)
            tb_buf_str(out, codes[i].code);
    add_color(p, out, ink.fg, 30);
    add_color(p, out, ink.bg, 40);
    tb_buf_char(out, 'm');
}

static void go_to(struct tb_paint *p, struct tb_buf *out, int x, int y)
{
    if (p->x == x && p->y == y)
        return;
    if (p->y == y && p->x >= 0 && p->x < x)
        tb_buf_fmt(out, "\033[%dC", x - p->x);
    else
        tb_buf_fmt(out, "\033[%d;%dH", y + 1, x + 1);
    p->x = x;
    p->y = y;
}

/* ASCII, lines, blocks and braille are one column wide on every terminal that can show them. */
static bool is_sure(const struct tb_glyph *g)
{
    uint32_t cp = 0;
    size_t n = strlen(g->s);
    return tb_utf8_step(g->s, n, &cp) == n
        && (cp < 0x7f || (cp >= 0x2500 && cp <= 0x259f) || (cp >= 0x2800 && cp <= 0x28ff));
}

static void put(struct tb_paint *p, struct tb_buf *out, const struct tb_glyph *g, int x, int y)
{
    go_to(p, out, x, y);
    set_ink(p, out, tb_theme_ink(p->depth, g->style));
    tb_buf_str(out, g->s);
    p->x = is_sure(g) && x + 1 < p->width ? x + 1 : -1;
}

static bool is_same(const struct tb_glyph *a, const struct tb_glyph *b)
{
    return a->style == b->style && a->width == b->width && strcmp(a->s, b->s) == 0;
}

static bool is_blank(const struct tb_paint *p, const struct tb_glyph *g)
{
    return strcmp(g->s, " ") == 0 && tb_ink_is(tb_theme_ink(p->depth, g->style), plain);
}

/* One row; its blank end is erased. */
static void paint_row(struct tb_paint *p, struct tb_buf *out, const struct tb_sheet *s, int y)
{
    struct tb_glyph *was = &p->cell[y * p->width];
    const struct tb_glyph *now = &s->cell[y * s->width];
    int end = p->width;
    bool differs = false;
    while (end > 0 && is_blank(p, &now[end - 1]))
        differs = !is_same(&was[--end], &blank) || differs;
    for (int x = 0; x < end; x++)
        if (now[x].width && (!is_same(&was[x], &now[x]) || (now[x].width == 2 && !is_same(&was[x + 1], &now[x + 1]))))
            put(p, out, &now[x], x, y);
    if (differs) {
        go_to(p, out, end, y);
        set_ink(p, out, plain);
        tb_buf_str(out, "\033[K");
    }
    for (int x = 0; x < p->width; x++)
        was[x] = x < end ? now[x] : blank;
}

static void begin(struct tb_paint *p, struct tb_buf *out, const struct tb_sheet *s, enum tb_depth depth)
{
    tb_paint_forget(p);
    p->width = s->width;
    p->height = s->height;
    p->depth = depth;
    p->cell = tb_xcalloc((size_t)s->width * (size_t)s->height, sizeof *p->cell);
    for (int i = 0; i < s->width * s->height; i++)
        p->cell[i] = blank;
    p->ink = plain;
    p->x = p->cursor_x = p->cursor_y = -1;
    tb_buf_str(out, "\033[0m\033[2J\033[?25l");
}

static void place_cursor(struct tb_paint *p, struct tb_buf *out, const struct tb_sheet *s)
{
    bool was_shown = p->cursor_x >= 0;
    if (s->cursor_x >= 0)
        go_to(p, out, s->cursor_x, s->cursor_y);
    if (was_shown != (s->cursor_x >= 0))
        tb_buf_str(out, s->cursor_x >= 0 ? "\033[?25h" : "\033[?25l");
    p->cursor_x = s->cursor_x;
    p->cursor_y = s->cursor_y;
}

void tb_paint_frame(struct tb_paint *p, const struct tb_sheet *s, enum tb_depth depth, struct tb_buf *out)
{
    static const char sync[] = "\033[?2026h";
    size_t from = out->n, head = p->has_sync ? sizeof sync - 1 : 0;
    tb_buf_add(out, sync, head);
    if (!p->cell || p->width != s->width || p->height != s->height || p->depth != depth)
        begin(p, out, s, depth);
    for (int y = 0; y < s->height; y++)
        paint_row(p, out, s, y);
    place_cursor(p, out, s);
    if (out->n == from + head)
        out->n = from;
    else if (p->has_sync)
        tb_buf_str(out, "\033[?2026l");
}
