/* SPDX-License-Identifier: MIT */
/* gemv_int_isa.c - products of few rows with a weight of 8 bits or less, in integers. Each block of 32 values of x is
 * s q once for all weight rows, q of 16 bits and s the block's largest value / 32767, so the sum of a block of weights
 * is a few multiply-adds of 16-bit words (pmaddwd), and exact. 16 bits cost little more than 8 would, since weights
 * have to be spread to words anyway, and leave greedy text as it is with x in fp32.
 *
 * q4: as 16-bit words, a block is 8 of them, whose four digits are four vectors; x is laid out in that order. Two
 * blocks stand side by side. A weight is d q + m: d and m of two blocks times { s, s sum(q), .. } of x is one product.
 * q8_0 is read as it is, all other types as bytes that codes_isa.c makes of a row.
 *
 * Both instruction sets use vectors of 256 bits: what bounds these loops is memory long before wider ones would pay.
 * Every element of c is one chain of operations that depends on the type and the length of its row alone. */
#include <string.h>

#include "kernels/cpu/codes.h"
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/gemm_priv.h"
#include "kernels/cpu/gemv.h"
#include "kernels/cpu/vec_isa.h"
#include "kernels/dequant.h"

enum {
    GROUP = 16,    /* weight rows that are handed to a kernel at once */
    CODE_ROWS = 2, /* the same of bytes */
    BLOCK = 32,
    PAIR = 2 * BLOCK,
    WORDS = 16,     /* 16-bit words of a vector */
    PAIR_SCALES = 4 /* floats; q4: s, s sum(q) of each block; else s of each run of 16, twice that many bytes */
};

/* Rows of x. */
struct ints {
    int16_t *q;  /* [rows, pairs * PAIR] */
    float *s;    /* [rows, pairs * PAIR_SCALES] */
    float *sums; /* the same size, s sum(q) of each run; of types that are bytes */
    int64_t pairs;
};

struct tile;

struct job {
    struct tb_kernels *k;
    struct tb_mat c;
    const struct tb_weight *w;
    struct ints x;
    void (*dot)(const struct job *j, const struct tile *group);
    float *own; /* the caller's scratch behind x */
};

/* `rows` weight rows by m rows of x. Where it is compiled both numbers are constants, and of one row of x a pair of
 * weight rows runs side by side: they hide each other's latency. */
struct tile {
    const uint8_t *const *p;
    const struct tb_codes *codes;
    int rows, m;
    int64_t row, t; /* the first of each */
    bool has_min;
};

ALWAYS const __m256i *words_at(const struct job *j, int64_t t, int64_t vector)
{
    return (const __m256i *)(const void *)(j->x.q + t * j->x.pairs * PAIR + vector * WORDS);
}

ALWAYS const float *scales_at(const struct job *j, int64_t t)
{
    return j->x.s + t * j->x.pairs * PAIR_SCALES;
}

ALWAYS float sum_four(__m128 v)
{
    v = _mm_add_ps(v, _mm_movehl_ps(v, v));
    return _mm_cvtss_f32(_mm_add_ss(v, _mm_movehdup_ps(v)));
}

ALWAYS __m256i times(__m256i w, const __m256i *x)
{
    return _mm256_madd_epi16(w, _mm256_loadu_si256(x));
}

/* ---- q4_0, q4_1 */

static inline uint32_t word_at(const uint8_t *p)
{
    uint32_t u;
    memcpy(&u, p, sizeof u);
    return u;
}

/* d and m of a block as halves. q4_0 has d - 8 d q instead: d twice, and the sums of its x are times -8. */
ALWAYS int head_of(const uint8_t *p, bool has_min)
{
    return (int)(has_min ? word_at(p) : (uint32_t)(p[0] | p[1] << 8) * 0x10001u);
}

struct pair {
    __m256i digit[4];
    __m128 head; /* d, m of both blocks */
};

ALWAYS struct pair pair_of(const uint8_t *p, bool has_min)
{
    const int at = has_min ? 4 : 2, size = at + 16;
    const __m256i low = _mm256_set1_epi16(15);
    const __m256i u = _mm256_loadu2_m128i((const __m128i *)(const void *)(p + size + at),
                                          (const __m128i *)(const void *)(p + at));
    const __m128i head = _mm_insert_epi32(_mm_cvtsi32_si128(head_of(p, has_min)), head_of(p + size, has_min), 1);
    return (struct pair){ { _mm256_and_si256(u, low), _mm256_and_si256(_mm256_srli_epi16(u, 4), low),
                            _mm256_and_si256(_mm256_srli_epi16(u, 8), low), _mm256_srli_epi16(u, 12) },
                          _mm_cvtph_ps(head) };
}

