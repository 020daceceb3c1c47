/* SPDX-License-Identifier: MIT */
/* gemm.h - matrix products of the CPU back ends. */
#ifndef TB_KERNELS_CPU_GEMM_H
#define TB_KERNELS_CPU_GEMM_H

#include "kernels/kernels.h"

/* Puts gemm_w, gemm_nt, gemm_nn and gemm_tn into the table of k, whose state is a struct tb_cpu. */
void tb_cpu_gemm_fill(struct tb_kernels *k, bool avx512);

/* Most floats of scratch of any product, but for the turned matrix of one with few columns: of the calling thread,
 * which is 0, or of another. */
size_t tb_cpu_gemm_floats(int thread);

#endif
