/* SPDX-License-Identifier: MIT */
/* groups.h - runs that are alike in some respect, side by side: how many, and what they reached together. */
#ifndef TB_VIEW_GROUPS_H
#define TB_VIEW_GROUPS_H

#include "view/runs.h"

/* Runs order[first .. first + n - 1] are alike. */
struct tb_group {
    size_t first, n;
    char *name;        /* "lora", "lora, 5e-4"; of all but the seed what their names have in common */
    size_t n_eval;     /* with a last evaluation that is a number */
    double mean, sd;   /* of these; NaN of none, sd also of one (n - 1 below the sum) */
    double low, high;
};

/* False and TB_ERR_USAGE unless keys is a list of columns, or "!seed": all but the seed. */
bool tb_groups_check(const char *keys, struct tb_err *err);
/* Moves the runs of a group behind its first one; all else stays in its order. Their number; free with
 * tb_groups_free. */
size_t tb_groups_make(const char *keys, const struct tb_run_item *items, size_t *order, size_t n,
                      struct tb_group **groups);
void tb_groups_free(struct tb_group *groups, size_t n);

/* "lora-r8" of "lora-r8-s0", seed 0; the whole name if it does not end so. malloc'ed. */
char *tb_run_arm_name(const struct tb_run_summary *s);
/* Mean and sample deviation of what is finite; NaN where unknown. Their number. */
size_t tb_spread(const double *v, size_t n, double *mean, double *sd);

#endif
