/* SPDX-License-Identifier: MIT */
/* history.h - what happened to a run as one list, oldest first: events, evaluations, changes of state and, if wanted,
 * steps. Told bit by bit, for those who follow a run that goes on. */
#ifndef TB_VIEW_HISTORY_H
#define TB_VIEW_HISTORY_H

#include "store/metrics.h"

struct tb_happening {
    const char *at; /* UTC; "" where only wall_s is known */
    double wall_s;  /* seconds of training; NaN where it is not known */
    int64_t step;
    const char *kind, *text;
};

struct tb_history {
    bool has_steps;
    /* What was told already. */
    size_t n_events;
    double eval_step, train_step;
    enum tb_state state;
    char changed[24];
};

/* Nothing is told yet; has_steps: a line for each step of training too. */
void tb_history_open(struct tb_history *h, bool has_steps);
/* Tells all that m holds and that was not told yet. A row comes before the events of its step. Texts are lent for the
 * call only. */
typedef void tb_history_fn(void *arg, const struct tb_happening *what);
void tb_history_next(struct tb_history *h, const struct tb_metrics *m, tb_history_fn *fn, void *arg);

/* When it was, for people: its time, "+12.5s", "-". Into dst, which is returned. */
char *tb_happening_time(const struct tb_happening *what, char dst[48]);
/* A kind that somebody should look at: "divergence", "recovered", .. */
bool tb_happening_is_bad(const char *kind);

#endif
