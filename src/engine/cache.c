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

/* The tokens of one quantum as if there were no virtual rows. */
static void attend_bare(struct tb_engine *e, const struct tb_cache_attention *of, const struct tb_quantum *q)
{
    const struct route *r = &e->route[q->route];
    for (int i = 0; i < q->n_tok; i++) {
        struct tb_cache_row row = of->row[i];
        struct tb_cache_attention a = *of;
        row.first += r->n_input;
        row.n -= r->n_input;
        row.n_virt = 0;
        a.row = &row;
        a.q = tb_mat_rows(of->q, i, 1);
        a.out = tb_mat_of(e->plain.p, 1, of->out.cols);
        e->k->attend_cache(e->k, &a);
        tb_route_mix(e, tb_mat_rows(of->out, i, 1), a.out, r->scale);
    }
}

static void attend_quantum(struct tb_engine *e, int layer, const struct tb_quantum *q, struct tb_mat out,
                           struct tb_mat query)
{
    struct cache *c = e->cache;
    struct tb_mat virt[2];
    tb_route_rows(e, q->route, layer, virt);
    struct tb_cache_attention a = { .n_heads = e->attention.n_heads, .n_kv = e->attention.n_kv,
                                    .head_dim = e->attention.head_dim, .window = e->attention.window,
                                    .scale = e->attention.scale, .row = c->row + q->tok,
                                    .q = tb_mat_rows(query, q->tok, q->n_tok),
                                    .out = tb_mat_rows(out, q->tok, q->n_tok), .k = c->k[layer], .v = c->v[layer],
                                    .virt_k = virt[0], .virt_v = virt[1] };
    e->k->attend_cache(e->k, &a);
    if (tb_route_is_veiled(e, q->route))
        attend_bare(e, &a, q);
}

void tb_cache_attend(struct tb_engine *e, int layer, struct tb_mat out, struct tb_mat q, struct tb_mat k,
                     struct tb_mat v)
{
    struct cache *c = e->cache;
    e->k->scatter(e->k, c->k[layer], k, c->at);
    e->k->scatter(e->k, c->v[layer], v, c->at);
    for (int i = 0; i < e->batch->n_quanta; i++)
        attend_quantum(e, layer, &e->batch->quantum[i], out, q);
}
