/* SPDX-License-Identifier: MIT */
/* gemv_isa.c - products of few rows with a frozen weight, read once in its stored form. Weight rows are unpacked in
 * registers and multiplied with up to TILE rows of x at a time; of one or two, a pair of weight rows runs side by side,
 * so that one chain of sums hides the other's latency. q4_0, q4_1 and q8_0 keep their scales out of the inner
 * sums, f32, f16 and bf16 are read as they are, other types are unpacked into scratch first. Every element of c is one
 * chain of operations that depends on the type and the length of its row alone, so a row has the same bits alone and
 * among others.
 *
 * q4: the low and high halves of byte i are values i and i + 16 of a block (ggml). Read as dwords, a vector holds
 * W / 4 blocks, and digit q of its dwords gives one vector of values; x is laid out in that order before. A weight is
 * d q + m, so a block gives d sum(q x) + m sum(x); the sums of x are made once for all weight rows. */
#include <string.h>

#include "kernels/cpu/cpu.h"
#include "kernels/cpu/fills.h"
#include "kernels/cpu/gemm_priv.h"
#include "kernels/cpu/vec_isa.h"
#include "kernels/dequant.h"

enum { TILE = 4, GROUP = 4, BLOCK = 32, DIGITS = 8, BLOCKS = W / 4, SPAN = BLOCKS * BLOCK };

/* With checks in it, an unrolled tile takes minutes to compile; there its pieces stay functions. */
#ifdef __SANITIZE_ADDRESS__
#define ALWAYS static inline
#else
#define ALWAYS static inline __attribute__((always_inline))
#endif

struct job {
    struct tb_kernels *k;
    struct tb_mat c;
    const struct tb_weight *w;
    struct tb_mat x;    /* as its kernel reads it */
    struct tb_mat sums; /* q4: W floats for every SPAN values, those of blocks at lanes 0, 4, .. */
    void (*dot)(const struct job *j, const uint8_t *const *row, int n, int64_t t, int m, int64_t col);
    float *own; /* the caller's scratch behind x */
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

/* ---- q4_0, q4_1 */

static inline uint32_t word_at(const uint8_t *p)
{
    uint32_t u;
    memcpy(&u, p, sizeof u);
    return u;
}

/* What stands before the digits of a block: d and m as halves. */
ALWAYS uint32_t head_of(const uint8_t *p, bool has_min)
{
    return has_min ? word_at(p) : word_at(p) & 0xffff;
}

struct digits {
    vi u;
    vf d, m;
};

#ifdef __AVX512F__
ALWAYS struct digits digits_of(const uint8_t *p, bool has_min)
{
    const int at = has_min ? 4 : 2, size = at + 16;
    const __m512i even = _mm512_setr_epi32(0, 0, 0, 0, 2, 2, 2, 2, 4, 4, 4, 4, 6, 6, 6, 6);
    __m512i u = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(p + at)));
    u = _mm512_inserti32x4(u, _mm_loadu_si128((const __m128i *)(p + size + at)), 1);
    u = _mm512_inserti32x4(u, _mm_loadu_si128((const __m128i *)(p + 2 * size + at)), 2);
    u = _mm512_inserti32x4(u, _mm_loadu_si128((const __m128i *)(p + 3 * size + at)), 3);
    __m128i head = _mm_setr_epi32((int)head_of(p, has_min), (int)head_of(p + size, has_min),
                                  (int)head_of(p + 2 * size, has_min), (int)head_of(p + 3 * size, has_min));
    vf h = _mm512_castps256_ps512(_mm256_cvtph_ps(head)), d = _mm512_permutexvar_ps(even, h);
    vf m = has_min ? _mm512_permutexvar_ps(_mm512_add_epi32(even, _mm512_set1_epi32(1)), h) : mul(all(-8), d);
    return (struct digits){ u, d, m };
}
#else
ALWAYS struct digits digits_of(const uint8_t *p, bool has_min)
{
    const int at = has_min ? 4 : 2, size = at + 16;
    const __m256i even = _mm256_setr_epi32(0, 0, 0, 0, 2, 2, 2, 2), odd = _mm256_setr_epi32(1, 1, 1, 1, 3, 3, 3, 3);
    vi u = _mm256_loadu2_m128i((const __m128i *)(p + size + at), (const __m128i *)(p + at));
    __m128i head = _mm_insert_epi32(_mm_cvtsi32_si128((int)head_of(p, has_min)),
                                    (int)head_of(p + size, has_min), 1);
    vf h = _mm256_castps128_ps256(_mm_cvtph_ps(head)), d = _mm256_permutevar8x32_ps(h, even);
    vf m = has_min ? _mm256_permutevar8x32_ps(h, odd) : mul(all(-8), d);
    return (struct digits){ u, d, m };
}
#endif

