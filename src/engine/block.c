/* SPDX-License-Identifier: MIT */
/* block.c - one transformer block, forward and backward:
 *     mid = x + O(attention(rope(Q n), rope(K n), V n)), n = norm(x);    next = mid + Down(silu(Gate m) * Up m), m =
 * norm(mid) Kept: x, q, k, v (rotated), attention output and its log-sum-exp, mid, gate, up, and 1/rms of both
 * norms. Norm outputs and the gated product are computed again where the backward of an adapter reads them. dres is
 * the gradient of the residual stream: it enters as that of the block's output and leaves as that of its input.
 * With spec.recompute only x is the block's own (Chen et al. 2016, arXiv:1604.06174): the rest is made again by the
 * same operations on the same data, dropout masks included, so it has the same bits. */
#include "engine/engine_priv.h"

static struct tb_mat live(const struct tb_engine *e, struct tb_mat m, int64_t cols)
{
    return tb_mat_of(m.p, e->batch->n_tok, cols);
}

static struct tb_mat here(const struct tb_engine *e, struct tb_mat m)
{
    return tb_mat_rows(m, 0, e->batch->n_tok);
}

/* The views of this micro-batch of what a block keeps. */
static struct saved current(const struct tb_engine *e, int layer)
{
    struct saved s = e->block[layer].s;
    struct tb_mat *all[] = { &s.x, &s.q, &s.k, &s.v, &s.att, &s.lse, &s.mid, &s.gate, &s.up, &s.rstd1, &s.rstd2 };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        *all[i] = here(e, *all[i]);
    return s;
}

static struct tb_mat gain_of(const struct tb_seat *seat, struct tb_mat frozen)
{
    return seat ? seat->adapter->method->vector(seat) : frozen;
}

static void attend(struct tb_engine *e, int layer, const struct saved *s, struct tb_mat norm)
{
    struct tb_kernels *k = e->k;
    tb_linear(e, layer, TB_Q, s->q, norm);
    tb_linear(e, layer, TB_K, s->k, norm);
    tb_linear(e, layer, TB_V, s->v, norm);
    k->rope(k, s->q, e->pos, e->cos, e->sin, false);
    k->rope(k, s->k, e->pos, e->cos, e->sin, false);
    if (e->cache && !e->cache->is_filling) {
        tb_cache_attend(e, layer, s->att, s->q, s->k, s->v);
    } else {
        tb_route_attend(e, layer, s);
        if (e->cache)
            tb_cache_keep(e, layer, s->k, s->v);
    }
    *(e->is_again ? &e->count.attention_again : &e->count.attention_forward) += 4 * s->q.cols * e->pairs;
}

/* Fills all that the block keeps, from s->x; the gated product is left in e->inner. */
static struct tb_mat forward_to_inner(struct tb_engine *e, int layer, const struct saved *s)
{
    const struct block *b = &e->block[layer];
    struct tb_kernels *k = e->k;
    struct tb_mat norm = live(e, e->norm, s->x.cols), out = live(e, e->out, s->x.cols),
                  inner = live(e, e->inner, s->gate.cols);
    float eps = e->model->shape.norm_eps;

    k->rmsnorm(k, norm, s->x, gain_of(b->attn_norm, b->attn_gain), eps, s->rstd1);
    attend(e, layer, s, norm);
    tb_linear(e, layer, TB_O, out, s->att);
    k->copy(k, s->mid, s->x);
    k->axpy(k, s->mid, out, 1);

    k->rmsnorm(k, norm, s->mid, gain_of(b->mlp_norm, b->mlp_gain), eps, s->rstd2);
    tb_linear(e, layer, TB_GATE, s->gate, norm);
    tb_linear(e, layer, TB_UP, s->up, norm);
    k->silu_mul(k, inner, s->gate, s->up);
    return inner;
}

void tb_block_forward(struct tb_engine *e, int layer, struct tb_mat next)
{
    struct tb_kernels *k = e->k;
    struct saved s = current(e, layer);
    struct tb_mat out = live(e, e->out, s.x.cols), inner = forward_to_inner(e, layer, &s);
    tb_linear(e, layer, TB_DOWN, out, inner);
    next = here(e, next);
    k->copy(k, next, s.mid);
    k->axpy(k, next, out, 1);
}

/* Nobody reads the block's output again: down is done only where its adapters keep something. */
void tb_block_again(struct tb_engine *e, int layer)
{
    struct saved s = current(e, layer);
    e->is_again = true;
    struct tb_mat inner = forward_to_inner(e, layer, &s);
    if (e->route->block[layer].linear[TB_DOWN].keep_floats)
        tb_linear(e, layer, TB_DOWN, live(e, e->out, s.x.cols), inner);
    e->is_again = false;
}

/* Gradient of a linear's output taken from the residual stream: a copy where hooks may overwrite it. */
static struct tb_mat own_dres(struct tb_engine *e, int layer, enum tb_role role)
{
    struct tb_mat dres = here(e, e->dres);
    if (!e->route->block[layer].linear[role].n_after)
        return dres;
    struct tb_mat dy = live(e, e->dout, dres.cols);
    e->k->copy(e->k, dy, dres);
    return dy;
}

