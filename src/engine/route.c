/* SPDX-License-Identifier: MIT */
/* route.c - several sets of adapters on one base: rows of a batch are sorted by route, so that every hook sees a view.
 * A scale weakens a route at each place where its adapters act: what the base alone gives + scale times what they
 * change. For LoRA that is a scaled alpha, for IA3 a factor nearer to one; a prefix or prompt is attended to by that
 * share. 0 is the base, whatever the method; 1 does no arithmetic at all. */
#include "engine/engine_priv.h"

bool tb_route_check(const struct tb_engine_spec *spec, const struct tb_stack *own, struct tb_err *err)
{
    for (int i = -1; spec->n_routes && i < spec->n_routes; i++) {
        const struct tb_stack *s = i < 0 ? own : spec->routes[i];
        for (int p = 0; s && p < s->n; p++)
            if (!s->part[p]->method->peft_type)
                return tb_fail(err, TB_ERR_LIMIT, "%s trained every weight: it is a base of its own and shares none "
                               "with other adapters", s->part[p]->method->name);
    }
    return true;
}

void tb_engine_set_scale(struct tb_engine *e, int route, float scale)
{
    e->route[route].scale = scale;
}

const struct place *tb_route_place(const struct tb_engine *e, const struct tb_quantum *q, int layer, enum tb_role role)
{
    static const struct place bare;
    return e->is_bare ? &bare : &e->route[q->route].block[layer].linear[role];
}

/* The end of the run of quanta from `first` on that have one route. */
static int end_of(const struct tb_engine *e, int first)
{
    int end = first + 1;
    while (end < e->batch->n_quanta && e->batch->quantum[end].route == e->batch->quantum[first].route)
        end++;
    return end;
}

void tb_route_rows(struct tb_engine *e, int route, int layer, struct tb_mat kv[2])
{
    const struct tb_seat *seat = e->route[route].block[layer].kv;
    struct tb_pass p = { .k = e->k };
    if (seat && !e->is_bare)
        seat->adapter->method->rows(seat, &p);
    kv[0] = p.kv[0];
    kv[1] = p.kv[1];
}

void tb_route_mix(struct tb_engine *e, struct tb_mat y, struct tb_mat plain, float scale)
{
    e->k->axpy(e->k, y, plain, -1);
    e->k->axpy(e->k, plain, y, scale);
    e->k->copy(e->k, y, plain);
}

bool tb_route_is_veiled(const struct tb_engine *e, int route)
{
    const struct route *r = &e->route[route];
    return r->scale != 1 && (r->n_kv || r->n_input);
}

void tb_route_attention(struct tb_engine *e, int layer, const struct saved *s, int first, int end)
{
    const struct tb_batch *b = e->batch;
    struct tb_attention *a = &e->attention;
    struct tb_mat kv[2];
    int seg = b->quantum[first].seg;
    a->seg = b->seg + seg;
    a->n_seg = b->quantum[end - 1].seg + b->quantum[end - 1].n_seg - seg;
    a->n_quanta = end - first;
    a->q = s->q;
    a->k = s->k;
    a->v = s->v;
    a->out = s->att;
    a->lse = s->lse;
    tb_route_rows(e, b->quantum[first].route, layer, kv);
    a->virt_k = kv[0];
    a->virt_v = kv[1];
}

/* The tokens of one quantum, whose only segment begins with the virtual rows at the input, as if there were none. */
static void attend_bare(struct tb_engine *e, const struct saved *s, const struct tb_quantum *q)
{
    const struct route *r = &e->route[q->route];
    struct tb_seg bare = e->batch->seg[q->seg];
    struct tb_attention a = e->attention;
    bare.start += r->n_input;
    bare.length -= r->n_input;
    bare.pos += r->n_input;
    bare.n_virt = 0;
    a.seg = &bare;
    a.n_seg = a.n_quanta = 1;
    a.out = tb_mat_of(e->plain.p, s->att.rows, s->att.cols);
    e->k->attention(e->k, &a);
    tb_route_mix(e, tb_mat_rows(s->att, bare.start, bare.length), tb_mat_rows(a.out, bare.start, bare.length),
                 r->scale);
}

void tb_route_attend(struct tb_engine *e, int layer, const struct saved *s)
{
    const struct tb_batch *b = e->batch;
    for (int first = 0, end; first < b->n_quanta; first = end) {
        end = end_of(e, first);
        tb_route_attention(e, layer, s, first, end);
        e->k->attention(e->k, &e->attention);
        for (int i = first; tb_route_is_veiled(e, b->quantum[first].route) && i < end; i++)
            attend_bare(e, s, &b->quantum[i]);
    }
}
