/* SPDX-License-Identifier: MIT */
/* dequant.c - the block formats of GGUF as ggml defines them (ggml-quants.c), one block at a time. Plain types: a
 * block of 32 (scale, perhaps minimum, perhaps a fifth bit apart, 4-, 5- or 8-bit integers); value i and i + 16 share
 * a byte. K types: 256 values with 6- or 4-bit scales for runs of 16 or 32. IQ4: 4 bits into a fixed table. */
#include "kernels/dequant.h"

#include <string.h>

enum { SMALL = 32, SUPER = 256 };

static uint32_t u16(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static float of_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* IEEE half; a subnormal is its fraction times 2^-24. */
static float half(const uint8_t *p)
{
    uint32_t h = u16(p), sign = (h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 0x3ff;
    if (exponent == 0)
        return of_bits(sign | 0x3f000000) * (float)fraction * 0x1p-23f;
    return of_bits(sign | (exponent == 31 ? 0xff : exponent + 112) << 23 | fraction << 13);
}

static void q4_0(const uint8_t *p, float *y)
{
    float d = half(p);
    for (int i = 0; i < 16; i++) {
        y[i] = (float)((p[2 + i] & 15) - 8) * d;
        y[i + 16] = (float)((p[2 + i] >> 4) - 8) * d;
    }
}

static void q4_1(const uint8_t *p, float *y)
{
    float d = half(p), m = half(p + 2);
    for (int i = 0; i < 16; i++) {
        y[i] = (float)(p[4 + i] & 15) * d + m;
        y[i + 16] = (float)(p[4 + i] >> 4) * d + m;
    }
}

/* The fifth bits lie in a word of 32, value i in bit i. */
static int five(const uint8_t *high, const uint8_t *low, int i)
{
    int four = i < 16 ? low[i] & 15 : low[i - 16] >> 4;
    return four | (high[i / 8] >> i % 8 & 1) << 4;
}

static void q5_0(const uint8_t *p, float *y)
{
    float d = half(p);
    for (int i = 0; i < SMALL; i++)
        y[i] = (float)(five(p + 2, p + 6, i) - 16) * d;
}

static void q5_1(const uint8_t *p, float *y)
{
    float d = half(p), m = half(p + 2);
    for (int i = 0; i < SMALL; i++)
        y[i] = (float)five(p + 4, p + 8, i) * d + m;
}

static void q8_0(const uint8_t *p, float *y)
{
    float d = half(p);
    for (int i = 0; i < SMALL; i++)
        y[i] = (float)(int8_t)p[2 + i] * d;
}

/* scales [16], quants [64], d, dmin */
static void q2_k(const uint8_t *p, float *y)
{
    float d = half(p + 80), dmin = half(p + 82);
    for (int i = 0; i < SUPER; i++) {
        int scale = p[i / 16], q = p[16 + i / 128 * 32 + i % 32] >> i % 128 / 32 * 2 & 3;
        y[i] = d * (float)(scale & 15) * (float)q - dmin * (float)(scale >> 4);
    }
}

/* high bits [32], quants [64], scales [12], d. Scale j: low 4 bits in byte j % 8, two more in byte 8 + j % 4. */
static void q3_k(const uint8_t *p, float *y)
{
    const uint8_t *s = p + 96;
    float d = half(p + 108);
    for (int i = 0; i < SUPER; i++) {
        int j = i / 16, low = j < 8 ? s[j] & 15 : s[j - 8] >> 4, scale = low | (s[8 + j % 4] >> j / 4 * 2 & 3) << 4;
        int q = p[32 + i / 128 * 32 + i % 32] >> i % 128 / 32 * 2 & 3, high = p[i % 32] >> i / 32 & 1;
        y[i] = d * (float)(scale - 32) * (float)(q - (high ? 0 : 4));
    }
}

/* Scale and minimum j of 8 in 12 bytes, 6 bits each. */
static void scale_min(const uint8_t *s, int j, float *scale, float *min)
{
    int a = j < 4 ? s[j] & 63 : (s[j + 4] & 15) | s[j - 4] >> 6 << 4;
    int b = j < 4 ? s[j + 4] & 63 : s[j + 4] >> 4 | s[j] >> 6 << 4;
    *scale = (float)a;
    *min = (float)b;
}

/* d, dmin, scales [12], quants [128] */
static void q4_k(const uint8_t *p, float *y)
{
    float d = half(p), dmin = half(p + 2), scale, min;
    for (int j = 0; j < 8; j++, y += 32) {
        scale_min(p + 4, j, &scale, &min);
        for (int i = 0; i < 32; i++)
            y[i] = d * scale * (float)(p[16 + j / 2 * 32 + i] >> j % 2 * 4 & 15) - dmin * min;
    }
}

/* d, dmin, scales [12], high bits [32], quants [128] */
static void q5_k(const uint8_t *p, float *y)
{
    float d = half(p), dmin = half(p + 2), scale, min;
    for (int j = 0; j < 8; j++, y += 32) {
        scale_min(p + 4, j, &scale, &min);
        for (int i = 0; i < 32; i++) {
            int q = (p[48 + j / 2 * 32 + i] >> j % 2 * 4 & 15) | (p[16 + i] >> j & 1) << 4;
            y[i] = d * scale * (float)q - dmin * min;
        }
    }
}

/* low bits [128], high bits [64], scales [16], d */
static void q6_k(const uint8_t *p, float *y)
{
    float d = half(p + 208);
    for (int i = 0; i < SUPER; i++) {
        int part = i / 128, j = i % 128 / 32, l = i % 32;
        int low = p[part * 64 + j % 2 * 32 + l] >> j / 2 * 4 & 15, high = p[128 + part * 32 + l] >> j * 2 & 3;
        y[i] = d * (float)(int8_t)p[192 + i / 16] * (float)((low | high << 4) - 32);
    }
}

static const int8_t table[16] = { -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113 };

static void iq4_nl(const uint8_t *p, float *y)
{
    float d = half(p);
    for (int i = 0; i < 16; i++) {
        y[i] = d * (float)table[p[2 + i] & 15];
        y[i + 16] = d * (float)table[p[2 + i] >> 4];
    }
}

/* d, high bits of the scales (16), low bits [4], quants [128] */
static void iq4_xs(const uint8_t *p, float *y)
{
    for (int j = 0; j < 8; j++, y += 32) {
        int scale = (p[4 + j / 2] >> j % 2 * 4 & 15) | (int)(u16(p + 2) >> 2 * j & 3) << 4;
        float d = half(p) * (float)(scale - 32);
        for (int i = 0; i < 16; i++) {
            y[i] = d * (float)table[p[8 + j * 16 + i] & 15];
            y[i + 16] = d * (float)table[p[8 + j * 16 + i] >> 4];
        }
    }
}

static void f16(const uint8_t *p, float *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = half(p + 2 * i);
}

static void bf16(const uint8_t *p, float *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = of_bits(u16(p + 2 * i) << 16);
}

static void (*const block_of[])(const uint8_t *p, float *y) = {
    [TB_Q4_0] = q4_0, [TB_Q4_1] = q4_1, [TB_Q5_0] = q5_0, [TB_Q5_1] = q5_1,     [TB_Q8_0] = q8_0,     [TB_Q2_K] = q2_k,
    [TB_Q3_K] = q3_k, [TB_Q4_K] = q4_k, [TB_Q5_K] = q5_k, [TB_Q6_K] = q6_k, [TB_IQ4_NL] = iq4_nl, [TB_IQ4_XS] = iq4_xs,
};

void tb_dequant_row(enum tb_type type, const void *row, float *y, int64_t first, int64_t n)
{
    const struct tb_type_info *info = tb_type_info((int)type);
    const uint8_t *p = (const uint8_t *)row + first / info->block * info->bytes;
    if (n <= 0)
        return;
    if (type == TB_F32) {
        memcpy(y, p, (size_t)n * sizeof *y);
    } else if (type == TB_F16) {
        f16(p, y, n);
    } else if (type == TB_BF16) {
        bf16(p, y, n);
    } else {
        for (int64_t i = 0; i < n; i += info->block, p += info->bytes)
            block_of[type](p, y + i);
    }
}
