/* SPDX-License-Identifier: MIT */
/* norm_isa.c - root mean square norm; formulas in ref/norm.c. Sums along a row: partial sums by column modulo the
 * vector width, then one fixed tree. Sums over rows: threads take columns; a few rows at a time are added to running
 * sums, in order. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/fills.h"
#include "kernels/cpu/vec_isa.h"

#include <math.h>

enum { COST = 2, ROWS = 8 };

struct job {
    struct tb_kernels *k;
    struct tb_mat y, x, dy, gain, rstd;
    float eps;
};

static void norm_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    for (int64_t r = p->r0; r < p->r1; r++) {
        const float *x = row_of(j->x, r);
        vf sum = all(0);
        EACH_VECTOR (i, n, 0, p->c1) {
            vf v = get(x + i, n);
            sum = fma_of(v, v, sum);
        }
        float s = (float)(1 / sqrt(sum_lanes(sum) / (double)p->c1 + (double)j->eps));
        *row_of(j->rstd, r) = s;
        EACH_VECTOR (i, n, 0, p->c1)
            put(row_of(j->y, r) + i, mul(mul(get(x + i, n), all(s)), get(j->gain.p + i, n)), n);
    }
}

static void rmsnorm(struct tb_kernels *k, struct tb_mat y, struct tb_mat x, struct tb_mat gain, float eps,
                    struct tb_mat rstd)
{
    struct job j = { .y = y, .x = x, .gain = gain, .rstd = rstd, .eps = eps };
    tb_cpu_split(k, TB_CUT_ROWS, tb_part_of(x), COST, norm_part, &j);
}

static void back_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    for (int64_t r = p->r0; r < p->r1; r++) {
        const float *x = row_of(j->x, r), *dy = row_of(j->dy, r), s = *row_of(j->rstd, r);
        float *dx = row_of(j->y, r);
        vf sum = all(0);
        EACH_VECTOR (i, n, 0, p->c1)
            sum = fma_of(mul(get(dy + i, n), get(j->gain.p + i, n)), get(x + i, n), sum);
        double mean = sum_lanes(sum) / (double)p->c1;
        vf a = all(s), b = all((float)(-mean * (double)s * (double)s * (double)s));
        EACH_VECTOR (i, n, 0, p->c1) {
            vf g = mul(get(dy + i, n), get(j->gain.p + i, n));
            put(dx + i, add(get(dx + i, n), fma_of(b, get(x + i, n), mul(a, g))), n);
        }
    }
}

static void rmsnorm_back(struct tb_kernels *k, struct tb_mat dx, struct tb_mat dy, struct tb_mat x, struct tb_mat gain,
                         struct tb_mat rstd)
{
    struct job j = { .y = dx, .x = x, .dy = dy, .gain = gain, .rstd = rstd };
    tb_cpu_split(k, TB_CUT_ROWS, tb_part_of(x), COST, back_part, &j);
}

/* sum of rows first .. end - 1 of dy x rstd in columns c .. c + n - 1, from `sum` on. */
static inline vf add_rows(const struct job *j, vf sum, int64_t first, int64_t end, int64_t c, int64_t n)
{
    for (int64_t r = first; r < end; r++) {
        vf z = mul(get(row_of(j->x, r) + c, n), all(*row_of(j->rstd, r)));
        sum = fma_of(get(row_of(j->dy, r) + c, n), z, sum);
    }
    return sum;
}

static void gain_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    float *sums = tb_cpu_scratch(j->k, p->thread, (size_t)(p->c1 - p->c0));
    for (int64_t r = 0; r < p->r1; r += ROWS)
        EACH_VECTOR (c, n, p->c0, p->c1) {
            int64_t end = r + ROWS < p->r1 ? r + ROWS : p->r1;
            put(sums + c - p->c0, add_rows(j, r ? get(sums + c - p->c0, n) : all(0), r, end, c, n), n);
        }
    EACH_VECTOR (c, n, p->c0, p->c1)
        put(j->y.p + c, add(get(j->y.p + c, n), get(sums + c - p->c0, n)), n);
}

static void rmsnorm_gain(struct tb_kernels *k, struct tb_mat dgain, struct tb_mat dy, struct tb_mat x,
                         struct tb_mat rstd)
{
    struct job j = { .k = k, .y = dgain, .x = x, .dy = dy, .rstd = rstd };
    tb_cpu_split(k, TB_CUT_COLS, tb_part_of(x), COST, gain_part, &j);
}

void TB_ISA_NAME(tb_cpu_norm_fill)(struct tb_kernels *k)
{
    k->rmsnorm = rmsnorm;
    k->rmsnorm_back = rmsnorm_back;
    k->rmsnorm_gain = rmsnorm_gain;
}
