/* SPDX-License-Identifier: MIT */
/* xent_isa.c - cross-entropy of rows of logits, three passes over a row: maximum, sum of exp, gradient. The sum runs in
 * floats over blocks of a vocabulary and in double over blocks. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/fills.h"
#include "kernels/cpu/vec_isa.h"

#include <math.h>

enum { COST = 8, BLOCK = 2048 };

struct job {
    struct tb_mat logits, loss;
    const int32_t *labels;
    float grad_scale;
};

static float row_max(const float *l, int64_t cols)
{
    vf max = all(-INFINITY);
    float lanes[W], best = -INFINITY;
    EACH_VECTOR (i, n, 0, cols) {
        vf v = get(l + i, n);
        if (n < W) { /* what stands behind the end is no logit */
            float last[W];
            put(last, all(-INFINITY), W);
            put(last, v, n);
            v = get(last, W);
        }
        max = V(max_ps)(max, v);
    }
    put(lanes, max, W);
    for (int i = 0; i < W; i++)
        best = lanes[i] > best ? lanes[i] : best;
    return best;
}

/* Sum of exp(l - max); with `keep` the terms take the place of l. */
static double row_sum(float *l, int64_t cols, float max, bool keep)
{
    double total = 0;
    for (int64_t b = 0; b < cols; b += BLOCK) {
        vf sum = all(0);
        EACH_VECTOR (i, n, b, b + BLOCK < cols ? b + BLOCK : cols) {
            vf e = exp_of(sub(get(l + i, n), all(max)));
            if (keep)
                put(l + i, e, n);
            if (n < W) {
                float part[W] = { 0 };
                put(part, e, n);
                e = get(part, W);
            }
            sum = add(sum, e);
        }
        total += sum_lanes(sum);
    }
    return total;
}

static void xent_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    for (int64_t r = p->r0; r < p->r1; r++) {
        float *l = row_of(j->logits, r), max = row_max(l, p->c1), at = l[j->labels[r]];
        double sum = row_sum(l, p->c1, max, j->grad_scale != 0);
        *row_of(j->loss, r) = (float)(log(sum) + ((double)max - (double)at));
        if (j->grad_scale == 0)
            continue;
        vf s = all((float)((double)j->grad_scale / sum));
        EACH_VECTOR (i, n, 0, p->c1)
            put(l + i, mul(s, get(l + i, n)), n);
        l[j->labels[r]] -= j->grad_scale;
    }
}

static void xent(struct tb_kernels *k, struct tb_mat logits, const int32_t *labels, struct tb_mat loss,
                 float grad_scale)
{
    struct job j = { .logits = logits, .loss = loss, .labels = labels, .grad_scale = grad_scale };
    tb_cpu_split(k, TB_CUT_ROWS, tb_part_of(logits), COST, xent_part, &j);
}

void TB_ISA_NAME(tb_cpu_xent_fill)(struct tb_kernels *k)
{
    k->xent = xent;
}
