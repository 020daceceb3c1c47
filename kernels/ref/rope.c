/* SPDX-License-Identifier: MIT */
/* rope.c - rotary positions (Su et al. 2021, arXiv:2104.09864) in Hugging Face's half-split order. The width of a
 * head is twice the columns of the tables. */
#include "kernels/ref/ref.h"

static void rope(struct tb_kernels *k, struct tb_mat x, const int32_t *pos, struct tb_mat cos, struct tb_mat sin,
                 bool back)
{
    const int64_t half = cos.cols, hd = 2 * half;
    for (int64_t r = 0; r < x.rows; r++)
        for (int64_t h = 0; h < x.cols / hd; h++)
            for (int64_t i = 0; i < half; i++) {
                float *a = tb_at(x, r, h * hd + i), *b = a + half;
                double c = (double)*tb_at(cos, pos[r], i), s = (double)*tb_at(sin, pos[r], i) * (back ? -1 : 1);
                double x0 = (double)*a, x1 = (double)*b;
                *a = (float)(x0 * c - x1 * s);
                *b = (float)(x1 * c + x0 * s);
            }
}

void tb_ref_rope_fill(struct tb_kernels *k)
{
    k->rope = rope;
}
