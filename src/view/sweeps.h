/* SPDX-License-Identifier: MIT */
/* sweeps.h - a sweep as screens and reports show it: rungs of each arm, the best with their spread over seeds, how much
 * each key matters, what runs and what comes next, tokens and time with their doubt, decisions with their reasons. All
 * of it is worked out from a struct tb_sweep that somebody loaded (tb_sweep_load) and keeps fresh (tb_sweep_hear,
 * and tb_sweep_see_read with what its runs recorded); nothing is read here but the list of a store's sweeps. */
#ifndef TB_VIEW_SWEEPS_H
#define TB_VIEW_SWEEPS_H

#include "sweep/expect.h"
#include "sweep/importance.h"
#include "sweep/standing.h"
#include "view/plot.h"

/* ---- the sweeps of a store */

struct tb_sweep_item {
    char id[TB_SWEEP_ID];
    char *recipe, *search;        /* owned */
    enum tb_sweep_phase phase;
    bool is_led;
    size_t n_arms, n_trials, n_over; /* n_trials: begun or on the list, other seeds among them */
    char began[24], changed[24];  /* UTC, "" if it never began */
    double best;                  /* value, NaN: none yet */
};
/* From their logs alone, the one made last in front; one that cannot be read is left out. malloc'ed. */
size_t tb_sweep_items(const char *store, struct tb_sweep_item **all);
void tb_sweep_items_free(struct tb_sweep_item *all, size_t n);
/* The name of its phase; "left" where it is on and nobody leads it. */
const char *tb_sweep_stand_name(enum tb_sweep_phase phase, bool is_led);

/* ---- one sweep */

/* A place on the way at which trials of an arm are weighed; the last is their whole budget. */
struct tb_sweep_rung {
    double tokens;
    int64_t n_in;                /* trials that set out for it: those that the rung before let go on */
    int64_t n_waiting, n_running; /* of these, on the way */
    int64_t n_passed, n_pruned;  /* there: let go on (at the last: done), given up (by rules without rungs anywhere) */
    int64_t n_lost;              /* failed or stopped on the way */
};

/* A bar of so many cells: each state of those who set out has its share of it, and what runs at least one cell. bar has
 * room for a zero byte behind them. */
void tb_sweep_bar(const struct tb_sweep_rung *r, int cells, char *bar);
extern const char tb_sweep_bar_words[]; /* what its signs mean */

struct tb_sweep_arm_view {
    const char *name;            /* lent */
    struct tb_standing st;
    struct tb_sweep_rung *rung;
    size_t n_rungs;              /* at least 1 */
    struct tb_expect left;       /* of its trials; other seeds of finalists are in left_tok */
    double budget_tok;           /* of one trial; 0: not known yet */
    double left_tok, tok_s;      /* expected; own tokens a second of training, NaN before the first */
};

struct tb_sweep_best {
    size_t trial;
    struct tb_spread sp;
};

struct tb_sweep_key {
    size_t arm;                  /* TB_ALL_ARMS: of all trials */
    char *name;
    double importance;           /* sweep/importance.h; NaN: nothing can be said */
    int edge;                    /* -1, 1: the best trial lies at the low or high end of its range */
};

struct tb_sweep_now {
    size_t trial;
    size_t rung;                 /* that it is on the way to */
    double tok_s, left_s;        /* while it takes turns with the others; NaN: not known */
};

struct tb_sweep_view {
    const struct tb_sweep *s;    /* lent */
    bool is_led;
    struct tb_sweep_arm_view *arm;
    struct tb_sweep_best *best;  /* trials with values, best first */
    struct tb_sweep_key *key;
    struct tb_sweep_now *now;
    size_t *next;                /* trials that wait, in the order in which they will begin */
    size_t n_arms, n_best, n_keys, n_now, n_next, n_over, n_runs;
    double spent_tok, saved_tok, expected_tok, doubt_tok; /* expected: in all, doubt: a standard deviation of it */
    double elapsed_s, left_s, left_doubt_s; /* elapsed: while it was led; left: NaN if not known */
};

extern const char tb_sweep_importance_words[]; /* how it is measured, for a heading */

/* now_ns: the wall clock. Free with tb_sweep_view_free before s. */
void tb_sweep_view_make(struct tb_sweep_view *v, const struct tb_sweep *s, int64_t now_ns);
void tb_sweep_view_free(struct tb_sweep_view *v);

/* Whether an event changed the course of the sweep. That a trial began, came to its end or may go on did not. */
bool tb_sweep_is_worth_telling(const struct tb_json *event);

/* A column of trials: "value", "tokens", "rung", "wall_s", or a key as recipes write it ("lr", "r", "method.lora.r",
 * "optim.lr"). NaN where the trial has no such number. */
double tb_sweep_column(const struct tb_sweep *s, size_t trial, const char *column);
/* The same key as it is written: a number or a word; NULL if the trial has none. Lent. */
const struct tb_json *tb_sweep_given(const struct tb_sweep *s, size_t trial, const char *column);
/* Trials with a value as letters, one for each arm, x against y; size, glyphs and the like as in `look`. malloc'ed. */
char *tb_sweep_scatter(const struct tb_sweep *s, const char *x, const char *y, const struct tb_plot *look, bool is_svg);
/* The plot behind it, for who draws it himself: *p (empty before, or with a size) and its lines, one for each arm. x
 * and y are to outlive it. Free with tb_sweep_points_free. */
void tb_sweep_points(const struct tb_sweep *s, const char *x, const char *y, struct tb_plot *p,
                     struct tb_plot_line line[TB_PLOT_LINES]);
void tb_sweep_points_free(struct tb_plot *p);
/* The key that is drawn in most arms, for the x of a scatter: "lr" if it is; lent or static. NULL: none is a number. */
const char *tb_sweep_main_key(const struct tb_sweep_view *v);

/* Why a trial ended as it did, in words: the decision that pruned it, or the note of its run; "" if it goes on or came
 * to its end. Lent. */
const char *tb_sweep_why(const struct tb_sweep *s, size_t trial);

#endif
