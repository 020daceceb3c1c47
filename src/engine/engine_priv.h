/* SPDX-License-Identifier: MIT */
/* engine_priv.h - the engine's insides, shared by its files only. */
#ifndef TB_ENGINE_ENGINE_PRIV_H
#define TB_ENGINE_ENGINE_PRIV_H

#include "engine/engine.h"

enum { LOGIT_ROWS = 256, CHAIN_RUNS = 4 /* keys of a row: prefix rows, prompt rows, a shared prompt, the rest */ };

/* The adapters at one linear, in stack order. */
struct place {
    const struct tb_seat *seat[TB_STACK_PARTS];
    int keep_at[TB_STACK_PARTS]; /* floats per token before this seat's share of `keep` */
    int n, n_before, n_after;
    const struct tb_seat *weight; /* the seat that replaces the matrix, or NULL */
    int keep_floats;
    float *keep;
};

/* A set of adapters and where they sit. Route 0 is the engine's own stack, the one that is trained. */
struct route {
    struct tb_stack *stack; /* NULL: the bare model */
    float scale;            /* 1 but from tb_engine_set_scale */
    struct {
        struct place linear[TB_N_LINEAR];
        const struct tb_seat *kv;
    } *block;
    const struct tb_seat *input;
    int n_kv, n_input;
};

/* What one block keeps from forward to backward. Blocks below the lowest trainable one share one set; with
 * spec.recompute all do, but for x. */
struct saved {
    struct tb_mat x, q, k, v, att, lse, mid, gate, up, rstd1, rstd2;
};

struct block {
    const struct tb_seat *attn_norm, *mlp_norm;
    struct tb_mat attn_gain, mlp_gain; /* [1, d], device */
    struct saved s;
};

/* Keys and values of generation: each row has `stride` rows of every layer's matrices. */
struct cache {
    struct tb_mat *k, *v; /* [n_layers] */
    int64_t stride;
    bool is_filling; /* whole prompts run, as segments; else one token of each row */
    const struct tb_cache_row *row; /* of each segment, or of each token */
    int32_t *at;     /* device memory: where each token's key goes */
};

struct tb_engine {
    const struct tb_model *model;
    struct tb_kernels *k;
    struct tb_stack *stack;
    struct tb_engine_spec spec;
    int max_tok, max_seg, max_label, max_quanta;
    int lowest;       /* lowest block with something to train; n_layers if there is none */
    bool is_bare;      /* the model without its adapters: prefill of a text */
    bool is_again;     /* a block runs forward once more: counted apart */
    bool trains_input; /* gradients must reach the input rows or the embedding */

    struct block *block;
    struct route *route;
    int n_routes;
    int most_kv, most_input; /* over the routes */
    const struct tb_seat *embed, *head, *final_norm; /* of method full, which shares its base with nobody */
    struct tb_weight embed_w, head_w; /* the model's, or views of trained copies */
    struct tb_mat final_gain, cos, sin;

    /* Step arena. */
    struct tb_mat x_out;                                /* output of the last block */
    struct tb_mat norm, out, inner;                     /* [t, d], [t, max(d, q)], [t, ff] */
    struct tb_mat dres, dnorm, dout, dinner, datt, dq, dk, dv, dvirt[2];
    struct tb_mat stage[TB_STACK_PARTS], dstage[TB_STACK_PARTS]; /* x' after each `before`, and its gradient */
    struct tb_mat rows, rows_norm, drows, drows_norm, row_rstd, logits, loss; /* the head's rows */
    float *temp;
    struct tb_mat plain; /* what a site gives without adapters, where there are further routes */
    float *dense[3];
    int32_t *ids, *pos, *label_at, *label;
    uint32_t *row;
    float *host_loss;
    struct tb_attention attention;
    struct cache *cache; /* of the generator at work, or NULL */

