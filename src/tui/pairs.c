/* SPDX-License-Identifier: MIT */
/* pairs.c - rows are counted anew for each width, so panes hold some hundreds of pairs, not a log. */
#include "tui/pairs.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { GAP = 2, NAME_MOST = 22 };

void tb_pairs_clear(struct tb_pairs *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free(p->at[i].name);
        free(p->at[i].text);
    }
    p->n = 0;
}

void tb_pairs_free(struct tb_pairs *p)
{
    tb_pairs_clear(p);
    free(p->at);
    free(p->needle);
    *p = (struct tb_pairs){ 0 };
}

void tb_pairs_add(struct tb_pairs *p, unsigned style, const char *name, const char *text)
{
    p->at = tb_grow(p->at, p->n, &p->cap, sizeof *p->at);
    p->at[p->n++] = (struct tb_pair){ tb_xstrdup(name), tb_xstrdup(text ? text : ""), style };
}

void tb_pairs_fmt(struct tb_pairs *p, unsigned style, const char *name, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = tb_xvasprintf(fmt, ap);
    va_end(ap);
    tb_pairs_add(p, style, name, text);
    free(text);
}

/* ---- rows */

static bool is_heading(const struct tb_pair *pair)
{
    return *pair->name && !*pair->text;
}

/* Columns of the longest name with the gap behind it, but never more than half of all. */
static int name_width(const struct tb_pairs *p, int width)
{
    int most = 0;
    for (size_t i = 0; i < p->n; i++) {
        int w = is_heading(&p->at[i]) ? 0 : tb_text_width(p->at[i].name);
        most = w > most ? w : most;
    }
    most = (most > NAME_MOST ? NAME_MOST : most) + GAP;
    return most > width / 2 ? width / 2 : most;
}

static int rows_of(const struct tb_pair *pair, int text_width)
{
    int rows = *pair->text ? tb_wrap_rows(text_width, pair->text) : 1;
    return rows > 0 ? rows : 1;
}

static int rows_before(const struct tb_pairs *p, size_t i, int width)
{
    int rows = 0, text_width = width - name_width(p, width);
    for (size_t k = 0; k < i; k++)
        rows += rows_of(&p->at[k], text_width);
    return rows;
}

int tb_pairs_rows(const struct tb_pairs *p, int width)
{
    return rows_before(p, p->n, width);
}

static int last_top(const struct tb_pairs *p, int width, int height)
{
    int rows = tb_pairs_rows(p, width);
    return rows > height ? rows - height : 0;
}

static int top_of(const struct tb_pairs *p, int width, int height)
{
    int most = last_top(p, width, height);
    return p->first > most ? most : p->first;
}

struct tb_beyond tb_pairs_beyond(const struct tb_pairs *p, int width, int height)
{
    int top = top_of(p, width, height);
    return (struct tb_beyond){ top > 0, top < last_top(p, width, height) };
}

bool tb_pairs_press(struct tb_pairs *p, int width, int height, const struct tb_press *press)
{
    int to = p->first, most = last_top(p, width, height);
    if (!tb_press_scrolls(press->key, height, most, &to))
        return false;
    p->first = to > most ? most : to < 0 ? 0 : to;
    return true;
}

static bool has(const struct tb_pairs *p, size_t i)
{
    return strcasestr(p->at[i].text, p->needle) || strcasestr(p->at[i].name, p->needle);
}

bool tb_pairs_find(struct tb_pairs *p, int width, const char *needle, int step)
{
    size_t at = 0;
    if (needle) {
        free(p->needle);
        p->needle = *needle ? tb_xstrdup(needle) : NULL;
    }
    if (!p->needle)
        return false;
    while (at < p->n && rows_before(p, at + 1, width) <= p->first)
        at++;
    for (size_t i = needle ? at : at + (size_t)step; i < p->n; i += (size_t)step) /* wraps below 0 to above n */
        if (has(p, i)) {
            p->first = rows_before(p, i, width);
            return true;
        }
    return false;
}

void tb_pairs_draw(const struct tb_pairs *p, struct tb_canvas *c)
{
    int names = name_width(p, c->width), y = -top_of(p, c->width, c->height);
    struct tb_canvas texts = tb_canvas_part(c, (struct tb_rect){ names, 0, c->width - names, c->height });
    for (size_t i = 0; i < p->n && y < c->height; i++) {
        const struct tb_pair *pair = &p->at[i];
        unsigned style = p->needle && has(p, i) ? TB_STYLE_MATCH : pair->style;
        if (is_heading(pair))
            tb_canvas_text(c, 0, y, TB_STYLE_HEAD, pair->name);
        else
            tb_canvas_field(c, 0, y, names - 1, TB_STYLE_DIM, pair->name);
        tb_canvas_wrap(&texts, y, style, pair->text);
        y += rows_of(pair, texts.width);
    }
}
