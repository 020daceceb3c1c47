/* SPDX-License-Identifier: MIT */
/* grid.c - widths come from the rows that are seen, so a table of ten thousand rows costs what a page of it does. */
#include "tui/grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

enum { COLUMNS = 64, GAP = 1, SIGN = 2 };

void tb_grid_number(struct tb_grid_cell *cell, enum tb_unit unit, double v)
{
    char text[32];
    if (!isnan(v))
        tb_str_copy(cell->text, sizeof cell->text, tb_fmt_unit(text, sizeof text, unit, v));
}

static bool is_row(const struct tb_grid_rows *rows, int i)
{
    return i >= 0 && i < rows->n && rows->id(rows->arg, i) != NULL;
}

/* The nearest row to i that is none of the headings, first in the direction of `step`; i itself if there is none. */
static int nearest(const struct tb_grid_rows *rows, int i, int step)
{
    i = i >= rows->n ? rows->n - 1 : i;
    i = i < 0 ? 0 : i;
    for (int turn = 0; turn < 2; turn++, step = -step)
        for (int k = i; k >= 0 && k < rows->n; k += step)
            if (is_row(rows, k))
                return k;
    return i;
}

static void move_to(struct tb_grid *g, const struct tb_grid_rows *rows, int page, int row, int step)
{
    g->cursor = nearest(rows, row, step);
    g->first = tb_span_keep(g->first, g->cursor, rows->n, page).first;
    if (g->first == 1 && !is_row(rows, 0) && g->cursor < page)
        g->first = 0; /* the heading over the first row */
    if (is_row(rows, g->cursor))
        tb_str_copy(g->id, sizeof g->id, rows->id(rows->arg, g->cursor));
}

void tb_grid_follow(struct tb_grid *g, const struct tb_grid_rows *rows, int page)
{
    int to = g->cursor;
    for (int i = 0; i < rows->n; i++)
        if (is_row(rows, i) && strcmp(rows->id(rows->arg, i), g->id) == 0) {
            to = i;
            break;
        }
    move_to(g, rows, page, to, 1);
}

static int row_at(const struct tb_grid *g, const struct tb_grid_rows *rows, int page, int y)
{
    return tb_span_keep(g->first, g->cursor, rows->n, page).first + y - 1;
}

bool tb_grid_opens(const struct tb_grid *g, const struct tb_grid_rows *rows, int page, const struct tb_press *p)
{
    return p->key == TB_PRESS_DOUBLE && p->y >= 1 && p->y <= page && is_row(rows, row_at(g, rows, page, p->y));
}

bool tb_grid_press(struct tb_grid *g, const struct tb_grid_rows *rows, int page, const struct tb_press *p)
{
    int to = g->cursor;
    if ((p->key == TB_PRESS_CLICK || p->key == TB_PRESS_DOUBLE) && p->y >= 1 && p->y <= page)
        to = row_at(g, rows, page, p->y);
    else if (!tb_press_scrolls(p->key, page, rows->n - 1, &to))
        return false;
    if (rows->n == 0)
        return false;
    move_to(g, rows, page, to, to < g->cursor ? -1 : 1);
    return true;
}

/* ---- drawing */

int tb_grid_room(const struct tb_grid_rows *rows, int width, int height)
{
    return rows->n > height - 1 && width > SIGN ? width - SIGN : width;
}

struct table {
    const struct tb_grid *g;
    const struct tb_grid_column *column;
    const struct tb_grid_rows *rows;
    struct tb_span seen;
    int n, width[COLUMNS]; /* 0: dropped */
};

static void measure(struct table *t)
{
    for (int i = 0; i < t->n; i++)
        t->width[i] = tb_text_width(t->column[i].title);
    for (int row = t->seen.first; row < t->seen.end; row++)
        for (int i = 0; is_row(t->rows, row) && i < t->n; i++) {
            struct tb_grid_cell cell = { "", 0 };
            t->rows->cell(t->rows->arg, row, i, &cell);
            int w = tb_text_width(cell.text);
            t->width[i] = w > t->width[i] ? w : t->width[i];
        }
    for (int i = 0; i < t->n; i++) {
        const struct tb_grid_column *c = &t->column[i];
        t->width[i] = t->width[i] < c->least ? c->least : c->most && t->width[i] > c->most ? c->most : t->width[i];
        t->width[i] = t->width[i] < 1 ? 1 : t->width[i];
    }
}

