/* SPDX-License-Identifier: MIT */
/* shot.c - see shot.h. */
#include "tests/kernels/shot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const float strange = 1.5e19f;

static void *must(void *p)
{
    if (!p)
        abort();
    return p;
}

float draw(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (float)((double)(*state >> 8) / 8388608.0 - 1);
}

struct image image_open(int64_t rows, int64_t cols, int64_t pad)
{
    struct image a = { .rows = rows, .cols = cols, .ld = cols + pad };
    size_t used = rows && cols ? (size_t)((rows - 1) * a.ld + cols) : 0;
    a.n = (used + 15) / 16 * 16 + 16;
    a.lead = a.n - used;
    a.host = must(malloc(a.n * sizeof *a.host));
    for (size_t i = 0; i < a.n; i++)
        a.host[i] = strange;
    return a;
}

struct image image_copy(const struct image *a)
{
    struct image b = *a;
    b.host = must(malloc(a->n * sizeof *b.host));
    memcpy(b.host, a->host, a->n * sizeof *b.host);
    return b;
}

void image_close(struct image *a)
{
    free(a->host);
    a->host = NULL;
}

float *image_at(const struct image *a, int64_t r, int64_t c)
{
    return a->host + a->lead + r * a->ld + c;
}

static int32_t draw_index(enum fill fill, const struct dims *d, int64_t r, uint32_t *state)
{
    int any = (int)((draw(state) + 1) * 0x1p22f);
    switch (fill) {
    case LABEL:
        return any % d->n;
    case DISTINCT:
        return (int32_t)((r * 7 + 3) % d->p); /* p has no factor 7 */
    case PLACE:
        return (int32_t)(r / 5 << 12 | (r * 3 + 1));
    case SKIPPING:
        return any % 4 ? any / 4 % d->p : -1;
    default:
        return any % d->p;
    }
}

static float draw_real(enum fill fill, uint32_t *state)
{
    float x = draw(state);
    if (fill == WIDE)
        return 40 * x * x * x;
    if (fill == POSITIVE)
        return 0.8f + 0.5f * x;
    return fill == SMALL ? 0.05f * x : x;
}

void image_fill(const struct image *a, enum fill fill, const struct dims *d, uint32_t *state)
{
    for (int64_t r = 0; r < a->rows; r++)
        for (int64_t c = 0; c < a->cols; c++) {
            int32_t index = fill >= INDEX ? draw_index(fill, d, r, state) : 0;
            float real = fill < INDEX ? draw_real(fill, state) : 0;
            memcpy(image_at(a, r, c), fill >= INDEX ? (void *)&index : (void *)&real, sizeof real);
        }
}

struct tb_mat image_put(struct tb_kernels *k, const struct image *a)
{
    float *p = must(k->alloc(k, a->n * sizeof *p));
    k->put(k, p, a->host, a->n * sizeof *p);
    return (struct tb_mat){ p + a->lead, a->rows, a->cols, a->ld };
}

void image_get(struct tb_kernels *k, struct tb_mat m, const struct image *a)
{
    k->get(k, a->host, m.p - a->lead, a->n * sizeof *a->host);
}

void image_release(struct tb_kernels *k, struct tb_mat m, const struct image *a)
{
    k->release(k, m.p - a->lead);
}

static double rms(const struct image *a)
{
    double sum = 0;
    for (int64_t r = 0; r < a->rows; r++)
        for (int64_t c = 0; c < a->cols; c++)
            sum += (double)*image_at(a, r, c) * (double)*image_at(a, r, c);
    return sqrt(sum / fmax(1, (double)(a->rows * a->cols)));
}

double distance(const struct image *got, const struct image *want, double least)
{
    double worst = 0, size = fmax(rms(want), least);
    for (int64_t r = 0; r < want->rows; r++)
        for (int64_t c = 0; c < want->cols; c++) {
            double w = (double)*image_at(want, r, c), g = (double)*image_at(got, r, c);
            double e = w == g || (isnan(w) && isnan(g)) ? 0 : fabs(g - w) / (fabs(w) + size);
            worst = isnan(e) ? HUGE_VAL : fmax(worst, e);
        }
    return worst;
}

