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
    int to = t->follow ? last_top(t, page) : t->first;
    switch (p->key) {
    case TB_PRESS_UP: to--; break;
    case TB_PRESS_DOWN: to++; break;
    case TB_PRESS_WHEEL_UP: to -= 3; break;
    case TB_PRESS_WHEEL_DOWN: to += 3; break;
    case TB_PRESS_PAGE_UP: to -= page; break;
    case TB_PRESS_PAGE_DOWN: to += page; break;
    case TB_CTRL('u'): to -= page / 2; break;
    case TB_CTRL('d'): to += page / 2; break;
    case TB_PRESS_HOME: to = 0; break;
    case TB_PRESS_END: to = last_top(t, page); break;
    case TB_PRESS_LEFT: t->column -= t->column < 8 ? t->column : 8; return true;
    case TB_PRESS_RIGHT: t->column += 8; return true;
    default: return false;
    }
    int most = last_top(t, page);
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
