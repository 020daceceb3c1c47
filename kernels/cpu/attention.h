/* SPDX-License-Identifier: MIT */
/* attention.h - attention of the CPU back ends. */
#ifndef TB_KERNELS_CPU_ATTENTION_H
#define TB_KERNELS_CPU_ATTENTION_H

#include "kernels/kernels.h"

/* Puts attention and attention_back into the table of k, whose state is a struct tb_cpu. */
void tb_cpu_attention_fill(struct tb_kernels *k, bool avx512);

/* Most floats of scratch of a thread; parameters as those of reserve in kernels.h. */
size_t tb_cpu_attention_floats(int head_dim, int n_keys, int n_runs);

#endif
