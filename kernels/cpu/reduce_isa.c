/* SPDX-License-Identifier: MIT */
/* reduce_isa.c - sums over rows (threads take columns; a few rows at a time are added to running sums, in order) and
 * the sum of squares: blocks of 4096 elements in row order, each in double by lanes, then block after block. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/fills.h"
#include "kernels/cpu/vec_isa.h"

#include <string.h>

enum { ROWS = 8, BLOCK = 4096 };

struct job {
    struct tb_kernels *k;
    struct tb_mat v, x, b;
    float a;
    double *sums;
};

/* sum of rows first .. end - 1 in columns c .. c + n - 1, from `sum` on. */
static inline vf add_rows(const struct job *j, vf sum, int64_t first, int64_t end, int64_t c, int64_t n)
{
    for (int64_t r = first; r < end; r++) {
        vf x = get(row_of(j->x, r) + c, n);
        sum = j->b.p ? fma_of(x, get(row_of(j->b, r) + c, n), sum) : add(sum, x);
    }
    return sum;
}

/* v += a times sum over rows of x, or of x b. */
static void sum_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    float *sums = tb_cpu_scratch(j->k, p->thread, (size_t)(p->c1 - p->c0));
    for (int64_t r = 0; r < p->r1; r += ROWS)
        EACH_VECTOR (c, n, p->c0, p->c1) {
            int64_t end = r + ROWS < p->r1 ? r + ROWS : p->r1;
            put(sums + c - p->c0, add_rows(j, r ? get(sums + c - p->c0, n) : all(0), r, end, c, n), n);
        }
    EACH_VECTOR (c, n, p->c0, p->c1)
        put(j->v.p + c, fma_of(all(j->a), get(sums + c - p->c0, n), get(j->v.p + c, n)), n);
}

static void col_sum(struct tb_kernels *k, struct tb_mat v, struct tb_mat x, float a)
{
    tb_cpu_split(k, TB_CUT_COLS, tb_part_of(x), 1, sum_part, &(struct job){ .k = k, .v = v, .x = x, .a = a });
}

static void col_dot(struct tb_kernels *k, struct tb_mat v, struct tb_mat a, struct tb_mat b)
{
    struct job j = { .k = k, .v = v, .x = a, .b = b, .a = 1 };
    tb_cpu_split(k, TB_CUT_COLS, tb_part_of(a), 1, sum_part, &j);
}

/* Elements first .. first + n - 1 in row order, side by side: where they lie if nothing comes between, else in room. */
static const float *elements(struct tb_mat x, int64_t first, int64_t n, float *room)
{
    int64_t r = first / x.cols, c = first % x.cols;
    if (x.ld == x.cols || c + n <= x.cols)
        return row_of(x, r) + c;
    for (int64_t i = 0, run; i < n; i += run, c = 0, r++) {
        run = x.cols - c < n - i ? x.cols - c : n - i;
        memcpy(room + i, row_of(x, r) + c, (size_t)run * sizeof *room);
    }
    return room;
}

#ifdef __AVX512F__
#define DOUBLES(part, v) _mm512_cvtps_pd(part ? _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(v), 1)) \
                                              : _mm512_castps512_ps256(v))
typedef __m512d vd;
#else
#define DOUBLES(part, v) _mm256_cvtps_pd(part ? _mm256_extractf128_ps(v, 1) : _mm256_castps256_ps128(v))
typedef __m256d vd;
#endif

static double block_sum(const float *x, int64_t cols)
{
    vd low = V(setzero_pd)(), high = V(setzero_pd)();
    double lanes[W], sum = 0;
    EACH_VECTOR (i, n, 0, cols) {
        vf v = get(x + i, n);
        vd a = DOUBLES(0, v), b = DOUBLES(1, v);
        low = V(fmadd_pd)(a, a, low);
        high = V(fmadd_pd)(b, b, high);
    }
    V(storeu_pd)(lanes, low);
    V(storeu_pd)(lanes + W / 2, high);
    for (int i = 0; i < W; i++)
        sum += lanes[i];
    return sum;
}

/* Rows are blocks here. */
static void sumsq_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    const int64_t all_of = j->x.rows * j->x.cols;
    float room[BLOCK];
    for (int64_t i = p->r0; i < p->r1; i++) {
        int64_t n = all_of - i * BLOCK < BLOCK ? all_of - i * BLOCK : BLOCK;
        j->sums[i] = block_sum(elements(j->x, i * BLOCK, n, room), n);
    }
}

static void sumsq(struct tb_kernels *k, struct tb_mat x, double *sum)
{
    int64_t blocks = (x.rows * x.cols + BLOCK - 1) / BLOCK;
    struct job j = { .x = x, .sums = (double *)(void *)tb_cpu_scratch(k, 0, (size_t)blocks * 2) };
    tb_cpu_split(k, TB_CUT_ROWS, (struct tb_part){ .r1 = blocks, .c1 = BLOCK }, 1, sumsq_part, &j);
    double total = 0;
    for (int64_t i = 0; i < blocks; i++)
        total += j.sums[i];
    *sum += total;
}

void TB_ISA_NAME(tb_cpu_reduce_fill)(struct tb_kernels *k)
{
    k->col_sum = col_sum;
    k->col_dot = col_dot;
    k->sumsq = sumsq;
}
