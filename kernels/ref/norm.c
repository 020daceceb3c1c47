/* SPDX-License-Identifier: MIT */
/* norm.c - root mean square norm (Zhang and Sennrich 2019, arXiv:1910.07467), with z = x rstd:
 *     y = z g     dx = rstd (dy g - z mean(dy g z))     dg = sum over rows of dy z */
#include <math.h>

#include "kernels/ref/ref.h"

static void rmsnorm(struct tb_kernels *k, struct tb_mat y, struct tb_mat x, struct tb_mat gain, float eps,
                    struct tb_mat rstd)
{
    for (int64_t r = 0; r < x.rows; r++) {
        double sum = 0;
        for (int64_t c = 0; c < x.cols; c++)
            sum += (double)*tb_at(x, r, c) * (double)*tb_at(x, r, c);
        float s = (float)(1 / sqrt(sum / (double)x.cols + (double)eps));
        *tb_at(rstd, r, 0) = s;
        for (int64_t c = 0; c < x.cols; c++)
            *tb_at(y, r, c) = *tb_at(x, r, c) * s * gain.p[c];
    }
}

static void rmsnorm_back(struct tb_kernels *k, struct tb_mat dx, struct tb_mat dy, struct tb_mat x, struct tb_mat gain,
                         struct tb_mat rstd)
{
    for (int64_t r = 0; r < x.rows; r++) {
        double s = (double)*tb_at(rstd, r, 0), sum = 0;
        for (int64_t c = 0; c < x.cols; c++)
            sum += (double)*tb_at(dy, r, c) * (double)gain.p[c] * (double)*tb_at(x, r, c) * s;
        for (int64_t c = 0; c < x.cols; c++)
            *tb_at(dx, r, c) += (float)(s * ((double)*tb_at(dy, r, c) * (double)gain.p[c] -
                                             (double)*tb_at(x, r, c) * s * sum / (double)x.cols));
    }
}

static void rmsnorm_gain(struct tb_kernels *k, struct tb_mat dgain, struct tb_mat dy, struct tb_mat x,
                         struct tb_mat rstd)
{
    for (int64_t c = 0; x.rows && c < x.cols; c++) {
        double sum = 0;
        for (int64_t r = 0; r < x.rows; r++)
            sum += (double)*tb_at(dy, r, c) * (double)*tb_at(x, r, c) * (double)*tb_at(rstd, r, 0);
        dgain.p[c] += (float)sum;
    }
}

void tb_ref_norm_fill(struct tb_kernels *k)
{
    k->rmsnorm = rmsnorm;
    k->rmsnorm_back = rmsnorm_back;
    k->rmsnorm_gain = rmsnorm_gain;
}
