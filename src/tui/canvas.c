/* SPDX-License-Identifier: MIT */
/* canvas.c - text goes through tb_utf8_safe first and then cell by cell: a character takes its columns, marks of width
 * 0 join the cell before them while it has room. */
#include "tui/canvas.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"

static const struct tb_glyph blank = { " ", 1, TB_STYLE_PLAIN };

void tb_sheet_clear(struct tb_sheet *s)
{
    for (int i = 0; i < s->width * s->height; i++)
        s->cell[i] = blank;
    s->cursor_x = s->cursor_y = -1;
    s->n_hot = 0;
}

void tb_sheet_resize(struct tb_sheet *s, int width, int height)
{
    s->width = width < 1 ? 1 : width;
    s->height = height < 1 ? 1 : height;
    s->cell = tb_xrealloc(s->cell, (size_t)s->width * (size_t)s->height, sizeof *s->cell);
    tb_sheet_clear(s);
}

void tb_sheet_free(struct tb_sheet *s)
{
    free(s->cell);
    free(s->hot);
    *s = (struct tb_sheet){ 0 };
}

const struct tb_glyph *tb_sheet_at(const struct tb_sheet *s, int x, int y)
{
    bool is_in = x >= 0 && y >= 0 && x < s->width && y < s->height;
    return is_in ? &s->cell[y * s->width + x] : &blank;
}

uint32_t tb_sheet_hot_at(const struct tb_sheet *s, int x, int y)
{
    for (size_t i = s->n_hot; i-- > 0;)
        if (tb_rect_has(s->hot[i].at, x, y))
            return s->hot[i].key;
    return 0;
}

struct tb_canvas tb_canvas_whole(struct tb_sheet *s)
{
    return (struct tb_canvas){ s, 0, 0, s->width, s->height };
}

struct tb_canvas tb_canvas_part(const struct tb_canvas *c, struct tb_rect r)
{
    int right = r.x + r.width < c->width ? r.x + r.width : c->width,
        bottom = r.y + r.height < c->height ? r.y + r.height : c->height, x = r.x > 0 ? r.x : 0, y = r.y > 0 ? r.y : 0;
    return (struct tb_canvas){ c->sheet, c->x + x, c->y + y, right > x ? right - x : 0, bottom > y ? bottom - y : 0 };
}

struct tb_rect tb_canvas_rect(const struct tb_canvas *c)
{
    return (struct tb_rect){ 0, 0, c->width, c->height };
}

enum tb_glyphs tb_canvas_glyphs(const struct tb_canvas *c)
{
    return c->sheet->glyphs;
}

static struct tb_glyph *at(const struct tb_canvas *c, int x, int y)
{
    bool is_in = x >= 0 && y >= 0 && x < c->width && y < c->height;
    return is_in ? &c->sheet->cell[(c->y + y) * c->sheet->width + c->x + x] : NULL;
}

/* A cell is about to be drawn over: the other half of a wide character that was there becomes a blank. */
static void part_wide(const struct tb_canvas *c, int x, int y)
{
    struct tb_sheet *s = c->sheet;
    int sx = c->x + x;
    struct tb_glyph *row = &s->cell[(c->y + y) * s->width];
    if (row[sx].width == 0 && sx > 0)
        row[sx - 1] = (struct tb_glyph){ " ", 1, row[sx - 1].style };
    if (row[sx].width == 2 && sx + 1 < s->width)
        row[sx + 1] = (struct tb_glyph){ " ", 1, row[sx + 1].style };
}

static void put(struct tb_canvas *c, int x, int y, unsigned style, const char *s, size_t n, int width)
{
    struct tb_glyph *g = at(c, x, y), *right = width == 2 ? at(c, x + 1, y) : g;
    if (!g && !right)
        return;
    if (!g || !right) { /* half of it lies outside */
        struct tb_glyph *seen = g ? g : right;
        part_wide(c, g ? x : x + 1, y);
        *seen = (struct tb_glyph){ " ", 1, (uint16_t)style };
        return;
    }
    for (int i = 0; i < width; i++)
        part_wide(c, x + i, y);
    *g = (struct tb_glyph){ "", (uint8_t)width, (uint16_t)style };
    memcpy(g->s, s, n);
    if (width == 2)
        *right = (struct tb_glyph){ "", 0, (uint16_t)style };
}

/* A mark onto the character before it. */
static void join(struct tb_canvas *c, int x, int y, const char *s, size_t n)
{
    struct tb_glyph *g = at(c, x, y);
    if (g && g->width == 0)
        g = at(c, x - 1, y);
    if (g && strlen(g->s) + n < sizeof g->s)
        strncat(g->s, s, n);
}

/* Safe bytes. */
static int put_safe(struct tb_canvas *c, int x, int y, unsigned style, const char *s, size_t n)
{
    bool is_ascii = c->sheet->glyphs == TB_GLYPHS_ASCII;
    for (size_t i = 0, step; i < n && y >= 0 && y < c->height; i += step) {
        step = tb_utf8_step(s + i, n - i, NULL);
        step = step ? step : 1;
        int width = tb_utf8_width(s + i, step);
        if (width <= 0) {
            if (!is_ascii)
                join(c, x - 1, y, s + i, step);
            continue;
        }
        for (int k = 0; is_ascii && step > 1 && k < width; k++)
            put(c, x + k, y, style, "?", 1, 1);
        if (!is_ascii || step == 1)
            put(c, x, y, style, s + i, step, width);
        x += width;
        if (x >= c->width)
            break;
    }
    return x;
}