ALWAYS vi mask(vi u, uint32_t bits)
{
#ifdef __AVX512F__
    return _mm512_and_si512(u, _mm512_set1_epi32((int)bits));
#else
    return _mm256_and_si256(u, _mm256_set1_epi32((int)bits));
#endif
}

/* 16^q times digit q, but the last as it is: x is scaled by the inverse, which is exact, so nothing is shifted. Some
 * become floats by conversion, some as the low bits of 2^23, since processors have few units for either. */
ALWAYS vf digit(vi u, int q)
{
    if (q == DIGITS - 1)
        return V(cvtepi32_ps)(V(srli_epi32)(u, 28));
    const vi v = mask(u, 15u << 4 * q);
    if (q % 2 || q > 4)
        return V(cvtepi32_ps)(v);
    const vf magic = all(0x1p23f);
    return sub(of_bits(V(add_epi32)(v, bits(magic))), magic);
}

/* p: the blocks of each weight row. */
ALWAYS void q4_span(const struct job *j, const struct tile *at, const uint8_t *const *p, bool has_min, int64_t span,
                    vf acc[2][TILE])
{
    const float *x = row_of(j->x, at->t) + span * SPAN, *sums = row_of(j->sums, at->t) + span * W;
    struct digits w[2];
    vf s[2][TILE][2];
    TB_UNROLL
    for (int r = 0; r < at->rows; r++)
        w[r] = digits_of(p[r], has_min);
    TB_UNROLL
    for (int q = 0; q < DIGITS; q++) {
        TB_UNROLL
        for (int r = 0; r < at->rows; r++) {
            const vf f = digit(w[r].u, q);
            TB_UNROLL
            for (int i = 0; i < at->m; i++) {
                const vf y = get(x + i * j->x.ld + q * W, W);
                s[r][i][q % 2] = q < 2 ? mul(f, y) : fma_of(f, y, s[r][i][q % 2]);
            }
        }
    }
    TB_UNROLL
    for (int r = 0; r < at->rows; r++) {
        TB_UNROLL
        for (int i = 0; i < at->m; i++) {
            const vf least = fma_of(w[r].m, get(sums + i * j->sums.ld, W), acc[r][i]);
            acc[r][i] = fma_of(w[r].d, add(s[r][i][0], s[r][i][1]), least);
        }
    }
}

ALWAYS void q4(const struct job *j, const struct tile *at, bool has_min)
{
    const int64_t blocks = j->w->cols / BLOCK, spans = blocks / BLOCKS;
    const size_t size = has_min ? 20 : 18;
    const uint8_t *p[2] = { at->row[0], at->row[at->rows - 1] };
    vf acc[2][TILE] = ZERO_TILE;
    for (int64_t s = 0; s < spans; s++, p[0] += BLOCKS * size, p[1] += BLOCKS * size)
        q4_span(j, at, p, has_min, s, acc);
    if (blocks % BLOCKS) {
        uint8_t last[2][BLOCKS * 20 + 4] = { { 0 } };
        for (int r = 0; r < at->rows; r++)
            p[r] = memcpy(last[r], p[r], (size_t)(blocks % BLOCKS) * size);
        q4_span(j, at, p, has_min, spans, acc);
    }
    put_sums(j, at, acc);
}

FOR_TILES(q4_0, q4(j, &at, false))
FOR_TILES(q4_1, q4(j, &at, true))

/* One row of x in the order of the digits, zeros behind its end, and the sums of its blocks. */
static void lay_out(const float *x, int64_t cols, float *to, float *sums)
{
    static const float scale[DIGITS] = { 1, 0x1p-4f, 0x1p-8f, 0x1p-12f, 0x1p-16f, 0x1p-20f, 0x1p-24f, 1 };
    for (int64_t at = 0; at < cols; at += SPAN, to += SPAN, sums += W) {
        memset(sums, 0, W * sizeof *sums);
        for (int b = 0; b < BLOCKS; b++) {
            const float *from = x + at + b * BLOCK;
            const bool is_in = at + b * BLOCK < cols;
            for (int q = 0; q < DIGITS; q++)
                for (int i = 0; i < 4; i++)
                    to[q * W + b * 4 + i] = is_in ? scale[q] * from[4 * i + q / 2 + q % 2 * 16] : 0;
            for (int i = 0; is_in && i < BLOCK; i++)
                sums[b * 4] += from[i];
        }
    }
}

