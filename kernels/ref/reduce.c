/* SPDX-License-Identifier: MIT */
/* reduce.c - sums over rows, and over everything. */
#include "kernels/ref/ref.h"

static void col_sum(struct tb_kernels *k, struct tb_mat v, struct tb_mat x, float a)
{
    for (int64_t c = 0; x.rows && c < x.cols; c++) {
        double sum = 0;
        for (int64_t r = 0; r < x.rows; r++)
            sum += (double)*tb_at(x, r, c);
        v.p[c] += (float)((double)a * sum);
    }
}

static void col_dot(struct tb_kernels *k, struct tb_mat v, struct tb_mat a, struct tb_mat b)
{
    for (int64_t c = 0; a.rows && c < a.cols; c++) {
        double sum = 0;
        for (int64_t r = 0; r < a.rows; r++)
            sum += (double)*tb_at(a, r, c) * (double)*tb_at(b, r, c);
        v.p[c] += (float)sum;
    }
}

static void sumsq(struct tb_kernels *k, struct tb_mat x, double *sum)
{
    double all = 0;
    for (int64_t r = 0; r < x.rows; r++)
        for (int64_t c = 0; c < x.cols; c++)
            all += (double)*tb_at(x, r, c) * (double)*tb_at(x, r, c);
    *sum += all;
}

void tb_ref_reduce_fill(struct tb_kernels *k)
{
    k->col_sum = col_sum;
    k->col_dot = col_dot;
    k->sumsq = sumsq;
}
