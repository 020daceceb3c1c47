/* SPDX-License-Identifier: MIT */
/* sites.c - the sites of a model in the order of the pass, and where each has its weight. */
#include <stdio.h>

#include "base/mem.h"
#include "model/model_priv.h"

enum { SITES_OF_LAYER = TB_N_LINEAR + 3, SITES_OUTSIDE = 4 };

static const char *const linear_names[TB_N_LINEAR] = {
    "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
    "mlp.gate_proj",    "mlp.up_proj",      "mlp.down_proj",
};

static struct tb_site *add(struct tb_model *m, enum tb_site_kind kind, int layer, enum tb_role role, int in, int out)
{
    struct tb_site *s = &m->sites[m->n_sites++];
    *s = (struct tb_site){ .kind = kind, .layer = layer, .role = role, .in = in, .out = out };
    return s;
}

static void name(struct tb_site *s, const char *what)
{
    if (s->layer < 0)
        snprintf(s->name, sizeof s->name, "%s", what);
    else
        snprintf(s->name, sizeof s->name, "model.layers.%d.%s", s->layer, what);
}

static void add_linear(struct tb_model *m, int layer, enum tb_role role)
{
    const struct tb_shape *s = &m->shape;
    int q = s->n_heads * s->head_dim, kv = s->n_kv * s->head_dim;
    const int out[TB_N_LINEAR] = { q, kv, kv, s->d, s->ff, s->ff, s->d };
    int in = role == TB_O ? q : role == TB_DOWN ? s->ff : s->d;
    name(add(m, TB_SITE_LINEAR, layer, role, in, out[role]), linear_names[role]);
}

static void add_layer(struct tb_model *m, int layer)
{
    int d = m->shape.d, kv = m->shape.n_kv * m->shape.head_dim;
    name(add(m, TB_SITE_NORM, layer, TB_Q, d, d), "input_layernorm");
    add_linear(m, layer, TB_Q);
    add_linear(m, layer, TB_K);
    add_linear(m, layer, TB_V);
    name(add(m, TB_SITE_KV, layer, TB_K, kv, kv), "self_attn");
    add_linear(m, layer, TB_O);
    name(add(m, TB_SITE_NORM, layer, TB_GATE, d, d), "post_attention_layernorm");
    add_linear(m, layer, TB_GATE);
    add_linear(m, layer, TB_UP);
    add_linear(m, layer, TB_DOWN);
}

void tb_model_layout(struct tb_model *m)
{
    const struct tb_shape *s = &m->shape;
    m->layers = tb_xcalloc((size_t)s->n_layers, sizeof *m->layers);
    m->sites = tb_xcalloc((size_t)s->n_layers * SITES_OF_LAYER + SITES_OUTSIDE, sizeof *m->sites);
    name(add(m, TB_SITE_EMBED, -1, TB_Q, s->d, s->vocab), "model.embed_tokens");
    name(add(m, TB_SITE_INPUT, -1, TB_Q, s->d, s->d), "model");
    for (int l = 0; l < s->n_layers; l++)
        add_layer(m, l);
    name(add(m, TB_SITE_NORM, -1, TB_DOWN, s->d, s->d), "model.norm");
    name(add(m, TB_SITE_HEAD, -1, TB_DOWN, s->d, s->vocab), "lm_head");
}

struct tb_weight *tb_site_weight(const struct tb_model *m, const struct tb_site *site)
{
    switch (site->kind) {
    case TB_SITE_LINEAR: return &m->layers[site->layer].linear[site->role];
    case TB_SITE_EMBED: return (struct tb_weight *)&m->embed;
    case TB_SITE_HEAD: return (struct tb_weight *)&m->head;
    case TB_SITE_KV:
    case TB_SITE_INPUT:
    case TB_SITE_NORM: break;
    }
    return NULL;
}

float **tb_site_gain(const struct tb_model *m, const struct tb_site *site)
{
    if (site->kind != TB_SITE_NORM)
        return NULL;
    if (site->layer < 0)
        return (float **)&m->final_norm;
    return site->role == TB_Q ? &m->layers[site->layer].attn_norm : &m->layers[site->layer].mlp_norm;
}
