/* SPDX-License-Identifier: MIT */
/* gemv.h - the integer half of gemv_w, for weights of blocks. */
#ifndef TB_KERNELS_CPU_GEMV_H
#define TB_KERNELS_CPU_GEMV_H

#include "kernels/kernels.h"

/* gemv_w of ops.def; c has rows and columns. */
void tb_cpu_gemv_int_avx2(struct tb_kernels *k, struct tb_mat c, struct tb_mat x, const struct tb_weight *w);
void tb_cpu_gemv_int_avx512(struct tb_kernels *k, struct tb_mat c, struct tb_mat x, const struct tb_weight *w);

#endif