int tb_canvas_bytes(struct tb_canvas *c, int x, int y, unsigned style, const char *s, size_t n)
{
    struct tb_buf safe = { 0 };
    tb_utf8_safe(&safe, s, n);
    int end = safe.n ? put_safe(c, x, y, style, safe.p, safe.n) : x;
    tb_buf_free(&safe);
    return end;
}

int tb_canvas_text(struct tb_canvas *c, int x, int y, unsigned style, const char *s)
{
    return tb_canvas_bytes(c, x, y, style, s ? s : "", s ? strlen(s) : 0);
}

int tb_canvas_fmt(struct tb_canvas *c, int x, int y, unsigned style, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = tb_xvasprintf(fmt, ap);
    va_end(ap);
    int end = tb_canvas_text(c, x, y, style, text);
    free(text);
    return end;
}

size_t tb_text_fit(const char *s, size_t n, int width)
{
    size_t at = 0;
    for (int used = 0; at < n;) {
        size_t step = tb_utf8_step(s + at, n - at, NULL);
        step = step ? step : 1;
        used += tb_utf8_width(s + at, step);
        if (used > width)
            break;
        at += step;
    }
    return at;
}

int tb_text_width(const char *s)
{
    return tb_utf8_width(s, strlen(s));
}

void tb_canvas_field(struct tb_canvas *c, int x, int y, int width, unsigned style, const char *s)
{
    size_t n = strlen(s);
    if (tb_text_width(s) <= width || width < 3) {
        tb_canvas_bytes(c, x, y, style, s, tb_text_fit(s, n, width));
        return;
    }
    int end = tb_canvas_bytes(c, x, y, style, s, tb_text_fit(s, n, width - 2));
    tb_canvas_text(c, end, y, style, "..");
}

void tb_canvas_right(struct tb_canvas *c, int x, int y, int width, unsigned style, const char *s)
{
    int w = tb_text_width(s);
    tb_canvas_field(c, w < width ? x + width - w : x, y, width, style, s);
}

size_t tb_text_tail(const char *s, int width)
{
    int n = tb_text_width(s);
    return n > width && width > 4 ? tb_text_fit(s, strlen(s), n - width + 2) : 0;
}

/* Bytes of a path's first folder with the slash behind it, "/home/"; 0 if nothing can be left out between that and its
 * last name. */
static size_t head_of(const char *path, size_t n)
{
    const char *slash = memchr(path + 1, '/', n - 1);
    if (!slash)
        return 0;
    size_t head = (size_t)(slash - path) + 1, from = strncmp(slash + 1, "../", 3) == 0 ? head + 3 : head;
    return memchr(path + from, '/', n - from) ? head : 0;
}

/* The longest word that is a path with a middle; NULL: there is none. */
static const char *longest_path(const char *s, size_t *n)
{
    static const char ends[] = " \t\n'\"`(),;";
    const char *found = NULL;
    *n = 0;
    for (size_t k; *s; s += k + (s[k] != '\0')) {
        k = strcspn(s, ends);
        if (k > *n && k > 1 && head_of(s, k)) {
            found = s;
            *n = k;
        }
    }
    return found;
}

char *tb_text_short_paths(const char *s, int width)
{
    char *text = tb_xstrdup(s);
    const char *path;
    for (size_t n; tb_text_width(text) > width && (path = longest_path(text, &n));) {
        size_t head = head_of(path, n), gone = strncmp(path + head, "../", 3) == 0 ? 3 : 0;
        gone += strcspn(path + head + gone, "/") + 1;
        char *shorter = tb_xasprintf("%.*s../%s", (int)(path - text + (ptrdiff_t)head), text, path + head + gone);
        free(text);
        text = shorter;
    }
    return text;
}

size_t tb_text_line(const char *s, size_t n, int width, size_t *skip)
{
    size_t most = tb_text_fit(s, n, width), end = most;
    const char *newline = memchr(s, '\n', n);
    *skip = 0;
    if (newline && (size_t)(newline - s) <= most) {
        *skip = 1;
        return (size_t)(newline - s);
    }
    if (most == n)
        return n;
    while (end > 0 && s[end] != ' ')
        end--;
    if (end == 0)
        return most ? most : 1;
    *skip = 1;
    return end;
}

int tb_canvas_wrap(struct tb_canvas *c, int y, unsigned style, const char *s)
{
    size_t left = strlen(s), skip;
    for (size_t n; left > 0 && c->width > 0; s += n + skip, left -= n + skip) {
        n = tb_text_line(s, left, c->width, &skip);
        tb_canvas_bytes(c, 0, y++, style, s, n);
    }
    return y;
}

