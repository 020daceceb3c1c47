/* SPDX-License-Identifier: MIT */
/* elementwise_isa.c - one element at a time: fill, copy, axpy, scale, mul_add, div, add_row, mul_row. All are bound
 * by memory; the threads take rectangles of cells. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/fills.h"
#include "kernels/cpu/vec_isa.h"

struct job {
    struct tb_mat y, a, b;
    float s, t;
};

#define EACH_CELL(p, r, i, n) \
    for (int64_t r = (p)->r0; r < (p)->r1; r++) \
        EACH_VECTOR (i, n, (p)->c0, (p)->c1)

static void run(struct tb_kernels *k, void (*part)(const void *job, const struct tb_part *p), const struct job *j)
{
    tb_cpu_split(k, TB_CUT_CELLS, tb_part_of(j->y), 1, part, j);
}

static void fill_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    EACH_CELL(p, r, i, n)
        put(row_of(j->y, r) + i, all(j->s), n);
}

static void fill(struct tb_kernels *k, struct tb_mat y, float value)
{
    run(k, fill_part, &(struct job){ .y = y, .s = value });
}

static void copy_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    EACH_CELL(p, r, i, n)
        put(row_of(j->y, r) + i, get(row_of(j->a, r) + i, n), n);
}

static void copy(struct tb_kernels *k, struct tb_mat y, struct tb_mat x)
{
    run(k, copy_part, &(struct job){ .y = y, .a = x });
}

static void axpy_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    EACH_CELL(p, r, i, n) {
        float *y = row_of(j->y, r) + i;
        put(y, fma_of(all(j->s), get(row_of(j->a, r) + i, n), get(y, n)), n);
    }
}

static void axpy(struct tb_kernels *k, struct tb_mat y, struct tb_mat x, float a)
{
    run(k, axpy_part, &(struct job){ .y = y, .a = x, .s = a });
}

static void scale_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    EACH_CELL(p, r, i, n) {
        float *y = row_of(j->y, r) + i;
        put(y, mul(all(j->s), get(y, n)), n);
    }
}

static void scale(struct tb_kernels *k, struct tb_mat y, float a)
{
    run(k, scale_part, &(struct job){ .y = y, .s = a });
}

static void mul_add_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    EACH_CELL(p, r, i, n) {
        float *y = row_of(j->y, r) + i;
        vf v = mul(mul(all(j->s), get(row_of(j->a, r) + i, n)), get(row_of(j->b, r) + i, n));
        put(y, j->t != 0 ? fma_of(all(j->t), get(y, n), v) : v, n);
    }
}

static void mul_add(struct tb_kernels *k, struct tb_mat y, struct tb_mat a, struct tb_mat b, float s, float beta)
{
    run(k, mul_add_part, &(struct job){ .y = y, .a = a, .b = b, .s = s, .t = beta });
}

static void div_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    EACH_CELL(p, r, i, n)
        put(row_of(j->y, r) + i, div_by(get(row_of(j->a, r) + i, n), get(row_of(j->b, r) + i, n)), n);
}

static void div_fwd(struct tb_kernels *k, struct tb_mat y, struct tb_mat a, struct tb_mat b)
{
    run(k, div_part, &(struct job){ .y = y, .a = a, .b = b });
}

static void add_row_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    EACH_CELL(p, r, i, n) {
        float *y = row_of(j->y, r) + i;
        put(y, fma_of(all(j->s), get(j->a.p + i, n), get(y, n)), n);
    }
}

static void add_row(struct tb_kernels *k, struct tb_mat y, struct tb_mat v, float a)
{
    run(k, add_row_part, &(struct job){ .y = y, .a = v, .s = a });
}

static void mul_row_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    EACH_CELL(p, r, i, n)
        put(row_of(j->y, r) + i, mul(get(row_of(j->a, r) + i, n), get(j->b.p + i, n)), n);
}

static void mul_row(struct tb_kernels *k, struct tb_mat y, struct tb_mat x, struct tb_mat v)
{
    run(k, mul_row_part, &(struct job){ .y = y, .a = x, .b = v });
}

void TB_ISA_NAME(tb_cpu_elementwise_fill)(struct tb_kernels *k)
{
    k->fill = fill;
    k->copy = copy;
    k->axpy = axpy;
    k->scale = scale;
    k->mul_add = mul_add;
    k->div = div_fwd;
    k->add_row = add_row;
    k->mul_row = mul_row;
}
