/* SPDX-License-Identifier: MIT */
/* evidence.h - how easily chance alone would make two arms as different as they are. Two questions, each with its own
 * test, and both must be answered: would other prompts show it, and would other seeds? */
#ifndef TB_VIEW_EVIDENCE_H
#define TB_VIEW_EVIDENCE_H

#include "view/paired.h"

enum {
    TB_EVIDENCE_EXACT = 13,  /* prompts at most for all patterns of signs */
    TB_EVIDENCE_DRAWS = 9999 /* else patterns drawn, the same ones every time */
};

struct tb_evidence {
    double p_prompts; /* permutation test: each prompt's difference (mean over seeds) with its sign or the other */
    double p_seeds;   /* t-test of the seeds' differences, paired if is_by_seed, else Welch's; NaN with one seed */
    double p;         /* the larger of those there are: both must be small */
    size_t n_prompts;
    bool is_exact, is_by_seed;
};

/* Arm b against arm a, runs as tb_paired_arms compares them. Two-sided. TB_ERR_NOTFOUND if nothing can be compared. */
bool tb_evidence_make(struct tb_evidence *e, const struct tb_metrics *const *a, size_t na,
                      const struct tb_metrics *const *b, size_t nb, struct tb_err *err);
/* The same of sums that are there. */
void tb_evidence_of(struct tb_evidence *e, const struct tb_paired_sums *s);

/* Holm's correction of n tests made together; NaN stays and is not counted. adjusted may be p. */
void tb_holm(const double *p, double *adjusted, size_t n);

/* Half a 95 % interval of the mean of v by Student's t; NaN of fewer than two. */
double tb_student_half(const double *v, size_t n);

#endif