ALWAYS void q4_pair(const struct job *j, const struct tile *at, const uint8_t *const p[2], int64_t n,
                    __m256 acc[2][TILE], __m128 least[2][TILE])
{
    struct pair w[2];
    TB_UNROLL
    for (int r = 0; r < at->rows; r++) {
        w[r] = pair_of(p[r], at->has_min);
        fetch_ahead(p[r]);
    }
    TB_UNROLL
    for (int i = 0; i < at->m; i++) {
        const __m256i *x = words_at(j, at->t + i, 4 * n);
        const __m128 s = _mm_loadu_ps(scales_at(j, at->t + i) + n * PAIR_SCALES);
        __m256i sum[2];
        TB_UNROLL
        for (int q = 0; q < 4; q++) {
            TB_UNROLL
            for (int r = 0; r < at->rows; r++)
                sum[r] = q ? _mm256_add_epi32(sum[r], times(w[r].digit[q], x + q)) : times(w[r].digit[q], x);
        }
        TB_UNROLL
        for (int r = 0; r < at->rows; r++) {
            const __m128 h = _mm_mul_ps(w[r].head, s);
            const __m256 d = _mm256_set_m128(_mm_shuffle_ps(h, h, 0xaa), _mm_shuffle_ps(h, h, 0));
            least[r][i] = _mm_add_ps(least[r][i], h);
            acc[r][i] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum[r]), d, acc[r][i]);
        }
    }
}

/* Writes the lanes of acc, and those of least, in one fixed tree. */
ALWAYS void put_sums(const struct job *j, const struct tile *at, __m256 acc[2][TILE], __m128 least[2][TILE])
{
    TB_UNROLL
    for (int r = 0; r < at->rows; r++) {
        TB_UNROLL
        for (int i = 0; i < at->m; i++) {
            const __m128 half = _mm_add_ps(_mm256_castps256_ps128(acc[r][i]), _mm256_extractf128_ps(acc[r][i], 1));
            row_of(j->c, at->t + i)[at->row + r] = sum_four(_mm_add_ps(half, least[r][i]));
        }
    }
}

#define NO_SUMS(zero) { { zero(), zero(), zero(), zero() }, { zero(), zero(), zero(), zero() } }

ALWAYS void q4(const struct job *j, const struct tile *at)
{
    const __m128 odd = _mm_castsi128_ps(_mm_setr_epi32(0, -1, 0, -1));
    const int64_t blocks = j->w->cols / BLOCK;
    const size_t size = at->has_min ? 20 : 18;
    const uint8_t *p[2] = { at->p[0], at->p[at->rows - 1] };
    __m256 acc[2][TILE] = NO_SUMS(_mm256_setzero_ps);
    __m128 least[2][TILE] = NO_SUMS(_mm_setzero_ps);
    for (int64_t n = 0; n < blocks / 2; n++, p[0] += 2 * size, p[1] += 2 * size)
        q4_pair(j, at, p, n, acc, least);
    if (blocks % 2) {
        uint8_t last[2][2 * 20] = { { 0 } };
        for (int r = 0; r < at->rows; r++)
            p[r] = memcpy(last[r], p[r], size);
        q4_pair(j, at, p, blocks / 2, acc, least);
    }
    TB_UNROLL
    for (int r = 0; r < at->rows; r++) {
        TB_UNROLL
        for (int i = 0; i < at->m; i++)
            least[r][i] = _mm_and_ps(least[r][i], odd);
    }
    put_sums(j, at, acc, least);
}

/* ---- bytes */

ALWAYS __m256i widen(const void *p)
{
    return _mm256_cvtepi8_epi16(_mm_loadu_si128(p));
}

ALWAYS void add_times(__m256 *acc, __m256i sum, float s)
{
    *acc = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum), _mm256_set1_ps(s), *acc);
}

