/* SPDX-License-Identifier: MIT */
/* engine.c - opening an engine: sites, memory, rotary tables, start values. */
#include "engine/engine.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "engine/engine_priv.h"

/* Inverse frequencies as transformers computes them (float32), with llama3's and linear's scaling. */
static float inverse_frequency(const struct tb_shape *s, int i)
{
    const struct tb_rope *r = &s->rope;
    double f = 1 / pow(r->theta, 2.0 * i / s->head_dim), low, high, wave, smooth;
    if (r->factors)
        return (float)(f / r->factors[i]);
    if (r->kind == TB_ROPE_LINEAR)
        return (float)(f / r->factor);
    if (r->kind == TB_ROPE_PLAIN)
        return (float)f;
    low = r->original_context / r->low_freq;
    high = r->original_context / r->high_freq;
    wave = 2 * M_PI / f;
    if (wave > low)
        return (float)(f / r->factor);
    if (wave < high)
        return (float)f;
    smooth = (r->original_context / wave - r->low_freq) / (r->high_freq - r->low_freq);
    return (float)((1 - smooth) * f / r->factor + smooth * f);
}

static void put_rotary(struct tb_engine *e)
{
    int half = e->model->shape.head_dim / 2;
    size_t n = (size_t)(e->cos.rows * half);
    float *c = tb_xcalloc(n, sizeof *c), *s = tb_xcalloc(n, sizeof *s);
    for (int i = 0; i < half; i++) {
        float f = inverse_frequency(&e->model->shape, i);
        for (int64_t p = 0; p < e->cos.rows; p++) {
            float angle = (float)p * f;
            c[p * half + i] = (float)cos(angle);
            s[p * half + i] = (float)sin(angle);
        }
    }
    e->k->put(e->k, e->cos.p, c, n * sizeof *c);
    e->k->put(e->k, e->sin.p, s, n * sizeof *s);
    free(c);
    free(s);
}

static void put_gains(struct tb_engine *e)
{
    size_t bytes = (size_t)e->model->shape.d * sizeof(float);
    for (int l = 0; l < e->model->shape.n_layers; l++) {
        e->k->put(e->k, e->block[l].attn_gain.p, e->model->layers[l].attn_norm, bytes);
        e->k->put(e->k, e->block[l].mlp_gain.p, e->model->layers[l].mlp_norm, bytes);
    }
    e->k->put(e->k, e->final_gain.p, e->model->final_norm, bytes);
}

/* The table of a seat that trains its own copy, as a weight; else the model's. */
static struct tb_weight table(const struct tb_seat *s, const struct tb_weight *frozen)
{
    if (!s)
        return *frozen;
    struct tb_mat m = s->adapter->method->weight(s);
    return (struct tb_weight){ .type = TB_F32, .p = m.p, .rows = m.rows, .cols = m.cols,
                               .row_bytes = (size_t)m.cols * sizeof(float) };
}

static void set_shape(struct tb_engine *e)
{
    const struct tb_shape *s = &e->model->shape;
    e->attention = (struct tb_attention){ .n_heads = s->n_heads, .n_kv = s->n_kv, .head_dim = s->head_dim,
                                          .window = s->window, .scale = (float)(1 / sqrt((double)s->head_dim)) };
    e->embed_w = table(e->embed, &e->model->embed);
    e->head_w = table(e->head, &e->model->head);
    e->k->reserve(e->k, s->head_dim, e->spec.row_tok + e->most_kv + e->most_input, CHAIN_RUNS);
}

static bool bind(struct tb_engine *e, const struct tb_stack *s, struct tb_err *err)
{
    for (int i = 0; s && i < s->n; i++) {
        struct tb_adapter *a = s->part[i];
        if (!a->k && !tb_adapter_bind(a, e->k, err))
            return false;
        for (int j = 0; j < 3; j++)
            a->dense[j] = e->dense[j];
    }
    return true;
}

static bool bind_all(struct tb_engine *e, struct tb_err *err)
{
    bool good = true;
    for (int i = 0; good && i < e->n_routes; i++)
        good = bind(e, e->route[i].stack, err);
    return good;
}

static bool fail_memory(const struct tb_engine *e, struct tb_err *err)
{
    uint64_t need = e->need[ACTIVATIONS] + e->need[LOGITS] + e->need[SCRATCH];
    return tb_fail(err, TB_ERR_LIMIT,
                   "the step needs %llu MB and this machine gives no more (%llu MB free); use smaller "
                   "rows or exec.micro_tokens",
                   (unsigned long long)(need >> 20), (unsigned long long)(tb_mem_free_bytes() >> 20));
}

