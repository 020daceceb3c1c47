/* SPDX-License-Identifier: MIT */
/* attention_priv.h - what attention.c (tasks and threads) asks of attention_isa.c (one segment, one
 * kv head). */
#ifndef TB_KERNELS_CPU_ATTENTION_PRIV_H
#define TB_KERNELS_CPU_ATTENTION_PRIV_H

#include "kernels/types.h"

/* Rows first .. first + n - 1 of a segment, all query heads of kv head `kv`. */
struct tb_attend {
    const struct tb_attention *a;
    const struct tb_attention_back *b; /* NULL forward */
    int seg, kv, first, n;
    int max_runs, max_keys; /* of any segment of the call */
    float *scratch;
};

/* Writes out and lse of the rows. */
typedef void tb_attend_fn(const struct tb_attend *t);

tb_attend_fn tb_attend_avx2, tb_attend_avx512;

/* Writes dq of the rows; adds to dk, dv, dvirt_k and dvirt_v of the segment and all it continues,
 * in the order of the rows. */
tb_attend_fn tb_attend_back_avx2, tb_attend_back_avx512;

/* Floats of scratch a task needs, for either direction and instruction set. */
size_t tb_attend_floats(const struct tb_attend *t);

/* Keys of a run fill whole tiles: this many more at most. */
enum { TB_ATTEND_PAD = 16 };

#endif
