/* SPDX-License-Identifier: MIT */
/* arms.h - the arms of a comparison: single runs, or runs that differ in nothing but their seed taken together. */
#ifndef TB_VIEW_ARMS_H
#define TB_VIEW_ARMS_H

#include "view/emit.h"
#include "view/paired.h"
#include "view/runs.h"

struct tb_arm {
    char *name;   /* of the run; of several what their names have in common */
    char *ref;    /* what a command line calls its first run: the name if no other run is called so, else the id */
    const struct tb_run_item **item; /* lent; by seed */
    const struct tb_metrics **m;     /* lent */
    size_t n;
    /* Means over its runs, NaN where unknown; _sd: sample deviation, NaN of one. */
    double first_eval, eval, eval_sd, best, wall_s, tok_s;
    /* -1 where unknown; the largest of its runs. */
    int64_t n_trainable, adapter_bytes, predicted_bytes, peak_bytes;
    double share;
};

/* AUTO: by seed if every arm has two seeds or more and none of them twice, else single runs. */
enum tb_arms_by { TB_ARMS_AUTO, TB_ARMS_BY_SEED, TB_ARMS_SINGLE };

struct tb_arms {
    struct tb_arm *arm; /* in the order of their first runs */
    size_t n;
    bool is_grouped;
};

/* Items and metrics of n runs are lent; all: the runs of the store, to tell which names are unique. */
void tb_arms_make(struct tb_arms *x, const struct tb_run_item *const *item, const struct tb_metrics *const *m, size_t n,
                  const struct tb_run_item *all, size_t n_all, enum tb_arms_by by);
void tb_arms_free(struct tb_arms *x);
/* "auto", "seed", "none" or NULL, which is auto. */
bool tb_arms_by_named(const char *name, enum tb_arms_by *by, struct tb_err *err);

/* Both with just those runs that their difference is made of (tb_paired_runs). Free each with tb_arm_free. */
void tb_arms_common(const struct tb_arm *a, const struct tb_arm *b, struct tb_arm *of_a, struct tb_arm *of_b);
void tb_arm_free(struct tb_arm *a);
/* Ids of its runs as a cell of a list. */
void tb_arm_put_ids(struct tb_table *t, const struct tb_arm *a);

/* Arm b against arm a; TB_ERR_NOTFOUND if nothing can be compared. */
bool tb_arms_pair(struct tb_paired *p, const struct tb_arm *a, const struct tb_arm *b, struct tb_err *err);

/* Whether p, b against a, leaves out seeds that only one of them has. */
bool tb_arms_is_partial(const struct tb_paired *p, const struct tb_arm *a, const struct tb_arm *b);

#endif
