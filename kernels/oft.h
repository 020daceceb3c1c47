/* SPDX-License-Identifier: MIT */
/* oft.h - the coefficients of OFT's series, the one thing its back ends must agree on. */
#ifndef TB_KERNELS_OFT_H
#define TB_KERNELS_OFT_H

/* Coefficient of Q^power, 0 <= power < terms, in R (ops.def, oft_build). */
static inline float tb_oft_factor(int power, int terms)
{
    return power == 0 || power == terms - 1 ? 1 : 2;
}

#endif
