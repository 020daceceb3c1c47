/* SPDX-License-Identifier: MIT */
/* gemm_avx512_14x32.c - micro-kernels for AVX-512: 14 x 32 of c in 28 registers, two of b, one
 * broadcast of a. The accumulators are a local array in a noinline function whose loops over it are
 * all unrolled: then gcc at -O2 and -O3 and clang all keep them in registers (without, gcc spills
 * and runs at a third of the rate). */
#include "kernels/cpu/gemm_priv.h"

#include <immintrin.h>

enum { NR = 32 };

static inline __attribute__((always_inline)) void tile(const struct tb_tile *t, const int rows,
                                                       const bool wide)
{
    __m512 r[14][2] = { { _mm512_setzero_ps() } };
    TB_UNROLL
    for (int i = 0; i < rows; i++) {
        _mm_prefetch((const char *)(t->c + i * t->ldc), _MM_HINT_T0);
        _mm_prefetch((const char *)(t->c + i * t->ldc + 31), _MM_HINT_T0);
    }
    const float *a = t->a, *b = t->b;
    const int64_t lda = wide ? 1 : t->lda, ldb = t->ldb;
    for (int64_t k = t->kc; k > 0; k--) {
        __m512 b0 = _mm512_loadu_ps(b), b1 = _mm512_loadu_ps(b + 16);
        TB_UNROLL
        for (int i = 0; i < rows; i++) {
            __m512 x = _mm512_set1_ps(a[wide ? i * NR : i]);
            r[i][0] = _mm512_fmadd_ps(x, b0, r[i][0]);
            r[i][1] = _mm512_fmadd_ps(x, b1, r[i][1]);
        }
        a += lda;
        b += ldb;
    }
    float *c = t->c;
    const __m512 alpha = _mm512_set1_ps(t->alpha);
    if (t->add) {
        TB_UNROLL
        for (int i = 0; i < rows; i++, c += t->ldc) {
            _mm512_storeu_ps(c, _mm512_fmadd_ps(alpha, r[i][0], _mm512_loadu_ps(c)));
            _mm512_storeu_ps(c + 16, _mm512_fmadd_ps(alpha, r[i][1], _mm512_loadu_ps(c + 16)));
        }
        return;
    }
    TB_UNROLL
    for (int i = 0; i < rows; i++, c += t->ldc) {
        _mm512_storeu_ps(c, _mm512_mul_ps(alpha, r[i][0]));
        _mm512_storeu_ps(c + 16, _mm512_mul_ps(alpha, r[i][1]));
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
KERNELS(7)
KERNELS(8)
KERNELS(9)
KERNELS(10)
KERNELS(11)
KERNELS(12)
KERNELS(13)
KERNELS(14)

/* k .. k + 15 of the sums; with a mask where K ends before. */
static inline __attribute__((always_inline)) void dot_step(const struct tb_tile *t, const int rows,
                                                           const int cols,
                                                           __m512 r[TB_DOT_ROWS][TB_DOT_COLS],
                                                           int64_t k, __mmask16 mask)
{
    __m512 x[TB_DOT_ROWS];
    TB_UNROLL
    for (int i = 0; i < rows; i++)
        x[i] = _mm512_maskz_loadu_ps(mask, t->a + i * t->lda + k);
    TB_UNROLL
    for (int j = 0; j < cols; j++) {
        __m512 y = _mm512_maskz_loadu_ps(mask, t->b + j * t->ldb + k);
        TB_UNROLL
        for (int i = 0; i < rows; i++)
            r[i][j] = _mm512_fmadd_ps(x[i], y, r[i][j]);
    }
}

static inline __attribute__((always_inline)) void dot(const struct tb_tile *t, const int rows,
                                                      const int cols)
{
    __m512 r[TB_DOT_ROWS][TB_DOT_COLS] = { { _mm512_setzero_ps() } };
    int64_t k = 0;
    for (; k + 16 <= t->kc; k += 16)
        dot_step(t, rows, cols, r, k, 0xffff);
    if (k < t->kc)
        dot_step(t, rows, cols, r, k, (__mmask16)((1u << (t->kc - k)) - 1));
    TB_UNROLL
    for (int i = 0; i < rows; i++)
        TB_UNROLL
        for (int j = 0; j < cols; j++) {
            float sum = _mm512_reduce_add_ps(r[i][j]), *c = t->c + i * t->ldc + j;
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
DOT(5)
DOT(6)
DOT(7)
DOT(8)

static void any_dot(const struct tb_tile *t, int rows, int cols)
{
    static void (*const by_cols[])(const struct tb_tile *, int) = { 0,     dot_1, dot_2,
                                                                    dot_3, dot_4, dot_5,
                                                                    dot_6, dot_7, dot_8 };
    by_cols[cols](t, rows);
}

const struct tb_gemm_isa tb_gemm_avx512 = {
    .mr = 14,
    .nr = NR,
    .tile = { 0, tile_1, tile_2, tile_3, tile_4, tile_5, tile_6, tile_7, tile_8, tile_9, tile_10,
              tile_11, tile_12, tile_13, tile_14 },
    .wide = { 0, wide_1, wide_2, wide_3, wide_4, wide_5, wide_6, wide_7, wide_8, wide_9, wide_10,
              wide_11, wide_12, wide_13, wide_14 },
    .dot = any_dot,
};
