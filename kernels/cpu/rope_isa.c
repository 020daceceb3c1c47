/* SPDX-License-Identifier: MIT */
/* rope_isa.c - rotary positions in place; formula in ref/rope.c. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/fills.h"
#include "kernels/cpu/vec_isa.h"

struct job {
    struct tb_mat x, cos, sin;
    const int32_t *pos;
    float sign;
};

static void rope_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    const int64_t half = j->cos.cols;
    for (int64_t r = p->r0; r < p->r1; r++) {
        const float *cos = row_of(j->cos, j->pos[r]), *sin = row_of(j->sin, j->pos[r]);
        float *end = row_of(j->x, r) + p->c1 / (2 * half) * (2 * half);
        for (float *x = row_of(j->x, r); x < end; x += 2 * half)
            EACH_VECTOR (i, n, 0, half) {
                vf a = get(x + i, n), b = get(x + half + i, n), c = get(cos + i, n);
                vf s = mul(all(j->sign), get(sin + i, n));
                put(x + i, V(fnmadd_ps)(b, s, mul(a, c)), n);
                put(x + half + i, fma_of(a, s, mul(b, c)), n);
            }
    }
}

static void rope(struct tb_kernels *k, struct tb_mat x, const int32_t *pos, struct tb_mat cos, struct tb_mat sin,
                 bool back)
{
    struct job j = { .x = x, .cos = cos, .sin = sin, .pos = pos, .sign = back ? -1 : 1 };
    tb_cpu_split(k, TB_CUT_ROWS, tb_part_of(x), 1, rope_part, &j);
}

void TB_ISA_NAME(tb_cpu_rope_fill)(struct tb_kernels *k)
{
    k->rope = rope;
}
