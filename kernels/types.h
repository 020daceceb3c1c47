/* SPDX-License-Identifier: MIT */
/* types.h - matrices and weights as kernels see them. Includes nothing of src/, so kernels/ builds alone. */
#ifndef TB_KERNELS_TYPES_H
#define TB_KERNELS_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A row-major fp32 matrix in device memory; p is a device handle: the host never dereferences it (the guard back end
 * traps that). ld >= cols counts floats from row to row. A vector is a matrix of one row. */
struct tb_mat {
    float *p;
    int64_t rows, cols, ld;
};

static inline struct tb_mat tb_mat_of(float *p, int64_t rows, int64_t cols)
{
    return (struct tb_mat){ p, rows, cols, cols };
}

/* Rows first .. first + n - 1 of m, and columns likewise: views, nothing is copied. */
static inline struct tb_mat tb_mat_rows(struct tb_mat m, int64_t first, int64_t n)
{
    return (struct tb_mat){ m.p + first * m.ld, n, m.cols, m.ld };
}

static inline struct tb_mat tb_mat_cols(struct tb_mat m, int64_t first, int64_t n)
{
    return (struct tb_mat){ m.p + first, m.rows, n, m.ld };
}

/* Element types of stored weights; the numbers are GGUF's (ggml_type), which are frozen. */
enum tb_type {
    TB_F32 = 0,
    TB_F16 = 1,
    TB_Q4_0 = 2,
    TB_Q4_1 = 3,
    TB_Q5_0 = 6,
    TB_Q5_1 = 7,
    TB_Q8_0 = 8,
    TB_Q2_K = 10,
    TB_Q3_K = 11,
    TB_Q4_K = 12,
    TB_Q5_K = 13,
    TB_Q6_K = 14,
    TB_IQ4_NL = 20,
    TB_IQ4_XS = 23,
    TB_BF16 = 30,
};

/* What a type is called, how many values a block holds and how many bytes it takes. */
struct tb_type_info {
    const char *name; /* "f32", "q4_1", ...; NULL for a number that is no type we read */
    int block;        /* values in a block: 1, 32 or 256 */
    int bytes;        /* bytes of a block */
    bool is_built;    /* kernels can dequantise it */
};
/* Never NULL; unknown numbers give an entry with name NULL. */
const struct tb_type_info *tb_type_info(int type);

/* How a stored matrix differs from Hugging Face's canonical [out, in] order (design 2.1). */
enum tb_rule {
    TB_RULE_NONE,
    /* GGUF llama q/k: in each head of hd rows, stored row 2 i + half (i < hd/2) is canonical row half * hd/2 + i. */
    TB_RULE_ROPE_HALVES,
};

/* A frozen weight [rows = out, cols = in] in its stored form; p points into the mapped file (host memory on the CPU,
 * device memory elsewhere) and is read only by kernels. row_bytes is the stored size of one row. Canonical row r is the
 * stored row tb_weight_row(w, r). */
struct tb_weight {
    enum tb_type type;
    enum tb_rule rule;
    int head_dim; /* of TB_RULE_ROPE_HALVES */
    const void *p;
    int64_t rows, cols;
    size_t row_bytes;
};

static inline int64_t tb_weight_row(const struct tb_weight *w, int64_t r)
{
    if (w->rule != TB_RULE_ROPE_HALVES)
        return r;
    int64_t hd = w->head_dim, head = r / hd, i = r % hd, half = hd / 2;
    return head * hd + (i < half ? 2 * i : 2 * (i - half) + 1);
}

/* One run of tokens that attend to each other causally (design 2.2). Rows `start .. start + length - 1` of the packed
 * matrices; `parent` is the index of the segment it continues or -1 (a parent comes before its children and belongs to
 * the same quantum). Key position = pos of the segment + offset. Virtual K/V rows virt .. virt + n_virt - 1 of the
 * virtual matrices come first, at positions 0 .. n_virt - 1, and are seen by all; their gradient is summed over the
 * quantum into rows dvirt .. of the gradient matrices. */
struct tb_seg {
    int start, length, parent, pos;
    int virt, n_virt, dvirt;
    int quantum;
};

/* The attention of one layer over one micro-batch. Scores are scale * q.k; softmax in fp32. A query at position a
 * sees a key at position b <= a, and only if window == 0 or a - b < window. */
struct tb_attention {
    int n_heads, n_kv, head_dim; /* n_heads is a multiple of n_kv; query head h reads kv head h / (n_heads / n_kv) */
    int window;
    float scale;
    const struct tb_seg *seg; /* host memory, in batch order; segments of a quantum are neighbours */
    int n_seg, n_quanta;
    struct tb_mat q;              /* [t, n_heads * head_dim] */
    struct tb_mat k, v;           /* [t, n_kv * head_dim] */
    struct tb_mat virt_k, virt_v; /* [any, n_kv * head_dim], p NULL if no segment has virtual rows */
    struct tb_mat out;            /* [t, n_heads * head_dim] */
    struct tb_mat lse;            /* [t, n_heads]: log of the sum of exp(scores), kept for the backward */
};

/* A query row against a cache. Its keys are virtual rows virt .. virt + n_virt - 1 at positions 0 .. n_virt - 1, then
 * rows first .. first + n - 1 of the cache at the positions behind them; the last of these, n >= 1, is its own. */
struct tb_cache_row {
    int64_t first;
    int n, virt, n_virt;
};

/* Attention of one layer for single queries, with scores, heads and window as in tb_attention. */
struct tb_cache_attention {
    int n_heads, n_kv, head_dim;
    int window;
    float scale;
    const struct tb_cache_row *row; /* host memory, one for each row of q */
    struct tb_mat q, out;           /* [t, n_heads * head_dim] */
    struct tb_mat k, v;             /* [any, n_kv * head_dim]: the cache */
    struct tb_mat virt_k, virt_v;   /* as in tb_attention */
};

/* Gradients of tb_attention; all are overwritten. dvirt_* [any, n_kv * head_dim]: rows dvirt .. dvirt + n_virt - 1 of
 * each quantum's segments are zeroed once, then summed in segment order. */
struct tb_attention_back {
    struct tb_mat dout, dq, dk, dv, dvirt_k, dvirt_v;
};

/* One AdamW update, as torch.optim.AdamW: decoupled decay, bias correction by the step number. */
struct tb_adamw {
    float lr, beta1, beta2, eps, decay;
    int64_t step;     /* 1 for the first update */
    float grad_scale; /* multiplies the gradient first: the clip factor */
};

/* Dropout by Philox (doc/frozen.md 4): counter (hash, step, row[i], column / 4), word column mod 4; an element is
 * dropped if its uniform < p, else multiplied by 1 / (1 - p). */
struct tb_drop {
    float p;
    uint64_t seed;
    uint32_t hash;       /* fnv1a32("dropout/" name) */
    uint32_t step;
    const uint32_t *row; /* device memory, one per matrix row: row in step << 12 | position */
};

#endif
