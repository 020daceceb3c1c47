/* SPDX-License-Identifier: MIT */
/* attention_case.c - attention and its backward: shapes of heads and trees of segments, against ref; the same bits
 * with any threads, and for each quantum alone as beside the others. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/kernels/shot.h"

enum { Q, K, V, VIRT_K, VIRT_V, OUT, LSE, DOUT, DQ, DK, DV, DVIRT_K, DVIRT_V, N_MATS, MAX_SEGS = 32 };

static const char *const mat_names[] = { "q", "k", "v", "virt_k", "virt_v", "out", "lse",
                                         "dout", "dq", "dk", "dv", "dvirt_k", "dvirt_v" };

/* Layout: lengths of segments; what continues one stands in parentheses behind it; | begins a quantum. */
struct scene {
    const char *layout;
    int n_heads, n_kv, head_dim, window, n_virt;
    enum fill q;
    double tolerance;
};

static const struct scene scenes[] = {
    { "1", 1, 1, 16, 0, 0, UNIT, 4e-6 },
    { "5 1 17|3", 4, 2, 16, 0, 0, UNIT, 4e-6 },
    { "130 5|300", 3, 1, 64, 0, 0, UNIT, 4e-6 },
    { "20(5 1 40(3)) 7|17(1 1)|2", 4, 2, 32, 0, 0, UNIT, 4e-6 },
    { "20(5 1 40(3)) 7|17(1 1)|2", 4, 2, 32, 8, 3, UNIT, 4e-6 },
    { "128(129 2)|9", 9, 3, 64, 0, 17, UNIT, 4e-6 },
    { "513|255 256 257", 1, 1, 8, 0, 0, UNIT, 4e-6 },
    { "300(40)", 2, 1, 16, 100, 1, UNIT, 4e-6 },
    { "33 14(15)", 2, 2, 40, 1, 2, UNIT, 4e-6 },
    { "31(6)|12", 6, 1, 20, 0, 14, UNIT, 4e-6 },
    { "29", 2, 1, 128, 13, 0, UNIT, 4e-6 },
    { "16(7)", 3, 3, 6, 0, 6, UNIT, 4e-6 },
    { "70(30)", 2, 1, 32, 0, 5, WIDE, 2e-5 },
};

struct call {
    const struct scene *s;
    struct tb_seg seg[MAX_SEGS];
    int n_seg, n_tok, n_quanta;
    struct image before[N_MATS];
    void (*report)(bool good, const char *words);
};

static const char *add_segments(struct call *c, const char *at, int parent)
{
    while (*at && *at != ')') {
        char *end;
        struct tb_seg *g = &c->seg[c->n_seg];
        int lane = c->n_quanta % 2 * c->s->n_virt, length = (int)strtol(at, &end, 10);
        *g = (struct tb_seg){ .start = c->n_tok, .length = length, .parent = parent, .pos = c->s->n_virt };
        if (parent >= 0)
            g->pos = c->seg[parent].pos + c->seg[parent].length;
        g->virt = lane;
        g->n_virt = c->s->n_virt;
        g->dvirt = c->n_quanta * c->s->n_virt;
        g->quantum = c->n_quanta;
        c->n_tok += length;
        c->n_seg++;
        at = *end == '(' ? add_segments(c, end + 1, c->n_seg - 1) : end;
        c->n_quanta += *at == '|';
        at += *at == '|' || *at == ' ';
    }
    return *at ? at + 1 : at;
}

static void open_call(struct call *c, const struct scene *s, int pad)
{
    *c = (struct call){ .s = s };
    uint32_t state = 11;
    add_segments(c, s->layout, -1);
    c->n_quanta++;
    for (int i = 0; i < N_MATS; i++) {
        bool is_virtual = i == VIRT_K || i == VIRT_V || i == DVIRT_K || i == DVIRT_V;
        bool is_query = i == Q || i == OUT || i == DOUT || i == DQ;
        int rows = is_virtual ? (c->n_quanta + 1) * s->n_virt : c->n_tok;
        int heads = is_query ? s->n_heads : s->n_kv;
        c->before[i] = image_open(rows, i == LSE ? s->n_heads : heads * s->head_dim, pad * i);
        image_fill(&c->before[i], i == Q ? s->q : UNIT, NULL, &state);
    }
}

static void close_images(struct image *a)
{
    for (int i = 0; i < N_MATS; i++)
        image_close(&a[i]);
}

