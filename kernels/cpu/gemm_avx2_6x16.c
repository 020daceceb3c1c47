/* SPDX-License-Identifier: MIT */
/* gemm_avx2_6x16.c - micro-kernels for AVX2 and FMA: 6 x 16 of c in 12 registers, two of b, one
 * broadcast of a. Same shape of source as gemm_avx512_14x32.c, for the same reason. */
#include "kernels/cpu/gemm_priv.h"

#include <immintrin.h>
#include <stddef.h>

enum { NR = 16 };

static inline __attribute__((always_inline)) void tile(const struct tb_tile *t, const int rows,
                                                       const bool wide)
{
    __m256 r[6][2] = { { _mm256_setzero_ps() } };
    TB_UNROLL
    for (int i = 0; i < rows; i++) {
        _mm_prefetch((const char *)(t->c + i * t->ldc), _MM_HINT_T0);
        _mm_prefetch((const char *)(t->c + i * t->ldc + 15), _MM_HINT_T0);
    }
    const float *a = t->a, *b = t->b;
    const int64_t lda = wide ? 1 : t->lda, ldb = t->ldb;
    for (int64_t k = t->kc; k > 0; k--) {
        __m256 b0 = _mm256_loadu_ps(b), b1 = _mm256_loadu_ps(b + 8);
        TB_UNROLL
        for (int i = 0; i < rows; i++) {
            __m256 x = _mm256_broadcast_ss(a + (wide ? i * NR : i));
            r[i][0] = _mm256_fmadd_ps(x, b0, r[i][0]);
            r[i][1] = _mm256_fmadd_ps(x, b1, r[i][1]);
        }
        a += lda;
        b += ldb;
    }
    float *c = t->c;
    const __m256 alpha = _mm256_set1_ps(t->alpha);
    if (t->add) {
        TB_UNROLL
        for (int i = 0; i < rows; i++, c += t->ldc) {
            _mm256_storeu_ps(c, _mm256_fmadd_ps(alpha, r[i][0], _mm256_loadu_ps(c)));
            _mm256_storeu_ps(c + 8, _mm256_fmadd_ps(alpha, r[i][1], _mm256_loadu_ps(c + 8)));
        }
        return;
    }
    TB_UNROLL
    for (int i = 0; i < rows; i++, c += t->ldc) {
        _mm256_storeu_ps(c, _mm256_mul_ps(alpha, r[i][0]));
        _mm256_storeu_ps(c + 8, _mm256_mul_ps(alpha, r[i][1]));
    }
}

#define KERNELS(n) \
    static __attribute__((noinline)) void tile_##n(const struct tb_tile *t) \
    { \
        tile(t, n, false); \
    } \
    static __attribute__((noinline)) void wide_##n(const struct tb_tile *t) \
    { \
        tile(t, n, true); \
    }
KERNELS(1)
KERNELS(2)
KERNELS(3)
KERNELS(4)
KERNELS(5)
KERNELS(6)

/* Lanes 0-3 and 4-7, then pairs. */
static inline float sum8(__m256 v)
{
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
}

/* k .. k + 7 of the sums; with a mask where K ends before. */
static inline __attribute__((always_inline)) void dot_step(const struct tb_tile *t, const int rows,
                                                           const int cols, __m256 r[TB_DOT_ROWS][4],
                                                           int64_t k, const __m256i *mask)
{
    __m256 x[TB_DOT_ROWS];
    TB_UNROLL
    for (int i = 0; i < rows; i++) {
        const float *a = t->a + i * t->lda + k;
        x[i] = mask ? _mm256_maskload_ps(a, *mask) : _mm256_loadu_ps(a);
    }
    TB_UNROLL
    for (int j = 0; j < cols; j++) {
        const float *b = t->b + j * t->ldb + k;
        __m256 y = mask ? _mm256_maskload_ps(b, *mask) : _mm256_loadu_ps(b);
        TB_UNROLL
        for (int i = 0; i < rows; i++)
            r[i][j] = _mm256_fmadd_ps(x[i], y, r[i][j]);
    }
}

static inline __attribute__((always_inline)) void dot(const struct tb_tile *t, const int rows,
                                                      const int cols)
{
    static const int32_t ramp[16] = { -1, -1, -1, -1, -1, -1, -1, -1 };
    __m256 r[TB_DOT_ROWS][4] = { { _mm256_setzero_ps() } };
    int64_t k = 0;
    for (; k + 8 <= t->kc; k += 8)
        dot_step(t, rows, cols, r, k, NULL);
    if (k < t->kc) {
        const __m256i mask = _mm256_loadu_si256((const __m256i *)(ramp + 8 - (t->kc - k)));
        dot_step(t, rows, cols, r, k, &mask);
    }
    TB_UNROLL
    for (int i = 0; i < rows; i++)
        TB_UNROLL
        for (int j = 0; j < cols; j++) {
            float sum = sum8(r[i][j]), *c = t->c + i * t->ldc + j;
            *c = t->add ? __builtin_fmaf(t->alpha, sum, *c) : t->alpha * sum;
        }
}

#define DOT(n) \
    static __attribute__((noinline)) void dot_##n(const struct tb_tile *t, int rows) \
    { \
        if (rows == 3) { \
            dot(t, 3, n); \
            return; \
        } \
        struct tb_tile one = *t; \
        for (int i = 0; i < rows; i++, one.a += t->lda, one.c += t->ldc) \
            dot(&one, 1, n); \
    }
DOT(1)
DOT(2)
DOT(3)
DOT(4)

/* Twelve accumulators are what fits, so eight columns are two halves. */
static void any_dot(const struct tb_tile *t, int rows, int cols)
{
    static void (*const by_cols[])(const struct tb_tile *, int) = { 0, dot_1, dot_2, dot_3, dot_4 };
    struct tb_tile part = *t;
    for (; cols > 4; cols -= 4, part.b += 4 * t->ldb, part.c += 4)
        dot_4(&part, rows);
    by_cols[cols](&part, rows);
}

const struct tb_gemm_isa tb_gemm_avx2 = {
    .mr = 6,
    .nr = NR,
    .tile = { 0, tile_1, tile_2, tile_3, tile_4, tile_5, tile_6 },
    .wide = { 0, wide_1, wide_2, wide_3, wide_4, wide_5, wide_6 },
    .dot = any_dot,
};
