/* SPDX-License-Identifier: MIT */
/* keeping.h - which checkpoints of a run stay, and why: the newest, the best by the loss of the evaluation at their
 * step (exec.keep_best of them, the earlier of two equal ones first), those that somebody asked for (requests
 * "checkpoint" that were done), those that have a tag, and the one that a clone begins from. All of it is read from
 * what is recorded, so training, gc and show cannot disagree, and a resumed run knows what the one before knew. */
#ifndef TB_STORE_KEEPING_H
#define TB_STORE_KEEPING_H

#include "store/metrics.h"

enum tb_keep {
    TB_KEEP_NEWEST = 1,
    TB_KEEP_BEST = 2,
    TB_KEEP_ASKED = 4,
    TB_KEEP_TAGGED = 8,
    TB_KEEP_PROTECTED = 16, /* the run is: everything stays */
    TB_KEEP_START = 32,     /* the run begins from it (store/lineage.h) */
};

struct tb_kept {
    int64_t step;
    unsigned why; /* enum tb_keep added up; 0: nothing keeps it */
    int rank;     /* 1: the best; 0: there was no evaluation at its step */
    double eval;  /* loss of that evaluation, else NaN */
};

/* All checkpoints in the run's folder by step, malloc'ed; their number. m: what is recorded of the run. */
size_t tb_keep_list(const struct tb_metrics *m, const char *dir, struct tb_kept **list);

#endif
