/* SPDX-License-Identifier: MIT */
/* codes_isa.c - the block formats of ref/dequant.c as bytes, 32 at a time; layouts are said there. Both instruction
 * sets use vectors of 256 bits. */
#include "kernels/cpu/codes.h"

#include <immintrin.h>
#include <string.h>

#include "kernels/cpu/gemm_priv.h"
#include "kernels/cpu/vec_isa.h"

enum { SMALL = 32, SUPER = 256 };

static inline float half(const uint8_t *p)
{
    return _cvtsh_ss((unsigned short)(p[0] | p[1] << 8));
}

static inline __m256i bytes(const uint8_t *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

static inline void put_bytes(int8_t *q, __m256i v)
{
    _mm256_storeu_si256((__m256i *)(void *)q, v);
}

/* Bits `at` and up of each byte that `mask` keeps. */
static inline __m256i field(__m256i v, int at, int mask)
{
    return _mm256_and_si256(_mm256_srli_epi16(v, at), _mm256_set1_epi8((char)mask));
}

/* `value` in each byte that has bit `at`. */
static inline __m256i where_bit(__m256i v, int at, int value)
{
    const __m256i bit = _mm256_set1_epi8((char)(1 << at));
    return _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_and_si256(v, bit), bit), _mm256_set1_epi8((char)value));
}

/* Low halves of 16 bytes, then high ones. */
static inline __m256i nibbles(const uint8_t *p)
{
    const __m128i u = _mm_loadu_si128((const __m128i *)(const void *)p);
    const __m256i both = _mm256_inserti128_si256(_mm256_castsi128_si256(u), _mm_srli_epi16(u, 4), 1);
    return _mm256_and_si256(both, _mm256_set1_epi8(15));
}

/* 16 in byte i if bit i of the word at p is set. */
static inline __m256i fifth_bits(const uint8_t *p)
{
    const __m256i at = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1,
                                        2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
    const __m256i bit = _mm256_set1_epi64x((long long)0x8040201008040201ULL);
    int32_t word;
    memcpy(&word, p, sizeof word);
    const __m256i v = _mm256_shuffle_epi8(_mm256_set1_epi32(word), at);
    return _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_and_si256(v, bit), bit), _mm256_set1_epi8(16));
}

static inline void put_pair(float *to, float x)
{
    to[0] = to[1] = x;
}

static inline void q5_0(const uint8_t *p, const struct tb_codes *to)
{
    const __m256i q = _mm256_or_si256(nibbles(p + 6), fifth_bits(p + 2));
    put_bytes(to->q, _mm256_sub_epi8(q, _mm256_set1_epi8(16)));
    put_pair(to->d, half(p));
}

static inline void q5_1(const uint8_t *p, const struct tb_codes *to)
{
    put_bytes(to->q, _mm256_or_si256(nibbles(p + 8), fifth_bits(p + 4)));
    put_pair(to->d, half(p));
    put_pair(to->m, half(p + 2));
}

static inline void q2_k(const uint8_t *p, const struct tb_codes *to)
{
    const float d = half(p + 80), dmin = half(p + 82);
    TB_UNROLL
    for (int j = 0; j < 8; j++)
        put_bytes(to->q + j * SMALL, field(bytes(p + 16 + j / 4 * 32), j % 4 * 2, 3));
    for (int i = 0; i < 16; i++) {
        to->d[i] = d * (float)(p[i] & 15);
        to->m[i] = -dmin * (float)(p[i] >> 4);
    }
}

static inline void q3_k(const uint8_t *p, const struct tb_codes *to)
{
    const uint8_t *s = p + 96;
    const float d = half(p + 108);
    const __m256i high = bytes(p), four = _mm256_set1_epi8(4);
    TB_UNROLL
    for (int j = 0; j < 8; j++) {
        const __m256i q = _mm256_or_si256(field(bytes(p + 32 + j / 4 * 32), j % 4 * 2, 3), where_bit(high, j, 4));
        put_bytes(to->q + j * SMALL, _mm256_sub_epi8(q, four));
    }
    for (int j = 0; j < 16; j++) {
        const int low = j < 8 ? s[j] & 15 : s[j - 8] >> 4;
        to->d[j] = d * (float)((low | (s[8 + j % 4] >> j / 4 * 2 & 3) << 4) - 32);
    }
}

