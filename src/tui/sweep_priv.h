/* SPDX-License-Identifier: MIT */
/* sweep_priv.h - the Sweep screen in five files: what is read (sweep_read.c), where it stands (sweep_layout.c), its
 * tables (sweep_rows.c), the panes around them (sweep_panes.c), and the screen. */
#ifndef TB_TUI_SWEEP_PRIV_H
#define TB_TUI_SWEEP_PRIV_H

#include "tui/grid.h"
#include "tui/screen.h"
#include "tui/text.h"
#include "view/sweeps.h"

enum { SWEEP_KEYS = 4, SWEEP_WORD = 48 };

/* What has the focus; on a narrow screen also what is seen below the trials. */
enum sweep_pane { SWEEP_TRIALS, SWEEP_IMPORTANCE, SWEEP_SCATTER, SWEEP_EVENTS, SWEEP_LIST, SWEEP_PANES };

struct sweep_state {
    /* All of the store, the newest in front, and the one that is shown. */
    struct tb_sweep_item *item;
    size_t n_items;
    size_t *listed; /* places in item that the list shows */
    int n_listed;
    char *list_needle; /* `/` in the list: only sweeps that have it in id, recipe or phase; NULL: all */
    char (*id)[TB_SWEEP_ID]; /* of the folders, also of those that cannot be read */
    size_t n_ids;
    char chosen[TB_SWEEP_ID]; /* by a person; "": the newest */
    bool is_open, has_view;
    struct tb_sweep s;
    struct tb_sweep_view v;
    struct tb_err trouble;    /* why it cannot be read */

    /* How far it was read. */
    uint64_t *serial;         /* of each trial's run */
    size_t n_serials, n_told; /* n_told: events in the pane */
    int64_t viewed_ns;        /* when v was made */
    const void *seen;         /* the list of runs that was looked at last */
    bool has_worker;          /* somebody is on duty for the store */
    char worker[256];         /* what it cannot do, "" */
    bool is_edited;           /* its recipe is another one by now */
    int64_t recipe_stamp;

    /* The table of trials: indices of s.trial, their names as rows, the keys that have a column. */
    struct tb_grid grid, list;
    size_t *row;
    char (*row_id)[TB_RUN_ID + 8];
    int n_rows;
    char key[SWEEP_KEYS][SWEEP_WORD];
    int n_keys;
    bool has_seeds; /* some trial has a spread over seeds */
    char name_title[48]; /* of the column of names while trials are filtered */
    char *needle;   /* `/`: only trials that have it in their name, arm or state; NULL: all */
    size_t *key_order; /* of v.key, the most important in front */

    char x[SWEEP_WORD], y[SWEEP_WORD]; /* columns of the scatter; x "": the main key */
    struct tb_text events;
    enum sweep_pane pane;
};

/* ---- sweep_layout.c: by sizes, the number of arms and of lines of the head, and the focus alone. A part that is not
 * there has no height. */
struct sweep_layout {
    struct tb_rect head, rungs, trials, importance, scatter, now, events, list;
    int rule[4]; /* rows of lines between, -1: none */
};
struct sweep_layout tb_sweep_layout(int width, int height, int n_arms, int n_note, enum sweep_pane pane);
int tb_sweep_most_note(int height); /* rows that the advice in the head may take */
bool tb_sweep_is_wide(int width); /* all panes but the list of sweeps are seen at once */
struct sweep_layout tb_sweep_layout_of(const struct tb_screen *s);
int tb_sweep_page(const struct tb_screen *s, bool is_list); /* rows of a table that are seen */

/* ---- sweep_read.c */
bool tb_sweep_read(struct tb_screen *s, struct tb_err *err);
void tb_sweep_drop(struct sweep_state *st); /* the one that is open */

/* ---- sweep_rows.c */
void tb_sweep_make_rows(struct tb_screen *s);
struct tb_grid_rows tb_sweep_rows(const struct tb_screen *s);
void tb_sweep_make_list(struct tb_screen *s); /* what the list of sweeps shows, whenever these were read */
struct tb_grid_rows tb_sweep_list_rows(const struct tb_screen *s);
void tb_sweep_draw_trials(const struct tb_screen *s, struct tb_canvas *c);
void tb_sweep_draw_list(const struct tb_screen *s, struct tb_canvas *c);
/* "lr" of "method.lr": keys of several arms share a column. */
const char *tb_sweep_word(const char *key);
/* How a sweep stands in a word: one that nobody leads yet waits as long as there is a worker that will. */
const char *tb_sweep_stand(const struct sweep_state *st, enum tb_sweep_phase phase, bool is_led);
/* The trial under the cursor; NULL: there is none. */
const struct tb_trial *tb_sweep_current(const struct sweep_state *st);
enum tb_state tb_sweep_state_of(const struct tb_screen *s, const struct tb_trial *t); /* of its run as it is now */

/* ---- sweep_panes.c */
int tb_sweep_note_rows(const struct tb_screen *s); /* that the advice in the head takes */
void tb_sweep_draw_head(const struct tb_screen *s, struct tb_canvas *c);
void tb_sweep_draw_rungs(const struct tb_screen *s, struct tb_canvas *c);
void tb_sweep_draw_importance(const struct tb_screen *s, struct tb_canvas *c);
void tb_sweep_draw_scatter(const struct tb_screen *s, struct tb_canvas *c);
void tb_sweep_draw_now(const struct tb_screen *s, struct tb_canvas *c);
/* All keys, how they were measured, and doubts, into a pane over the screen. */
void tb_sweep_tell_importance(const struct tb_screen *s, struct tb_text *t);
/* All that was decided, what is not worth a line among it, in whole sentences. */
void tb_sweep_tell_events(const struct tb_screen *s, struct tb_text *t);
/* Columns that a scatter may have: the i-th; NULL behind the last. */
const char *tb_sweep_axis(const struct sweep_state *st, int i);
const char *tb_sweep_x(const struct sweep_state *st);
const char *tb_sweep_y(const struct sweep_state *st);

#endif
