/* SPDX-License-Identifier: MIT */
/* paired.h - the evaluation losses of two runs, or of two arms of several seeds each, row against row. */
#ifndef TB_VIEW_PAIRED_H
#define TB_VIEW_PAIRED_H

#include "store/metrics.h"

/* b against a on the rows that all their runs evaluated last. Differences are b - a: negative = b is better. */
struct tb_paired {
    int64_t step_a, step_b;   /* of the evaluations compared; of the first run of each */
    size_t n_rows, n_prompts; /* compared */
    size_t n_left_out;        /* rows whose loss is not finite in one of them */
    size_t n_better, n_worse; /* rows on which b has the lower, the higher loss; of several seeds their mean */
    size_t n_seeds_a, n_seeds_b; /* runs compared on either side */
    bool is_by_seed;          /* each with the run of the same seed */
    double difference;        /* nats per token, token-weighted; of several seeds the mean */
    double low, high;         /* its 95 % interval; NaN with fewer than 2 prompts */
};

/* The interval is that of 2,000 draws of prompts. TB_ERR_NOTFOUND if one has no per-row results, their data differ,
 * or no row is in both. */
bool tb_paired_make(struct tb_paired *p, const struct tb_metrics *a, const struct tb_metrics *b,
                    struct tb_err *err);
/* Arms: na and nb runs. Each draw takes prompts, the same ones for all runs, and seeds: of seeds that both arms have
 * (two at least, or all there are) the same ones for both, and others are left out; else for each arm its own. The
 * interval allows for how few seeds there are. */
bool tb_paired_arms(struct tb_paired *p, const struct tb_metrics *const *a, size_t na,
                    const struct tb_metrics *const *b, size_t nb, struct tb_err *err);

/* The runs that it compares: those of a, then those of b, into m; their numbers on either side. */
enum { TB_PAIRED_SEEDS = 64 }; /* of an arm, more are left out */
void tb_paired_runs(const struct tb_metrics *const *a, size_t na, const struct tb_metrics *const *b, size_t nb,
                    const struct tb_metrics *m[2 * TB_PAIRED_SEEDS], size_t *n_a, size_t *n_b);

/* What the same comparison is made of: for each prompt the sum of loss times tokens of every run, those of a first. */
struct tb_paired_sums {
    size_t na, nb, n; /* runs on either side, prompts */
    bool is_by_seed;  /* run i of a and run i of b have the same seed */
    double *tok, *sum; /* n; n x (na + nb) */
};
bool tb_paired_sums(struct tb_paired_sums *s, const struct tb_metrics *const *a, size_t na,
                    const struct tb_metrics *const *b, size_t nb, struct tb_err *err);
void tb_paired_sums_free(struct tb_paired_sums *s); /* also after a failure */

/* The last evaluation of one arm: mean over its runs, with a 95 % interval made as that of a difference. */
struct tb_level {
    double mean, low, high; /* nats per token; interval NaN with fewer than 2 prompts */
    size_t n_rows, n_prompts, n_seeds;
};
bool tb_level_make(struct tb_level *l, const struct tb_metrics *const *m, size_t n, struct tb_err *err);

/* Rows of the last evaluation the run has reached; lent. */
const struct tb_row_loss *tb_last_rows(const struct tb_metrics *m, size_t *n);

/* One row in several runs. */
struct tb_row_across {
    int64_t row_id, prompt_id, n_tok;
    double *loss; /* one a run; NaN where the run has none */
    double worst; /* the largest difference from run 0 */
};
/* The rows of the last evaluations in which the runs differ most from run 0, at most `most` of them, the largest
 * difference first; all of them have a finite loss in run 0 and in one more. n_runs is 1 at least. Free with
 * tb_rows_across_free. */
struct tb_row_across *tb_rows_across(const struct tb_metrics *const *m, size_t n_runs, size_t most, size_t *n);
void tb_rows_across_free(struct tb_row_across *rows, size_t n);

#endif
