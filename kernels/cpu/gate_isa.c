/* SPDX-License-Identifier: MIT */
/* gate_isa.c - silu with its gate, and tanh: Cephes' polynomials, errors of a few ulp. sigma(g) = 1 / (1 + exp(-g));
 * tanh(x) = x + x^3 P(x^2) under 0.625, else 1 - 2 / (exp(2 |x|) + 1) with the sign of x. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/fills.h"
#include "kernels/cpu/vec_isa.h"

enum { COST = 4 };

struct job {
    struct tb_mat y, z, a, b, c;
};

#define EACH_CELL(p, r, i, n) \
    for (int64_t r = (p)->r0; r < (p)->r1; r++) \
        EACH_VECTOR (i, n, (p)->c0, (p)->c1)

static void run(struct tb_kernels *k, void (*part)(const void *job, const struct tb_part *p), const struct job *j)
{
    tb_cpu_split(k, TB_CUT_CELLS, tb_part_of(j->y), COST, part, j);
}

static inline vf sigma(vf g)
{
    return div_by(all(1), add(all(1), exp_of(sub(all(0), g))));
}

static void silu_mul_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    EACH_CELL(p, r, i, n) {
        vf g = get(row_of(j->a, r) + i, n);
        put(row_of(j->y, r) + i, mul(mul(g, sigma(g)), get(row_of(j->b, r) + i, n)), n);
    }
}

static void silu_mul(struct tb_kernels *k, struct tb_mat y, struct tb_mat g, struct tb_mat u)
{
    run(k, silu_mul_part, &(struct job){ .y = y, .a = g, .b = u });
}

static void silu_mul_back_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    EACH_CELL(p, r, i, n) {
        vf dy = get(row_of(j->a, r) + i, n), g = get(row_of(j->b, r) + i, n), u = get(row_of(j->c, r) + i, n);
        vf s = sigma(g), slope = mul(s, fma_of(g, sub(all(1), s), all(1)));
        put(row_of(j->y, r) + i, mul(mul(dy, u), slope), n);
        put(row_of(j->z, r) + i, mul(dy, mul(g, s)), n);
    }
}

static void silu_mul_back(struct tb_kernels *k, struct tb_mat dg, struct tb_mat du, struct tb_mat dy, struct tb_mat g,
                          struct tb_mat u)
{
    run(k, silu_mul_back_part, &(struct job){ .y = dg, .z = du, .a = dy, .b = g, .c = u });
}

static inline vf tanh_of(vf x)
{
    const vf sign = all(-0.0f), one = all(1);
    vf s = bits_and(x, sign), a = bits_xor(x, s), z = mul(x, x);
    vf q = fma_of(all(-5.70498872745e-3f), z, all(2.06390887954e-2f));
    q = fma_of(q, z, all(-5.37397155531e-2f));
    q = fma_of(q, z, all(1.33314422036e-1f));
    q = fma_of(q, z, all(-3.33332819422e-1f));
    vf small = fma_of(mul(q, z), x, x);
    vf large = sub(one, div_by(all(2), add(exp_of(add(a, a)), one)));
    return select_less(a, all(0.625f), small, bits_xor(large, s));
}

static void tanh_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    EACH_CELL(p, r, i, n)
        put(row_of(j->y, r) + i, tanh_of(get(row_of(j->a, r) + i, n)), n);
}

static void tanh_fwd(struct tb_kernels *k, struct tb_mat y, struct tb_mat x)
{
    run(k, tanh_part, &(struct job){ .y = y, .a = x });
}

static void tanh_back_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    EACH_CELL(p, r, i, n) {
        vf y = get(row_of(j->b, r) + i, n);
        put(row_of(j->y, r) + i, mul(get(row_of(j->a, r) + i, n), V(fnmadd_ps)(y, y, all(1))), n);
    }
}

static void tanh_back(struct tb_kernels *k, struct tb_mat dx, struct tb_mat dy, struct tb_mat y)
{
    run(k, tanh_back_part, &(struct job){ .y = dx, .a = dy, .b = y });
}

void TB_ISA_NAME(tb_cpu_gate_fill)(struct tb_kernels *k)
{
    k->silu_mul = silu_mul;
    k->silu_mul_back = silu_mul_back;
    k->tanh_fwd = tanh_fwd;
    k->tanh_back = tanh_back;
}
