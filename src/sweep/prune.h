/* SPDX-License-Identifier: MIT */
/* prune.h - which trial is not worth its tokens: one file a rule, one line in prunes.def. A decision is a function of
 * the recorded curves and of how many decisions were taken about this trial before, so a replay decides the same. */
#ifndef TB_SWEEP_PRUNE_H
#define TB_SWEEP_PRUNE_H

#include "plan/key.h"

#include <stddef.h>

/* Evaluations of one trial in the order of their tokens; lower values are better. The evaluation before the first step
 * is left out. */
struct tb_curve {
    double *tokens, *value;
    size_t n, cap;
};

struct tb_prune_ask {
    const struct tb_json *keys; /* of the rule, complete */
    const struct tb_curve *const *curve; /* all trials of the arm that have begun */
    size_t n, who;
    double budget_tok;
    int n_decided; /* about `who`, before */
    bool is_max;   /* values have the other sign than what was recorded, which reasons tell */
};

struct tb_prune_answer {
    bool is_decided; /* false: there is nothing new to decide on */
    bool gives_up;
    int rung;        /* n_decided counts them; 0 is the first */
    double tokens, value; /* what it was judged by */
    char reason[160];
};

struct tb_prune {
    const char *name, *help, *paper;
    const struct tb_key *keys;
    void (*decide)(const struct tb_prune_ask *q, struct tb_prune_answer *a);
    /* Tokens of the i-th look; 0 behind the last, or if the rule looks at every evaluation. */
    double (*rung)(const struct tb_json *keys, double budget_tok, int i);
    /* Chance that the k-th trial to come to a rung (from 1) goes on if all orders of results are as likely; NULL for a
     * rule without rungs. */
    double (*pass)(const struct tb_json *keys, size_t k);
};

const struct tb_prune *tb_prune_find(const char *name); /* NULL if none */

/* Index of the first evaluation at so many tokens or more, -1 if there is none. */
ptrdiff_t tb_curve_at(const struct tb_curve *c, double tokens);
/* Appends, or replaces what was said of the same tokens. */
void tb_curve_add(struct tb_curve *c, double tokens, double value);
/* Lowest value among the first n; NaN if there is none. */
double tb_curve_best(const struct tb_curve *c, size_t n);
/* Is a better than b? NaN is worse than any number and as good as NaN. */
bool tb_is_better(double a, double b);

#endif
