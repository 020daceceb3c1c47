/* SPDX-License-Identifier: MIT */
/* recover.h - what a crash left in a run folder. Called by whoever holds the run's lock. */
#ifndef TB_STORE_RECOVER_H
#define TB_STORE_RECOVER_H

#include "store/metrics.h"

struct tb_recovered {
    int n_temp;     /* temporary files removed */
    int n_requests; /* requests answered that nobody finished */
    int n_old;      /* and that nobody took: a stop is not obeyed days later. Marks are left to be taken. */
    char words[400]; /* for an event; empty: there was nothing to recover */
};

/* Cleans dir; m has been loaded from it. Never fails: what cannot be removed stays. */
void tb_recover(const char *dir, const struct tb_metrics *m, struct tb_recovered *r);

#endif