ALWAYS void q8(const struct job *j, const struct tile *at)
{
    __m256 acc[2][TILE] = NO_SUMS(_mm256_setzero_ps);
    __m128 none[2][TILE] = NO_SUMS(_mm_setzero_ps);
    for (int64_t b = 0; b < j->w->cols / BLOCK; b++) {
        __m256i low[2], high[2];
        float d[2];
        TB_UNROLL
        for (int r = 0; r < at->rows; r++) {
            const uint8_t *p = at->p[r] + b * (BLOCK + 2);
            low[r] = widen(p + 2);
            fetch_ahead(p);
            high[r] = widen(p + 2 + WORDS);
            d[r] = _cvtsh_ss((unsigned short)(p[0] | p[1] << 8));
        }
        TB_UNROLL
        for (int i = 0; i < at->m; i++) {
            const __m256i *x = words_at(j, at->t + i, 2 * b);
            const float s = scales_at(j, at->t + i)[2 * b];
            TB_UNROLL
            for (int r = 0; r < at->rows; r++)
                add_times(&acc[r][i], _mm256_add_epi32(times(low[r], x), times(high[r], x + 1)), d[r] * s);
        }
    }
    put_sums(j, at, acc, none);
}

/* n is a multiple of 4. */
ALWAYS __m128 dot_of_runs(const float *a, const float *b, int64_t n)
{
    __m128 sum = _mm_setzero_ps();
    for (int64_t i = 0; i < n; i += 4)
        sum = _mm_fmadd_ps(_mm_loadu_ps(a + i), _mm_loadu_ps(b + i), sum);
    return sum;
}

/* The mins of bytes times sums of x. */
ALWAYS void put_least(const struct job *j, const struct tile *at, __m128 least[2][TILE])
{
    const int64_t n = j->x.pairs * PAIR_SCALES;
    TB_UNROLL
    for (int r = 0; r < at->rows; r++) {
        TB_UNROLL
        for (int i = 0; i < at->m; i++)
            if (at->has_min)
                least[r][i] = dot_of_runs(at->codes[r].m, j->x.sums + (at->t + i) * n, n);
    }
}

ALWAYS void runs(const struct job *j, const struct tile *at)
{
    __m256 acc[2][TILE] = NO_SUMS(_mm256_setzero_ps);
    __m128 least[2][TILE] = NO_SUMS(_mm_setzero_ps);
    for (int64_t n = 0; n < j->w->cols / TB_CODE_RUN; n++) {
        __m256i q[2];
        TB_UNROLL
        for (int r = 0; r < at->rows; r++)
            q[r] = widen(at->codes[r].q + n * TB_CODE_RUN);
        TB_UNROLL
        for (int i = 0; i < at->m; i++) {
            const float s = scales_at(j, at->t + i)[n];
            TB_UNROLL
            for (int r = 0; r < at->rows; r++)
                add_times(&acc[r][i], times(q[r], words_at(j, at->t + i, n)), at->codes[r].d[n] * s);
        }
    }
    put_least(j, at, least);
    put_sums(j, at, acc, least);
}

/* The same where both runs of a block have one d. */
ALWAYS void wide_runs(const struct job *j, const struct tile *at)
{
    __m256 acc[2][TILE] = NO_SUMS(_mm256_setzero_ps);
    __m128 least[2][TILE] = NO_SUMS(_mm_setzero_ps);
    for (int64_t n = 0; n < j->w->cols / TB_CODE_RUN; n += 2) {
        __m256i low[2], high[2];
        TB_UNROLL
        for (int r = 0; r < at->rows; r++) {
            low[r] = widen(at->codes[r].q + n * TB_CODE_RUN);
            high[r] = widen(at->codes[r].q + (n + 1) * TB_CODE_RUN);
        }
        TB_UNROLL
        for (int i = 0; i < at->m; i++) {
            const __m256i *x = words_at(j, at->t + i, n);
            const float s = scales_at(j, at->t + i)[n];
            TB_UNROLL
            for (int r = 0; r < at->rows; r++)
                add_times(&acc[r][i], _mm256_add_epi32(times(low[r], x), times(high[r], x + 1)),
                          at->codes[r].d[n] * s);
        }
    }
    put_least(j, at, least);
    put_sums(j, at, acc, least);
}

/* ---- all of them */

#define EACH(ROWS, M, dot) \
    for (at.m = (M), at.rows = (ROWS); left >= (ROWS); left -= (ROWS), at.row += (ROWS), at.p += (ROWS), \
         at.codes += (ROWS)) \
    dot(j, &at)

