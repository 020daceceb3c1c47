/* SPDX-License-Identifier: MIT */
/* cache.c - keys and values of rows that are continued token by token. Keys are kept rotated; rows of a prompt method
 * stand in front of a row's tokens, those of a prefix stay with their method and are lent to attention. */
#include "engine/engine_priv.h"

void tb_cache_keep(struct tb_engine *e, int layer, struct tb_mat k, struct tb_mat v)
{
    struct cache *c = e->cache;
    for (int i = 0; i < e->batch->n_seg; i++) {
        const struct tb_seg *s = &e->batch->seg[i];
        e->k->copy(e->k, tb_mat_rows(c->k[layer], c->row[i].first, s->length), tb_mat_rows(k, s->start, s->length));
        e->k->copy(e->k, tb_mat_rows(c->v[layer], c->row[i].first, s->length), tb_mat_rows(v, s->start, s->length));
    }
}

void tb_cache_attend(struct tb_engine *e, int layer, struct tb_mat out, struct tb_mat q, struct tb_mat k,
                     struct tb_mat v)
{
    struct cache *c = e->cache;
    struct tb_mat virt[2];
    e->k->scatter(e->k, c->k[layer], k, c->at);
    e->k->scatter(e->k, c->v[layer], v, c->at);
    tb_block_rows(e, layer, virt);
    struct tb_cache_attention a = { .n_heads = e->attention.n_heads, .n_kv = e->attention.n_kv,
                                    .head_dim = e->attention.head_dim, .window = e->attention.window,
                                    .scale = e->attention.scale, .row = c->row, .q = q, .out = out,
                                    .k = c->k[layer], .v = c->v[layer], .virt_k = virt[0], .virt_v = virt[1] };
    e->k->attend_cache(e->k, &a);
}
