/* SPDX-License-Identifier: MIT */
/* expect.h - tokens that trials will take, told before it is known which of them are given up: as if every order of
 * their results were as likely as any other. */
#ifndef TB_SWEEP_EXPECT_H
#define TB_SWEEP_EXPECT_H

#include "sweep/prune.h"

enum { TB_EXPECT_RUNGS = 32 };

/* Trials of one arm. */
struct tb_expect_ask {
    const struct tb_prune *prune; /* NULL: none is given up */
    const struct tb_json *keys;   /* of the rule */
    double budget_tok;            /* of each of them */
    const double *trained_tok;    /* of those that are not over, 0 before they begin */
    const int *n_decided;         /* how many looks each of them is behind */
    size_t n;
    size_t n_seen[TB_EXPECT_RUNGS]; /* trials that came to each look so far */
    double share, share_sd; /* of a rule without rungs: what trials took of their budget; NaN: not known, all of it */
};

struct tb_expect {
    double tokens, sd;  /* still to be trained; sd: by the chance of which are let through */
    size_t n_rungs;     /* of the rule, the budget itself left out */
    double come[TB_EXPECT_RUNGS + 1]; /* trials that will have come to each rung, the last to their whole budget */
};
void tb_expect(const struct tb_expect_ask *q, struct tb_expect *e);

#endif
