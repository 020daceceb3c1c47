/* SPDX-License-Identifier: MIT */
/* diff.h - two or more runs side by side: what differs, and what proves that the rest is the same. */
#ifndef TB_VIEW_DIFF_H
#define TB_VIEW_DIFF_H

#include "store/metrics.h"

struct tb_diff_key {
    char *key;
    char **value; /* one a run, as JSON text ("" where the run has no such key) */
    bool is_equal;
};

struct tb_diff {
    size_t n_runs, n_keys, n_differ, n_equal, n_same;
    struct tb_diff_key *key;  /* config, by name; equal ones too */
    struct tb_diff_key *same; /* base data order_hash eval_hash budget seed version numeric, where
                                 any run has them */
};
void tb_diff_make(struct tb_diff *d, const struct tb_metrics *const *m, size_t n);
void tb_diff_free(struct tb_diff *d);

#endif
