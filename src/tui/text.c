/* SPDX-License-Identifier: MIT */
/* text.c - lines as spans of one buffer. Rows are lines unless some line may be broken; only then rows are counted for
 * a width, so that logs of many thousand lines cost nothing. */
#include "tui/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

void tb_text_clear(struct tb_text *t)
{
    tb_buf_clear(&t->bytes);
    t->n = t->n_broken = 0;
}

void tb_text_free(struct tb_text *t)
{
    tb_buf_free(&t->bytes);
    free(t->line);
    free(t->needle);
    *t = (struct tb_text){ 0 };
}

static void add_line(struct tb_text *t, unsigned style, int hang, const char *line, size_t n)
{
    t->line = tb_grow(t->line, t->n, &t->cap, sizeof *t->line);
    t->line[t->n++] = (struct tb_text_line){ t->bytes.n, n, (uint16_t)style, (int16_t)hang };
    t->n_broken += hang >= 0;
    tb_buf_add(&t->bytes, line, n);
    tb_buf_char(&t->bytes, '\n');
}

/* Columns of what stands before the words of "  name  words", else of the blanks in front; -1: a row of a table, which
 * has more such gaps. */
static int hang_of(const char *line, size_t n)
{
    size_t at = strspn(line, " "), hang = at;
    int n_gaps = 0;
    for (size_t gap; at < n; at += gap) {
        at += strcspn(line + at, " \n");
        gap = at < n ? strspn(line + at, " ") : 0;
        n_gaps += gap > 1 && at + gap < n;
        hang = gap > 1 && n_gaps == 1 ? at + gap : hang;
    }
    return n_gaps > 1 ? -1 : (int)hang;
}

static void add(struct tb_text *t, unsigned style, int hang, bool is_told, const char *line)
{
    do {
        size_t n = strcspn(line, "\n");
        add_line(t, style, is_told ? hang_of(line, n) : hang, line, n);
        line += n;
    } while (*line == '\n' && *++line);
}

void tb_text_add(struct tb_text *t, unsigned style, const char *line)
{
    add(t, style, -1, false, line);
}

void tb_text_wrap(struct tb_text *t, unsigned style, int hang, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = tb_xvasprintf(fmt, ap);
    va_end(ap);
    add(t, style, hang, false, text);
    free(text);
}

void tb_text_tell(struct tb_text *t, unsigned style, const char *lines)
{
    add(t, style, 0, true, lines);
}

void tb_text_fmt(struct tb_text *t, unsigned style, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = tb_xvasprintf(fmt, ap);
    va_end(ap);
    tb_text_add(t, style, text);
    free(text);
}

/* ---- rows */

/* Bytes of the next row of a line, of which `at` bytes stand in rows above, and how far it is set in. */
static size_t next_row(const struct tb_text *t, const struct tb_text_line *l, size_t at, int width, int *in,
                       size_t *skip)
{
    *in = at == 0 ? 0 : l->hang > width / 2 ? 2 : l->hang;
    return tb_text_line(t->bytes.p + l->from + at, l->n - at, width > *in ? width - *in : 1, skip);
}

static int rows_of(const struct tb_text *t, size_t i, int width)
{
    const struct tb_text_line *l = &t->line[i];
    int rows = 0, in;
    if (l->hang < 0 || l->n <= (size_t)(width > 0 ? width : 0)) /* no byte takes more than a column */
        return 1;
    for (size_t at = 0, skip; at < l->n; at += skip) {
        at += next_row(t, l, at, width, &in, &skip);
        rows++;
    }
    return rows;
}

static int rows_before(const struct tb_text *t, size_t i, int width)
{
    int rows = 0;
    if (t->n_broken == 0)
        return (int)i;
    for (size_t k = 0; k < i; k++)
        rows += rows_of(t, k, width);
    return rows;
}

int tb_text_rows(const struct tb_text *t, int width)
{
    return rows_before(t, t->n, width);
}

/* The line of a row, and in *row which of its rows that is. */
static size_t line_at(const struct tb_text *t, int width, int *row)
{
    size_t i = 0;
    if (t->n_broken == 0) {
        i = (size_t)*row;
        *row = 0;
        return i;
    }
    for (int rows; i < t->n && *row >= (rows = rows_of(t, i, width)); i++)
        *row -= rows;
    return i;
}

