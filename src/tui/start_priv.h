/* SPDX-License-Identifier: MIT */
/* start_priv.h - the state of the Start screen and its parts: what was found, what was chosen, what it will take. */
#ifndef TB_TUI_START_PRIV_H
#define TB_TUI_START_PRIV_H

#include "tui/form.h"
#include "tui/planning.h"
#include "tui/screen.h"
#include "tui/start_layout.h"
#include "view/setup.h"

enum start_pane { START_MODELS, START_DATA, START_METHODS, START_SETTINGS, START_PANES };

enum start_act { START_GO = TB_ACT_OWN, START_PLAN, START_SAVE, START_EDIT, START_ADD, START_MORE, START_LESS,
                 START_STACK, START_SCAN, START_TICK, START_NEXT };

/* What the last plan says of a method text, all its seeds together. */
struct start_figure {
    char *method;
    size_t run;          /* the first of them, in the forecast */
    size_t n, n_there;   /* runs; those that are over */
    double est_s;        /* of the others */
};

struct start {
    /* found */
    struct tb_child *scan;
    char *scanned;           /* the path that was asked for; NULL: the usual places */
    struct tb_json *added;   /* paths that somebody added, a list */
    struct tb_json *models, *data; /* entries of `scan --json` */
    struct tb_err scan_err;
    bool was_scanned;

    /* chosen */
    struct tb_setup setup;
    enum start_pane pane;
    int at[START_PANES];     /* row with the cursor */
    struct tb_form settings; /* budget seeds every held rates */
    bool has_budget;         /* somebody typed one */
    char *fitted;            /* base whose speed has told the budget, NULL: none yet */
    struct tb_form keys;     /* of the arm being edited */
    bool is_editing;
    struct tb_field path;    /* of a file being added */
    bool is_adding;
    char *others;            /* what else the path could mean */

    /* said of it */
    struct tb_err wrong;     /* of what was chosen; kind TB_ERR_NONE: it can be run */
    char *recipe, *command;  /* NULL while something is wrong */
    struct tb_planning planning;
    struct start_figure *figure;
    size_t n_figures;
    int64_t n_cpus;
    struct tb_json *stores;  /* other ones, a list of paths; NULL: not looked for yet */
    char *saved, *saved_command; /* the recipe that was saved last, and what it does; NULL: none */
};

/* The screen and its state, NULL if there is no such screen: what it has put together is shown by Recipe too. */
struct tb_screen *start_screen(const struct tb_desk *d);
struct start *start_of(const struct tb_desk *d);
unsigned start_tick(struct tb_screen *s);

/* ---- start_found.c */
void start_scan(struct start *st, const char *path); /* NULL: the usual places and what was added */
bool start_scan_pump(struct start *st);              /* true if the lists have changed */
size_t start_list_len(const struct start *st, enum start_pane pane);
const struct tb_json *start_entry(const struct start *st, enum start_pane pane, size_t i);
bool start_is_usable(const struct tb_json *entry);
/* Chooses what is under the cursor, or the next that can be used; false if that changes nothing. */
bool start_choose(struct start *st, enum start_pane pane);
void start_found_free(struct start *st);

/* ---- start_setup.c */
void start_setup_open(struct start *st);
/* Something was chosen: texts anew, and the plan is asked for. */
void start_update(struct tb_screen *s);
void start_take_settings(struct start *st);
/* True if another plan should be asked for: the budget has been fitted to what was measured. */
bool start_take_answer(struct start *st);
/* Unless somebody typed one. */
bool start_propose_budget(struct start *st, size_t n_runs, double tok_per_s);
const struct start_figure *start_figure_of(const struct start *st, const char *method);
void start_edit(struct start *st);   /* opens the form of the arm under the cursor */
bool start_edit_done(struct start *st, struct tb_err *err); /* its values into the arm */
/* A new arm: the methods that are ticked and may be stacked, the first arm of each. */
void start_stack(struct start *st);
void start_setup_close(struct start *st);

/* ---- start_go.c */
/* "recipes/places-1.lua", free as yet, of a stem and of the data that were chosen; malloc'ed. */
char *start_free_name(const char *stem);
char *start_next_name(const struct start *st);
/* Saves the recipe under a new name, unless it was saved as it is; its path, lent, NULL with *err. */
const char *start_save(struct start *st, struct tb_err *err);
void start_go(struct tb_screen *s, bool is_plan);
/* To the runs of a plan that was started: these alone are marked, those that are made now when they are there. Of a
 * search the trials are not known yet: marks stay as they are, and its own screen is gone to. */
void start_look_on(struct tb_desk *d, struct tb_planning *p, bool is_search);

/* ---- start_draw.c */
struct start_layout start_layout_of(const struct start *st, int width, int height);
void start_draw(const struct tb_screen *s, struct tb_canvas *c);

#endif
