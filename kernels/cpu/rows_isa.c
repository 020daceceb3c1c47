/* SPDX-License-Identifier: MIT */
/* rows_isa.c - moving rows by index. Rows that may be written twice (scatter, scatter_add) are cut by columns, so
 * that the order of rows is kept. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/fills.h"
#include "kernels/cpu/vec_isa.h"

struct job {
    struct tb_mat y, x;
    const int32_t *idx;
};

static void gather_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    for (int64_t r = p->r0; r < p->r1; r++)
        EACH_VECTOR (i, n, p->c0, p->c1)
            put(row_of(j->y, r) + i, get(row_of(j->x, j->idx[r]) + i, n), n);
}

static void gather(struct tb_kernels *k, struct tb_mat y, struct tb_mat x, const int32_t *idx)
{
    tb_cpu_split(k, TB_CUT_CELLS, tb_part_of(y), 1, gather_part, &(struct job){ .y = y, .x = x, .idx = idx });
}

static void scatter_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    for (int64_t r = 0; r < p->r1; r++)
        EACH_VECTOR (i, n, p->c0, p->c1)
            put(row_of(j->y, j->idx[r]) + i, get(row_of(j->x, r) + i, n), n);
}

static void scatter(struct tb_kernels *k, struct tb_mat y, struct tb_mat x, const int32_t *idx)
{
    tb_cpu_split(k, TB_CUT_COLS, tb_part_of(x), 1, scatter_part, &(struct job){ .y = y, .x = x, .idx = idx });
}

static void scatter_add_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    for (int64_t r = 0; r < p->r1; r++) {
        if (j->idx[r] < 0)
            continue;
        float *y = row_of(j->y, j->idx[r]);
        EACH_VECTOR (i, n, p->c0, p->c1)
            put(y + i, add(get(y + i, n), get(row_of(j->x, r) + i, n)), n);
    }
}

static void scatter_add(struct tb_kernels *k, struct tb_mat y, struct tb_mat x, const int32_t *idx)
{
    tb_cpu_split(k, TB_CUT_COLS, tb_part_of(x), 1, scatter_add_part, &(struct job){ .y = y, .x = x, .idx = idx });
}

void TB_ISA_NAME(tb_cpu_rows_fill)(struct tb_kernels *k)
{
    k->gather = gather;
    k->scatter = scatter;
    k->scatter_add = scatter_add;
}
