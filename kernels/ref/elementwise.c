/* SPDX-License-Identifier: MIT */
/* elementwise.c - one element at a time, and dropout, whose random number is a function of where the element belongs
 * (doc/frozen.md 4), never of how the batch is packed. */
#include "kernels/ref/ref.h"
#include "kernels/rng.h"

#define EACH(m, r, c) \
    for (int64_t r = 0; r < (m).rows; r++) \
        for (int64_t c = 0; c < (m).cols; c++)

static void fill(struct tb_kernels *k, struct tb_mat y, float value)
{
    EACH(y, r, c)
        *tb_at(y, r, c) = value;
}

static void copy(struct tb_kernels *k, struct tb_mat y, struct tb_mat x)
{
    EACH(y, r, c)
        *tb_at(y, r, c) = *tb_at(x, r, c);
}

static void axpy(struct tb_kernels *k, struct tb_mat y, struct tb_mat x, float a)
{
    EACH(y, r, c)
        *tb_at(y, r, c) += a * *tb_at(x, r, c);
}

static void scale(struct tb_kernels *k, struct tb_mat y, float a)
{
    EACH(y, r, c)
        *tb_at(y, r, c) *= a;
}

static void mul_add(struct tb_kernels *k, struct tb_mat y, struct tb_mat a, struct tb_mat b, float s, float beta)
{
    EACH(y, r, c)
        *tb_at(y, r, c) = s * *tb_at(a, r, c) * *tb_at(b, r, c) + (beta != 0 ? beta * *tb_at(y, r, c) : 0);
}

static void div_fwd(struct tb_kernels *k, struct tb_mat y, struct tb_mat a, struct tb_mat b)
{
    EACH(y, r, c)
        *tb_at(y, r, c) = *tb_at(a, r, c) / *tb_at(b, r, c);
}

static void add_row(struct tb_kernels *k, struct tb_mat y, struct tb_mat v, float a)
{
    EACH(y, r, c)
        *tb_at(y, r, c) += a * v.p[c];
}

static void mul_row(struct tb_kernels *k, struct tb_mat y, struct tb_mat x, struct tb_mat v)
{
    EACH(y, r, c)
        *tb_at(y, r, c) = *tb_at(x, r, c) * v.p[c];
}

static void dropout(struct tb_kernels *k, struct tb_mat y, struct tb_mat x, const struct tb_drop *d)
{
    const float keep = 1.0f / (1.0f - d->p);
    EACH(y, r, c) {
        uint32_t counter[4] = { d->hash, d->step, d->row[r], (uint32_t)(c / 4) }, word[4];
        tb_philox(word, counter, d->seed);
        *tb_at(y, r, c) = tb_rng_uniform(word[c % 4]) < d->p ? 0 : *tb_at(x, r, c) * keep;
    }
}

void tb_ref_elementwise_fill(struct tb_kernels *k)
{
    k->fill = fill;
    k->copy = copy;
    k->axpy = axpy;
    k->scale = scale;
    k->mul_add = mul_add;
    k->div = div_fwd;
    k->add_row = add_row;
    k->mul_row = mul_row;
    k->dropout = dropout;
}
