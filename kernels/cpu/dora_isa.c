/* SPDX-License-Identifier: MIT */
/* dora_isa.c - DoRA's row norms; formula in ref/dora.c. W rows of B at a time lie across the lanes. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/fills.h"
#include "kernels/cpu/vec_isa.h"

struct job {
    struct tb_kernels *k;
    struct tb_mat norm, w2, b, g, m;
    float s;
};

/* lane[c] = column c of W rows of B from row i on. */
static void turn(const struct job *j, float *lane, int64_t i, int64_t n)
{
    for (int64_t c = 0; c < j->b.cols; c++)
        for (int64_t l = 0; l < W; l++)
            lane[c * W + l] = l < n ? row_of(j->b, i + l)[c] : 0;
}

static void norm_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    const int64_t rank = j->b.cols;
    float *lane = tb_cpu_scratch(j->k, p->thread, (size_t)(rank * W));
    EACH_VECTOR (i, n, p->c0, p->c1) {
        vf linear = all(0), square = all(0);
        turn(j, lane, i, n);
        for (int64_t a = 0; a < rank; a++) {
            vf row = all(0), b = get(lane + a * W, W);
            for (int64_t c = 0; c < rank; c++)
                row = fma_of(all(row_of(j->m, a)[c]), get(lane + c * W, W), row);
            linear = fma_of(b, get(row_of(j->g, a) + i, n), linear);
            square = fma_of(b, row, square);
        }
        vf sum = fma_of(all(2 * j->s), linear, get(j->w2.p + i, n));
        sum = fma_of(all(j->s * j->s), square, sum);
        put(j->norm.p + i, V(sqrt_ps)(V(max_ps)(all(0), sum)), n);
    }
}

static void dora_norm(struct tb_kernels *k, struct tb_mat norm, struct tb_mat w2, struct tb_mat b, struct tb_mat g,
                      struct tb_mat m, float s)
{
    struct job j = { .k = k, .norm = norm, .w2 = w2, .b = b, .g = g, .m = m, .s = s };
    struct tb_part whole = { .r1 = b.cols * b.cols, .c1 = b.rows };
    tb_cpu_split(k, TB_CUT_COLS, whole, 1, norm_part, &j);
}

void TB_ISA_NAME(tb_cpu_dora_fill)(struct tb_kernels *k)
{
    k->dora_norm = dora_norm;
}
