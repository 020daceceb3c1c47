/* SPDX-License-Identifier: MIT */
/* oft.c - rotations of blocks of columns (Qiu et al. 2023, arXiv:2306.07280) and their making, in double.
 * Series, by Horner: P_0 = c_last I, P_j = Q P_(j-1) + c_(last-j) I, R = P_last; backward dQ += dP_j P_(j-1)',
 * dP_(j-1) = Q' dP_j. Exact: R = (I - Q)(I + Q)^-1 = 2 S - I with S = (I + Q)^-1, so dQ = -2 S' dR S'. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/host/linalg.h"
#include "kernels/oft.h"
#include "kernels/ref/ref.h"

struct block {
    size_t b;
    double *skew; /* [b, b] */
    double *power; /* [terms][b, b]: P_0 .. */
    double *d, *dq, *temp;
};

static struct block open_block(int b, int terms)
{
    struct block o = { .b = (size_t)b };
    size_t n = o.b * o.b, n_power = terms ? (size_t)terms : 2;
    o.skew = calloc(n * (4 + n_power), sizeof *o.skew);
    if (!o.skew)
        abort();
    o.d = o.skew + n;
    o.dq = o.d + n;
    o.temp = o.dq + n;
    o.power = o.temp + n;
    return o;
}

static void read_skew(const struct block *o, const float *q)
{
    for (size_t i = 0; i < o->b; i++) {
        o->skew[i * o->b + i] = 0;
        for (size_t j = i + 1; j < o->b; j++, q++) {
            o->skew[i * o->b + j] = (double)*q;
            o->skew[j * o->b + i] = -(double)*q;
        }
    }
}

/* y = x z, either of them turned */
static void times(const struct block *o, double *y, const double *x, bool turn_x, const double *z, bool turn_z)
{
    const size_t b = o->b;
    for (size_t i = 0; i < b; i++)
        for (size_t j = 0; j < b; j++) {
            double sum = 0;
            for (size_t l = 0; l < b; l++)
                sum += x[turn_x ? l * b + i : i * b + l] * z[turn_z ? j * b + l : l * b + j];
            y[i * b + j] = sum;
        }
}

static void add_identity(const struct block *o, double *y, double a)
{
    for (size_t i = 0; i < o->b; i++)
        y[i * o->b + i] += a;
}

/* Leaves R in the returned matrix and in `power` what the backward needs. */
static double *rotation(const struct block *o, int terms)
{
    const size_t n = o->b * o->b;
    double *p = o->power;
    if (terms == 0) {
        double *r = p + n;
        memcpy(o->temp, o->skew, n * sizeof *p);
        add_identity(o, o->temp, 1);
        bool good = tb_linalg_inverse(p, o->temp, (int)o->b);
        for (size_t i = 0; i < n; i++)
            r[i] = good ? 2 * p[i] : (double)NAN; /* only if Q is not finite */
        add_identity(o, r, -1);
        return r;
    }
    memset(p, 0, n * sizeof *p);
    add_identity(o, p, (double)tb_oft_factor(terms - 1, terms));
    for (int power = terms - 2; power >= 0; power--, p += n) {
        times(o, p + n, o->skew, false, p, false);
        add_identity(o, p + n, (double)tb_oft_factor(power, terms));
    }
    return p;
}

/* dq = gradient with respect to the full matrix Q, from d = dR. */
static void rotation_back(const struct block *o, int terms)
{
    const size_t n = o->b * o->b;
    if (terms == 0) {
        times(o, o->temp, o->power, true, o->d, false);
        times(o, o->dq, o->temp, false, o->power, true);
        for (size_t i = 0; i < n; i++)
            o->dq[i] *= -2;
        return;
    }
    memset(o->dq, 0, n * sizeof *o->dq);
    for (int j = terms - 2; j >= 0; j--) {
        times(o, o->temp, o->d, false, o->power + (size_t)j * n, true);
        for (size_t i = 0; i < n; i++)
            o->dq[i] += o->temp[i];
        times(o, o->temp, o->skew, true, o->d, false);
        memcpy(o->d, o->temp, n * sizeof *o->d);
    }
}

static void oft_build(struct tb_kernels *k, struct tb_mat r, struct tb_mat q, int b, int terms)
{
    struct block o = open_block(b, terms);
    for (int64_t n = 0; n < q.rows; n++) {
        read_skew(&o, tb_at(q, n, 0));
        const double *from = rotation(&o, terms);
        for (int64_t i = 0; i < b; i++)
            for (int64_t j = 0; j < b; j++)
                *tb_at(r, n * b + i, j) = (float)from[i * b + j];
    }
    free(o.skew);
}

static void oft_build_back(struct tb_kernels *k, struct tb_mat dq, struct tb_mat dr, struct tb_mat q, int b, int terms)
{
    struct block o = open_block(b, terms);
    for (int64_t n = 0; n < q.rows; n++) {
        read_skew(&o, tb_at(q, n, 0));
        rotation(&o, terms);
        for (int64_t i = 0; i < b; i++)
            for (int64_t j = 0; j < b; j++)
                o.d[i * b + j] = (double)*tb_at(dr, n * b + i, j);
        rotation_back(&o, terms);
        float *to = tb_at(dq, n, 0);
        for (int64_t i = 0; i < b; i++)
            for (int64_t j = i + 1; j < b; j++)
                *to++ += (float)(o.dq[i * b + j] - o.dq[j * b + i]);
    }
    free(o.skew);
}

/* The block of r that serves columns j b .. j b + b - 1. */
static struct tb_mat block_of(struct tb_mat r, int64_t j, int b)
{
    return tb_mat_rows(r, r.rows == b ? 0 : j * b, b);
}

static void block_mul(struct tb_kernels *k, struct tb_mat y, struct tb_mat x, struct tb_mat r, int b, bool trans)
{
    double out[256];
    for (int64_t t = 0; t < x.rows; t++)
        for (int64_t j = 0; j < x.cols / b; j++) {
            struct tb_mat m = block_of(r, j, b);
            for (int c = 0; c < b; c++) {
                out[c] = 0;
                for (int l = 0; l < b; l++)
                    out[c] += (double)*tb_at(x, t, j * b + l) * (double)*(trans ? tb_at(m, c, l) : tb_at(m, l, c));
            }
            for (int c = 0; c < b; c++)
                *tb_at(y, t, j * b + c) = (float)out[c];
        }
}

static void block_grad(struct tb_kernels *k, struct tb_mat dr, struct tb_mat x, struct tb_mat dy, int b)
{
    for (int64_t j = 0; j < x.cols / b; j++)
        for (int64_t i = 0; i < b; i++)
            for (int64_t c = 0; c < b; c++) {
                double sum = 0;
                for (int64_t t = 0; t < x.rows; t++)
                    sum += (double)*tb_at(x, t, j * b + i) * (double)*tb_at(dy, t, j * b + c);
                *tb_at(block_of(dr, j, b), i, c) += (float)sum;
            }
}

void tb_ref_oft_fill(struct tb_kernels *k)
{
    k->oft_build = oft_build;
    k->oft_build_back = oft_build_back;
    k->block_mul = block_mul;
    k->block_grad = block_grad;
}
