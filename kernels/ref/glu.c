/* SPDX-License-Identifier: MIT */
/* glu.c - gate and activations: silu(g) = g sigma(g), silu'(g) = sigma (1 + g (1 - sigma)). */
#include <math.h>

#include "kernels/ref/ref.h"

static double sigma(double g)
{
    return 1 / (1 + exp(-g));
}

static void silu_mul(struct tb_kernels *k, struct tb_mat y, struct tb_mat g, struct tb_mat u)
{
    for (int64_t r = 0; r < y.rows; r++)
        for (int64_t c = 0; c < y.cols; c++) {
            double a = (double)*tb_at(g, r, c);
            *tb_at(y, r, c) = (float)(a * sigma(a) * (double)*tb_at(u, r, c));
        }
}

static void silu_mul_back(struct tb_kernels *k, struct tb_mat dg, struct tb_mat du, struct tb_mat dy, struct tb_mat g,
                          struct tb_mat u)
{
    for (int64_t r = 0; r < dy.rows; r++)
        for (int64_t c = 0; c < dy.cols; c++) {
            double a = (double)*tb_at(g, r, c), b = (double)*tb_at(u, r, c), d = (double)*tb_at(dy, r, c), s = sigma(a);
            *tb_at(dg, r, c) = (float)(d * b * s * (1 + a * (1 - s)));
            *tb_at(du, r, c) = (float)(d * a * s);
        }
}

static void tanh_fwd(struct tb_kernels *k, struct tb_mat y, struct tb_mat x)
{
    for (int64_t r = 0; r < y.rows; r++)
        for (int64_t c = 0; c < y.cols; c++)
            *tb_at(y, r, c) = (float)tanh((double)*tb_at(x, r, c));
}

static void tanh_back(struct tb_kernels *k, struct tb_mat dx, struct tb_mat dy, struct tb_mat y)
{
    for (int64_t r = 0; r < dx.rows; r++)
        for (int64_t c = 0; c < dx.cols; c++) {
            double t = (double)*tb_at(y, r, c);
            *tb_at(dx, r, c) = (float)((double)*tb_at(dy, r, c) * (1 - t * t));
        }
}

void tb_ref_glu_fill(struct tb_kernels *k)
{
    k->silu_mul = silu_mul;
    k->silu_mul_back = silu_mul_back;
    k->tanh_fwd = tanh_fwd;
    k->tanh_back = tanh_back;
}
