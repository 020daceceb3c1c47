/* SPDX-License-Identifier: MIT */
/* vec_isa.h - one name for the vectors of both instruction sets: vf of W floats, get and put of whole and part
 * vectors, the few functions that compilers do not vectorise (exp). Included only by *_isa.c files, which the build
 * compiles twice, with -mavx2 -mfma -mf16c and with -mavx512{f,bw,vl,dq} besides.
 *
 * A value never depends on where in a vector it stands: parts of vectors run the same operations with masked loads. */
#ifndef TB_KERNELS_CPU_VEC_ISA_H
#define TB_KERNELS_CPU_VEC_ISA_H

#include <immintrin.h>
#include <stdint.h>

#include "kernels/types.h"

#ifndef TB_ISA
#ifdef __AVX512F__
#define TB_ISA avx512
#else
#define TB_ISA avx2
#endif
#endif
#define TB_ISA_PASTE(name, isa) name##_##isa
#define TB_ISA_JOIN(name, isa) TB_ISA_PASTE(name, isa)
#define TB_ISA_NAME(name) TB_ISA_JOIN(name, TB_ISA)

#ifdef __AVX512F__
typedef __m512 vf;
typedef __m512i vi;
enum { W = 16 };
#define V(op) _mm512_##op

static inline __mmask16 first_lanes(int64_t n)
{
    return (__mmask16)((1u << n) - 1);
}

/* The first n floats at p, zeros behind them; n > 0. */
static inline vf get(const float *p, int64_t n)
{
    return n >= W ? _mm512_loadu_ps(p) : _mm512_maskz_loadu_ps(first_lanes(n), p);
}

static inline void put(float *p, vf v, int64_t n)
{
    if (n >= W)
        _mm512_storeu_ps(p, v);
    else
        _mm512_mask_storeu_ps(p, first_lanes(n), v);
}

/* a < b ? x : y */
static inline vf select_less(vf a, vf b, vf x, vf y)
{
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), y, x);
}

static inline vf of_bits(vi v)
{
    return _mm512_castsi512_ps(v);
}

static inline vi bits(vf v)
{
    return _mm512_castps_si512(v);
}

static inline vf bits_and(vf a, vf b)
{
    return of_bits(_mm512_and_si512(bits(a), bits(b)));
}

static inline vf bits_xor(vf a, vf b)
{
    return of_bits(_mm512_xor_si512(bits(a), bits(b)));
}

/* Lane i and lane i + 8, and so on: always the same tree. */
static inline double sum_lanes(vf v)
{
    __m512d d = _mm512_add_pd(_mm512_cvtps_pd(_mm512_castps512_ps256(v)),
                              _mm512_cvtps_pd(_mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(v), 1))));
    __m256d q = _mm256_add_pd(_mm512_castpd512_pd256(d), _mm512_extractf64x4_pd(d, 1));
    __m128d h = _mm_add_pd(_mm256_castpd256_pd128(q), _mm256_extractf128_pd(q, 1));
    return _mm_cvtsd_f64(h) + _mm_cvtsd_f64(_mm_unpackhi_pd(h, h));
}
#else
typedef __m256 vf;
typedef __m256i vi;
enum { W = 8 };
#define V(op) _mm256_##op

static inline __m256i first_lanes(int64_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

/* The first n floats at p, zeros behind them; n > 0. */
static inline vf get(const float *p, int64_t n)
{
    return n >= W ? _mm256_loadu_ps(p) : _mm256_maskload_ps(p, first_lanes(n));
}

static inline void put(float *p, vf v, int64_t n)
{
    if (n >= W)
        _mm256_storeu_ps(p, v);
    else
        _mm256_maskstore_ps(p, first_lanes(n), v);
}

/* a < b ? x : y */
static inline vf select_less(vf a, vf b, vf x, vf y)
{
    return _mm256_blendv_ps(y, x, _mm256_cmp_ps(a, b, _CMP_LT_OQ));
}

static inline vf of_bits(vi v)
{
    return _mm256_castsi256_ps(v);
}

static inline vi bits(vf v)
{
    return _mm256_castps_si256(v);
}

static inline vf bits_and(vf a, vf b)
{
    return _mm256_and_ps(a, b);
}

static inline vf bits_xor(vf a, vf b)
{
    return _mm256_xor_ps(a, b);
}

/* Lane i and lane i + 4, and so on: always the same tree. */
static inline double sum_lanes(vf v)
{
    __m256d q = _mm256_add_pd(_mm256_cvtps_pd(_mm256_castps256_ps128(v)),
                              _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1)));
    __m128d h = _mm_add_pd(_mm256_castpd256_pd128(q), _mm256_extractf128_pd(q, 1));
    return _mm_cvtsd_f64(h) + _mm_cvtsd_f64(_mm_unpackhi_pd(h, h));
}
#endif

/* for (i, n): vector at column i, n columns from there to the end c1. */
#define EACH_VECTOR(i, n, c0, c1) for (int64_t i = (c0), n; (n = (c1) - i) > 0; i += W)

static inline vf all(float x)
{
    return V(set1_ps)(x);
}

static inline vf add(vf a, vf b)
{
    return V(add_ps)(a, b);
}

static inline vf sub(vf a, vf b)
{
    return V(sub_ps)(a, b);
}

static inline vf mul(vf a, vf b)
{
    return V(mul_ps)(a, b);
}

static inline vf div_by(vf a, vf b)
{
    return V(div_ps)(a, b);
}

/* a b + c with one rounding */
static inline vf fma_of(vf a, vf b, vf c)
{
    return V(fmadd_ps)(a, b, c);
}

/* exp by Cephes' polynomial: x = n ln 2 + f, n by adding 1.5 2^23. Relative error under 2e-7 for -87 <= x <= 88; beyond
 * them exp(88) and exactly 0. NaN stays NaN: min and max return their second operand then. */
static inline vf exp_of(vf x)
{
    const vf low = all(-87.0f), magic = all(12582912.0f);
    vf c = V(max_ps)(low, V(min_ps)(all(88.0f), x));
    vf t = fma_of(c, all(1.44269504f), magic), n = sub(t, magic);
    vf f = V(fnmadd_ps)(n, all(-2.12194440e-4f), V(fnmadd_ps)(n, all(0.693359375f), c));
    vf y = fma_of(all(1.9875691500e-4f), f, all(1.3981999507e-3f));
    y = fma_of(y, f, all(8.3334519073e-3f));
    y = fma_of(y, f, all(4.1665795894e-2f));
    y = fma_of(y, f, all(1.6666665459e-1f));
    y = fma_of(y, f, all(5.0000001201e-1f));
    y = add(fma_of(y, mul(f, f), f), all(1));
    y = mul(y, of_bits(V(slli_epi32)(V(add_epi32)(bits(t), V(set1_epi32)(127 - 0x4b400000)), 23)));
    return select_less(x, low, all(0), y);
}

/* Asks for a line of memory that is read soon. (gcc drops calls of a function that does nothing else, unless it is
 * always inlined.) */
static inline __attribute__((always_inline)) void fetch(const void *p)
{
    _mm_prefetch((const char *)p, _MM_HINT_T0);
}

/* The same far enough behind p, of what is read in order: processors themselves look no further than a page, and lose a
 * fifth of the speed of reading weights there where memory is busy. */
static inline __attribute__((always_inline)) void fetch_ahead(const void *p)
{
    fetch((const char *)p + 2048);
}

static inline float *row_of(struct tb_mat m, int64_t r)
{
    return m.p + r * m.ld;
}

#endif
