/* SPDX-License-Identifier: MIT */
/* diff_priv.h - the Diff screen in four files: which runs and what is worked out of them (diff_read.c), that as lines
 * of a table (diff_lines.c), panes of one row and of recipes (diff_panes.c), and the screen with its keys. */
#ifndef TB_TUI_DIFF_PRIV_H
#define TB_TUI_DIFF_PRIV_H

#include "tui/child.h"
#include "tui/grid.h"
#include "tui/pairs.h"
#include "tui/screen.h"
#include "view/arms.h"
#include "view/diff.h"
#include "view/pareto.h"
#include "view/report.h"

enum { DIFF_RUNS = 48, DIFF_ARMS = TB_REPORT_ARMS, DIFF_ROWS = 20 };

/* One line of the table: a heading, or a name with a text for each arm. */
struct diff_line {
    char id[40]; /* "key optim.lr", "row 427"; "": a heading */
    char **cell; /* name, then one an arm */
    unsigned *style;
    int64_t row_id; /* of a row, -1 */
};

struct diff_state {
    /* Copies, and what the cache lends until the next reading. */
    struct tb_run_item run[DIFF_RUNS];
    const struct tb_run_item *item[DIFF_RUNS];
    const struct tb_metrics *m[DIFF_RUNS];
    size_t n, n_left_out; /* left out: more than there is room for, or cannot be read */
    char *stamp, *looked; /* of what was paired, of what was read */
    struct tb_err trouble;

    struct tb_arms arms;
    struct tb_diff d;
    /* Of the arms when they were last paired; names that it was lent may be gone, those of metrics are copied. */
    struct tb_report report;
    char *score[TB_REPORT_SCORES];
    bool has_report;
    struct tb_row_across *row;
    size_t n_rows;

    struct diff_line *line;
    int n_lines, cap_lines;
    int made_width;       /* columns for which headings were broken */
    struct tb_grid grid;
    int first_arm;        /* the arm beside A; A is always there */
    int chosen;           /* arm of the column keys */
    struct tb_pairs words; /* Pareto, verdict */
    int pane;             /* 0: table, 1: words */
    bool shows_equal, is_single;

    char *plot;           /* "eval_loss,adapter"; NULL: no plot is shown */
    char *last_plot;
    struct tb_pareto pareto;
    bool is_front[DIFF_RUNS];

    struct tb_child *child; /* texts of rows */
    struct tb_json *texts;  /* what it answered: {rows: [{row_id, prompt, completion}]} */
    char *texts_of;         /* stamp they belong to */
    int64_t wants_row;      /* to be shown once they are there; -1 */
};

/* Where things are, by size, by the rows that the words need, and by the pane with the focus where it is low. */
struct diff_layout {
    struct tb_rect table, words;
    int rule; /* row of the line between, -1: none */
    int more; /* row that tells how words are scrolled */
};
struct diff_layout tb_diff_layout(int width, int height, int rows, int pane);

/* ---- diff_read.c */
/* Reads the marked runs, else the current one and the reference; works out what has changed. */
void tb_diff_read(struct tb_screen *s);
void tb_diff_forget(struct diff_state *st);
char tb_diff_letter(size_t arm);
double tb_diff_seed_s(const struct diff_state *st); /* what one more seed of each arm takes; NaN: not known */
size_t tb_diff_best(const struct diff_state *st); /* arm with the lowest loss; SIZE_MAX if none has one */

/* ---- diff_lines.c */
void tb_diff_make_lines(struct diff_state *st, int width);
void tb_diff_free_lines(struct diff_state *st);
void tb_diff_make_words(struct diff_state *st);
/* Arms that are seen beside the names in this width, A and those from first_arm on; into arm[], their number. */
int tb_diff_seen(const struct diff_state *st, int width, size_t arm[DIFF_ARMS]);
struct tb_grid_rows tb_diff_rows(const struct diff_state *st);

/* ---- diff_panes.c */
void tb_diff_ask_texts(struct tb_screen *s);
void tb_diff_show_row(struct tb_screen *s, int64_t row_id);
void tb_diff_show_recipes(struct tb_screen *s);
void tb_diff_draw_plot(const struct tb_screen *s, struct tb_canvas *c);
/* All runs as a command line names them, the first arm's in front; malloc'ed. */
char *tb_diff_refs(const struct tb_screen *s);

#endif
