/* SPDX-License-Identifier: MIT */
/* fills.h - the files that are compiled once for each instruction set, each with one function that puts its
 * operations into a table: tb_cpu_<file>_fill_avx2 and tb_cpu_<file>_fill_avx512, from kernels/cpu/<file>_isa.c. */
#ifndef TB_KERNELS_CPU_FILLS_H
#define TB_KERNELS_CPU_FILLS_H

#include "kernels/kernels.h"

#define TB_CPU_FILLS \
    TB_FILL(elementwise) TB_FILL(gate) TB_FILL(norm) TB_FILL(rope) TB_FILL(xent) TB_FILL(rows) TB_FILL(reduce) \
    TB_FILL(dropout) TB_FILL(dora) TB_FILL(oft) TB_FILL(block) TB_FILL(adamw) TB_FILL(weight) \
    TB_FILL(gemv) TB_FILL(cache)

#define TB_FILL(name) \
    void tb_cpu_##name##_fill_avx2(struct tb_kernels *k); \
    void tb_cpu_##name##_fill_avx512(struct tb_kernels *k);
TB_CPU_FILLS
#undef TB_FILL

/* Runs 12 independent chains of `steps` fused multiply-adds each, on all lanes of a vector; floating point operations
 * done. *sink keeps the compiler from dropping them. */
double tb_cpu_chains_avx2(int64_t steps, float *sink);
double tb_cpu_chains_avx512(int64_t steps, float *sink);

#endif
