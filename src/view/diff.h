/* SPDX-License-Identifier: MIT */
/* diff.h - two or more runs side by side: what differs, what proves that the rest is the same, and
 * how the evaluation losses compare row against row. */
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

/* b against a on the rows that both evaluated last. Differences are b - a: negative = b is
 * better. The interval is that of 2,000 draws of prompts. */
struct tb_paired {
    int64_t step_a, step_b;   /* of the evaluations compared */
    size_t n_rows, n_prompts; /* compared */
    size_t n_left_out;        /* rows whose loss is not finite in one of them */
    size_t n_better, n_worse; /* rows on which b has the lower, the higher loss */
    double difference;        /* nats per token, token-weighted */
    double low, high;         /* its 95 % interval; NaN with fewer than 2 prompts */
};
/* TB_ERR_NOTFOUND if one has no per-row results, their data differ, or no row is in both. */
bool tb_paired_make(struct tb_paired *p, const struct tb_metrics *a, const struct tb_metrics *b,
                    struct tb_err *err);

#endif