static bool has_nan(const struct image *a, int64_t r)
{
    bool found = false;
    for (int64_t c = 0; c < a->cols; c++)
        found |= isnan(*image_at(a, r, c));
    return found;
}

bool has_same_nan_rows(const struct image *a, const struct image *b)
{
    bool same = true;
    for (int64_t r = 0; r < a->rows; r++)
        same &= has_nan(a, r) == has_nan(b, r);
    return same;
}

static bool is_inside(const struct image *a, size_t i)
{
    return i >= a->lead && (int64_t)(i - a->lead) % a->ld < a->cols;
}

bool is_same(const struct image *a, const struct image *b, bool around_only)
{
    if (!around_only)
        return memcmp(a->host, b->host, a->n * sizeof *a->host) == 0;
    for (size_t i = 0; i < a->n; i++)
        if (!is_inside(a, i) && memcmp(a->host + i, b->host + i, sizeof *a->host) != 0)
            return false;
    return true;
}

/* Where the halves of a block stand that scale it; -1: nowhere. */
static const struct {
    enum tb_type type;
    int at, at2;
} scales[] = {
    { TB_Q4_0, 0, -1 },   { TB_Q4_1, 0, 2 },      { TB_Q5_0, 0, -1 },   { TB_Q5_1, 0, 2 },
    { TB_Q8_0, 0, -1 },   { TB_Q2_K, 80, 82 },    { TB_Q3_K, 108, -1 }, { TB_Q4_K, 0, 2 },
    { TB_Q5_K, 0, 2 },    { TB_Q6_K, 208, -1 },   { TB_IQ4_NL, 0, -1 }, { TB_IQ4_XS, 0, -1 },
};

static uint32_t draw_bits(uint32_t *state)
{
    uint32_t high = (uint32_t)((draw(state) + 1) * 0x1p15f) & 0xffff;
    return high << 16 | ((uint32_t)((draw(state) + 1) * 0x1p15f) & 0xffff);
}

/* A half of size 2^-6 .. 2^-2. */
static void put_half(uint8_t *p, uint32_t *state)
{
    uint32_t bits = draw_bits(state), h = (bits & 0x83ff) | (9 + (bits >> 16) % 4) << 10;
    p[0] = (uint8_t)h;
    p[1] = (uint8_t)(h >> 8);
}

static void draw_block(enum tb_type type, uint8_t *p, const struct tb_type_info *info, uint32_t *state)
{
    float x = draw(state);
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    for (int i = 0; i < info->bytes; i++)
        p[i] = (uint8_t)draw_bits(state);
    if (type == TB_F32)
        memcpy(p, &x, sizeof x);
    else if (type == TB_F16)
        put_half(p, state);
    else if (type == TB_BF16)
        memcpy(p, (uint16_t[]){ (uint16_t)(bits >> 16) }, 2);
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++)
        if (scales[i].type == type) {
            put_half(p + scales[i].at, state);
            if (scales[i].at2 >= 0)
                put_half(p + scales[i].at2, state);
        }
}

struct tb_weight weight_open(enum tb_type type, int64_t rows, int64_t cols, uint32_t *state)
{
    const struct tb_type_info *info = tb_type_info((int)type);
    struct tb_weight w = { .type = type, .rows = rows, .cols = cols };
    w.row_bytes = (size_t)(cols / info->block * info->bytes);
    uint8_t *p = (uint8_t *)must(malloc((size_t)rows * w.row_bytes + 1)) + 1;
    for (size_t i = 0; i < (size_t)rows * w.row_bytes; i += (size_t)info->bytes)
        draw_block(type, p + i, info, state);
    w.p = p;
    return w;
}

void weight_close(struct tb_weight *w)
{
    if (w->p)
        free((uint8_t *)w->p - 1);
    w->p = NULL;
}
