/* SPDX-License-Identifier: MIT */
/* gradient_test.c - the backward operations of ref against differences of its forward ones: for a random g, the
 * derivative of sum g y by each of some elements of each input. The other back ends are compared with ref by
 * ops_test.c. */
#include <stdlib.h>

#include "tests/kernels/shot.h"
#include "tests/tap.h"

enum { MAX_MATS = 7, TRIED = 23 };

/* Matrix 0 is y, the rest are inputs; d[i] is the gradient of matrix i, zero before; d[0] is given. */
struct problem {
    const char *name;
    int size[MAX_MATS][2]; /* 0, 0: not there */
    void (*forward)(struct tb_kernels *k, const struct tb_mat *m);
    void (*back)(struct tb_kernels *k, const struct tb_mat *m, const struct tb_mat *d);
    int n_inputs; /* that are differentiated: matrices 1 .. */
};

static struct tb_mat scratch; /* of an operation that keeps something for its backward */

static void rmsnorm(struct tb_kernels *k, const struct tb_mat *m)
{
    k->rmsnorm(k, m[0], m[1], m[2], 1e-5f, tb_mat_of(scratch.p, m[0].rows, 1));
}

static void rmsnorm_back(struct tb_kernels *k, const struct tb_mat *m, const struct tb_mat *d)
{
    struct tb_mat rstd = tb_mat_of(scratch.p, m[0].rows, 1);
    k->rmsnorm_back(k, d[1], d[0], m[1], m[2], rstd);
    k->rmsnorm_gain(k, d[2], d[0], m[1], rstd);
}

static void silu_mul(struct tb_kernels *k, const struct tb_mat *m)
{
    k->silu_mul(k, m[0], m[1], m[2]);
}

static void silu_mul_back(struct tb_kernels *k, const struct tb_mat *m, const struct tb_mat *d)
{
    k->silu_mul_back(k, d[1], d[2], d[0], m[1], m[2]);
}

static void tanh_fwd(struct tb_kernels *k, const struct tb_mat *m)
{
    k->tanh_fwd(k, m[0], m[1]);
}

static void tanh_back(struct tb_kernels *k, const struct tb_mat *m, const struct tb_mat *d)
{
    k->tanh_back(k, d[1], d[0], m[0]);
}

static const int32_t *counted(struct tb_kernels *k, int64_t n)
{
    for (int32_t i = 0; i < n; i++)
        k->put(k, scratch.p + i, &i, sizeof i);
    return (const int32_t *)(const void *)scratch.p;
}

/* Matrices 2 and 3 are any tables: the rotation need not be one. */
static void rope(struct tb_kernels *k, const struct tb_mat *m)
{
    k->copy(k, m[0], m[1]);
    k->rope(k, m[0], counted(k, m[0].rows), m[2], m[3], false);
}

static void rope_back(struct tb_kernels *k, const struct tb_mat *m, const struct tb_mat *d)
{
    k->copy(k, d[1], d[0]);
    k->rope(k, d[1], counted(k, m[0].rows), m[2], m[3], true);
}

static void xent(struct tb_kernels *k, const struct tb_mat *m)
{
    k->xent(k, m[1], counted(k, m[1].rows), m[0], 0);
}

/* grad_scale is one for all rows, so g becomes 1. */
static void xent_back(struct tb_kernels *k, const struct tb_mat *m, const struct tb_mat *d)
{
    k->fill(k, d[0], 1);
    k->copy(k, d[1], m[1]);
    k->xent(k, d[1], counted(k, m[1].rows), m[0], 1);
}

static void oft_exact(struct tb_kernels *k, const struct tb_mat *m)
{
    k->oft_build(k, m[0], m[1], (int)m[0].cols, 0);
}

static void oft_exact_back(struct tb_kernels *k, const struct tb_mat *m, const struct tb_mat *d)
{
    k->oft_build_back(k, d[1], d[0], m[1], (int)m[0].cols, 0);
}

static void oft_series(struct tb_kernels *k, const struct tb_mat *m)
{
    k->oft_build(k, m[0], m[1], (int)m[0].cols, 5);
}

static void oft_series_back(struct tb_kernels *k, const struct tb_mat *m, const struct tb_mat *d)
{
    k->oft_build_back(k, d[1], d[0], m[1], (int)m[0].cols, 5);
}

static void block_mul(struct tb_kernels *k, const struct tb_mat *m)
{
    k->block_mul(k, m[0], m[1], m[2], (int)m[2].cols, false);
}

static void block_back(struct tb_kernels *k, const struct tb_mat *m, const struct tb_mat *d)
{
    k->block_mul(k, d[1], d[0], m[2], (int)m[2].cols, true);
    k->block_grad(k, d[2], m[1], d[0], (int)m[2].cols);
}

/* 4 query heads on 2 kv heads of 4; 2 virtual rows; a segment of 5, two that continue it, and one alone; window 6. */
static const struct tb_seg segs[] = {
    { .start = 0, .length = 5, .parent = -1, .pos = 2, .n_virt = 2 },
    { .start = 5, .length = 3, .parent = 0, .pos = 7, .n_virt = 2 },
    { .start = 8, .length = 2, .parent = 0, .pos = 7, .n_virt = 2 },
    { .start = 10, .length = 4, .parent = -1, .pos = 2, .n_virt = 2 },
};