static int last_top(const struct tb_text *t, int width, int height)
{
    int rows = tb_text_rows(t, width);
    return rows > height ? rows - height : 0;
}

static int top_of(const struct tb_text *t, int width, int height)
{
    int most = last_top(t, width, height);
    return t->follow || t->first > most ? most : t->first;
}

struct tb_beyond tb_text_beyond(const struct tb_text *t, int width, int height)
{
    int top = top_of(t, width, height);
    return (struct tb_beyond){ top > 0, top < last_top(t, width, height) };
}

/* ---- keys */

bool tb_text_press(struct tb_text *t, int width, int height, const struct tb_press *p)
{
    int most = last_top(t, width, height), to = t->follow ? most : t->first;
    if (p->key == TB_PRESS_LEFT || p->key == TB_PRESS_RIGHT) {
        t->column += p->key == TB_PRESS_RIGHT ? 8 : t->column < 8 ? -t->column : -8;
        return true;
    }
    if (!tb_press_scrolls(p->key, height, most, &to))
        return false;
    t->first = to < 0 ? 0 : to > most ? most : to;
    t->follow = t->follow && t->first == most;
    return true;
}

static bool has(const struct tb_text *t, size_t i)
{
    char *line = tb_xstrndup(t->bytes.p + t->line[i].from, t->line[i].n);
    bool found = strcasestr(line, t->needle) != NULL;
    free(line);
    return found;
}

bool tb_text_find(struct tb_text *t, int width, const char *needle, int step)
{
    if (needle) {
        free(t->needle);
        t->needle = *needle ? tb_xstrdup(needle) : NULL;
    }
    if (!t->needle)
        return false;
    int row = t->first, top = (int)line_at(t, width, &row);
    for (int i = needle ? top : top + step; i >= 0 && i < (int)t->n; i += step)
        if (has(t, (size_t)i)) {
            t->first = rows_before(t, (size_t)i, width);
            t->follow = false;
            return true;
        }
    return false;
}

/* ---- drawing */

static bool goes_on(const struct tb_text *t, const struct tb_text_line *l, int width)
{
    return l->hang < 0 && tb_utf8_width(t->bytes.p + l->from, l->n) - t->column > width;
}

bool tb_text_is_cut(const struct tb_text *t, int width, int height)
{
    int row = top_of(t, width, height);
    size_t i = line_at(t, width, &row);
    for (int y = -row; y < height && i < t->n; y += rows_of(t, i++, width))
        if (goes_on(t, &t->line[i], width))
            return true;
    return false;
}

static void draw_cut(const struct tb_text *t, const struct tb_text_line *l, struct tb_canvas *c, int y, unsigned style)
{
    tb_canvas_bytes(c, -t->column, y, style, t->bytes.p + l->from, l->n);
    if (goes_on(t, l, c->width))
        tb_canvas_text(c, c->width - 2, y, TB_STYLE_HINT, "..");
}

/* From row y on, which may lie above; the row behind. */
static int draw_broken(const struct tb_text *t, const struct tb_text_line *l, struct tb_canvas *c, int y,
                       unsigned style)
{
    int in;
    for (size_t at = 0, n, skip; at < l->n; at += n + skip, y++) {
        n = next_row(t, l, at, c->width, &in, &skip);
        tb_canvas_bytes(c, in, y, style, t->bytes.p + l->from + at, n);
    }
    return l->n ? y : y + 1;
}

void tb_text_draw(const struct tb_text *t, struct tb_canvas *c)
{
    int row = top_of(t, c->width, c->height);
    size_t i = line_at(t, c->width, &row);
    for (int y = -row; y < c->height && i < t->n; i++) {
        const struct tb_text_line *l = &t->line[i];
        unsigned style = t->needle && has(t, i) ? TB_STYLE_MATCH : l->style;
        if (l->hang < 0)
            draw_cut(t, l, c, y++, style);
        else
            y = draw_broken(t, l, c, y, style);
    }
}
