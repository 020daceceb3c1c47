/* SPDX-License-Identifier: MIT */
/* probe_isa.c - the fused multiply-adds a core can do: 12 chains that do not wait for each other hide a latency of up
 * to 6 cycles at two a cycle. */
#include "kernels/cpu/fills.h"
#include "kernels/cpu/vec_isa.h"

enum { CHAINS = 12 };

double TB_ISA_NAME(tb_cpu_chains)(int64_t steps, float *sink)
{
    const vf a = all(0.999f), b = all(1e-3f);
    vf c0 = all(*sink), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0;
    vf c6 = c0, c7 = c0, c8 = c0, c9 = c0, c10 = c0, c11 = c0;
    for (int64_t i = 0; i < steps; i++) {
        c0 = fma_of(c0, a, b);
        c1 = fma_of(c1, a, b);
        c2 = fma_of(c2, a, b);
        c3 = fma_of(c3, a, b);
        c4 = fma_of(c4, a, b);
        c5 = fma_of(c5, a, b);
        c6 = fma_of(c6, a, b);
        c7 = fma_of(c7, a, b);
        c8 = fma_of(c8, a, b);
        c9 = fma_of(c9, a, b);
        c10 = fma_of(c10, a, b);
        c11 = fma_of(c11, a, b);
        /* Chains with equal values would be folded into one. */
        __asm__ volatile("" : "+x"(c0), "+x"(c1), "+x"(c2), "+x"(c3), "+x"(c4), "+x"(c5));
        __asm__ volatile("" : "+x"(c6), "+x"(c7), "+x"(c8), "+x"(c9), "+x"(c10), "+x"(c11));
    }
    vf sum = add(add(add(c0, c1), add(c2, c3)), add(add(c4, c5), add(c6, c7)));
    *sink = (float)sum_lanes(add(sum, add(add(c8, c9), add(c10, c11))));
    return 2.0 * CHAINS * W * (double)steps;
}