/* Segments first .. first + n - 1, as if there were no others. */
static void fire(const struct call *c, struct tb_kernels *k, int first, int n, struct image after[N_MATS])
{
    const struct scene *s = c->s;
    struct tb_mat m[N_MATS];
    struct tb_seg seg[MAX_SEGS];
    for (int i = 0; i < n; i++) {
        seg[i] = c->seg[first + i];
        seg[i].parent -= seg[i].parent < 0 ? 0 : first;
    }
    for (int i = 0; i < N_MATS; i++)
        m[i] = image_put(k, &c->before[i]);
    struct tb_attention a = { .n_heads = s->n_heads, .n_kv = s->n_kv, .head_dim = s->head_dim, .window = s->window };
    a.scale = 1 / sqrtf((float)s->head_dim);
    a.seg = seg;
    a.n_seg = n;
    a.n_quanta = n == c->n_seg ? c->n_quanta : 1;
    a.q = m[Q];
    a.k = m[K];
    a.v = m[V];
    a.out = m[OUT];
    a.lse = m[LSE];
    struct tb_attention_back b = { .dout = m[DOUT], .dq = m[DQ], .dk = m[DK], .dv = m[DV] };
    if (s->n_virt) {
        a.virt_k = m[VIRT_K];
        a.virt_v = m[VIRT_V];
        b.dvirt_k = m[DVIRT_K];
        b.dvirt_v = m[DVIRT_V];
    }
    k->attention(k, &a);
    k->attention_back(k, &a, &b);
    for (int i = 0; i < N_MATS; i++) {
        after[i] = image_copy(&c->before[i]);
        image_get(k, m[i], &after[i]);
        image_release(k, m[i], &c->before[i]);
    }
}

static bool is_output(int i)
{
    return i == OUT || i == LSE || i >= DQ;
}

/* Gradients of scores may cancel to nothing, as under one visible key: 0.3 is what they are made of. */
static void check_values(const struct call *c, const struct bench *b, const struct image *want, const struct image *got)
{
    const struct scene *s = c->s;
    double worst = 0;
    char words[256], bad[128] = "";
    for (int i = 0; i < N_MATS; i++) {
        double e = is_output(i) ? distance(&got[i], &want[i], i == DQ || i == DK || i == DVIRT_K ? 0.3 : 1e-30) : 0;
        worst = fmax(worst, e);
        if (e > (b->is_exact ? 0 : s->tolerance))
            snprintf(bad, sizeof bad, ": %s is far from ref", mat_names[i]);
        if (!is_same(&got[i], &c->before[i], is_output(i)))
            snprintf(bad, sizeof bad, ": something is written beside %s", mat_names[i]);
    }
    snprintf(words, sizeof words, "attention, %s: %s, %d/%d heads of %d, window %d, %d virtual: error %.1e%s", b->name,
             s->layout, s->n_heads, s->n_kv, s->head_dim, s->window, s->n_virt, worst, bad);
    c->report(!bad[0], words);
}

static void say(const struct call *c, const struct bench *b, bool good, const char *what)
{
    char words[256];
    snprintf(words, sizeof words, "attention, %s: %s: %s", b->name, c->s->layout, what);
    c->report(good, words);
}

/* Rows of one quantum in a and b; virtual rows by dvirt. */
static bool is_same_quantum(const struct call *c, const struct image *a, const struct image *b, int quantum,
                            bool is_virtual)
{
    bool same = true;
    for (const struct tb_seg *g = c->seg; g < c->seg + c->n_seg; g++) {
        int first = is_virtual ? g->dvirt : g->start, n = is_virtual ? g->n_virt : g->length;
        for (int r = first; g->quantum == quantum && r < first + n; r++)
            same &= !memcmp(image_at(a, r, 0), image_at(b, r, 0), (size_t)a->cols * sizeof(float));
    }
    return same;
}

static void check_alone(const struct call *c, const struct bench *b, const struct image *all)
{
    struct image alone[N_MATS];
    bool same = true;
    for (int first = 0, end; first < c->n_seg; first = end) {
        const int quantum = c->seg[first].quantum;
        for (end = first; end < c->n_seg && c->seg[end].quantum == quantum; end++)
            ;
        fire(c, b->k[b->n - 1], first, end - first, alone);
        for (int i = 0; i < N_MATS; i++)
            same &= !is_output(i) || is_same_quantum(c, &alone[i], &all[i], quantum, i >= DVIRT_K);
        close_images(alone);
    }
    say(c, b, same, "each quantum alone has the same bits");
}

static void check_threads(const struct call *c, const struct bench *b, const struct image *one)
{
    struct image more[N_MATS];
    bool same = true;
    for (int i = 1; i < b->n; i++) {
        fire(c, b->k[i], 0, c->n_seg, more);
        for (int m = 0; m < N_MATS; m++)
            same &= is_same(&more[m], &one[m], false);
        close_images(more);
    }
    say(c, b, same, "the same bits with any threads");
}

/* Of a call without segments. */
static void check_nothing(const struct call *c, const struct bench *b)
{
    struct image after[N_MATS];
    bool same = true;
    fire(c, b->k[0], 0, 0, after);
    for (int i = 0; i < N_MATS; i++)
        same &= is_same(&after[i], &c->before[i], false);
    close_images(after);
    say(c, b, same, "no segments, nothing written");
}

void test_attention(struct tb_kernels *ref, const struct bench *b, void (*report)(bool good, const char *words))
{
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        struct call c;
        struct image want[N_MATS], got[N_MATS];
        open_call(&c, &scenes[i], (int)i % 3);
        c.report = report;
        fire(&c, ref, 0, c.n_seg, want);
        fire(&c, b->k[0], 0, c.n_seg, got);
        check_values(&c, b, want, got);
        check_threads(&c, b, got);
        check_alone(&c, b, got);
        close_images(want);
        close_images(got);
        check_nothing(&c, b);
        close_images(c.before);
    }
}
