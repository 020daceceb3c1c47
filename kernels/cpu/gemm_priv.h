/* SPDX-License-Identifier: MIT */
/* gemm_priv.h - the micro-kernels of one instruction set, as the drivers of gemm.c and
 * attention_isa.c call them.
 *
 * A tile is rows x nr of c. Every element is one chain of fused multiply-adds over k = 0 .. kc - 1
 * that begins with 0, then c = alpha * sum, or fma(alpha, sum, c) with `add`. Nothing else may
 * touch that chain: not the number of rows of the tile, not the layout of a and b. That is what
 * makes results independent of tiles, threads and neighbours. */
#ifndef TB_KERNELS_CPU_GEMM_PRIV_H
#define TB_KERNELS_CPU_GEMM_PRIV_H

#include <stdbool.h>
#include <stdint.h>

enum {
    TB_MR_MAX = 14,
    TB_NR_MAX = 32,
    TB_KC = 768,     /* K blocks are cut from the start of K in this size */
    TB_DOT_ROWS = 3, /* rows of x in a tile of the dot kernel */
    TB_DOT_COLS = 8, /* and columns at most */
};

/* Unrolls a loop with constant bounds before the arrays in it are given registers: clang does that
 * for its own spelling only, gcc for its own. */
#ifdef __clang__
#define TB_UNROLL _Pragma("clang loop unroll(full)")
#else
#define TB_UNROLL _Pragma("GCC unroll 16")
#endif

/* c[i][j] (+)= alpha * sum_k a[k * lda + i] * b[k * ldb + j], i < rows, j < nr.
 * The `wide` kernels read a[i * nr + k] instead: a row-major tile of width nr. */
struct tb_tile {
    const float *a, *b;
    float *c;
    int64_t lda, ldb, ldc, kc;
    float alpha;
    bool add;
};

typedef void tb_tile_fn(const struct tb_tile *t);

/* c[i][j] (+)= alpha * sum_k a[i * lda + k] * b[j * ldb + k], i < rows, j < cols: partial sums by k
 * modulo the vector width, added pairwise. Fields as above. */
typedef void tb_dot_fn(const struct tb_tile *t, int rows, int cols);

struct tb_gemm_isa {
    int mr, nr;
    tb_tile_fn *tile[TB_MR_MAX + 1]; /* by number of rows, 1 .. mr */
    tb_tile_fn *wide[TB_MR_MAX + 1];
    tb_dot_fn *dot; /* rows <= TB_DOT_ROWS, cols <= TB_DOT_COLS, any kc */
};

extern const struct tb_gemm_isa tb_gemm_avx2, tb_gemm_avx512;

#endif
