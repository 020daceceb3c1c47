/* SPDX-License-Identifier: MIT */
/* dequant.h - stored weights as fp32. */
#ifndef TB_KERNELS_DEQUANT_H
#define TB_KERNELS_DEQUANT_H

#include "kernels/types.h"

/* Values first .. first + n - 1 of a stored row; both are multiples of the type's block. Little-endian, as in GGUF;
 * the row may lie at any address. */
void tb_dequant_row(enum tb_type type, const void *row, float *y, int64_t first, int64_t n);

/* The stored row of canonical row r. */
static inline const void *tb_weight_at(const struct tb_weight *w, int64_t r)
{
    return (const char *)w->p + (size_t)tb_weight_row(w, r) * w->row_bytes;
}

#endif
