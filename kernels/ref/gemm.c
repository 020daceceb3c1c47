/* SPDX-License-Identifier: MIT */
/* gemm.c - matrix products and reads of frozen weights, by their definition.
 * A weight's element (o, i) is read in canonical order (tb_weight_row). Sums run in double over the whole of K, so
 * the order does not matter for the contract; the fixed blocks of K are a matter of the fast back ends. */
#include <stdlib.h>

#include "kernels/dequant.h"
#include "kernels/ref/ref.h"

enum { NT, NN, TN };

static double dot(int kind, struct tb_mat a, struct tb_mat b, int64_t i, int64_t j)
{
    int64_t n = kind == TN ? a.rows : a.cols;
    double sum = 0;
    for (int64_t l = 0; l < n; l++)
        sum += (double)*(kind == TN ? tb_at(a, l, i) : tb_at(a, i, l)) *
               (double)*(kind == NT ? tb_at(b, j, l) : tb_at(b, l, j));
    return sum;
}

static void product(int kind, struct tb_mat c, struct tb_mat a, struct tb_mat b, float alpha, float beta)
{
    for (int64_t i = 0; i < c.rows; i++)
        for (int64_t j = 0; j < c.cols; j++)
            *tb_at(c, i, j) = (float)(alpha * dot(kind, a, b, i, j) + (beta != 0 ? *tb_at(c, i, j) : 0));
}

static void gemm_nt(struct tb_kernels *k, struct tb_mat c, struct tb_mat a, struct tb_mat b, float alpha, float beta)
{
    product(NT, c, a, b, alpha, beta);
}

static void gemm_nn(struct tb_kernels *k, struct tb_mat c, struct tb_mat a, struct tb_mat b, float alpha, float beta)
{
    product(NN, c, a, b, alpha, beta);
}

static void gemm_tn(struct tb_kernels *k, struct tb_mat c, struct tb_mat a, struct tb_mat b, float alpha, float beta)
{
    product(TN, c, a, b, alpha, beta);
}

static void weight_dense(struct tb_kernels *k, struct tb_mat y, const struct tb_weight *w)
{
    for (int64_t r = 0; r < w->rows; r++)
        tb_dequant_row(w->type, tb_weight_at(w, r), tb_at(y, r, 0), 0, w->cols);
}

static void weight_rows(struct tb_kernels *k, struct tb_mat y, const struct tb_weight *w, const int32_t *ids,
                        float scale)
{
    for (int64_t r = 0; r < y.rows; r++) {
        tb_dequant_row(w->type, tb_weight_at(w, ids[r]), tb_at(y, r, 0), 0, w->cols);
        for (int64_t c = 0; c < w->cols; c++)
            *tb_at(y, r, c) *= scale;
    }
}

/* Host memory that lasts one operation; there is nothing to return an error to. */
static struct tb_mat dense(const struct tb_weight *w)
{
    float *p = malloc((size_t)w->rows * (size_t)w->cols * sizeof *p + 1);
    if (!p)
        abort();
    struct tb_mat m = tb_mat_of(p, w->rows, w->cols);
    weight_dense(NULL, m, w);
    return m;
}

static void weight_sumsq(struct tb_kernels *k, struct tb_mat y, const struct tb_weight *w)
{
    struct tb_mat m = dense(w);
    for (int64_t r = 0; r < w->rows; r++) {
        double sum = 0;
        for (int64_t c = 0; c < w->cols; c++)
            sum += (double)*tb_at(m, r, c) * (double)*tb_at(m, r, c);
        *tb_at(y, 0, r) = (float)sum;
    }
    free(m.p);
}

static void gemm_w(struct tb_kernels *k, struct tb_mat c, struct tb_mat x, const struct tb_weight *w, bool back,
                   float beta)
{
    struct tb_mat m = dense(w);
    product(back ? NN : NT, c, x, m, 1, beta);
    free(m.p);
}

static void gemv_w(struct tb_kernels *k, struct tb_mat c, struct tb_mat x, const struct tb_weight *w)
{
    gemm_w(k, c, x, w, false, 0);
}

void tb_ref_gemm_fill(struct tb_kernels *k)
{
    k->gemm_w = gemm_w;
    k->gemv_w = gemv_w;
    k->gemm_nt = gemm_nt;
    k->gemm_nn = gemm_nn;
    k->gemm_tn = gemm_tn;
    k->weight_dense = weight_dense;
    k->weight_rows = weight_rows;
    k->weight_sumsq = weight_sumsq;
}
