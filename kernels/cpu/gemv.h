/* SPDX-License-Identifier: MIT */
/* gemv.h - what both halves of gemv_w share, and the integer one, for weights of blocks. */
#ifndef TB_KERNELS_CPU_GEMV_H
#define TB_KERNELS_CPU_GEMV_H

#include "kernels/kernels.h"

enum { TILE = 4 }; /* rows of x that are multiplied at once */

/* With checks in it, an unrolled tile takes minutes to compile; there its pieces stay functions. */
#ifdef __SANITIZE_ADDRESS__
#define ALWAYS static inline
#else
#define ALWAYS static inline __attribute__((always_inline))
#endif

/* gemv_w of ops.def; c has rows and columns. */
void tb_cpu_gemv_int_avx2(struct tb_kernels *k, struct tb_mat c, struct tb_mat x, const struct tb_weight *w);
void tb_cpu_gemv_int_avx512(struct tb_kernels *k, struct tb_mat c, struct tb_mat x, const struct tb_weight *w);

#endif