    struct tb_packer *packer;
    const struct tb_batch *batch;
    double *row_loss; /* of the step under way */
    int *row_labels;
    int first_label;
    int64_t pairs; /* visible pairs of the micro-batch, one layer */
    bool dropout_on;
    uint64_t seed;
    int64_t step;
    struct tb_counters count;
    tb_logits_fn *tap;
    void *tap_arg;
    float *tap_rows;
    void **owned; /* everything taken from k */
    size_t n_owned, cap_owned;
    uint64_t need[4]; /* bytes by enum part while memory is planned */
};

/* memory.c: where adapters sit, and all memory (k NULL: only counted in e->need). */
enum part { ACTIVATIONS, LOGITS, SCRATCH };
void tb_engine_seat_all(struct tb_engine *e);
void tb_engine_unseat(struct tb_engine *e);
bool tb_engine_allocate(struct tb_engine *e);
struct tb_pack_spec tb_engine_pack_spec(const struct tb_engine *e);
void tb_engine_bounds(struct tb_engine *e);

/* linear.c: y = all adapters around x W'; and its backward (dx.p NULL: not wanted; dy may be overwritten). */
void tb_linear(struct tb_engine *e, int layer, enum tb_role role, struct tb_mat y, struct tb_mat x);
void tb_linear_back(struct tb_engine *e, int layer, enum tb_role role, struct tb_mat dx, struct tb_mat dy,
                    struct tb_mat x);
/* Whether the backward of this linear reads x. */
bool tb_linear_reads_x(const struct tb_engine *e, int layer, enum tb_role role);
bool tb_seat_runs_before(const struct tb_seat *s);
bool tb_seat_runs_after(const struct tb_seat *s);
/* A pass over one quantum, with bump memory set. */
struct tb_pass tb_engine_pass(struct tb_engine *e, const struct tb_quantum *q);

/* block.c */
void tb_block_forward(struct tb_engine *e, int layer, struct tb_mat next);
/* Fills what the block keeps once more, from its input. */
void tb_block_again(struct tb_engine *e, int layer);
void tb_block_back(struct tb_engine *e, int layer);

/* route.c: the adapters that a quantum meets. */
const struct place *tb_route_place(const struct tb_engine *e, const struct tb_quantum *q, int layer, enum tb_role role);
/* The virtual K and V rows of a route in front of a block; NULL where there are none. */
void tb_route_rows(struct tb_engine *e, int route, int layer, struct tb_mat kv[2]);
/* y = plain + scale (y - plain); plain is overwritten. */
void tb_route_mix(struct tb_engine *e, struct tb_mat y, struct tb_mat plain, float scale);
/* Whether rows of this route see its virtual rows only in part. */
bool tb_route_is_veiled(const struct tb_engine *e, int route);
/* Points e->attention at the segments of quanta first .. end - 1, which have one route. */
void tb_route_attention(struct tb_engine *e, int layer, const struct saved *s, int first, int end);
/* Attention of whole segments, route by route. */
void tb_route_attend(struct tb_engine *e, int layer, const struct saved *s);
/* Refuses routes that cannot share one base. */
bool tb_route_check(const struct tb_engine_spec *spec, const struct tb_stack *own, struct tb_err *err);

/* cache.c: keeps K and V that a block made for whole prompts; attention of single tokens against the cache. */
void tb_cache_keep(struct tb_engine *e, int layer, struct tb_mat k, struct tb_mat v);
void tb_cache_attend(struct tb_engine *e, int layer, struct tb_mat out, struct tb_mat q, struct tb_mat k,
                     struct tb_mat v);

/* step.c: TRAINED -> DERIVED of all parts. */
void tb_engine_derive(struct tb_engine *e);

/* head.c: loss at the labels; with scale != 0 also the gradient into dres (which it zeroes). */
void tb_head(struct tb_engine *e, float scale);
/* Rows label_at of the last block's output through the final norm. */
struct tb_mat tb_head_rows(struct tb_engine *e);

/* pass.c: one micro-batch; tb_pass_begin and all blocks from the lowest are tb_pass_forward. */
void tb_pass_begin(struct tb_engine *e, const struct tb_batch *b);
void tb_pass_block(struct tb_engine *e, int layer);
void tb_pass_forward(struct tb_engine *e, const struct tb_batch *b);
void tb_pass_back(struct tb_engine *e);

#endif
