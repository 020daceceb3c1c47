/* SPDX-License-Identifier: MIT */
/* standing.h - how a sweep stands: each arm counted, and its best trial with the spread over seeds. */
#ifndef TB_SWEEP_STANDING_H
#define TB_SWEEP_STANDING_H

#include "sweep/sweep.h"

struct tb_standing {
    int64_t n_trials; /* of the search: begun or on the list; those behind it add up to it */
    int64_t n_waiting, n_running, n_done, n_pruned, n_failed, n_stopped;
    int64_t n_seeds;  /* runs of other seeds beside them */
    double spent_tok; /* by all runs of the arm */
    double saved_tok; /* that its pruned trials did not need */
    ptrdiff_t best;   /* trial, -1: none has a value */
};
void tb_standing_read(const struct tb_sweep *s, size_t arm, struct tb_standing *st);

/* The trial that stands for its arm: the best of those that came to their end, since they are what other seeds are
 * trained of; the best so far while there is none. -1: none has a value. */
ptrdiff_t tb_standing_finalist(const struct tb_sweep *s, size_t arm);

/* Trials of the search with values, best first; at most `most`. Their number. */
size_t tb_standing_best(const struct tb_sweep *s, size_t *best, size_t most);

/* Whether a trial's value of this key lies in the first (-1) or last (1) twentieth of its range of numbers: what is
 * best there may be better outside. 0: it does not. */
int tb_standing_edge(const struct tb_sweep *s, size_t trial, const char *key);

/* A trial and its other seeds that came to their end: mean and sample deviation (NaN with one) of their values. */
struct tb_spread {
    int n;
    double mean, sd;
};
void tb_spread_read(const struct tb_sweep *s, size_t trial, struct tb_spread *sp);

#endif
