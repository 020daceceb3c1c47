/* SPDX-License-Identifier: MIT */
/* cache.c - single queries against a cache of keys and values: attention.c's sums for one row at a time. */
#include <math.h>

#include "kernels/ref/ref.h"

enum { MAX_HEAD = 1024 };

/* Row of k or v behind key i of a query, 0 <= i < n_virt + n. */
static const float *key_at(const struct tb_cache_row *r, struct tb_mat virt, struct tb_mat cache, int i, int64_t col)
{
    return i < r->n_virt ? tb_at(virt, r->virt + i, col) : tb_at(cache, r->first + i - r->n_virt, col);
}

static double score(const struct tb_cache_attention *a, int row, int h, int i)
{
    const float *q = tb_at(a->q, row, (int64_t)h * a->head_dim);
    const float *k = key_at(&a->row[row], a->virt_k, a->k, i, (int64_t)(h / (a->n_heads / a->n_kv)) * a->head_dim);
    double sum = 0;
    for (int j = 0; j < a->head_dim; j++)
        sum += (double)q[j] * (double)k[j];
    return (double)a->scale * sum;
}

static void head(const struct tb_cache_attention *a, int row, int h)
{
    const struct tb_cache_row *r = &a->row[row];
    const int n = r->n_virt + r->n, first = a->window && a->window < n ? n - a->window : 0;
    double acc[MAX_HEAD] = { 0 }, max = -INFINITY, sum = 0;
    for (int i = first; i < n; i++)
        max = fmax(max, score(a, row, h, i));
    for (int i = first; i < n; i++) {
        const float *v = key_at(r, a->virt_v, a->v, i, (int64_t)(h / (a->n_heads / a->n_kv)) * a->head_dim);
        double p = exp(score(a, row, h, i) - max);
        sum += p;
        for (int j = 0; j < a->head_dim; j++)
            acc[j] += p * (double)v[j];
    }
    for (int j = 0; j < a->head_dim; j++)
        *tb_at(a->out, row, (int64_t)h * a->head_dim + j) = (float)(acc[j] / sum);
}

static void attend_cache(struct tb_kernels *k, const struct tb_cache_attention *a)
{
    for (int row = 0; row < a->q.rows; row++)
        for (int h = 0; h < a->n_heads; h++)
            head(a, row, h);
}

void tb_ref_cache_fill(struct tb_kernels *k)
{
    k->attend_cache = attend_cache;
}