/* Scale and minimum j of q4_k and q5_k, for two runs, out of the 12 bytes at s. */
static inline void put_scales(const uint8_t *s, int j, float d, float dmin, const struct tb_codes *to)
{
    const int scale = j < 4 ? s[j] & 63 : (s[j + 4] & 15) | s[j - 4] >> 6 << 4;
    const int min = j < 4 ? s[j + 4] & 63 : s[j + 4] >> 4 | s[j] >> 6 << 4;
    put_pair(to->d + 2 * j, d * (float)scale);
    put_pair(to->m + 2 * j, -dmin * (float)min);
}

static inline void q4_k(const uint8_t *p, const struct tb_codes *to)
{
    const float d = half(p), dmin = half(p + 2);
    TB_UNROLL
    for (int j = 0; j < 8; j++) {
        put_bytes(to->q + j * SMALL, field(bytes(p + 16 + j / 2 * 32), j % 2 * 4, 15));
        put_scales(p + 4, j, d, dmin, to);
    }
}

static inline void q5_k(const uint8_t *p, const struct tb_codes *to)
{
    const float d = half(p), dmin = half(p + 2);
    const __m256i high = bytes(p + 16);
    TB_UNROLL
    for (int j = 0; j < 8; j++) {
        const __m256i low = field(bytes(p + 48 + j / 2 * 32), j % 2 * 4, 15);
        put_bytes(to->q + j * SMALL, _mm256_or_si256(low, where_bit(high, j, 16)));
        put_scales(p + 4, j, d, dmin, to);
    }
}

static inline void q6_k(const uint8_t *p, const struct tb_codes *to)
{
    const float d = half(p + 208);
    TB_UNROLL
    for (int j = 0; j < 8; j++) {
        const int part = j / 4, i = j % 4;
        const __m256i low = field(bytes(p + part * 64 + i % 2 * 32), i / 2 * 4, 15);
        const __m256i high = _mm256_slli_epi16(field(bytes(p + 128 + part * 32), i * 2, 3), 4);
        put_bytes(to->q + j * SMALL, _mm256_sub_epi8(_mm256_or_si256(low, high), _mm256_set1_epi8(32)));
    }
    for (int i = 0; i < 16; i++)
        to->d[i] = d * (float)(int8_t)p[192 + i];
}

static inline __m256i look_up(__m256i q)
{
    const __m128i table = _mm_setr_epi8(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), q);
}

static inline void iq4_nl(const uint8_t *p, const struct tb_codes *to)
{
    put_bytes(to->q, look_up(nibbles(p + 2)));
    put_pair(to->d, half(p));
}

static inline void iq4_xs(const uint8_t *p, const struct tb_codes *to)
{
    const float d = half(p);
    TB_UNROLL
    for (int j = 0; j < 8; j++) {
        const int scale = (p[4 + j / 2] >> j % 2 * 4 & 15) | ((p[2] | p[3] << 8) >> 2 * j & 3) << 4;
        put_bytes(to->q + j * SMALL, look_up(nibbles(p + 8 + j * 16)));
        put_pair(to->d + 2 * j, d * (float)(scale - 32));
    }
}

/* Rows by the block, in a loop that holds the block's code. */
#define FOR_ROW(name, values, bytes_of) \
    static void name##_row(const uint8_t *p, int64_t cols, struct tb_codes at) \
    { \
        for (int64_t i = 0; i < cols; i += (values), p += (bytes_of)) { \
            fetch_ahead(p); \
            name(p, &at); \
            at.q += (values); \
            at.d += (values) / TB_CODE_RUN; \
            at.m += (values) / TB_CODE_RUN; \
        } \
    }

FOR_ROW(q5_0, SMALL, 22)
FOR_ROW(q5_1, SMALL, 24)
FOR_ROW(q2_k, SUPER, 84)
FOR_ROW(q3_k, SUPER, 110)
FOR_ROW(q4_k, SUPER, 144)
FOR_ROW(q5_k, SUPER, 176)
FOR_ROW(q6_k, SUPER, 210)
FOR_ROW(iq4_nl, SMALL, 18)
FOR_ROW(iq4_xs, SUPER, 136)

static void (*const row_of_type[])(const uint8_t *p, int64_t cols, struct tb_codes at) = {
    [TB_Q5_0] = q5_0_row,     [TB_Q5_1] = q5_1_row,     [TB_Q2_K] = q2_k_row, [TB_Q3_K] = q3_k_row,
    [TB_Q4_K] = q4_k_row,     [TB_Q5_K] = q5_k_row,     [TB_Q6_K] = q6_k_row, [TB_IQ4_NL] = iq4_nl_row,
    [TB_IQ4_XS] = iq4_xs_row,
};

void TB_ISA_NAME(tb_cpu_codes)(enum tb_type type, const uint8_t *p, int64_t cols, const struct tb_codes *to)
{
    row_of_type[type](p, cols, *to);
}