/* ---- q8_0 */

ALWAYS vf widen(const uint8_t *p)
{
#ifdef __AVX512F__
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)p)));
#else
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)p)));
#endif
}

ALWAYS void q8(const struct job *j, const struct tile *at)
{
    const float *x = row_of(j->x, at->t);
    vf acc[2][TILE] = ZERO_TILE;
    for (int64_t b = 0; b < j->w->cols / BLOCK; b++) {
        TB_UNROLL
        for (int r = 0; r < at->rows; r++) {
            const uint8_t *p = at->row[r] + b * (BLOCK + 2);
            const vf d = all(_cvtsh_ss((unsigned short)(p[0] | p[1] << 8)));
            vf s[TILE];
            TB_UNROLL
            for (int q = 0; q < BLOCK / W; q++) {
                const vf f = widen(p + 2 + q * W);
                TB_UNROLL
                for (int i = 0; i < at->m; i++) {
                    const vf y = get(x + i * j->x.ld + b * BLOCK + q * W, W);
                    s[i] = q ? fma_of(f, y, s[i]) : mul(f, y);
                }
            }
            TB_UNROLL
            for (int i = 0; i < at->m; i++)
                acc[r][i] = fma_of(d, s[i], acc[r][i]);
        }
    }
    put_sums(j, at, acc);
}

FOR_TILES(q8_0, q8(j, &at))

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

static bool is_unpacked(enum tb_type type)
{
    return type != TB_F32 && type != TB_F16 && type != TB_BF16 && type != TB_Q8_0 && type != TB_Q4_0
        && type != TB_Q4_1;
}

static void rows_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    const int64_t cols = j->w->cols;
    const bool unpacks = is_unpacked(j->w->type);
    float *own = !unpacks || !p->thread ? j->own : tb_cpu_scratch(j->k, p->thread, (size_t)(GROUP * cols));
    const uint8_t *row[GROUP];
    for (int64_t r = p->r0; r < p->r1; r += GROUP) {
        const int n = (int)(p->r1 - r < GROUP ? p->r1 - r : GROUP);
        for (int i = 0; i < n; i++) {
            row[i] = tb_weight_at(j->w, r + i);
            if (!unpacks)
                continue;
            tb_dequant_row(j->w->type, row[i], own + i * cols, 0, cols);
            row[i] = (const uint8_t *)(own + i * cols);
        }
        for (int64_t t = 0; t < j->x.rows; t += TILE)
            j->dot(j, row, n, t, (int)(j->x.rows - t < TILE ? j->x.rows - t : TILE), r);
    }
}

/* x in the order of the digits, in the caller's scratch, where room for unpacked rows is taken too. */
static void prepare(struct job *j)
{
    const bool is_q4 = j->w->type == TB_Q4_0 || j->w->type == TB_Q4_1;
    const int64_t cols = j->w->cols, spans = (cols + SPAN - 1) / SPAN, rows = j->x.rows;
    j->own = tb_cpu_scratch(j->k, 0, (size_t)(is_q4 ? rows * spans * (SPAN + W) : GROUP * cols));
    if (!is_q4)
        return;
    struct tb_mat to = tb_mat_of(j->own, rows, spans * SPAN);
    j->sums = tb_mat_of(to.p + rows * to.ld, rows, spans * W);
    for (int64_t r = 0; r < rows; r++)
        lay_out(row_of(j->x, r), cols, row_of(to, r), row_of(j->sums, r));
    j->x = to;
}

static void gemv_w(struct tb_kernels *k, struct tb_mat c, struct tb_mat x, const struct tb_weight *w)
{
    struct job j = { .k = k, .c = c, .w = w, .x = x, .dot = f32 };
    if (c.rows <= 0 || c.cols <= 0)
        return;
    switch (w->type) {
    case TB_F16: j.dot = f16; break;
    case TB_BF16: j.dot = bf16; break;
    case TB_Q8_0: j.dot = q8_0; break;
    case TB_Q4_0: j.dot = q4_0; break;
    case TB_Q4_1: j.dot = q4_1; break;
    default: break;
    }
    prepare(&j);
    tb_cpu_split(k, TB_CUT_ROWS, (struct tb_part){ .r1 = w->rows, .c1 = w->cols }, (int)c.rows, rows_part, &j);
}

void TB_ISA_NAME(tb_cpu_gemv_fill)(struct tb_kernels *k)
{
    k->gemv_w = gemv_w;
}