static int total(const struct table *t)
{
    int sum = 0;
    for (int i = 0; i < t->n; i++)
        sum += t->width[i] ? t->width[i] + GAP : 0;
    return sum - GAP;
}

/* Makes columns narrower that may be cut, then takes columns out. */
static void fit(struct table *t, int room)
{
    for (int i = 0; i < t->n && total(t) > room; i++) {
        int spare = t->column[i].least ? t->width[i] - t->column[i].least : 0, over = total(t) - room;
        t->width[i] -= spare > over ? over : spare > 0 ? spare : 0;
    }
    while (total(t) > room) {
        int worst = -1;
        for (int i = 0; i < t->n; i++)
            if (t->width[i] && t->column[i].drop && (worst < 0 || t->column[i].drop >= t->column[worst].drop))
                worst = i;
        if (worst < 0)
            return;
        t->width[worst] = 0;
    }
}

/* What is free again after columns were dropped goes to those that were cut. */
static void widen(struct table *t, const int *wish, int room)
{
    for (int i = 0; i < t->n; i++) {
        int spare = room - total(t), more = wish[i] - t->width[i];
        if (t->width[i] && more > 0 && spare > 0)
            t->width[i] += more < spare ? more : spare;
    }
}

static void put(struct tb_canvas *c, int x, int y, int width, bool is_right, const struct tb_grid_cell *cell)
{
    if (is_right)
        tb_canvas_right(c, x, y, width, cell->style, cell->text);
    else
        tb_canvas_field(c, x, y, width, cell->style, cell->text);
}

static void draw_titles(const struct table *t, struct tb_canvas *c)
{
    int x = 0;
    for (int i = 0; i < t->n; i++) {
        struct tb_grid_cell cell = { "", TB_STYLE_HEAD };
        if (!t->width[i])
            continue;
        cell.style |= i == t->g->column ? TB_STYLE_UNDERLINE : 0;
        tb_str_copy(cell.text, sizeof cell.text, t->column[i].title);
        put(c, x, 0, t->width[i], t->column[i].is_right, &cell);
        x += t->width[i] + GAP;
    }
}

static void draw_row(const struct table *t, struct tb_canvas *c, int row, int y)
{
    int x = 0;
    if (!is_row(t->rows, row)) {
        struct tb_grid_cell cell = { "", TB_STYLE_HEAD };
        if (t->rows->heading)
            t->rows->heading(t->rows->arg, row, &cell);
        tb_canvas_field(c, 0, y, c->width, cell.style, cell.text);
        return;
    }
    for (int i = 0; i < t->n; i++) {
        struct tb_grid_cell cell = { "", TB_STYLE_PLAIN };
        if (!t->width[i])
            continue;
        t->rows->cell(t->rows->arg, row, i, &cell);
        put(c, x, y, t->width[i], t->column[i].is_right, &cell);
        x += t->width[i] + GAP;
    }
}

void tb_grid_draw(const struct tb_grid *g, struct tb_canvas *c, const struct tb_grid_column *column, int n_columns,
                  const struct tb_grid_rows *rows, bool has_focus)
{
    int wish[COLUMNS];
    struct table t = { .g = g, .column = column, .rows = rows, .n = n_columns < COLUMNS ? n_columns : COLUMNS };
    if (c->height < 1 || c->width < 1)
        return;
    int room = tb_grid_room(rows, c->width, c->height);
    struct tb_canvas cells = tb_canvas_part(c, (struct tb_rect){ 0, 0, room, c->height });
    t.seen = tb_span_keep(g->first, g->cursor, rows->n, c->height - 1);
    measure(&t);
    memcpy(wish, t.width, sizeof wish);
    fit(&t, room);
    widen(&t, wish, room);
    draw_titles(&t, &cells);
    tb_canvas_arrows(c, 0, c->height - 1,
                     (struct tb_beyond){ .above = t.seen.first > 0, .below = t.seen.end < rows->n });
    for (int row = t.seen.first; row < t.seen.end; row++) {
        int y = 1 + row - t.seen.first;
        draw_row(&t, row + 1 < t.seen.end ? c : &cells, row, y); /* headings take what no sign does */
        if (row == g->cursor && is_row(rows, row))
            tb_canvas_add_bits(c, (struct tb_rect){ 0, y, c->width, 1 },
                               has_focus ? TB_STYLE_REVERSE : TB_STYLE_UNDERLINE);
    }
}