static bool any_reads_x(const struct tb_engine *e, int layer, const enum tb_role *roles, int n)
{
    for (int i = 0; i < n; i++)
        if (tb_linear_reads_x(e, layer, roles[i]))
            return true;
    return false;
}

/* Adds the norm's backward to dres, and its gain's gradient quantum by quantum where that is trained. */
static void norm_back(struct tb_engine *e, const struct tb_seat *seat, struct tb_mat frozen, struct tb_mat dnorm,
                      struct tb_mat x, struct tb_mat rstd)
{
    struct tb_kernels *k = e->k;
    for (int i = 0; seat && i < e->batch->n_quanta; i++) {
        const struct tb_quantum *q = &e->batch->quantum[i];
        k->rmsnorm_gain(k, seat->adapter->method->vector_sum(seat), tb_mat_rows(dnorm, q->tok, q->n_tok),
                        tb_mat_rows(x, q->tok, q->n_tok), tb_mat_rows(rstd, q->tok, q->n_tok));
    }
    k->rmsnorm_back(k, here(e, e->dres), dnorm, x, gain_of(seat, frozen), rstd);
}

static void mlp_back(struct tb_engine *e, int layer, const struct saved *s)
{
    static const enum tb_role readers[] = { TB_GATE, TB_UP };
    const struct block *b = &e->block[layer];
    struct tb_kernels *k = e->k;
    struct tb_mat norm = live(e, e->norm, s->x.cols), inner = live(e, e->inner, s->gate.cols);
    struct tb_mat dinner = live(e, e->dinner, s->gate.cols), dnorm = live(e, e->dnorm, s->x.cols);

    if (tb_linear_reads_x(e, layer, TB_DOWN))
        k->silu_mul(k, inner, s->gate, s->up);
    k->fill(k, dinner, 0);
    tb_linear_back(e, layer, TB_DOWN, dinner, own_dres(e, layer, TB_DOWN), inner);
    k->silu_mul_back(k, s->gate, s->up, dinner, s->gate, s->up);

    if (any_reads_x(e, layer, readers, 2))
        k->rmsnorm(k, norm, s->mid, gain_of(b->mlp_norm, b->mlp_gain), e->model->shape.norm_eps, s->rstd2);
    k->fill(k, dnorm, 0);
    tb_linear_back(e, layer, TB_GATE, dnorm, s->gate, norm);
    tb_linear_back(e, layer, TB_UP, dnorm, s->up, norm);
    norm_back(e, b->mlp_norm, b->mlp_gain, dnorm, s->mid, s->rstd2);
}

/* Hands each quantum's gradient of the virtual rows to the method that owns them. */
static void kv_rows_back(struct tb_engine *e, const struct tb_seat *kv)
{
    for (int i = 0; kv && i < e->batch->n_quanta; i++) {
        struct tb_pass p = tb_engine_pass(e, &e->batch->quantum[i]);
        for (int j = 0; j < 2; j++)
            p.dkv[j] = tb_mat_rows(e->dvirt[j], (int64_t)i * e->route->n_kv, e->route->n_kv);
        kv->adapter->method->rows_back(kv, &p);
    }
}

static void attention_back(struct tb_engine *e, int layer, const struct saved *s)
{
    struct tb_kernels *k = e->k;
    struct tb_mat datt = live(e, e->datt, s->q.cols);
    struct tb_attention_back back = { .dout = datt, .dq = here(e, e->dq), .dk = here(e, e->dk), .dv = here(e, e->dv),
                                      .dvirt_k = e->dvirt[0], .dvirt_v = e->dvirt[1] };
    k->fill(k, datt, 0);
    tb_linear_back(e, layer, TB_O, datt, own_dres(e, layer, TB_O), s->att);
    tb_route_attention(e, layer, s, 0, e->batch->n_quanta);
    k->attention_back(k, &e->attention, &back);
    e->count.attention_back += 10 * s->q.cols * e->pairs;
    kv_rows_back(e, e->route->block[layer].kv);
    k->rope(k, back.dq, e->pos, e->cos, e->sin, true);
    k->rope(k, back.dk, e->pos, e->cos, e->sin, true);
}

void tb_block_back(struct tb_engine *e, int layer)
{
    static const enum tb_role readers[] = { TB_Q, TB_K, TB_V };
    const struct block *b = &e->block[layer];
    struct tb_kernels *k = e->k;
    struct saved s = current(e, layer);
    bool goes_on = layer > e->lowest || e->trains_input || b->attn_norm;
    struct tb_mat norm = live(e, e->norm, s.x.cols), dnorm = live(e, e->dnorm, s.x.cols);

    mlp_back(e, layer, &s);
    attention_back(e, layer, &s);
    if (any_reads_x(e, layer, readers, 3))
        k->rmsnorm(k, norm, s.x, gain_of(b->attn_norm, b->attn_gain), e->model->shape.norm_eps, s.rstd1);
    if (goes_on)
        k->fill(k, dnorm, 0);
    else
        dnorm.p = NULL;
    tb_linear_back(e, layer, TB_Q, dnorm, here(e, e->dq), norm);
    tb_linear_back(e, layer, TB_K, dnorm, here(e, e->dk), norm);
    tb_linear_back(e, layer, TB_V, dnorm, here(e, e->dv), norm);
    if (goes_on)
        norm_back(e, b->attn_norm, b->attn_gain, dnorm, s.x, s.rstd1);
}