/* All weight rows of a group. */
#define FOR_TILES(name, dot, least) \
    static void name(const struct job *j, const struct tile *group) \
    { \
        struct tile at = *group; \
        int left = group->rows; \
        at.has_min = (least); \
        switch (group->m) { \
        case 1: EACH(2, 1, dot); EACH(1, 1, dot); break; \
        case 2: EACH(1, 2, dot); break; \
        case 3: EACH(1, 3, dot); break; \
        default: EACH(1, TILE, dot); break; \
        } \
    }

FOR_TILES(dot_q4_0, q4, false)
FOR_TILES(dot_q4_1, q4, true)
FOR_TILES(dot_q8_0, q8, false)
FOR_TILES(dot_runs, runs, group->has_min)
FOR_TILES(dot_wide_runs, wide_runs, group->has_min)

static bool is_q4(enum tb_type type)
{
    return type == TB_Q4_0 || type == TB_Q4_1;
}

static bool is_direct(enum tb_type type)
{
    return is_q4(type) || type == TB_Q8_0;
}

/* What a row needs as bytes. */
static int64_t code_floats(const struct job *j)
{
    return j->x.pairs * (PAIR / 4 + 2 * PAIR_SCALES);
}

static void codes_in(const struct job *j, float *own, struct tb_codes codes[CODE_ROWS])
{
    const int64_t n = j->x.pairs * PAIR_SCALES;
    memset(own, 0, CODE_ROWS * (size_t)code_floats(j) * sizeof *own); /* an odd block leaves runs that nobody writes */
    for (int r = 0; r < CODE_ROWS; r++, own += code_floats(j))
        codes[r] = (struct tb_codes){ (int8_t *)(own + 2 * n), own, own + n };
}

static void rows_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    const bool are_codes = !is_direct(j->w->type);
    const int64_t most = are_codes ? CODE_ROWS : GROUP;
    const uint8_t *at[GROUP];
    struct tb_codes codes[GROUP];
    struct tile group = { .p = at, .codes = codes, .has_min = tb_codes_have_min(j->w->type) };
    if (are_codes)
        codes_in(j, p->thread ? tb_cpu_scratch(j->k, p->thread, CODE_ROWS * (size_t)code_floats(j)) : j->own, codes);
    for (group.row = p->r0; group.row < p->r1; group.row += most) {
        group.rows = (int)(p->r1 - group.row < most ? p->r1 - group.row : most);
        for (int r = 0; r < group.rows; r++) {
            at[r] = tb_weight_at(j->w, group.row + r);
            if (are_codes)
                TB_ISA_NAME(tb_cpu_codes)(j->w->type, at[r], j->w->cols, &codes[r]);
        }
        for (group.t = 0; group.t < j->c.rows; group.t += TILE) {
            group.m = (int)(j->c.rows - group.t < TILE ? j->c.rows - group.t : TILE);
            j->dot(j, &group);
        }
    }
}

/* ---- x */

/* The largest magnitude of a block, NaN if one of its numbers is: as bits, magnitudes are ordered, NaN last. */
static float largest(const float *x)
{
    const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
    __m256i max = _mm256_setzero_si256();
    for (int i = 0; i < BLOCK; i += 8)
        max = _mm256_max_epi32(max, _mm256_and_si256(_mm256_loadu_si256((const __m256i *)(const void *)(x + i)),
                                                     magnitude));
    __m128i m = _mm_max_epi32(_mm256_castsi256_si128(max), _mm256_extracti128_si256(max, 1));
    m = _mm_max_epi32(m, _mm_shuffle_epi32(m, 0x4e));
    m = _mm_max_epi32(m, _mm_shuffle_epi32(m, 0xb1));
    return _mm_cvtss_f32(_mm_castsi128_ps(m));
}

/* 8 values in order. */
static __m128i rounded(const float *x, float by)
{
    const __m256i v = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x), _mm256_set1_ps(by)));
    return _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
}

static int sum_of(__m128i a, __m128i b)
{
    const __m128i one = _mm_set1_epi16(1);
    __m128i s = _mm_add_epi32(_mm_madd_epi16(a, one), _mm_madd_epi16(b, one));
    s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(s, _mm_shuffle_epi32(s, 0xb1)));
}

