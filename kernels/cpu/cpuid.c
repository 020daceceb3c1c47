/* SPDX-License-Identifier: MIT */
/* cpuid.c - feature bits of CPUID leaves 1 and 7, and XCR0 for what the system saves on a switch (Intel SDM 1, 13.2 and
 * 15.2). Without the latter a virtual machine may show AVX-512 and trap on it. */
#include "kernels/cpu/cpuid.h"

#ifdef __x86_64__
#include <cpuid.h>
#include <stdint.h>

enum {
    FMA = 1 << 12,
    OSXSAVE = 1 << 27,
    AVX = 1 << 28,
    F16C = 1 << 29,
    AVX2 = 1 << 5,
    AVX512F = 1 << 16,
    AVX512DQ = 1 << 17,
    AVX512BW = 1 << 30,
    YMM_STATE = 0x06,
    ZMM_STATE = 0xe6
};
#define AVX512VL (1u << 31)

static bool has(unsigned word, unsigned all)
{
    return (word & all) == all;
}

static uint32_t saved_state(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

/* Leaf 7's EBX if AVX can be used at all, else 0. */
static unsigned extended(uint32_t state)
{
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !has(c, FMA | OSXSAVE | AVX | F16C))
        return 0;
    if ((saved_state() & state) != state || !__get_cpuid_count(7, 0, &a, &b, &c, &d))
        return 0;
    return b;
}

bool tb_cpuid_has_avx2(void)
{
    return has(extended(YMM_STATE), AVX2);
}

bool tb_cpuid_has_avx512(void)
{
    return has(extended(ZMM_STATE), AVX2 | AVX512F | AVX512DQ | AVX512BW | AVX512VL);
}
#else
bool tb_cpuid_has_avx2(void)
{
    return false;
}

bool tb_cpuid_has_avx512(void)
{
    return false;
}
#endif
