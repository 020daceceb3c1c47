/* SPDX-License-Identifier: MIT */
/* weight_isa.c - reads of frozen weights outside products: rows (embedding), the whole, squares of rows. Rows come in
 * canonical order through tb_weight_at. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/fills.h"
#include "kernels/cpu/vec_isa.h"
#include "kernels/dequant.h"

enum { COST = 4 };

struct job {
    struct tb_kernels *k;
    struct tb_mat y;
    const struct tb_weight *w;
    const int32_t *ids; /* NULL: row r is row r */
    float scale;
};

static void rows_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    for (int64_t r = p->r0; r < p->r1; r++) {
        float *y = row_of(j->y, r);
        tb_dequant_row(j->w->type, tb_weight_at(j->w, j->ids ? j->ids[r] : r), y, 0, p->c1);
        if (j->scale == 1)
            continue;
        EACH_VECTOR (i, n, 0, p->c1)
            put(y + i, mul(all(j->scale), get(y + i, n)), n);
    }
}

static void weight_rows(struct tb_kernels *k, struct tb_mat y, const struct tb_weight *w, const int32_t *ids,
                        float scale)
{
    struct job j = { .y = y, .w = w, .ids = ids, .scale = scale };
    tb_cpu_split(k, TB_CUT_ROWS, (struct tb_part){ .r1 = y.rows, .c1 = w->cols }, COST, rows_part, &j);
}

static void weight_dense(struct tb_kernels *k, struct tb_mat y, const struct tb_weight *w)
{
    struct job j = { .y = y, .w = w, .scale = 1 };
    tb_cpu_split(k, TB_CUT_ROWS, (struct tb_part){ .r1 = w->rows, .c1 = w->cols }, COST, rows_part, &j);
}

static void sumsq_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    float *row = tb_cpu_scratch(j->k, p->thread, (size_t)p->c1);
    for (int64_t r = p->r0; r < p->r1; r++) {
        vf sum = all(0);
        tb_dequant_row(j->w->type, tb_weight_at(j->w, r), row, 0, p->c1);
        EACH_VECTOR (i, n, 0, p->c1)
            sum = fma_of(get(row + i, n), get(row + i, n), sum);
        j->y.p[r] = (float)sum_lanes(sum);
    }
}

static void weight_sumsq(struct tb_kernels *k, struct tb_mat y, const struct tb_weight *w)
{
    struct job j = { .k = k, .y = y, .w = w };
    tb_cpu_split(k, TB_CUT_ROWS, (struct tb_part){ .r1 = w->rows, .c1 = w->cols }, COST, sumsq_part, &j);
}

void TB_ISA_NAME(tb_cpu_weight_fill)(struct tb_kernels *k)
{
    k->weight_rows = weight_rows;
    k->weight_dense = weight_dense;
    k->weight_sumsq = weight_sumsq;
}