/* A block as 4 vectors of 8; its s. Numbers under 2^-100 beside no larger ones are 0, since 1 / s would be none. */
static float round_block(const float *x, __m128i v[4])
{
    const float max = largest(x), by = max < 0x1p-100f ? 0 : 32767 / max;
    for (int i = 0; i < 4; i++)
        v[i] = rounded(x + 8 * i, by);
    return max < 0x1p-100f ? 0 : max / 32767;
}

static void put_words(int16_t *to, __m128i v)
{
    _mm_storeu_si128((__m128i *)(void *)to, v);
}

/* Even values of a and b to `even`, odd ones to `odd`. */
static void put_parted(int16_t *even, int16_t *odd, __m128i a, __m128i b)
{
    const __m128i order = _mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15);
    a = _mm_shuffle_epi8(a, order);
    b = _mm_shuffle_epi8(b, order);
    put_words(even, _mm_unpacklo_epi64(a, b));
    put_words(odd, _mm_unpackhi_epi64(a, b));
}

/* Block b of a row in the order of the digits: of word i they are values 2 i, 2 i + 16, 2 i + 1 and 2 i + 17. */
static void put_digits(int16_t *q, float *s, int64_t b, const float *x, float of_sum)
{
    __m128i v[4];
    const float scale = round_block(x, v);
    int16_t *to = q + b / 2 * PAIR + b % 2 * 8;
    put_parted(to, to + 2 * WORDS, v[0], v[1]);
    put_parted(to + WORDS, to + 3 * WORDS, v[2], v[3]);
    s[2 * b] = scale;
    s[2 * b + 1] = of_sum * scale * (float)(sum_of(v[0], v[1]) + sum_of(v[2], v[3]));
}

static void put_values(int16_t *q, float *s, float *sums, int64_t b, const float *x)
{
    __m128i v[4];
    s[2 * b] = s[2 * b + 1] = round_block(x, v);
    sums[2 * b] = s[2 * b] * (float)sum_of(v[0], v[1]);
    sums[2 * b + 1] = s[2 * b] * (float)sum_of(v[2], v[3]);
    for (int i = 0; i < 4; i++)
        put_words(q + b * BLOCK + 8 * i, v[i]);
}

static void put_row(const struct job *j, int64_t r, const float *x)
{
    static const float zeros[BLOCK];
    const int64_t n = j->x.pairs * PAIR_SCALES, blocks = j->w->cols / BLOCK;
    int16_t *q = j->x.q + r * j->x.pairs * PAIR;
    for (int64_t b = 0; b < 2 * j->x.pairs; b++) {
        const float *from = b < blocks ? x + b * BLOCK : zeros;
        if (is_q4(j->w->type))
            put_digits(q, j->x.s + r * n, b, from, j->w->type == TB_Q4_0 ? -8 : 1);
        else
            put_values(q, j->x.s + r * n, j->x.sums + r * n, b, from);
    }
}

/* x in the caller's scratch, where room for rows as bytes is taken too. */
static void prepare(struct job *j, struct tb_mat x)
{
    j->x.pairs = (j->w->cols / BLOCK + 1) / 2;
    const int64_t words = x.rows * j->x.pairs * PAIR / 2, scales = x.rows * j->x.pairs * PAIR_SCALES;
    float *room = tb_cpu_scratch(j->k, 0, (size_t)(words + 2 * scales + CODE_ROWS * code_floats(j)));
    j->x.q = (int16_t *)(void *)room;
    j->x.s = room + words;
    j->x.sums = j->x.s + scales;
    j->own = j->x.sums + scales;
    for (int64_t r = 0; r < x.rows; r++)
        put_row(j, r, row_of(x, r));
}

void TB_ISA_NAME(tb_cpu_gemv_int)(struct tb_kernels *k, struct tb_mat c, struct tb_mat x, const struct tb_weight *w)
{
    struct job j = { .k = k, .c = c, .w = w };
    switch (w->type) {
    case TB_Q4_0: j.dot = dot_q4_0; break;
    case TB_Q4_1: j.dot = dot_q4_1; break;
    case TB_Q8_0: j.dot = dot_q8_0; break;
    default: j.dot = tb_codes_are_wide(w->type) ? dot_wide_runs : dot_runs; break;
    }
    prepare(&j, x);
    tb_cpu_split(k, TB_CUT_ROWS, (struct tb_part){ .r1 = w->rows, .c1 = w->cols }, (int)c.rows, rows_part, &j);
}
