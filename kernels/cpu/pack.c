/* SPDX-License-Identifier: MIT */
/* pack.c - panels for the micro-kernels, with 4 x 4 transposes in registers.
 * Weights are dequantised a piece of a row at a time into a buffer that stays in the first-level
 * cache and are transposed from there, so both directions of a product read one stored copy. f16,
 * bf16, q8_0, q4_0 and q4_1 have their own conversion here with the values of tb_dequant_row, the
 * other types go through tb_dequant_row. */
#include "kernels/cpu/pack.h"

#include <immintrin.h>
#include <string.h>

#include "kernels/cpu/gemm_priv.h"
#include "kernels/dequant.h"

enum { PIECE = 256, GROUP = 16, BLOCK = 32 };

/* Two 4 x 4 transposes, one in each half of the registers. */
static inline __attribute__((always_inline)) void transpose4(__m256 r[4])
{
    __m256 a = _mm256_unpacklo_ps(r[0], r[1]), b = _mm256_unpackhi_ps(r[0], r[1]);
    __m256 c = _mm256_unpacklo_ps(r[2], r[3]), d = _mm256_unpackhi_ps(r[2], r[3]);
    r[0] = _mm256_shuffle_ps(a, c, 0x44);
    r[1] = _mm256_shuffle_ps(a, c, 0xee);
    r[2] = _mm256_shuffle_ps(b, d, 0x44);
    r[3] = _mm256_shuffle_ps(b, d, 0xee);
}

static inline void store6(float *p, __m256 v)
{
    _mm_storeu_ps(p, _mm256_castps256_ps128(v));
    _mm_storel_pi((__m64 *)(p + 4), _mm256_extractf128_ps(v, 1));
}

/* One float at any address: rows of a mapped file may be odd. */
static inline void copy1(float *to, const float *from)
{
    memcpy(to, from, sizeof *to);
}

/* n (6 or 8) of 8 rows; nothing beyond column n of dst is written. */
static void columns8(float *dst, int ld, const float *const *row, int n, int64_t kc)
{
    int64_t k = 0;
    for (; k + 4 <= kc; k += 4, dst += 4 * ld) {
        __m256 r[4];
        TB_UNROLL
        for (int i = 0; i < 4; i++)
            r[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(row[i] + k)),
                                        _mm_loadu_ps(row[i + 4] + k), 1);
        transpose4(r);
        TB_UNROLL
        for (int i = 0; i < 4; i++)
            n == 8 ? _mm256_storeu_ps(dst + i * ld, r[i]) : store6(dst + i * ld, r[i]);
    }
    for (; k < kc; k++, dst += ld)
        for (int i = 0; i < n; i++)
            copy1(dst + i, row[i] + k);
}

void tb_pack_columns(float *dst, int ld, const float *const *row, int n, int64_t kc)
{
    for (int i = 0; i < ld; i += 8) {
        const float *part[8];
        TB_UNROLL
        for (int j = 0; j < 8; j++)
            part[j] = row[i + j < n ? i + j : n - 1];
        columns8(dst + i, ld, part, ld - i < 8 ? 6 : 8, kc);
    }
}

void tb_unpack_columns(float *const *row, int n, const float *src, int64_t ld, int64_t kc)
{
    int i = 0;
    for (; i + 8 <= n; i += 8) {
        int64_t k = 0;
        for (; k + 4 <= kc; k += 4) {
            __m256 r[4];
            TB_UNROLL
            for (int j = 0; j < 4; j++)
                r[j] = _mm256_loadu_ps(src + (k + j) * ld + i);
            transpose4(r);
            TB_UNROLL
            for (int j = 0; j < 4; j++) {
                _mm_storeu_ps(row[i + j] + k, _mm256_castps256_ps128(r[j]));
                _mm_storeu_ps(row[i + j + 4] + k, _mm256_extractf128_ps(r[j], 1));
            }
        }
        for (; k < kc; k++)
            for (int j = i; j < i + 8; j++)
                row[j][k] = src[k * ld + j];
    }
    for (; i < n; i++)
        for (int64_t k = 0; k < kc; k++)
            row[i][k] = src[k * ld + i];
}

static float half(const uint8_t *p)
{
    uint16_t h;
    memcpy(&h, p, sizeof h);
    return _cvtsh_ss(h);
}

static void from_f16(const uint8_t *p, float *y, int64_t n)
{
    int64_t i = 0;
    for (; i + 8 <= n; i += 8)
        _mm256_storeu_ps(y + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(p + 2 * i))));
    for (; i < n; i++)
        y[i] = half(p + 2 * i);
}

static void from_bf16(const uint8_t *p, float *y, int64_t n)
{
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256i v = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(p + 2 * i)));
        _mm256_storeu_si256((__m256i *)(y + i), _mm256_slli_epi32(v, 16));
    }
    for (; i < n; i++) {
        uint32_t bits = (uint32_t)(p[2 * i] | p[2 * i + 1] << 8) << 16;
        memcpy(y + i, &bits, sizeof bits);
    }
}

static inline __m256 widen(__m128i v)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(v));
}

/* 16 signed bytes -> d * q + m */
static inline void put16(float *y, __m128i q, __m256 d, __m256 m)
{
    _mm256_storeu_ps(y, _mm256_fmadd_ps(widen(q), d, m));
    _mm256_storeu_ps(y + 8, _mm256_fmadd_ps(widen(_mm_srli_si128(q, 8)), d, m));
}

