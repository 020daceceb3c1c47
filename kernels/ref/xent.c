/* SPDX-License-Identifier: MIT */
/* xent.c - cross-entropy of a row of logits: loss = log sum exp(l) - l[label], gradient softmax(l) - onehot. */
#include <math.h>

#include "kernels/ref/ref.h"

static void xent(struct tb_kernels *k, struct tb_mat logits, const int32_t *labels, struct tb_mat loss,
                 float grad_scale)
{
    for (int64_t r = 0; r < logits.rows; r++) {
        float *l = tb_at(logits, r, 0);
        double max = -INFINITY, sum = 0;
        for (int64_t c = 0; c < logits.cols; c++)
            max = fmax(max, (double)l[c]);
        for (int64_t c = 0; c < logits.cols; c++)
            sum += exp((double)l[c] - max);
        double lse = max + log(sum);
        *tb_at(loss, r, 0) = (float)(lse - (double)l[labels[r]]);
        for (int64_t c = 0; grad_scale != 0 && c < logits.cols; c++)
            l[c] = (float)((double)grad_scale * (exp((double)l[c] - lse) - (c == labels[r])));
    }
}

void tb_ref_xent_fill(struct tb_kernels *k)
{
    k->xent = xent;
}
