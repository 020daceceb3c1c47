/* SPDX-License-Identifier: MIT */
/* gemv_isa.c - products of few rows with a frozen weight, read once in its stored form: f32, f16 and bf16 here, blocks
 * of integers in gemv_int_isa.c. Weight rows are unpacked in registers and multiplied with up to TILE rows of x at a
 * time; of one or two, a pair of weight rows runs side by side, so that one chain of sums hides the other's latency.
 * Every element of c is one chain of operations that depends on the type and the length of its row alone, so a row has
 * the same bits alone and among others. */
#include <string.h>

#include "kernels/cpu/cpu.h"
#include "kernels/cpu/fills.h"
#include "kernels/cpu/gemm_priv.h"
#include "kernels/cpu/gemv.h"
#include "kernels/cpu/vec_isa.h"
#include "kernels/dequant.h"

enum { GROUP = 4 };

struct job {
    struct tb_mat c, x;
    const struct tb_weight *w;
    void (*dot)(const struct job *j, const uint8_t *const *row, int n, int64_t t, int m, int64_t col);
};

/* A tile of c: `rows` weight rows by m rows of x, both constants where it is compiled. */
struct tile {
    const uint8_t *const *row;
    int rows, m;
    int64_t t, col; /* the first of each */
};

ALWAYS void put_sums(const struct job *j, const struct tile *at, vf acc[2][TILE])
{
    TB_UNROLL
    for (int r = 0; r < at->rows; r++) {
        TB_UNROLL
        for (int i = 0; i < at->m; i++)
            row_of(j->c, at->t + i)[at->col + r] = (float)sum_lanes(acc[r][i]);
    }
}

#define ZERO_TILE { { all(0), all(0), all(0), all(0) }, { all(0), all(0), all(0), all(0) } }

/* All tiles of n weight rows and M rows of x. */
#define TILES(M, ROWS, call) \
    for (; n >= (ROWS); n -= (ROWS), row += (ROWS), col += (ROWS)) { \
        const struct tile at = { row, ROWS, M, t, col }; \
        call; \
    }

#define FOR_TILES(name, call) \
    static void name(const struct job *j, const uint8_t *const *row, int n, int64_t t, int m, int64_t col) \
    { \
        switch (m) { \
        case 1: TILES(1, 2, call) TILES(1, 1, call) break; \
        case 2: TILES(2, 2, call) TILES(2, 1, call) break; \
        case 3: TILES(3, 1, call) break; \
        default: TILES(TILE, 1, call) break; \
        } \
    }

/* ---- numbers one by one */

ALWAYS vf of_f16(const uint8_t *p)
{
#ifdef __AVX512F__
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p));
#else
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p));
#endif
}

ALWAYS vf of_bf16(const uint8_t *p)
{
#ifdef __AVX512F__
    __m512i v = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p));
#else
    __m256i v = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p));
#endif
    return of_bits(V(slli_epi32)(v, 16));
}

/* Weights at..at + n - 1 of a row, zeros behind them. */
ALWAYS vf weights_at(enum tb_type type, const uint8_t *row, int64_t at, int64_t n)
{
    uint16_t last[W] = { 0 };
    if (type == TB_F32)
        return get((const float *)(const void *)row + at, n);
    const uint8_t *p = row + 2 * at;
    if (n < W) {
        memcpy(last, p, (size_t)n * sizeof *last);
        p = (const uint8_t *)last;
    }
    return type == TB_F16 ? of_f16(p) : of_bf16(p);
}

ALWAYS void plain(const struct job *j, const struct tile *at, enum tb_type type)
{
    const float *x = row_of(j->x, at->t);
    vf acc[2][TILE] = ZERO_TILE, odd[2][TILE] = ZERO_TILE;
    int64_t c = 0;
    for (; c + 2 * W <= j->w->cols; c += 2 * W) {
        TB_UNROLL
        for (int r = 0; r < at->rows; r++) {
            const vf f = weights_at(type, at->row[r], c, W), g = weights_at(type, at->row[r], c + W, W);
            fetch_ahead(at->row[r] + (type == TB_F32 ? 4 : 2) * c);
            TB_UNROLL
            for (int i = 0; i < at->m; i++) {
                acc[r][i] = fma_of(f, get(x + i * j->x.ld + c, W), acc[r][i]);
                odd[r][i] = fma_of(g, get(x + i * j->x.ld + c + W, W), odd[r][i]);
            }
        }
    }
    for (int r = 0; r < at->rows; r++)
        for (int i = 0; i < at->m; i++) {
            EACH_VECTOR (tail, n, c, j->w->cols)
                acc[r][i] = fma_of(weights_at(type, at->row[r], tail, n), get(x + i * j->x.ld + tail, n), acc[r][i]);
            acc[r][i] = add(acc[r][i], odd[r][i]);
        }
    put_sums(j, at, acc);
}

FOR_TILES(f32, plain(j, &at, TB_F32))
FOR_TILES(f16, plain(j, &at, TB_F16))
FOR_TILES(bf16, plain(j, &at, TB_BF16))

/* ---- all of them */

static void rows_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    const uint8_t *row[GROUP];
    for (int64_t r = p->r0; r < p->r1; r += GROUP) {
        const int n = (int)(p->r1 - r < GROUP ? p->r1 - r : GROUP);
        for (int i = 0; i < n; i++)
            row[i] = tb_weight_at(j->w, r + i);
        for (int64_t t = 0; t < j->x.rows; t += TILE)
            j->dot(j, row, n, t, (int)(j->x.rows - t < TILE ? j->x.rows - t : TILE), r);
    }
}

static void gemv_w(struct tb_kernels *k, struct tb_mat c, struct tb_mat x, const struct tb_weight *w)
{
    struct job j = { .c = c, .w = w, .x = x };
    if (c.rows <= 0 || c.cols <= 0)
        return;
    switch (w->type) {
    case TB_F32: j.dot = f32; break;
    case TB_F16: j.dot = f16; break;
    case TB_BF16: j.dot = bf16; break;
    default: TB_ISA_NAME(tb_cpu_gemv_int)(k, c, x, w); return;
    }
    tb_cpu_split(k, TB_CUT_ROWS, (struct tb_part){ .r1 = w->rows, .c1 = w->cols }, (int)c.rows, rows_part, &j);
}

void TB_ISA_NAME(tb_cpu_gemv_fill)(struct tb_kernels *k)
{
    k->gemv_w = gemv_w;
}
