/* SPDX-License-Identifier: MIT */
/* memory.c - where adapters sit, and the arenas: every size follows from shapes and the bounds of a micro-batch, so the
 * same walk either counts bytes (before a run) or takes them. Blocks below the lowest trainable one, and all blocks
 * of an engine that only evaluates, share one set of kept activations; with spec.recompute the others have an input of
 * their own beside it. */
#include "engine/engine_priv.h"

#include <stdlib.h>

#include "base/mem.h"

static void sit_linear(struct tb_engine *e, const struct tb_seat *s)
{
    struct place *at = &e->block[s->site->layer].linear[s->site->role];
    at->keep_at[at->n] = at->keep_floats;
    at->keep_floats += s->keep_floats;
    at->seat[at->n++] = s;
    at->n_before += tb_seat_runs_before(s);
    at->n_after += tb_seat_runs_after(s);
    if (s->adapter->method->weight)
        at->weight = s;
}

static void sit_norm(struct tb_engine *e, const struct tb_seat *s)
{
    if (s->site->layer < 0)
        e->final_norm = s;
    else if (s->site->role == TB_Q)
        e->block[s->site->layer].attn_norm = s;
    else
        e->block[s->site->layer].mlp_norm = s;
}

static void sit(struct tb_engine *e, const struct tb_seat *s)
{
    switch (s->site->kind) {
    case TB_SITE_LINEAR: sit_linear(e, s); break;
    case TB_SITE_KV: e->block[s->site->layer].kv = s; break;
    case TB_SITE_INPUT: e->input = s; break;
    case TB_SITE_EMBED: e->embed = s; break;
    case TB_SITE_HEAD: e->head = s; break;
    case TB_SITE_NORM: sit_norm(e, s); break;
    }
    if (s->site->layer >= 0 && s->site->layer < e->lowest)
        e->lowest = s->site->layer;
}

void tb_engine_seat_all(struct tb_engine *e)
{
    e->lowest = e->model->shape.n_layers;
    for (int i = 0; e->stack && i < e->stack->n; i++)
        for (int j = 0; j < e->stack->part[i]->n_seats; j++)
            sit(e, &e->stack->part[i]->seats[j]);
    if (e->embed && e->model->shape.is_tied)
        e->head = e->embed;
    e->trains_input = e->input || e->embed;
    if (e->trains_input)
        e->lowest = 0;
    e->n_kv = e->stack ? tb_stack_kv_rows(e->stack) : 0;
    e->n_input = e->stack ? tb_stack_input_rows(e->stack) : 0;
}

/* A tied table that is trained gets the head's gradient of a quantum, then the embedding's: in that order for every
 * quantum whatever the cut, so each is a micro-batch of its own. */
struct tb_pack_spec tb_engine_pack_spec(const struct tb_engine *e)
{
    return (struct tb_pack_spec){ .n_input = e->n_input, .n_kv = e->n_kv, .share_prompts = e->spec.share_prompts,
                                  .quantum_tok = e->spec.quantum_tok,
                                  .micro_tok = e->embed && e->embed == e->head ? 1 : e->spec.micro_tok };
}

void tb_engine_bounds(struct tb_engine *e)
{
    struct tb_pack_spec pack = tb_engine_pack_spec(e);
    tb_pack_bounds(&pack, e->spec.step_rows, e->spec.row_tok, &e->max_tok, &e->max_seg, &e->max_label, &e->max_quanta);
    if (e->max_tok < e->n_kv) /* the text that a prefix starts from runs as one segment */
        e->max_tok = e->n_kv;
}

static void *take(struct tb_engine *e, enum part part, int64_t n, size_t size)
{
    size_t bytes = (size_t)n * size;
    e->need[part] += bytes;
    if (!e->k || !bytes)
        return NULL;
    e->owned = tb_grow(e->owned, e->n_owned, &e->cap_owned, sizeof *e->owned);
    void *p = e->k->alloc(e->k, bytes);
    e->owned[e->n_owned++] = p;
    return p;
}

static struct tb_mat mat(struct tb_engine *e, enum part part, int64_t rows, int64_t cols)
{
    return tb_mat_of(take(e, part, rows * cols, sizeof(float)), rows, cols);
}

