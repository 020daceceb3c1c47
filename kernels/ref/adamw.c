/* SPDX-License-Identifier: MIT */
/* adamw.c - AdamW (Loshchilov and Hutter, arXiv:1711.05101) in the order of torch.optim.AdamW:
 *     w -= lr decay w     m += (1 - b1)(g - m)     v = b2 v + (1 - b2) g^2
 *     w -= lr / (1 - b1^t) * m / (sqrt(v) / sqrt(1 - b2^t) + eps) */
#include <math.h>

#include "kernels/ref/ref.h"

static void update(float *w, float g, float *m, float *v, const struct tb_adamw *a)
{
    double b1 = (double)a->beta1, b2 = (double)a->beta2, grad = (double)(g * a->grad_scale);
    double correction = sqrt(1 - pow(b2, (double)a->step)), rate = (double)a->lr / (1 - pow(b1, (double)a->step));
    *m = (float)((double)*m + (1 - b1) * (grad - (double)*m));
    *v = (float)(b2 * (double)*v + (1 - b2) * grad * grad);
    double decayed = (double)*w * (1 - (double)a->lr * (double)a->decay);
    *w = (float)(decayed - rate * (double)*m / (sqrt((double)*v) / correction + (double)a->eps));
}

static void adamw(struct tb_kernels *k, struct tb_mat w, struct tb_mat g, struct tb_mat m, struct tb_mat v,
                  const struct tb_adamw *a)
{
    for (int64_t r = 0; r < w.rows; r++)
        for (int64_t c = 0; c < w.cols; c++)
            update(tb_at(w, r, c), *tb_at(g, r, c), tb_at(m, r, c), tb_at(v, r, c), a);
}

void tb_ref_adamw_fill(struct tb_kernels *k)
{
    k->adamw = adamw;
}
