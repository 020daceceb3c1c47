/* SPDX-License-Identifier: MIT */
/* ref.h - the reference: every operation of ops.def as plain loops, sums in double. The contract in code. */
#ifndef TB_KERNELS_REF_REF_H
#define TB_KERNELS_REF_REF_H

#include "kernels/kernels.h"

#define TB_REF_FILLS \
    TB_FILL(gemm) TB_FILL(attention) TB_FILL(cache) TB_FILL(norm) TB_FILL(rope) TB_FILL(glu) TB_FILL(xent) \
    TB_FILL(rows) TB_FILL(elementwise) TB_FILL(reduce) TB_FILL(adamw) TB_FILL(oft) TB_FILL(dora)

/* Each puts the operations of its file into a table. */
#define TB_FILL(name) void tb_ref_##name##_fill(struct tb_kernels *k);
TB_REF_FILLS
#undef TB_FILL

/* Puts all operations into the table, no memory and no state: they use neither. */
void tb_ref_fill(struct tb_kernels *k);

/* Element (r, c) of m. */
static inline float *tb_at(struct tb_mat m, int64_t r, int64_t c)
{
    return m.p + r * m.ld + c;
}

#endif
