/* SPDX-License-Identifier: MIT */
/* attention.c - causal attention over segments, one query at a time.
 * The keys of a query are those of its segment's virtual rows, of every segment up the chain of parents and of its own
 * segment; which it sees is decided by positions alone.
 *     p = exp(s - lse)   dp = dout . v   ds = scale p (dp - sum p dp)   dq += ds k   dk += ds q   dv += p dout */
#include <math.h>
#include <string.h>

#include "kernels/ref/ref.h"

/* What a walk over the keys of one query and head carries. */
struct query {
    const struct tb_attention *a;
    const struct tb_attention_back *b;
    int seg, pos, h;
    int64_t row;
    double max, sum, lse, mean; /* mean = sum p dp */
    double *acc;                /* [head_dim] */
};

/* One key with its gradient rows (NULL forward or where none is asked for). */
struct key {
    const float *k, *v;
    float *dk, *dv;
};

static float *part(struct tb_mat m, int64_t row, int64_t head, int64_t hd)
{
    return m.p ? tb_at(m, row, head * hd) : NULL;
}

static double dot(const float *x, const float *y, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += (double)x[i] * (double)y[i];
    return sum;
}

static struct key key_of(const struct query *q, bool is_virtual, int64_t row, int64_t grad_row)
{
    const struct tb_attention *a = q->a;
    int64_t kv = q->h / (a->n_heads / a->n_kv), hd = a->head_dim;
    struct key key = { .k = part(is_virtual ? a->virt_k : a->k, row, kv, hd),
                       .v = part(is_virtual ? a->virt_v : a->v, row, kv, hd) };
    if (q->b) {
        key.dk = part(is_virtual ? q->b->dvirt_k : q->b->dk, grad_row, kv, hd);
        key.dv = part(is_virtual ? q->b->dvirt_v : q->b->dv, grad_row, kv, hd);
    }
    return key;
}

static double score(const struct query *q, const struct key *key)
{
    return (double)q->a->scale * dot(part(q->a->q, q->row, q->h, q->a->head_dim), key->k, q->a->head_dim);
}

static bool is_seen(const struct query *q, int pos)
{
    return pos <= q->pos && (q->a->window == 0 || q->pos - pos < q->a->window);
}

static void chain(struct query *q, int s, void (*each)(struct query *q, const struct key *key))
{
    const struct tb_seg *g = &q->a->seg[s];
    if (g->parent >= 0)
        chain(q, g->parent, each);
    for (int i = 0; i < g->length; i++)
        if (is_seen(q, g->pos + i)) {
            struct key key = key_of(q, false, g->start + i, g->start + i);
            each(q, &key);
        }
}

/* Calls each for all keys that the query sees, in the order of positions. */
static void walk(struct query *q, void (*each)(struct query *q, const struct key *key))
{
    const struct tb_seg *g = &q->a->seg[q->seg];
    for (int i = 0; i < g->n_virt; i++)
        if (is_seen(q, i)) {
            struct key key = key_of(q, true, g->virt + i, g->dvirt + i);
            each(q, &key);
        }
    chain(q, q->seg, each);
}

static void find_max(struct query *q, const struct key *key)
{
    q->max = fmax(q->max, score(q, key));
}

static void add_value(struct query *q, const struct key *key)
{
    double p = exp(score(q, key) - q->max);
    q->sum += p;
    for (int i = 0; i < q->a->head_dim; i++)
        q->acc[i] += p * (double)key->v[i];
}

static void add_mean(struct query *q, const struct key *key)
{
    int hd = q->a->head_dim;
    q->mean += exp(score(q, key) - q->lse) * dot(part(q->b->dout, q->row, q->h, hd), key->v, hd);
}

static void add_gradients(struct query *q, const struct key *key)
{
    const int hd = q->a->head_dim;
    const float *query = part(q->a->q, q->row, q->h, hd), *dout = part(q->b->dout, q->row, q->h, hd);
    double p = exp(score(q, key) - q->lse), ds = (double)q->a->scale * p * (dot(dout, key->v, hd) - q->mean);
    for (int i = 0; i < hd; i++) {
        q->acc[i] += ds * (double)key->k[i];
        if (key->dk)
            key->dk[i] += (float)(ds * (double)query[i]);
        if (key->dv)
            key->dv[i] += (float)(p * (double)dout[i]);
    }
}

static void forward(struct query *q)
{
    q->max = -INFINITY;
    walk(q, find_max);
    walk(q, add_value);
    for (int i = 0; i < q->a->head_dim; i++)
        part(q->a->out, q->row, q->h, q->a->head_dim)[i] = (float)(q->acc[i] / q->sum);
    *tb_at(q->a->lse, q->row, q->h) = (float)(q->max + log(q->sum));
}

static void backward(struct query *q)
{
    q->lse = (double)*tb_at(q->a->lse, q->row, q->h);
    walk(q, add_mean);
    walk(q, add_gradients);
    for (int i = 0; i < q->a->head_dim; i++)
        part(q->b->dq, q->row, q->h, q->a->head_dim)[i] = (float)q->acc[i];
}

static void each_query(const struct tb_attention *a, const struct tb_attention_back *b, void (*run)(struct query *q))
{
    double acc[1024];
    for (int s = 0; s < a->n_seg; s++)
        for (int i = 0; i < a->seg[s].length; i++)
            for (int h = 0; h < a->n_heads; h++) {
                struct query q = { .a = a, .b = b, .seg = s, .pos = a->seg[s].pos + i, .h = h, .acc = acc };
                q.row = a->seg[s].start + i;
                memset(acc, 0, (size_t)a->head_dim * sizeof *acc);
                run(&q);
            }
}

static void zero(struct tb_mat m, int64_t first, int64_t n)
{
    for (int64_t r = 0; m.p && r < n; r++)
        memset(tb_at(m, first + r, 0), 0, (size_t)m.cols * sizeof *m.p);
}

static void attention(struct tb_kernels *k, const struct tb_attention *a)
{
    each_query(a, NULL, forward);
}

static void attention_back(struct tb_kernels *k, const struct tb_attention *a, const struct tb_attention_back *b)
{
    for (int s = 0; s < a->n_seg; s++) {
        zero(b->dk, a->seg[s].start, a->seg[s].length);
        zero(b->dv, a->seg[s].start, a->seg[s].length);
        zero(b->dvirt_k, a->seg[s].dvirt, a->seg[s].n_virt);
        zero(b->dvirt_v, a->seg[s].dvirt, a->seg[s].n_virt);
    }
    each_query(a, b, backward);
}

void tb_ref_attention_fill(struct tb_kernels *k)
{
    k->attention = attention;
    k->attention_back = attention_back;
}
