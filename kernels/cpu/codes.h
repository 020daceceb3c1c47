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

/* Whether m is not 0, and whether d and m are the same in both runs of a block of 32. */
static inline bool tb_codes_have_min(enum tb_type type)
{
    return type == TB_Q5_1 || type == TB_Q2_K || type == TB_Q4_K || type == TB_Q5_K;
}

static inline bool tb_codes_are_wide(enum tb_type type)
{
    return type != TB_Q2_K && type != TB_Q3_K && type != TB_Q6_K;
}

/* The row at p, which may lie at any address; of every type of blocks but q4_0, q4_1 and q8_0. Where m is 0 it is not
 * written. */
void tb_cpu_codes_avx2(enum tb_type type, const uint8_t *p, int64_t cols, const struct tb_codes *to);
void tb_cpu_codes_avx512(enum tb_type type, const uint8_t *p, int64_t cols, const struct tb_codes *to);

#endif
