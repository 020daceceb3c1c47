/* SPDX-License-Identifier: MIT */
/* pack.h - bringing rows into the layout of the micro-kernels, weights dequantised on the way.
 * Needs AVX2, FMA and F16C. */
#ifndef TB_KERNELS_CPU_PACK_H
#define TB_KERNELS_CPU_PACK_H

#include "kernels/types.h"

enum { TB_PACK_COLS = 32 }; /* the most columns a panel has */

/* dst[k * ld + i] = row[i][k] for i < n, k < kc. ld is a multiple of 8 or 6 more, 1 <= n <= ld;
 * columns n .. ld - 1 hold anything, as in all panels here: what is computed from them is thrown
 * away. */
void tb_pack_columns(float *dst, int ld, const float *const *row, int n, int64_t kc);

/* row[i][k] = src[k * ld + i] for i < n, k < kc: the way back. */
void tb_unpack_columns(float *const *row, int n, const float *src, int64_t ld, int64_t kc);

/* The panel [kc][ld] of c = x W': columns are rows first .. first + n - 1 of w (canonical order), k
 * runs over its columns k0 .. k0 + kc - 1. temp: TB_PACK_TEMP floats. */
struct tb_pack_weight {
    const struct tb_weight *w;
    int64_t first, n, k0, kc;
    float *temp;
};
void tb_pack_weight_rows(float *dst, int ld, const struct tb_pack_weight *p);

/* The panels [panel][kc][ld] of c = x W: k runs over rows k0 .. of w, the n columns from `first`
 * fill panels of ld columns, the last one perhaps in part. n <= 1024, first is a multiple of 32. */
void tb_pack_weight_cols(float *dst, int ld, const struct tb_pack_weight *p);

/* The same from a matrix: dst[panel][k][j] = b[k][panel * ld + j]; rows of b are ldb apart. */
void tb_pack_rows(float *dst, int ld, const float *b, int64_t ldb, int64_t kc, int64_t n);

enum { TB_PACK_TEMP = 16 * 256 };

#endif
