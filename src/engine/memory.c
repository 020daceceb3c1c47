/* SPDX-License-Identifier: MIT */
/* memory.c - where adapters sit, and the arenas: every size follows from shapes and the bounds of a micro-batch, so the
 * same walk either counts bytes (before a run) or takes them. Blocks below the lowest trainable one, and all blocks
 * of an engine that only evaluates, share one set of kept activations; with spec.recompute the others have an input of
 * their own beside it. */
#include "engine/engine_priv.h"

#include <stdlib.h>

#include "base/mem.h"

static void sit_linear(struct route *r, const struct tb_seat *s)
{
    struct place *at = &r->block[s->site->layer].linear[s->site->role];
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

static void sit(struct tb_engine *e, struct route *r, const struct tb_seat *s)
{
    switch (s->site->kind) {
    case TB_SITE_LINEAR: sit_linear(r, s); break;
    case TB_SITE_KV: r->block[s->site->layer].kv = s; break;
    case TB_SITE_INPUT: r->input = s; break;
    case TB_SITE_EMBED: e->embed = s; break;
    case TB_SITE_HEAD: e->head = s; break;
    case TB_SITE_NORM: sit_norm(e, s); break;
    }
    if (s->site->layer >= 0 && s->site->layer < e->lowest)
        e->lowest = s->site->layer;
}

static void seat_route(struct tb_engine *e, struct route *r, struct tb_stack *s)
{
    *r = (struct route){ .stack = s, .scale = 1 };
    r->block = tb_xcalloc((size_t)e->model->shape.n_layers, sizeof *r->block);
    for (int i = 0; s && i < s->n; i++)
        for (int j = 0; j < s->part[i]->n_seats; j++)
            sit(e, r, &s->part[i]->seats[j]);
    r->n_kv = s ? tb_stack_kv_rows(s) : 0;
    r->n_input = s ? tb_stack_input_rows(s) : 0;
    e->most_kv = r->n_kv > e->most_kv ? r->n_kv : e->most_kv;
    e->most_input = r->n_input > e->most_input ? r->n_input : e->most_input;
}

void tb_engine_seat_all(struct tb_engine *e)
{
    e->lowest = e->model->shape.n_layers;
    e->n_routes = 1 + e->spec.n_routes;
    e->route = tb_xcalloc((size_t)e->n_routes, sizeof *e->route);
    for (int i = 0; i < e->n_routes; i++)
        seat_route(e, &e->route[i], i ? e->spec.routes[i - 1] : e->stack);
    if (e->embed && e->model->shape.is_tied)
        e->head = e->embed;
    e->trains_input = e->route->input || e->embed;
    if (e->trains_input)
        e->lowest = 0;
}

void tb_engine_unseat(struct tb_engine *e)
{
    for (int i = 0; i < e->n_routes; i++)
        free(e->route[i].block);
    free(e->route);
    free(e->block);
}

/* A tied table that is trained gets the head's gradient of a quantum, then the embedding's: in that order for every
 * quantum whatever the cut, so each is a micro-batch of its own. */
struct tb_pack_spec tb_engine_pack_spec(const struct tb_engine *e)
{
    return (struct tb_pack_spec){ .n_input = e->route->n_input, .n_kv = e->route->n_kv,
                                  .share_prompts = e->spec.share_prompts, .quantum_tok = e->spec.quantum_tok,
                                  .micro_tok = e->embed && e->embed == e->head ? 1 : e->spec.micro_tok };
}

void tb_engine_bounds(struct tb_engine *e)
{
    struct tb_pack_spec pack = tb_engine_pack_spec(e);
    pack.n_input = e->most_input;
    tb_pack_bounds(&pack, e->spec.step_rows, e->spec.row_tok, &e->max_tok, &e->max_seg, &e->max_label, &e->max_quanta);
    if (e->max_tok < e->route->n_kv) /* the text that a prefix starts from runs as one segment */
        e->max_tok = e->route->n_kv;
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

static int most_kept(const struct tb_engine *e, int role)
{
    int most = 0;
    for (int i = 0; i < e->n_routes; i++)
        for (int l = 0; l < e->model->shape.n_layers; l++) {
            int floats = e->route[i].block[l].linear[role].keep_floats;
            most = floats > most ? floats : most;
        }
    return most;
}

/* What adapters keep at the linears of one role: for each block, or once for the one that keeps most. */
static void take_keeps(struct tb_engine *e, int role, bool once)
{
    float *common = once ? take_keep(e, most_kept(e, role)) : NULL;
    for (int i = 0; i < e->n_routes; i++)
        for (int l = 0; l < e->model->shape.n_layers; l++) {
            struct place *at = &e->route[i].block[l].linear[role];
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
        e->dvirt[i] = mat(e, ACTIVATIONS, (int64_t)e->max_quanta * e->route->n_kv, kv);
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

/* The most that the places of all routes ask for. */
struct scratch {
    int n_stage, temp, n_dense;
    int64_t width, dense;
};

static void ask_for(struct scratch *most, const struct place *at)
{
    for (int i = 0; i < at->n; i++) {
        const struct tb_seat *s = at->seat[i];
        int64_t size = (int64_t)s->site->in * s->site->out;
        most->temp = s->temp_floats > most->temp ? s->temp_floats : most->temp;
        most->n_dense = s->adapter->method->n_dense > most->n_dense ? s->adapter->method->n_dense : most->n_dense;
        most->dense = size > most->dense ? size : most->dense;
        most->width = at->n_before && s->site->in > most->width ? s->site->in : most->width;
    }
    most->n_stage = at->n_before > most->n_stage ? at->n_before : most->n_stage;
}

/* Scratch that adapters ask for: x' stages, room inside a hook, dense matrices; and what a site gives without them. */
static void take_adapter_scratch(struct tb_engine *e)
{
    const struct tb_shape *s = &e->model->shape;
    int64_t q = (int64_t)s->n_heads * s->head_dim, widest = s->d > s->ff ? s->d : s->ff;
    struct scratch most = { 0 };
    for (int i = 0; i < e->n_routes; i++)
        for (int l = 0; l < s->n_layers; l++)
            for (int r = 0; r < TB_N_LINEAR; r++)
                ask_for(&most, &e->route[i].block[l].linear[r]);
    for (int i = 0; i < most.n_stage; i++) {
        e->stage[i] = mat(e, ACTIVATIONS, e->max_tok, most.width);
        if (e->spec.is_training)
            e->dstage[i] = mat(e, ACTIVATIONS, e->max_tok, most.width);
    }
    e->temp = take(e, ACTIVATIONS, (int64_t)e->max_tok * most.temp, sizeof(float));
    for (int i = 0; i < most.n_dense; i++)
        e->dense[i] = take(e, SCRATCH, most.dense, sizeof(float));
    if (e->n_routes > 1)
        e->plain = mat(e, ACTIVATIONS, e->max_tok, q > widest ? q : widest);
}

bool tb_engine_allocate(struct tb_engine *e)
{
    int64_t n_pos = (int64_t)e->spec.row_tok + e->most_kv + e->most_input;
    n_pos = n_pos < e->max_tok && e->most_kv ? e->max_tok : n_pos;
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
    for (int i = 0; i < e.n_routes; i++)
        for (int p = 0; e.route[i].stack && p < e.route[i].stack->n; p++)
            out->adapter += tb_adapter_bytes(e.route[i].stack->part[p]);
    out->activations = e.need[ACTIVATIONS];
    out->logits = e.need[LOGITS];
    out->scratch = e.need[SCRATCH];
    tb_engine_unseat(&e);
}
