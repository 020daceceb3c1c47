/* SPDX-License-Identifier: MIT */
/* bench.c - timing of rows of shapes. Other programs on the machine halve a rate for seconds at a time, so a rate means
 * something only beside that of a probe just before and just after it. */
#include "kernels/bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROW(what, op, of, rows, cols, inner) \
    { .name = what, .kind = TB_BENCH_##op, .type = TB_##of, .m = rows, .n = cols, .k = inner }

static const struct tb_bench_row rows[] = {
    ROW("q", FORWARD, F32, 2048, 576, 576),
    ROW("k", FORWARD, F32, 2048, 192, 576),
    ROW("gate", FORWARD, F32, 1024, 1536, 576),
    ROW("gate+up", FORWARD, F32, 64, 3072, 576),
    ROW("gate+up", FORWARD, F32, 256, 3072, 576),
    ROW("gate+up", FORWARD, F32, 2048, 3072, 576),
    ROW("down", FORWARD, F32, 64, 576, 1536),
    ROW("down", FORWARD, F32, 256, 576, 1536),
    ROW("down", FORWARD, F32, 2048, 576, 1536),
    ROW("head", FORWARD, F32, 256, 49152, 576),
    ROW("gate+up", FORWARD, BF16, 1024, 3072, 576),
    ROW("gate+up", FORWARD, Q8_0, 64, 3072, 576),
    ROW("gate+up", FORWARD, Q8_0, 1024, 3072, 576),
    ROW("gate+up", FORWARD, Q4_1, 64, 3072, 576),
    ROW("gate+up", FORWARD, Q4_1, 1024, 3072, 576),
    ROW("gate+up", FORWARD, Q4_K, 1024, 3072, 768),
    ROW("decode", FEW, F32, 1, 3072, 576),
    ROW("decode", FEW, Q8_0, 1, 3072, 576),
    ROW("decode", FEW, Q4_1, 1, 3072, 576),
    ROW("decode", FEW, Q4_1, 4, 3072, 576),
    ROW("decode", FEW, Q4_1, 16, 3072, 576),
    ROW("decode", FEW, Q4_K, 1, 3072, 768),
    ROW("q", BACK, F32, 2048, 576, 576),
    ROW("k", BACK, F32, 2048, 576, 192),
    ROW("gate", BACK, F32, 64, 576, 1536),
    ROW("gate", BACK, F32, 2048, 576, 1536),
    ROW("down", BACK, F32, 1024, 1536, 576),
    ROW("head", BACK, F32, 256, 576, 49152),
    ROW("gate", BACK, Q8_0, 1024, 576, 1536),
    ROW("gate", BACK, Q4_1, 64, 576, 1536),
    ROW("gate", BACK, Q4_1, 1024, 576, 1536),
    ROW("gate", BACK, Q4_K, 1024, 768, 1536),
    ROW("dW gate", TN, F32, 1536, 576, 512),
    ROW("dW gate", TN, F32, 1536, 576, 2048),
    ROW("lora x A' r=4", NT, F32, 512, 4, 576),
    ROW("lora x A' r=8", NT, F32, 512, 8, 576),
    ROW("lora x A' r=16", NT, F32, 512, 16, 576),
    ROW("lora x A' r=64", NT, F32, 512, 64, 576),
    ROW("lora h B' r=4", NT, F32, 512, 576, 4),
    ROW("lora h B' r=8", NT, F32, 512, 576, 8),
    ROW("lora h B' r=16", NT, F32, 512, 576, 16),
    ROW("lora h B' r=64", NT, F32, 512, 576, 64),
    ROW("lora dy B r=8", NN, F32, 512, 8, 576),
    ROW("lora dh A r=8", NN, F32, 512, 576, 8),
    ROW("lora dB r=8", TN, F32, 576, 8, 512),
    ROW("lora dB r=64", TN, F32, 576, 64, 512),
    ROW("lora dA r=8", TN, F32, 8, 576, 512),
    ROW("lora dA r=64", TN, F32, 64, 576, 512),
    ROW("attention", ATTEND, F32, 8, 256, 64),
    ROW("attention", ATTEND, F32, 24, 64, 64),
    ROW("attention", ATTEND, F32, 8, 256, 32),
    ROW("attention", ATTEND, F32, 2, 1024, 64),
};

enum { HEADS = 9, KV = 3, MAX_MATS = 9 };

enum { SLICES = 6 }; /* of a probe: the best counts, as the best call of a block does */

static const double slice_s = 0.005, block_s = 0.06, quiet = 0.94;

/* A row's operands on the device. */
struct bench {
    struct tb_kernels *k;
    const struct tb_bench_row *row;
    struct tb_mat m[MAX_MATS];
    struct tb_weight w;
    struct tb_seg *seg;
    bool is_lacking; /* memory */
};

const struct tb_bench_row *tb_bench_rows(int *n)
{
    *n = sizeof rows / sizeof *rows;
    return rows;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Bytes 0x20 .. 0x3f: halves and floats of any alignment read small normal numbers there, never NaN. */
static void *draw_blocks(struct bench *b, size_t bytes)
{
    uint8_t *device = b->k->alloc(b->k, bytes), *host = malloc(bytes);
    uint32_t s = 12345;
    for (size_t i = 0; host && i < bytes; i++, s = s * 1664525u + 1013904223u)
        host[i] = (uint8_t)(0x20 | s >> 27);
    if (device && host)
        b->k->put(b->k, device, host, bytes);
    b->is_lacking |= !device || !host;
    free(host);
    return device;
}

static struct tb_mat draw_floats(struct bench *b, int64_t r, int64_t c)
{
    struct tb_mat m = tb_mat_of(b->k->alloc(b->k, (size_t)(r * c) * sizeof(float)), r, c);
    float *host = malloc((size_t)(r * c) * sizeof *host);
    uint32_t s = 12345;
    for (int64_t i = 0; host && i < r * c; i++, s = s * 1664525u + 1013904223u)
        host[i] = (float)((double)(s >> 8) / 8388608.0 - 1);
    if (m.p && host)
        b->k->put(b->k, m.p, host, (size_t)(r * c) * sizeof *host);
    b->is_lacking |= !m.p || !host;
    free(host);
    return m;
}

static void open_attention(struct bench *b)
{
    const struct tb_bench_row *r = b->row;
    const int64_t t = (int64_t)r->m * r->n, q = HEADS * r->k, kv = KV * r->k;
    const int64_t cols[MAX_MATS] = { q, kv, kv, q, HEADS, q, q, kv, kv };
    for (int i = 0; i < MAX_MATS; i++)
        b->m[i] = draw_floats(b, t, cols[i]);
    b->seg = calloc((size_t)r->m, sizeof *b->seg);
    b->is_lacking |= !b->seg;
    for (int i = 0; b->seg && i < r->m; i++)
        b->seg[i] = (struct tb_seg){ .start = i * r->n, .length = r->n, .parent = -1, .quantum = i };
}

static void open_weight(struct bench *b)
{
    const struct tb_bench_row *r = b->row;
    const struct tb_type_info *info = tb_type_info((int)r->type);
    bool is_back = r->kind == TB_BENCH_BACK;
    b->w = (struct tb_weight){ .type = r->type, .rows = is_back ? r->k : r->n, .cols = is_back ? r->n : r->k };
    b->w.row_bytes = (size_t)(b->w.cols / info->block * info->bytes);
    b->w.p = r->type == TB_F32 ? (void *)draw_floats(b, b->w.rows, b->w.cols).p
                               : draw_blocks(b, (size_t)b->w.rows * b->w.row_bytes);
}

static void open_bench(struct bench *b)
{
    const struct tb_bench_row *r = b->row;
    if (r->kind == TB_BENCH_ATTEND) {
        open_attention(b);
        return;
    }
    b->m[0] = draw_floats(b, r->m, r->n);
    b->m[1] = r->kind == TB_BENCH_TN ? draw_floats(b, r->k, r->m) : draw_floats(b, r->m, r->k);
    if (r->kind == TB_BENCH_FORWARD || r->kind == TB_BENCH_BACK || r->kind == TB_BENCH_FEW)
        open_weight(b);
    else
        b->m[2] = r->kind == TB_BENCH_NT ? draw_floats(b, r->n, r->k) : draw_floats(b, r->k, r->n);
}

static void close_bench(struct bench *b)
{
    for (int i = 0; i < MAX_MATS; i++)
        b->k->release(b->k, b->m[i].p);
    b->k->release(b->k, (void *)b->w.p);
    free(b->seg);
}

static void attend(const struct bench *b)
{
    const struct tb_bench_row *r = b->row;
    const struct tb_mat *m = b->m;
    struct tb_attention a = { .n_heads = HEADS, .n_kv = KV, .head_dim = r->k, .scale = 1 / sqrtf((float)r->k) };
    a.seg = b->seg;
    a.n_seg = r->m;
    a.n_quanta = r->m;
    a.q = m[0];
    a.k = m[1];
    a.v = m[2];
    a.out = m[3];
    a.lse = m[4];
    struct tb_attention_back back = { .dout = m[5], .dq = m[6], .dk = m[7], .dv = m[8] };
    b->k->attention(b->k, &a);
    b->k->attention_back(b->k, &a, &back);
}

static void once(const struct bench *b)
{
    const struct tb_mat *m = b->m;
    switch (b->row->kind) {
    case TB_BENCH_FORWARD:
    case TB_BENCH_BACK:
        b->k->gemm_w(b->k, m[0], m[1], &b->w, b->row->kind == TB_BENCH_BACK, 0);
        break;
    case TB_BENCH_FEW:
        b->k->gemv_w(b->k, m[0], m[1], &b->w);
        break;
    case TB_BENCH_NT:
        b->k->gemm_nt(b->k, m[0], m[1], m[2], 1, 1);
        break;
    case TB_BENCH_NN:
        b->k->gemm_nn(b->k, m[0], m[1], m[2], 1, 1);
        break;
    case TB_BENCH_TN:
        b->k->gemm_tn(b->k, m[0], m[1], m[2], 1, 1);
        break;
    case TB_BENCH_ATTEND:
        attend(b);
    }
}

/* Multiply-adds times two; attention counts the causal half: 2 products forward, 5 backward. */
static double flops(const struct tb_bench_row *r)
{
    if (r->kind == TB_BENCH_ATTEND)
        return 7.0 * r->m * HEADS * r->k * ((double)r->n * r->n + r->n);
    return 2.0 * r->m * r->n * r->k;
}

/* GFLOP/s of the best call in a block. */
static double block(const struct bench *b)
{
    double start = now(), last = start, best = 0;
    do {
        once(b);
        double t = now();
        best = fmax(best, flops(b->row) / (t - last) * 1e-9);
        last = t;
    } while (last - start < block_s);
    return best;
}

static double probe(struct tb_kernels *k)
{
    double best = 0;
    for (int i = 0; i < SLICES; i++)
        best = fmax(best, tb_kernels_probe(k, slice_s));
    return best;
}

static bool measure(struct tb_bench *shared, struct tb_kernels *k, struct tb_bench_row *r)
{
    struct bench b = { .k = k, .row = r };
    open_bench(&b);
    if (!b.is_lacking) {
        once(&b);
        double before = probe(k), best = block(&b), after = probe(k);
        shared->best_probe = fmax(shared->best_probe, fmax(before, after));
        bool is_quiet = fmin(before, after) >= quiet * shared->best_probe;
        if ((is_quiet || r->gflops == 0) && best > r->gflops) {
            r->gflops = best;
            r->probe = fmax(before, after);
            r->share = best / r->probe;
        }
    }
    close_bench(&b);
    return !b.is_lacking;
}

bool tb_bench_run(struct tb_bench *b, struct tb_kernels *k, struct tb_bench_row *row, int n)
{
    for (int i = 0; i < n; i++)
        if (!measure(b, k, &row[i]))
            return false;
    return true;
}

double tb_bench_read(struct tb_kernels *k, double seconds)
{
    static const struct tb_bench_row all = ROW("read", FEW, F32, 1, 32768, 1024);
    struct bench b = { .k = k, .row = &all };
    double best = 0;
    open_bench(&b);
    for (double start = now(), last = start, t; !b.is_lacking && last - start < seconds; last = t) {
        once(&b);
        t = now();
        best = fmax(best, 4.0 * all.n * all.k / (t - last) * 1e-9);
    }
    close_bench(&b);
    return best;
}
