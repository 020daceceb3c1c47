/* SPDX-License-Identifier: MIT */
/* codes.h - a stored row as bytes with scales for every RUN of them, for products in integers. */
#ifndef TB_KERNELS_CPU_CODES_H
#define TB_KERNELS_CPU_CODES_H

#include <stdbool.h>

#include "kernels/types.h"

enum { TB_CODE_RUN = 16 };

/* Value i of a row is d[i / TB_CODE_RUN] * q[i] + m[i / TB_CODE_RUN]. Rows hold whole blocks of 32. */
struct tb_codes {
    int8_t *q;
    float *d, *m;
};

/* The row at p, which may lie at any address; of every type of blocks but q4_0, q4_1 and q8_0. Returns whether any m
 * is not 0; else m is not written. */
bool tb_cpu_codes_avx2(enum tb_type type, const uint8_t *p, int64_t cols, const struct tb_codes *to);
bool tb_cpu_codes_avx512(enum tb_type type, const uint8_t *p, int64_t cols, const struct tb_codes *to);

#endif
