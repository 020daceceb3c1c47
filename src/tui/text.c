/* SPDX-License-Identifier: MIT */
/* text.c - lines as spans of one buffer. */
#include "tui/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void tb_text_clear(struct tb_text *t)
{
    tb_buf_clear(&t->bytes);
    t->n = 0;
}

void tb_text_free(struct tb_text *t)
{
    tb_buf_free(&t->bytes);
    free(t->line);
    free(t->needle);
    *t = (struct tb_text){ 0 };
}

void tb_text_add(struct tb_text *t, unsigned style, const char *line)
{
    do {
        size_t n = strcspn(line, "\n");
        t->line = tb_grow(t->line, t->n, &t->cap, sizeof *t->line);
        t->line[t->n++] = (struct tb_text_line){ t->bytes.n, n, (uint16_t)style };
        tb_buf_add(&t->bytes, line, n);
        tb_buf_char(&t->bytes, '\n');
        line += n;
    } while (*line == '\n' && *++line);
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

static int last_top(const struct tb_text *t, int page)
{
    return (int)t->n > page ? (int)t->n - page : 0;
}

bool tb_text_press(struct tb_text *t, int page, const struct tb_press *p)
{
    int most = last_top(t, page), to = t->follow ? most : t->first;
    if (p->key == TB_PRESS_LEFT || p->key == TB_PRESS_RIGHT) {
        t->column += p->key == TB_PRESS_RIGHT ? 8 : t->column < 8 ? -t->column : -8;
        return true;
    }
    if (!tb_press_scrolls(p->key, page, most, &to))
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

bool tb_text_find(struct tb_text *t, const char *needle, int step)
{
    if (needle) {
        free(t->needle);
        t->needle = *needle ? tb_xstrdup(needle) : NULL;
    }
    if (!t->needle)
        return false;
    for (int i = needle ? t->first : t->first + step; i >= 0 && i < (int)t->n; i += step)
        if (has(t, (size_t)i)) {
            t->first = i;
            t->follow = false;
            return true;
        }
    return false;
}

void tb_text_draw(const struct tb_text *t, struct tb_canvas *c)
{
    int most = last_top(t, c->height), first = t->follow || t->first > most ? most : t->first;
    for (int y = 0; y < c->height && first + y < (int)t->n; y++) {
        const struct tb_text_line *l = &t->line[first + y];
        unsigned style = t->needle && has(t, (size_t)(first + y)) ? TB_STYLE_MATCH : l->style;
        tb_canvas_bytes(c, -t->column, y, style, t->bytes.p + l->from, l->n);
    }
}
