/* SPDX-License-Identifier: MIT */
/* cpuid.h - what the processor and the system allow, by feature bits and never by model names. */
#ifndef TB_KERNELS_CPU_CPUID_H
#define TB_KERNELS_CPU_CPUID_H

#include <stdbool.h>

/* AVX2, FMA and F16C, and the system saves their registers. */
bool tb_cpuid_has_avx2(void);

/* AVX-512 F, BW, VL and DQ besides. */
bool tb_cpuid_has_avx512(void);

#endif
