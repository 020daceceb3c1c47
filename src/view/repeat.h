/* SPDX-License-Identifier: MIT */
/* repeat.h - whether a run that was trained once more has the same bits, and if not, from where on. */
#ifndef TB_VIEW_REPEAT_H
#define TB_VIEW_REPEAT_H

#include "store/metrics.h"

struct tb_repeat {
    bool is_exact;
    size_t n_steps, n_evals; /* of the first run, all found equal in the second */
    const char *hash;        /* final_hash: "equal", "differs", "not recorded" */
    int64_t parts_at;        /* first step that is not the same, -1: none */
    const char *what;        /* of it: "loss", "grad_norm", "eval/loss"; "" if the second has no such step */
    double was, is;          /* there */
};

/* Compares the losses and gradient norms of all steps, and all evaluations, bit for bit. */
void tb_repeat_compare(struct tb_repeat *r, const struct tb_metrics *first, const struct tb_metrics *second);
/* "bit-exact: 61 steps, 5 evaluations, final_hash equal", "parts at step 17: loss 2.31 against 2.32". */
void tb_repeat_words(const struct tb_repeat *r, char *dst, size_t n);

#endif
