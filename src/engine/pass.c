/* SPDX-License-Identifier: MIT */
/* pass.c - one micro-batch through all blocks and, in training, back down to the lowest trainable one. */
#include "engine/engine_priv.h"

static void upload(struct tb_engine *e, const struct tb_batch *b)
{
    struct tb_kernels *k = e->k;
    k->put(k, e->ids, b->ids, (size_t)b->n_tok * sizeof *b->ids);
    k->put(k, e->pos, b->pos, (size_t)b->n_tok * sizeof *b->pos);
    k->put(k, e->row, b->row, (size_t)b->n_tok * sizeof *b->row);
    k->put(k, e->label_at, b->label_at, (size_t)b->n_label * sizeof *b->label_at);
    k->put(k, e->label, b->label, (size_t)b->n_label * sizeof *b->label);
}

static void count(struct tb_engine *e, const struct tb_batch *b)
{
    int window = e->model->shape.window;
    e->count.micro_batches++;
    e->count.quanta += b->n_quanta;
    e->count.tokens += b->n_tok;
    e->pairs = 0;
    for (int i = 0; i < b->n_tok; i++) {
        int seen = b->pos[i] + 1;
        e->pairs += window && window < seen ? window : seen;
    }
    e->count.pairs += e->pairs;
}

/* The embedded tokens; a quantum's virtual input rows stand first in it. */
static void embed(struct tb_engine *e, struct tb_mat x)
{
    struct tb_kernels *k = e->k;
    for (int i = 0; i < e->batch->n_quanta; i++) {
        const struct tb_quantum *q = &e->batch->quantum[i];
        const struct route *r = &e->route[q->route];
        int n = q->root < 0 ? 0 : r->n_input;
        if (n) {
            struct tb_pass p = tb_engine_pass(e, q);
            r->input->adapter->method->rows(r->input, &p);
            k->copy(k, tb_mat_rows(x, q->tok, n), p.y);
        }
        k->weight_rows(k, tb_mat_rows(x, q->tok + n, q->n_tok - n), &e->embed_w, e->ids + q->tok + n, 1);
    }
}

static void embed_back(struct tb_engine *e)
{
    struct tb_kernels *k = e->k;
    for (int i = 0; i < e->batch->n_quanta; i++) {
        const struct tb_quantum *q = &e->batch->quantum[i];
        struct tb_mat dx = tb_mat_rows(e->dres, q->tok, q->n_tok);
        if (e->embed)
            k->scatter_add(k, e->embed->adapter->method->weight_sum(e->embed), dx, e->ids + q->tok);
        if (e->route->input) {
            struct tb_pass p = tb_engine_pass(e, q);
            p.dy = tb_mat_rows(dx, 0, e->route->n_input);
            e->route->input->adapter->method->rows_back(e->route->input, &p);
        }
    }
}

void tb_pass_begin(struct tb_engine *e, const struct tb_batch *b)
{
    e->batch = b;
    upload(e, b);
    count(e, b);
    embed(e, tb_mat_rows(e->block[0].s.x, 0, b->n_tok));
}

void tb_pass_block(struct tb_engine *e, int layer)
{
    bool is_last = layer + 1 == e->model->shape.n_layers;
    tb_block_forward(e, layer, is_last ? e->x_out : e->block[layer + 1].s.x);
}

void tb_pass_forward(struct tb_engine *e, const struct tb_batch *b)
{
    tb_pass_begin(e, b);
    for (int l = 0; l < e->model->shape.n_layers; l++)
        tb_pass_block(e, l);
}

/* The shared set still holds the last block, which ran forward last. */
void tb_pass_back(struct tb_engine *e)
{
    int last = e->model->shape.n_layers - 1;
    for (int l = last; l >= e->lowest; l--) {
        if (e->spec.recompute && l < last)
            tb_block_again(e, l);
        tb_block_back(e, l);
    }
    if (e->trains_input)
        embed_back(e);
}