static struct saved take_saved(struct tb_engine *e)
{
    const struct tb_shape *s = &e->model->shape;
    int64_t t = e->max_tok, q = (int64_t)s->n_heads * s->head_dim, kv = (int64_t)s->n_kv * s->head_dim;
    return (struct saved){
        .x = mat(e, ACTIVATIONS, t, s->d), .q = mat(e, ACTIVATIONS, t, q), .k = mat(e, ACTIVATIONS, t, kv),
        .v = mat(e, ACTIVATIONS, t, kv), .att = mat(e, ACTIVATIONS, t, q), .lse = mat(e, ACTIVATIONS, t, s->n_heads),
        .mid = mat(e, ACTIVATIONS, t, s->d), .gate = mat(e, ACTIVATIONS, t, s->ff),
        .up = mat(e, ACTIVATIONS, t, s->ff), .rstd1 = mat(e, ACTIVATIONS, t, 1), .rstd2 = mat(e, ACTIVATIONS, t, 1),
    };
}

static float *take_keep(struct tb_engine *e, int floats)
{
    return take(e, ACTIVATIONS, (int64_t)e->max_tok * floats, sizeof(float));
}

/* What adapters keep at the linears of one role: for each block, or once for the one that keeps most. */
static void take_keeps(struct tb_engine *e, int role, bool once)
{
    int most = 0;
    for (int l = 0; l < e->model->shape.n_layers; l++) {
        int floats = e->block[l].linear[role].keep_floats;
        most = floats > most ? floats : most;
    }
    float *common = once ? take_keep(e, most) : NULL;
    for (int l = 0; l < e->model->shape.n_layers; l++) {
        struct place *at = &e->block[l].linear[role];
        at->keep = once ? common : take_keep(e, at->keep_floats);
    }
}

static void take_blocks(struct tb_engine *e)
{
    struct saved common = { 0 };
    int d = e->model->shape.d, kept_from = e->spec.is_training ? e->lowest : e->model->shape.n_layers;
    for (int l = 0; l < e->model->shape.n_layers; l++) {
        struct block *b = &e->block[l];
        if (l == 0 && (kept_from > 0 || e->spec.recompute))
            common = take_saved(e);
        b->s = l < kept_from || e->spec.recompute ? common : take_saved(e);
        if (l > 0 && l >= kept_from && e->spec.recompute)
            b->s.x = mat(e, ACTIVATIONS, e->max_tok, d);
        b->attn_gain = mat(e, SCRATCH, 1, d);
        b->mlp_gain = mat(e, SCRATCH, 1, d);
    }
    for (int r = 0; r < TB_N_LINEAR; r++)
        take_keeps(e, r, e->spec.recompute || !e->spec.is_training);
}

/* What a pass needs beside the blocks: streams, their gradients, index arrays. */
static void take_streams(struct tb_engine *e)
{
    const struct tb_shape *s = &e->model->shape;
    int64_t t = e->max_tok, q = (int64_t)s->n_heads * s->head_dim, kv = (int64_t)s->n_kv * s->head_dim;
    e->x_out = mat(e, ACTIVATIONS, t, s->d);
    e->norm = mat(e, ACTIVATIONS, t, s->d);
    e->out = mat(e, ACTIVATIONS, t, s->d);
    e->inner = mat(e, ACTIVATIONS, t, s->ff);
    e->ids = take(e, SCRATCH, t, sizeof *e->ids);
    e->pos = take(e, SCRATCH, t, sizeof *e->pos);
    e->row = take(e, SCRATCH, t, sizeof *e->row);
    e->label_at = take(e, SCRATCH, e->max_label, sizeof *e->label_at);
    e->label = take(e, SCRATCH, e->max_label, sizeof *e->label);
    if (!e->spec.is_training)
        return;
    e->dres = mat(e, ACTIVATIONS, t, s->d);
    e->dnorm = mat(e, ACTIVATIONS, t, s->d);
    e->dout = mat(e, ACTIVATIONS, t, s->d);
    e->dinner = mat(e, ACTIVATIONS, t, s->ff);
    e->datt = mat(e, ACTIVATIONS, t, q);
    e->dq = mat(e, ACTIVATIONS, t, q);
    e->dk = mat(e, ACTIVATIONS, t, kv);
    e->dv = mat(e, ACTIVATIONS, t, kv);
    for (int i = 0; i < 2; i++)
        e->dvirt[i] = mat(e, ACTIVATIONS, (int64_t)e->max_quanta * e->n_kv, kv);
}

