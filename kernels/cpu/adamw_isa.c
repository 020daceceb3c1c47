/* SPDX-License-Identifier: MIT */
/* adamw_isa.c - AdamW in fp32; formula in ref/adamw.c. The corrections are found once, in double. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/fills.h"
#include "kernels/cpu/vec_isa.h"

#include <math.h>

enum { COST = 4 };

struct job {
    struct tb_mat w, g, m, v;
    float scale, one_b1, b2, one_b2, decay, rate, correction, eps;
};

static void adamw_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    for (int64_t r = p->r0; r < p->r1; r++)
        EACH_VECTOR (i, n, p->c0, p->c1) {
            float *pw = row_of(j->w, r) + i, *pm = row_of(j->m, r) + i, *pv = row_of(j->v, r) + i;
            vf g = mul(get(row_of(j->g, r) + i, n), all(j->scale)), m = get(pm, n), v = mul(get(pv, n), all(j->b2));
            m = fma_of(sub(g, m), all(j->one_b1), m);
            v = fma_of(mul(g, all(j->one_b2)), g, v);
            vf below = add(mul(V(sqrt_ps)(v), all(j->correction)), all(j->eps));
            put(pw, V(fnmadd_ps)(all(j->rate), div_by(m, below), mul(get(pw, n), all(j->decay))), n);
            put(pm, m, n);
            put(pv, v, n);
        }
}

static void adamw(struct tb_kernels *k, struct tb_mat w, struct tb_mat g, struct tb_mat m, struct tb_mat v,
                  const struct tb_adamw *a)
{
    double b1 = (double)a->beta1, b2 = (double)a->beta2;
    struct job j = { .w = w, .g = g, .m = m, .v = v, .scale = a->grad_scale, .b2 = a->beta2, .eps = a->eps };
    j.one_b1 = (float)(1 - b1);
    j.one_b2 = (float)(1 - b2);
    j.decay = (float)(1 - (double)a->lr * (double)a->decay);
    j.rate = (float)((double)a->lr / (1 - pow(b1, (double)a->step)));
    j.correction = (float)(1 / sqrt(1 - pow(b2, (double)a->step)));
    tb_cpu_split(k, TB_CUT_CELLS, tb_part_of(w), COST, adamw_part, &j);
}

void TB_ISA_NAME(tb_cpu_adamw_fill)(struct tb_kernels *k)
{
    k->adamw = adamw;
}