struct tb_engine *tb_engine_open(const struct tb_model *m, struct tb_kernels *k, struct tb_stack *s,
                                 const struct tb_engine_spec *spec, struct tb_err *err)
{
    if (!tb_route_check(spec, s, err))
        return NULL;
    struct tb_engine *e = tb_xcalloc(1, sizeof *e);
    e->model = m;
    e->k = k;
    e->stack = s;
    e->spec = *spec;
    e->block = tb_xcalloc((size_t)m->shape.n_layers, sizeof *e->block);
    e->row_loss = tb_xcalloc((size_t)spec->step_rows, sizeof *e->row_loss);
    e->row_labels = tb_xcalloc((size_t)spec->step_rows, sizeof *e->row_labels);
    tb_engine_seat_all(e);
    tb_engine_bounds(e);
    e->host_loss = tb_xcalloc((size_t)e->max_label + 1, sizeof *e->host_loss);
    struct tb_pack_spec pack = tb_engine_pack_spec(e);
    e->packer = tb_packer_open(&pack);
    tb_packer_reserve(e->packer, spec->step_rows, spec->row_tok);
    if (!tb_engine_allocate(e)) {
        fail_memory(e, err);
        goto fail;
    }
    if (!bind_all(e, err))
        goto fail;
    set_shape(e);
    put_rotary(e);
    put_gains(e);
    return e;
fail:
    tb_engine_close(e);
    return NULL;
}

void tb_engine_close(struct tb_engine *e)
{
    if (!e)
        return;
    for (size_t i = 0; i < e->n_owned; i++)
        e->k->release(e->k, e->owned[i]);
    tb_packer_close(e->packer);
    free(e->owned);
    tb_engine_unseat(e);
    free(e->row_loss);
    free(e->row_labels);
    free(e->host_loss);
    free(e->tap_rows);
    free(e);
}

/* Lends the K and V that a block just made to the seats of a prefix there. */
static void lend_text(struct tb_engine *e, struct tb_adapter *a, int layer, int n)
{
    const struct saved *s = &e->block[layer].s;
    struct tb_pass p = { .k = e->k, .kv = { tb_mat_rows(s->k, 0, n), tb_mat_rows(s->v, 0, n) } };
    for (int i = 0; i < a->n_seats; i++)
        if (a->seats[i].site->layer == layer)
            a->method->text_kv(&a->seats[i], &p);
}

/* Runs a text of n_kv tokens through the bare model. Blocks may share their memory, so each lends its K and V before
 * the next one runs. */
static void prefill(struct tb_engine *e, struct tb_adapter *a, const struct tb_start *start)
{
    int n = a->n_rows, layers = e->model->shape.n_layers;
    int32_t *ids = tb_xcalloc((size_t)n, sizeof *ids), *pos = tb_xcalloc((size_t)n, sizeof *pos);
    uint32_t *row = tb_xcalloc((size_t)n, sizeof *row);
    struct tb_seg seg = { .length = n, .parent = -1 };
    struct tb_quantum quantum = { .n_tok = n, .n_seg = 1, .root = -1 };
    struct tb_batch b = { .n_tok = n, .n_seg = 1, .n_quanta = 1, .ids = ids, .pos = pos, .row = row, .seg = &seg,
                          .label_at = ids, .label = ids, .quantum = &quantum };
    for (int i = 0; i < n; i++) {
        ids[i] = start->text[i % start->n_text];
        pos[i] = i;
    }
    e->is_bare = true;
    tb_pass_begin(e, &b);
    for (int l = 0; l < layers; l++) {
        tb_pass_block(e, l);
        lend_text(e, a, l, n);
    }
    e->is_bare = false;
    e->count = (struct tb_counters){ 0 };
    free(ids);
    free(pos);
    free(row);
}

bool tb_engine_start(struct tb_engine *e, const struct tb_start *start, struct tb_err *err)
{
    for (int i = 0; e->stack && i < e->stack->n; i++) {
        struct tb_adapter *a = e->stack->part[i];
        if (!tb_adapter_init(a, &start[i], err))
            return false;
        if (a->method->text_kv && tb_adapter_starts_from_text(a)) {
            if (start[i].n_text < 1)
                return tb_fail(err, TB_ERR_RECIPE,
                               "t.%s: init = \"text\" has no text to start from; set text = \"...\"",
                               a->method->name);
            prefill(e, a, &start[i]);
        }
    }
    return true;
}

void tb_engine_tap_logits(struct tb_engine *e, tb_logits_fn *fn, void *arg)
{
    e->tap = fn;
    e->tap_arg = arg;
    free(e->tap_rows);
    e->tap_rows = fn ? tb_xcalloc((size_t)(e->logits.rows * e->logits.cols), sizeof(float)) : NULL;
}

const struct tb_counters *tb_engine_counters(const struct tb_engine *e)
{
    return &e->count;
}

struct tb_stack *tb_engine_stack(struct tb_engine *e)
{
    return e->stack;
}