static void from_q8_0(const uint8_t *p, float *y, int64_t n)
{
    for (const float *end = y + n; y < end; y += BLOCK, p += 34) {
        __m256 d = _mm256_set1_ps(half(p)), zero = _mm256_setzero_ps();
        put16(y, _mm_loadu_si128((const __m128i *)(p + 2)), d, zero);
        put16(y + 16, _mm_loadu_si128((const __m128i *)(p + 18)), d, zero);
    }
}

/* Byte i of a block holds value i in its low and value i + 16 in its high half. d (4 + 7 bits)
 * times q (4 bits) is exact in fp32, so one rounding with m as everywhere. */
static void from_q4(const uint8_t *p, float *y, int64_t n, bool has_min)
{
    const __m128i low = _mm_set1_epi8(15), eight = _mm_set1_epi8(has_min ? 0 : 8);
    const int head = has_min ? 4 : 2;
    for (const float *end = y + n; y < end; y += BLOCK, p += head + 16) {
        __m256 d = _mm256_set1_ps(half(p)), m = _mm256_set1_ps(has_min ? half(p + 2) : 0);
        __m128i q = _mm_loadu_si128((const __m128i *)(p + head));
        put16(y, _mm_sub_epi8(_mm_and_si128(q, low), eight), d, m);
        put16(y + 16, _mm_sub_epi8(_mm_and_si128(_mm_srli_epi16(q, 4), low), eight), d, m);
    }
}

/* Values first .. first + n - 1 of a stored row; both are multiples of 32 where the type has
 * blocks. */
static void dequant(enum tb_type type, const void *row, float *y, int64_t first, int64_t n)
{
    const uint8_t *p = row;
    switch (type) {
    case TB_F16:
        from_f16(p + 2 * first, y, n);
        break;
    case TB_BF16:
        from_bf16(p + 2 * first, y, n);
        break;
    case TB_Q8_0:
        from_q8_0(p + first / BLOCK * 34, y, n);
        break;
    case TB_Q4_0:
        from_q4(p + first / BLOCK * 18, y, n, false);
        break;
    case TB_Q4_1:
        from_q4(p + first / BLOCK * 20, y, n, true);
        break;
    default:
        tb_dequant_row(type, row, y, first, n);
    }
}

static const void *stored_row(const struct tb_weight *w, int64_t r)
{
    return (const char *)w->p + (size_t)tb_weight_row(w, r) * w->row_bytes;
}

/* f32 rows are transposed where they lie. */
static void pack_f32_rows(float *dst, int ld, const struct tb_pack_weight *p)
{
    const float *row[TB_PACK_COLS];
    for (int64_t i = 0; i < p->n; i++)
        row[i] = (const float *)stored_row(p->w, p->first + i) + p->k0;
    tb_pack_columns(dst, ld, row, (int)p->n, p->kc);
}

void tb_pack_weight_rows(float *dst, int ld, const struct tb_pack_weight *p)
{
    if (p->w->type == TB_F32) {
        pack_f32_rows(dst, ld, p);
        return;
    }
    for (int64_t g = 0; g < p->n; g += GROUP) {
        for (int64_t k = 0; k < p->kc; k += PIECE) {
            int64_t kc = p->kc - k < PIECE ? p->kc - k : PIECE;
            const float *row[GROUP];
            for (int64_t i = 0; i < GROUP; i++) {
                row[i] = p->temp + (g + i < p->n ? i : 0) * PIECE;
                if (g + i < p->n)
                    dequant(p->w->type, stored_row(p->w, p->first + g + i), p->temp + i * PIECE,
                            p->k0 + k, kc);
            }
            columns8(dst + k * ld + g, ld, row, 8, kc);
            columns8(dst + k * ld + g + 8, ld, row + 8, 8, kc);
        }
    }
}

static void put_row(float *dst, int ld, int64_t kc, const float *row, int64_t n)
{
    int64_t j = 0;
    for (; j + ld <= n; j += ld, dst += kc * ld)
        memcpy(dst, row + j, (size_t)ld * sizeof *dst);
    if (j == n)
        return;
    memcpy(dst, row + j, (size_t)(n - j) * sizeof *dst);
    memset(dst + n - j, 0, (size_t)(ld - n + j) * sizeof *dst);
}

void tb_pack_rows(float *dst, int ld, const float *b, int64_t ldb, int64_t kc, int64_t n)
{
    for (int64_t k = 0; k < kc; k++)
        put_row(dst + k * ld, ld, kc, b + k * ldb, n);
}

/* Columns first .. first + n - 1 of a stored row as fp32: where they lie, or in temp, in whole blocks from where
 * first's block begins. */
static const float *columns_of(const struct tb_pack_weight *p, const void *row)
{
    const int64_t block = tb_type_info((int)p->w->type)->block, skip = p->first % (block > BLOCK ? block : BLOCK);
    if (p->w->type == TB_F32)
        return (const float *)row + p->first;
    dequant(p->w->type, row, p->temp, p->first - skip, (skip + p->n + block - 1) / block * block);
    return p->temp + skip;
}

void tb_pack_weight_cols(float *dst, int ld, const struct tb_pack_weight *p)
{
    for (int64_t k = 0; k < p->kc; k++)
        put_row(dst + k * ld, ld, p->kc, columns_of(p, stored_row(p->w, p->k0 + k)), p->n);
}
