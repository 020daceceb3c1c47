/* SPDX-License-Identifier: MIT */
/* dora.c - row norms of W + s B A without that matrix (Liu et al. 2024, arXiv:2402.09353):
 *     |W_i + s B_i A|^2 = |W_i|^2 + 2 s B_i (A W_i') + s^2 B_i (A A') B_i' */
#include <math.h>

#include "kernels/ref/ref.h"

static void dora_norm(struct tb_kernels *k, struct tb_mat norm, struct tb_mat w2, struct tb_mat b, struct tb_mat g,
                      struct tb_mat m, float s)
{
    for (int64_t i = 0; i < b.rows; i++) {
        double linear = 0, square = 0;
        for (int64_t a = 0; a < b.cols; a++) {
            double row = 0;
            for (int64_t c = 0; c < b.cols; c++)
                row += (double)*tb_at(m, a, c) * (double)*tb_at(b, i, c);
            linear += (double)*tb_at(b, i, a) * (double)*tb_at(g, a, i);
            square += (double)*tb_at(b, i, a) * row;
        }
        double sum = (double)w2.p[i] + 2 * (double)s * linear + (double)s * (double)s * square;
        norm.p[i] = (float)sqrt(sum < 0 ? 0 : sum);
    }
}

void tb_ref_dora_fill(struct tb_kernels *k)
{
    k->dora_norm = dora_norm;
}