static struct tb_attention attention_of(const struct tb_mat *m)
{
    struct tb_attention a = { .n_heads = 4, .n_kv = 2, .head_dim = 4, .window = 6, .scale = 0.5f };
    a.seg = segs;
    a.n_seg = 4;
    a.n_quanta = 1;
    a.q = m[1];
    a.k = m[2];
    a.v = m[3];
    a.virt_k = m[4];
    a.virt_v = m[5];
    a.out = m[0];
    a.lse = tb_mat_of(scratch.p, m[0].rows, 4);
    return a;
}

static void attention(struct tb_kernels *k, const struct tb_mat *m)
{
    struct tb_attention a = attention_of(m);
    k->attention(k, &a);
}

static void attention_back(struct tb_kernels *k, const struct tb_mat *m, const struct tb_mat *d)
{
    struct tb_attention a = attention_of(m);
    struct tb_attention_back b = { .dout = d[0], .dq = d[1], .dk = d[2], .dv = d[3], .dvirt_k = d[4], .dvirt_v = d[5] };
    k->attention_back(k, &a, &b);
}

static const struct problem problems[] = {
    { "rmsnorm", { { 5, 9 }, { 5, 9 }, { 1, 9 } }, rmsnorm, rmsnorm_back, 2 },
    { "silu_mul", { { 4, 7 }, { 4, 7 }, { 4, 7 } }, silu_mul, silu_mul_back, 2 },
    { "tanh", { { 4, 7 }, { 4, 7 } }, tanh_fwd, tanh_back, 1 },
    { "rope", { { 4, 12 }, { 4, 12 }, { 4, 3 }, { 4, 3 } }, rope, rope_back, 1 },
    { "xent", { { 6, 1 }, { 6, 11 } }, xent, xent_back, 1 },
    { "oft_build, exact", { { 8, 4 }, { 2, 6 } }, oft_exact, oft_exact_back, 1 },
    { "oft_build, series", { { 15, 5 }, { 3, 10 } }, oft_series, oft_series_back, 1 },
    { "block_mul", { { 6, 12 }, { 6, 12 }, { 12, 4 } }, block_mul, block_back, 2 },
    { "block_mul, one block", { { 6, 12 }, { 6, 12 }, { 4, 4 } }, block_mul, block_back, 2 },
    { "attention", { { 14, 16 }, { 14, 16 }, { 14, 8 }, { 14, 8 }, { 2, 8 }, { 2, 8 } }, attention, attention_back, 5 },
};

static struct tb_mat matrix(struct tb_kernels *k, const int size[2], uint32_t *state)
{
    struct tb_mat m = tb_mat_of(k->alloc(k, 4 * (size_t)(size[0] * size[1])), size[0], size[1]);
    for (int i = 0; state && i < size[0] * size[1]; i++)
        k->put(k, m.p + i, &(float){ draw(state) }, sizeof(float));
    return m;
}

static double value(struct tb_kernels *k, struct tb_mat m, int64_t i)
{
    float x;
    k->get(k, &x, m.p + i, sizeof x);
    return (double)x;
}

/* sum g y with one element moved by `step`. */
static double moved(struct tb_kernels *k, const struct problem *p, const struct tb_mat *m, struct tb_mat g, float *at,
                    float step)
{
    float x, shifted;
    double sum = 0;
    k->get(k, &x, at, sizeof x);
    shifted = x + step;
    k->put(k, at, &shifted, sizeof x);
    p->forward(k, m);
    k->put(k, at, &x, sizeof x);
    for (int64_t i = 0; i < g.rows * g.cols; i++)
        sum += value(k, g, i) * value(k, m[0], i);
    return sum;
}

static void check_input(struct tb_kernels *k, const struct problem *p, const struct tb_mat *m, const struct tb_mat *d,
                        int which)
{
    const float step = 0x1p-7f;
    const int64_t n = m[which].rows * m[which].cols;
    double worst = 0, size = 0;
    for (int64_t i = 0; i < n; i++)
        size += value(k, d[which], i) * value(k, d[which], i) / (double)n;
    for (int64_t i = 0; i < n; i += n / TRIED + 1) {
        float *at = m[which].p + i;
        double slope = (moved(k, p, m, d[0], at, step) - moved(k, p, m, d[0], at, -step)) / (2 * (double)step);
        worst = fmax(worst, fabs(slope - value(k, d[which], i)));
    }
    worst /= sqrt(size);
    ok(worst < 1e-3, "%s: gradient of input %d, error %.1e", p->name, which, worst);
}

static void test_problem(struct tb_kernels *k, const struct problem *p)
{
    struct tb_mat m[MAX_MATS], d[MAX_MATS];
    uint32_t state = 5;
    for (int i = 0; i < MAX_MATS; i++) {
        m[i] = matrix(k, p->size[i], &state);
        d[i] = matrix(k, p->size[i], i ? NULL : &state);
    }
    p->forward(k, m);
    p->back(k, m, d);
    for (int i = 1; i <= p->n_inputs; i++)
        check_input(k, p, m, d, i);
    for (int i = 0; i < MAX_MATS; i++) {
        k->release(k, m[i].p);
        k->release(k, d[i].p);
    }
}

int main(void)
{
    char why[256];
    struct tb_kernels *k = tb_kernels_open("ref", 1, why, sizeof why);
    if (!ok(k != NULL, "ref opens"))
        return 1;
    scratch = tb_mat_of(k->alloc(k, 4096), 1, 1024);
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++)
        test_problem(k, &problems[i]);
    k->close(k);
    return done();
}
