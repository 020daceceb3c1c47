/* SPDX-License-Identifier: MIT */
/* cache_case.c - attend_cache: rows of a cache as a batch of queries sees them, against ref and against `attention` on
 * the same keys as one segment; the same bits with any threads and for each query alone. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/kernels/shot.h"

enum { Q, K, V, VIRT_K, VIRT_V, OUT, N_MATS, MAX_ROWS = 5 };

struct scene {
    int n_heads, n_kv, head_dim, window, n_virt;
    int n[MAX_ROWS]; /* keys of each query in the cache; 0 ends */
};

static const struct scene scenes[] = {
    { 1, 1, 16, 0, 0, { 1 } },
    { 4, 2, 16, 0, 0, { 5, 1, 17, 300 } },
    { 9, 3, 64, 0, 17, { 129, 2, 1024, 7 } },
    { 4, 2, 32, 8, 3, { 1, 5, 6, 8, 40 } },
    { 2, 2, 40, 1, 2, { 15, 1 } },
    { 6, 1, 20, 0, 14, { 31, 6 } },
    { 2, 1, 128, 13, 0, { 12, 13, 14, 29 } },
    { 3, 3, 6, 4, 6, { 16, 1, 2 } },
    { 2, 1, 96, 0, 0, { 7, 8, 9 } },
};

struct call {
    const struct scene *s;
    struct tb_cache_row row[MAX_ROWS];
    int n;
    struct image before[N_MATS];
};

/* Rows stand in the cache last first, with a gap between them; every second one has the other virtual rows. */
static void open_call(struct call *c, const struct scene *s, int pad)
{
    uint32_t state = 5;
    int64_t at = 2;
    *c = (struct call){ .s = s };
    while (c->n < MAX_ROWS && s->n[c->n])
        c->n++;
    for (int i = c->n - 1; i >= 0; at += s->n[i--] + 1)
        c->row[i] = (struct tb_cache_row){ .first = at, .n = s->n[i], .virt = i % 2 * s->n_virt,
                                           .n_virt = s->n_virt };
    for (int i = 0; i < N_MATS; i++) {
        bool is_query = i == Q || i == OUT, is_virtual = i == VIRT_K || i == VIRT_V;
        c->before[i] = image_open(is_query ? c->n : is_virtual ? 2 * s->n_virt : at,
                                  (is_query ? s->n_heads : s->n_kv) * s->head_dim, pad * i);
        image_fill(&c->before[i], UNIT, NULL, &state);
    }
}

static void close_images(struct image *a)
{
    for (int i = 0; i < N_MATS; i++)
        image_close(&a[i]);
}

/* The queries first .. first + n - 1; afterwards the images. */
static void fire(const struct call *c, struct tb_kernels *k, int first, int n, struct image after[N_MATS])
{
    const struct scene *s = c->s;
    struct tb_mat m[N_MATS];
    for (int i = 0; i < N_MATS; i++)
        m[i] = image_put(k, &c->before[i]);
    struct tb_cache_attention a = { .n_heads = s->n_heads, .n_kv = s->n_kv, .head_dim = s->head_dim,
                                    .window = s->window, .scale = 1 / sqrtf((float)s->head_dim),
                                    .row = c->row + first, .q = tb_mat_rows(m[Q], first, n),
                                    .out = tb_mat_rows(m[OUT], first, n), .k = m[K], .v = m[V] };
    if (s->n_virt) {
        a.virt_k = m[VIRT_K];
        a.virt_v = m[VIRT_V];
    }
    k->attend_cache(k, &a);
    for (int i = 0; i < N_MATS; i++) {
        after[i] = image_copy(&c->before[i]);
        image_get(k, m[i], &after[i]);
        image_release(k, m[i], &c->before[i]);
    }
}

