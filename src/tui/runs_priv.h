/* SPDX-License-Identifier: MIT */
/* runs_priv.h - the Runs screen in three files: its table (runs_rows.c), its panes (runs_panes.c), and the screen. */
#ifndef TB_TUI_RUNS_PRIV_H
#define TB_TUI_RUNS_PRIV_H

#include "tui/grid.h"
#include "tui/screen.h"
#include "tui/text.h"
#include "view/series.h"

enum { RUNS_COLUMNS = 13, RUNS_SPARKS = 128, RUNS_LINES = 8 };

/* The curve of a run as ten characters, while its files are as they were. */
struct runs_spark {
    char id[TB_RUN_ID];
    uint64_t serial;
    char text[48]; /* "" if it has no curve */
};

struct runs_line {
    struct tb_series s, raw;
    char label[96];
    unsigned tint;
};

struct runs_state {
    struct tb_grid grid;
    int *row;             /* of the table: index into desk->order, -1 - g for the heading of group g */
    int n_rows;
    unsigned char column[RUNS_COLUMNS]; /* in the order shown */
    bool shows_constant;
    unsigned hidden;      /* bits of columns that are equal in all rows */
    int pane;             /* 0 the table, 1 chart, 2 facts */
    struct runs_spark spark[RUNS_SPARKS];
    int n_sparks;
    struct runs_line line[RUNS_LINES];
    int n_lines;
    struct tb_text facts;
};

/* Where things are, by size alone. */
struct runs_layout {
    struct tb_rect head, table, chart, facts;
    int rule; /* row of the line between, -1: there is none */
};
struct runs_layout tb_runs_layout(int width, int height, int pane);
int tb_runs_page(const struct tb_screen *s); /* rows of the table that are seen */

/* ---- runs_rows.c */
struct tb_grid_rows tb_runs_rows(const struct tb_screen *s);
int tb_runs_columns(const struct tb_screen *s, struct tb_grid_column out[RUNS_COLUMNS]);
const char *tb_runs_column_key(const struct tb_screen *s, int at); /* as in sort:KEY; NULL: cannot be sorted by */
void tb_runs_make_rows(struct tb_screen *s);
/* Reads the curves of the rows that are seen, some at a time; true while there are more. */
bool tb_runs_read_sparks(struct tb_screen *s);

/* ---- runs_panes.c */
void tb_runs_read_panes(struct tb_screen *s);
void tb_runs_draw_chart(const struct tb_screen *s, struct tb_canvas *c);
void tb_runs_free_lines(struct runs_state *st);

#endif
