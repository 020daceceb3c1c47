/* SPDX-License-Identifier: MIT */
/* full.c - full fine-tuning: every weight is trained, as the reference that adapters are compared with.
 * Its own fp32 copy of each matrix and gain, in canonical order; saved as a model, not as an adapter. A tied table
 * is one tensor at two sites; the engine adds the head's gradient first, then the embedding's. */
#include "method/method.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { W };

static const struct tb_key keys[] = { TB_END_KEY };

static bool takes(const struct tb_adapter *a, const struct tb_site *site)
{
    return site->kind != TB_SITE_HEAD || !a->model->shape.is_tied;
}

static bool declare(struct tb_seat *s, struct tb_err *err)
{
    char name[TB_TENSOR_NAME];
    bool is_norm = s->site->kind == TB_SITE_NORM;
    snprintf(name, sizeof name, "%s.weight", s->site->name);
    return tb_seat_tensor(s, &(struct tb_want){ .slot = W, .suffix = name, .is_whole = true,
                                                .rows = is_norm ? 1 : s->site->out, .cols = s->site->in,
                                                .n_dims = is_norm ? 1 : 2,
                                                .dims = { is_norm ? s->site->in : s->site->out, s->site->in },
                                                .init = TB_INIT_HOOK }, err);
}

static const float *gain_of(const struct tb_model *m, const struct tb_site *site)
{
    if (site->layer < 0)
        return m->final_norm;
    return site->role == TB_Q ? m->layers[site->layer].attn_norm : m->layers[site->layer].mlp_norm;
}

static bool init(struct tb_seat *s, const struct tb_start *start, struct tb_err *err)
{
    const struct tb_model *m = s->adapter->model;
    struct tb_kernels *k = s->adapter->k;
    if (s->site->kind == TB_SITE_NORM)
        k->put(k, s->w[W].p, gain_of(m, s->site), (size_t)s->w[W].cols * sizeof(float));
    else if (s->site->kind == TB_SITE_LINEAR)
        k->weight_dense(k, s->w[W], s->base);
    else
        k->weight_dense(k, s->w[W], s->site->kind == TB_SITE_EMBED ? &m->embed : &m->head);
    return true;
}

static struct tb_mat value(const struct tb_seat *s)
{
    return s->w[W];
}

static struct tb_mat gradient(const struct tb_seat *s)
{
    return s->g[W];
}

const struct tb_method tb_method_full = {
    .name = "full", .help = "trains every weight of the model (the reference; saved as a model)",
    .sites = TB_SITE_LINEAR | TB_SITE_EMBED | TB_SITE_HEAD | TB_SITE_NORM, .keys = keys, .lr = 5e-5, .decay = 0.01,
    .takes = takes, .declare = declare, .init = init, .weight = value, .weight_sum = gradient, .vector = value,
    .vector_sum = gradient,
};