static void take_head(struct tb_engine *e)
{
    const struct tb_shape *s = &e->model->shape;
    int64_t n = e->max_label;
    e->rows = mat(e, ACTIVATIONS, n, s->d);
    e->rows_norm = mat(e, ACTIVATIONS, n, s->d);
    e->row_rstd = mat(e, ACTIVATIONS, n, 1);
    e->loss = mat(e, ACTIVATIONS, n, 1);
    if (e->spec.is_training) {
        e->drows = mat(e, ACTIVATIONS, n, s->d);
        e->drows_norm = mat(e, ACTIVATIONS, n, s->d);
    }
    e->logits = mat(e, LOGITS, n < LOGIT_ROWS ? n : LOGIT_ROWS, s->vocab);
    e->final_gain = mat(e, SCRATCH, 1, s->d);
}

/* Scratch that adapters ask for: x' stages, room inside a hook, dense matrices. */
static void take_adapter_scratch(struct tb_engine *e)
{
    int n_stage = 0, temp = 0, n_dense = 0;
    int64_t width = 0, dense = 0;
    for (int l = 0; l < e->model->shape.n_layers; l++)
        for (int r = 0; r < TB_N_LINEAR; r++) {
            const struct place *at = &e->block[l].linear[r];
            for (int i = 0; i < at->n; i++) {
                const struct tb_seat *s = at->seat[i];
                int64_t size = (int64_t)s->site->in * s->site->out;
                temp = s->temp_floats > temp ? s->temp_floats : temp;
                n_dense = s->adapter->method->n_dense > n_dense ? s->adapter->method->n_dense : n_dense;
                dense = size > dense ? size : dense;
                width = at->n_before && s->site->in > width ? s->site->in : width;
            }
            n_stage = at->n_before > n_stage ? at->n_before : n_stage;
        }
    for (int i = 0; i < n_stage; i++) {
        e->stage[i] = mat(e, ACTIVATIONS, e->max_tok, width);
        if (e->spec.is_training)
            e->dstage[i] = mat(e, ACTIVATIONS, e->max_tok, width);
    }
    e->temp = take(e, ACTIVATIONS, (int64_t)e->max_tok * temp, sizeof(float));
    for (int i = 0; i < n_dense; i++)
        e->dense[i] = take(e, SCRATCH, dense, sizeof(float));
}

bool tb_engine_allocate(struct tb_engine *e)
{
    int64_t n_pos = (int64_t)e->spec.row_tok + e->n_kv + e->n_input;
    n_pos = n_pos < e->max_tok && e->n_kv ? e->max_tok : n_pos;
    take_blocks(e);
    take_streams(e);
    take_head(e);
    take_adapter_scratch(e);
    e->cos = mat(e, SCRATCH, n_pos, e->model->shape.head_dim / 2);
    e->sin = mat(e, SCRATCH, n_pos, e->model->shape.head_dim / 2);
    for (size_t i = 0; i < e->n_owned; i++)
        if (!e->owned[i])
            return false;
    return true;
}

void tb_engine_footprint(const struct tb_model *m, const struct tb_stack *s, const struct tb_engine_spec *spec,
                      struct tb_footprint *out)
{
    struct tb_engine e = { .model = m, .stack = (struct tb_stack *)s, .spec = *spec };
    *out = (struct tb_footprint){ .weights = m->bytes };
    e.block = tb_xcalloc((size_t)m->shape.n_layers, sizeof *e.block);
    tb_engine_seat_all(&e);
    tb_engine_bounds(&e);
    tb_engine_allocate(&e);
    for (int i = 0; s && i < s->n; i++)
        out->adapter += tb_adapter_bytes(s->part[i]);
    out->activations = e.need[ACTIVATIONS];
    out->logits = e.need[LOGITS];
    out->scratch = e.need[SCRATCH];
    free(e.block);
}