/* Each query is the last token of a segment that holds its keys: attention of ref gives its output. */
static bool is_like_segment(const struct call *c, struct tb_kernels *ref, int i, const struct image *out)
{
    const struct scene *s = c->s;
    const struct tb_cache_row *r = &c->row[i];
    const int64_t n = r->n, width = (int64_t)s->n_heads * s->head_dim;
    struct tb_mat m[N_MATS], lse = tb_mat_of(ref->alloc(ref, (size_t)(n * s->n_heads) * sizeof(float)), n, s->n_heads);
    struct image q = image_open(n, width, 0), got = image_open(n, width, 0);
    bool is_like = true;
    for (int64_t j = 0; j < n; j++)
        memcpy(image_at(&q, j, 0), image_at(&c->before[Q], i, 0), (size_t)width * sizeof(float));
    for (int j = K; j <= VIRT_V; j++)
        m[j] = image_put(ref, &c->before[j]);
    m[Q] = image_put(ref, &q);
    m[OUT] = image_put(ref, &got);
    struct tb_seg seg = { .length = (int)n, .parent = -1, .pos = s->n_virt, .virt = r->virt, .n_virt = s->n_virt };
    struct tb_attention a = { .n_heads = s->n_heads, .n_kv = s->n_kv, .head_dim = s->head_dim, .window = s->window,
                              .scale = 1 / sqrtf((float)s->head_dim), .seg = &seg, .n_seg = 1, .n_quanta = 1,
                              .q = m[Q], .k = tb_mat_rows(m[K], r->first, n), .v = tb_mat_rows(m[V], r->first, n),
                              .out = m[OUT], .lse = lse };
    if (s->n_virt) {
        a.virt_k = m[VIRT_K];
        a.virt_v = m[VIRT_V];
    }
    ref->attention(ref, &a);
    image_get(ref, m[OUT], &got);
    for (int64_t j = 0; j < width; j++)
        is_like &= fabsf(*image_at(&got, n - 1, j) - *image_at(out, i, j)) <= 2e-6f;
    image_release(ref, m[Q], &q);
    image_release(ref, m[OUT], &got);
    for (int j = K; j <= VIRT_V; j++)
        image_release(ref, m[j], &c->before[j]);
    ref->release(ref, lse.p);
    image_close(&q);
    image_close(&got);
    return is_like;
}

static bool is_same_alone(const struct call *c, struct tb_kernels *k, const struct image *all)
{
    bool same = true;
    for (int i = 0; i < c->n; i++) {
        struct image alone[N_MATS];
        fire(c, k, i, 1, alone);
        same &= !memcmp(image_at(&alone[OUT], i, 0), image_at(all, i, 0), (size_t)all->cols * sizeof(float));
        close_images(alone);
    }
    return same;
}

static bool is_same_by_threads(const struct call *c, const struct bench *b, const struct image *all)
{
    bool same = true;
    for (int i = 1; i < b->n; i++) {
        struct image more[N_MATS];
        fire(c, b->k[i], 0, c->n, more);
        same &= is_same(&more[OUT], all, false);
        close_images(more);
    }
    return same;
}

static void check(struct tb_kernels *ref, const struct bench *b, const struct call *c,
                  void (*report)(bool good, const char *words))
{
    const struct scene *s = c->s;
    struct image want[N_MATS], got[N_MATS];
    char words[200];
    bool is_stray = false, is_like = true;
    fire(c, ref, 0, c->n, want);
    fire(c, b->k[0], 0, c->n, got);
    for (int i = 0; i < N_MATS; i++)
        is_stray |= !is_same(&got[i], &c->before[i], i == OUT);
    for (int i = 0; i < c->n; i++)
        is_like &= is_like_segment(c, ref, i, &got[OUT]);
    double far = distance(&got[OUT], &want[OUT], 1e-30);
    snprintf(words, sizeof words, "attend_cache, %s: %d/%d heads of %d, window %d, %d virtual: error %.1e", b->name,
             s->n_heads, s->n_kv, s->head_dim, s->window, s->n_virt, far);
    report(!is_stray && is_like && far <= (b->is_exact ? 0 : 4e-6), words);
    snprintf(words, sizeof words, "attend_cache, %s: the same bits alone and with any threads", b->name);
    report(is_same_alone(c, b->k[b->n - 1], &got[OUT]) && is_same_by_threads(c, b, &got[OUT]), words);
    close_images(want);
    close_images(got);
}

void test_cache(struct tb_kernels *ref, const struct bench *b, void (*report)(bool good, const char *words))
{
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        struct call c;
        open_call(&c, &scenes[i], (int)i % 3);
        check(ref, b, &c, report);
        close_images(c.before);
    }
}