int tb_wrap_rows(int width, const char *s)
{
    struct tb_sheet none = { .width = width };
    struct tb_canvas c = { .sheet = &none, .width = width, .height = 0 };
    return tb_canvas_wrap(&c, 0, TB_STYLE_PLAIN, s);
}

void tb_canvas_wrap_in(struct tb_canvas *c, unsigned style, const char *s)
{
    size_t left = strlen(s), skip;
    for (int y = 0; y < c->height && left > 0; y++) {
        size_t n = tb_text_line(s, left, c->width, &skip);
        bool is_last = y + 1 == c->height && n + skip < left;
        if (is_last)
            tb_canvas_field(c, 0, y, c->width, style, s);
        else
            tb_canvas_bytes(c, 0, y, style, s, n);
        s += n + skip;
        left -= n + skip;
    }
}

void tb_canvas_beyond(struct tb_canvas *c, int x, int y, struct tb_beyond b)
{
    const char *words[] = { b.above && b.below ? " more above and below " : b.above ? " more above " : " more below ",
                            b.above && b.below ? " more " : b.above ? " above " : " below " };
    for (int i = 0; (b.above || b.below) && i < 2; i++) {
        int width = tb_text_width(words[i]);
        if (x + width < c->width) {
            tb_canvas_text(c, c->width - 1 - width, y, TB_STYLE_KEY, words[i]);
            return;
        }
    }
}

void tb_canvas_arrows(struct tb_canvas *c, int first, int last, struct tb_beyond b)
{
    bool is_ascii = tb_canvas_is_ascii(c);
    if (b.above)
        tb_canvas_text(c, c->width - 1, first, TB_STYLE_KEY, is_ascii ? "^" : "↑");
    if (b.below)
        tb_canvas_text(c, c->width - 1, last, TB_STYLE_KEY, is_ascii ? "v" : "↓");
}

void tb_canvas_fill(struct tb_canvas *c, struct tb_rect r, unsigned style)
{
    for (int y = r.y; y < r.y + r.height; y++)
        for (int x = r.x; x < r.x + r.width; x++)
            put(c, x, y, style, " ", 1, 1);
}

static const char *line_glyph(const struct tb_canvas *c, const char *glyph, const char *ascii)
{
    return c->sheet->glyphs == TB_GLYPHS_ASCII ? ascii : glyph;
}

static void put_line(struct tb_canvas *c, int x, int y, const char *glyph, const char *ascii)
{
    const char *s = line_glyph(c, glyph, ascii);
    put(c, x, y, TB_STYLE_RULE, s, strlen(s), 1);
}

void tb_canvas_rule(struct tb_canvas *c, int y)
{
    for (int x = 0; x < c->width; x++)
        put_line(c, x, y, "─", "-");
}

void tb_canvas_wall(struct tb_canvas *c, int x, int y, int height)
{
    for (int i = 0; i < height; i++)
        put_line(c, x, y + i, "│", "|");
}

struct tb_rect tb_canvas_box(struct tb_canvas *c, struct tb_rect r, const char *title)
{
    int right = r.x + r.width - 1, bottom = r.y + r.height - 1;
    if (r.width < 2 || r.height < 2)
        return (struct tb_rect){ r.x, r.y, 0, 0 };
    for (int x = r.x + 1; x < right; x++) {
        put_line(c, x, r.y, "─", "-");
        put_line(c, x, bottom, "─", "-");
    }
    tb_canvas_wall(c, r.x, r.y + 1, r.height - 2);
    tb_canvas_wall(c, right, r.y + 1, r.height - 2);
    put_line(c, r.x, r.y, "┌", "+");
    put_line(c, right, r.y, "┐", "+");
    put_line(c, r.x, bottom, "└", "+");
    put_line(c, right, bottom, "┘", "+");
    if (title && r.width > 6) {
        char *text = tb_xasprintf(" %s ", title);
        tb_canvas_field(c, r.x + 2, r.y, r.width - 4, TB_STYLE_HEAD, text);
        free(text);
    }
    return tb_rect_inset(r, 1);
}

void tb_canvas_add_bits(struct tb_canvas *c, struct tb_rect r, unsigned bits)
{
    for (int y = r.y; y < r.y + r.height; y++)
        for (int x = r.x; x < r.x + r.width; x++) {
            struct tb_glyph *g = at(c, x, y);
            if (g)
                g->style |= (uint16_t)bits;
        }
}

void tb_canvas_cursor(struct tb_canvas *c, int x, int y)
{
    bool is_in = x >= 0 && y >= 0 && x < c->width && y < c->height;
    c->sheet->cursor_x = is_in ? c->x + x : -1;
    c->sheet->cursor_y = is_in ? c->y + y : -1;
}

void tb_canvas_hot(struct tb_canvas *c, struct tb_rect r, uint32_t key)
{
    struct tb_canvas part = tb_canvas_part(c, r);
    struct tb_sheet *s = c->sheet;
    s->hot = tb_grow(s->hot, s->n_hot, &s->cap_hot, sizeof *s->hot);
    s->hot[s->n_hot++] = (struct tb_hot){ { part.x, part.y, part.width, part.height }, key };
}
