/* SPDX-License-Identifier: MIT */
/* rows.c - moving rows by index. */
#include <string.h>

#include "kernels/ref/ref.h"

static void gather(struct tb_kernels *k, struct tb_mat y, struct tb_mat x, const int32_t *idx)
{
    for (int64_t r = 0; r < y.rows; r++)
        memcpy(tb_at(y, r, 0), tb_at(x, idx[r], 0), (size_t)y.cols * sizeof(float));
}

static void scatter(struct tb_kernels *k, struct tb_mat y, struct tb_mat x, const int32_t *idx)
{
    for (int64_t r = 0; r < x.rows; r++)
        memcpy(tb_at(y, idx[r], 0), tb_at(x, r, 0), (size_t)x.cols * sizeof(float));
}

static void scatter_add(struct tb_kernels *k, struct tb_mat y, struct tb_mat x, const int32_t *idx)
{
    for (int64_t r = 0; r < x.rows; r++)
        for (int64_t c = 0; idx[r] >= 0 && c < x.cols; c++)
            *tb_at(y, idx[r], c) += *tb_at(x, r, c);
}

void tb_ref_rows_fill(struct tb_kernels *k)
{
    k->gather = gather;
    k->scatter = scatter;
    k->scatter_add = scatter_add;
}
