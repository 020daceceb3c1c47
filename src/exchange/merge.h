/* SPDX-License-Identifier: MIT */
/* merge.h - weights of a model with the adapters that sit at them folded in. Private to this folder. */
#ifndef TB_EXCHANGE_MERGE_H
#define TB_EXCHANGE_MERGE_H

#include "method/adapter.h"

struct tb_merge {
    const struct tb_stack *stack; /* lent; bound, with what it derives up to date */
    struct tb_kernels *k;
    float *room;                  /* device memory for the largest weight that changes */
    char now[112];                /* whose it holds, "" */
};

/* TB_ERR_USAGE, naming the part, if one of them does more than change the weights of linears. m must be closed also
 * after a failure. */
bool tb_merge_open(struct tb_merge *m, const struct tb_stack *s, struct tb_err *err);
void tb_merge_close(struct tb_merge *m);
/* Whether a weight ("model.layers.0.self_attn.q_proj.weight") changes. */
bool tb_merge_has(const struct tb_merge *m, const char *weight);
/* Rows first .. first + n - 1 of one that does. */
void tb_merge_rows(struct tb_merge *m, const char *weight, int64_t first, int64_t n, float *dst);

#endif
