/* SPDX-License-Identifier: MIT */
/* grid.h - a table on the screen. What is in the cells is asked from a function; kept here is where the cursor is: on a
 * row known by its id, so that rows may move under it. Columns are dropped by priority where there is no room. */
#ifndef TB_TUI_GRID_H
#define TB_TUI_GRID_H

#include "tui/canvas.h"
#include "tui/press.h"
#include "view/fmt.h"

#include <stddef.h>

struct tb_grid_column {
    const char *title; /* lent */
    int least, most;   /* width; most 0: as wide as its texts. A column with least < most may be cut */
    int drop;          /* 0: stays; else the highest goes first, of equals the right one */
    bool is_right;     /* numbers */
};

struct tb_grid_cell {
    char text[160];
    unsigned style;
};

/* A number into a cell; it stays empty where that is not known. */
void tb_grid_number(struct tb_grid_cell *cell, enum tb_unit unit, double v);

/* Rows 0 .. n - 1 as they are now. */
struct tb_grid_rows {
    const void *arg;
    int n;
    /* Fills a cell: text is empty and style 0 before. */
    void (*cell)(const void *arg, int row, int column, struct tb_grid_cell *cell);
    const char *(*id)(const void *arg, int row); /* lent; NULL: a heading, where the cursor does not stop */
    void (*heading)(const void *arg, int row, struct tb_grid_cell *cell); /* the text of such a row; may be NULL */
};

struct tb_grid {
    int first, cursor; /* rows */
    int column;        /* that the column keys mean; -1: none is shown as chosen */
    char id[40];       /* of the row under the cursor */
};

/* Puts the cursor back on its row after rows have changed: the row with its id, else the nearest one. */
void tb_grid_follow(struct tb_grid *g, const struct tb_grid_rows *rows, int page);
/* Arrows, Page, Home, End, ^d ^u, wheel, clicks, double ones too (coordinates of the canvas it is drawn on). `page`:
 * rows seen, without the line of titles. False if the key means nothing here. */
bool tb_grid_press(struct tb_grid *g, const struct tb_grid_rows *rows, int page, const struct tb_press *p);
/* A double click on a row, which does what Enter does there: its first click has put the cursor on it. */
bool tb_grid_opens(const struct tb_grid *g, const struct tb_grid_rows *rows, int page, const struct tb_press *p);
/* Columns that cells have: all, or, where there are more rows than are seen, two less for the sign that tells it. */
int tb_grid_room(const struct tb_grid_rows *rows, int width, int height);
/* A line of titles, then rows; the cursor's row in reverse if it has the focus, else underlined. An arrow at the right
 * edge tells of rows above and below those that are seen. */
void tb_grid_draw(const struct tb_grid *g, struct tb_canvas *c, const struct tb_grid_column *column, int n_columns,
                  const struct tb_grid_rows *rows, bool has_focus);

#endif
