/* SPDX-License-Identifier: MIT */
/* gemm.h - matrix products of the CPU back ends. */
#ifndef TB_KERNELS_CPU_GEMM_H
#define TB_KERNELS_CPU_GEMM_H

#include "kernels/kernels.h"

/* Puts gemm_w, gemm_nt, gemm_nn and gemm_tn into the table of k, whose state is a struct tb_cpu. */
void tb_cpu_gemm_fill(struct tb_kernels *k, bool avx512);

#endif
