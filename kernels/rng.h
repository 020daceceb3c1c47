/* SPDX-License-Identifier: MIT */
/* rng.h - Philox 4x32-10 (Salmon et al. 2011) as doc/frozen.md 4 uses it: no state to save, every number is a
 * function of (seed, purpose and name, step, row, column). May be included everywhere. */
#ifndef TB_KERNELS_RNG_H
#define TB_KERNELS_RNG_H

#include <math.h>
#include <stdint.h>

/* out = the four words of counter c under key (seed low, seed high). */
static inline void tb_philox(uint32_t out[4], const uint32_t c[4], uint64_t seed)
{
    uint32_t x0 = c[0], x1 = c[1], x2 = c[2], x3 = c[3], k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * x0, p1 = (uint64_t)0xCD9E8D57u * x2;
        uint32_t y0 = (uint32_t)(p1 >> 32) ^ x1 ^ k0, y2 = (uint32_t)(p0 >> 32) ^ x3 ^ k1;
        x1 = (uint32_t)p1;
        x3 = (uint32_t)p0;
        x0 = y0;
        x2 = y2;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = x0;
    out[1] = x1;
    out[2] = x2;
    out[3] = x3;
}

/* fnv1a32(purpose "/" name): the first counter word. */
static inline uint32_t tb_rng_hash(const char *purpose, const char *name)
{
    uint32_t h = 2166136261u;
    for (const char *s = purpose; *s; s++)
        h = (h ^ (uint8_t)*s) * 16777619u;
    h = (h ^ (uint8_t)'/') * 16777619u;
    for (const char *s = name; *s; s++)
        h = (h ^ (uint8_t)*s) * 16777619u;
    return h;
}

static inline float tb_rng_uniform(uint32_t w)
{
    return (float)(w >> 8) * 0x1p-24f;
}

/* Two normals by Box-Muller, in double, rounded to float. */
static inline void tb_rng_normal2(uint32_t w0, uint32_t w1, float out[2])
{
    double u = ((w0 >> 8) + 0.5) * 0x1p-24, v = ((w1 >> 8) + 0.5) * 0x1p-24;
    double r = sqrt(-2 * log(u)), a = 6.283185307179586476925 * v;
    out[0] = (float)(r * cos(a));
    out[1] = (float)(r * sin(a));
}

#endif
