/* SPDX-License-Identifier: MIT */
/* oft_isa.c - making OFT's rotations in fp32; formulas in ref/oft.c. Threads take whole blocks.
 *
 * Q is skew, so a polynomial P of Q has P(Q)' = P(-Q): the backward builds P' instead of P and never reads a matrix
 * turned.
 *     series: dQ += dP_j P_(j-1)', dP_(j-1) = Q' dP_j = -Q dP_j     exact: dQ = -2 T dR T with T = (I - Q)^-1
 * The symmetric part of I + Q is I, so every pivot of its elimination is at least 1 and none needs to be looked for. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/fills.h"
#include "kernels/cpu/gemm_priv.h"
#include "kernels/cpu/vec_isa.h"
#include "kernels/oft.h"

#include <string.h>

enum { ROWS = 4, COLS = 2 * W };

struct job {
    struct tb_kernels *k;
    struct tb_mat q, r, dq; /* r: R, or dR */
    int b, terms;
};

/* Square matrices of one thread, rows and columns filled up with zeros to whole tiles of the product. */
struct block {
    int64_t b, rows, ld;
    float *skew, *d, *dq, *temp, *power; /* power: P_0 .. one behind the other */
};

static int64_t round_up(int64_t n, int64_t unit)
{
    return (n + unit - 1) / unit * unit;
}

static size_t floats_of(const struct block *o)
{
    return (size_t)(o->rows * o->ld);
}

static struct block open_block(const struct job *j, int thread)
{
    struct block o = { .b = j->b, .rows = round_up(j->b, ROWS), .ld = round_up(j->b, COLS) };
    const size_t n = floats_of(&o), n_power = j->terms ? (size_t)j->terms : 1;
    o.skew = tb_cpu_scratch(j->k, thread, n * (4 + n_power));
    memset(o.skew, 0, n * (4 + n_power) * sizeof *o.skew);
    o.d = o.skew + n;
    o.dq = o.d + n;
    o.temp = o.dq + n;
    o.power = o.temp + n;
    return o;
}

/* skew = sign Q */
static void read_skew(const struct block *o, const float *q, float sign)
{
    for (int64_t i = 0; i < o->b; i++)
        for (int64_t j = i + 1; j < o->b; j++, q++) {
            o->skew[i * o->ld + j] = sign * *q;
            o->skew[j * o->ld + i] = -sign * *q;
        }
}

static void add_diagonal(const struct block *o, float *y, float a)
{
    for (int64_t i = 0; i < o->b; i++)
        y[i * o->ld + i] += a;
}

/* Rows i .. of ROWS times columns c .. of COLS of y = a x z, or y += a x z. */
static __attribute__((noinline)) void product_tile(const struct block *o, float *y, const float *x, const float *z,
                                                   float a, bool is_sum)
{
    vf sum[ROWS][2] = { { all(0), all(0) }, { all(0), all(0) }, { all(0), all(0) }, { all(0), all(0) } };
    const int64_t ld = o->ld;
    for (int64_t l = 0; l < o->b; l++, z += ld) {
        vf z0 = get(z, W), z1 = get(z + W, W);
        TB_UNROLL
        for (int r = 0; r < ROWS; r++) {
            vf v = all(x[r * ld + l]);
            sum[r][0] = fma_of(v, z0, sum[r][0]);
            sum[r][1] = fma_of(v, z1, sum[r][1]);
        }
    }
    TB_UNROLL
    for (int r = 0; r < ROWS; r++, y += ld) {
        put(y, fma_of(all(a), sum[r][0], is_sum ? get(y, W) : all(0)), W);
        put(y + W, fma_of(all(a), sum[r][1], is_sum ? get(y + W, W) : all(0)), W);
    }
}

/* y = a x z, or y += a x z; y is neither x nor z. */
static void times(const struct block *o, float *y, const float *x, const float *z, float a, bool is_sum)
{
    for (int64_t i = 0; i < o->rows; i += ROWS)
        for (int64_t c = 0; c < o->ld; c += COLS)
            product_tile(o, y + i * o->ld + c, x + i * o->ld, z + c, a, is_sum);
}

/* The inverse of I + skew by Gauss and Jordan: row by row the identity to the right replaces what is eliminated. */
static void invert(const struct block *o, float *y)
{
    memcpy(y, o->skew, floats_of(o) * sizeof *y);
    add_diagonal(o, y, 1);
    for (int64_t c = 0; c < o->b; c++) {
        float *pivot = y + c * o->ld, inverse = 1 / pivot[c];
        pivot[c] = 1;
        for (int64_t i = 0; i < o->ld; i++)
            pivot[i] *= inverse;
        for (int64_t r = 0; r < o->b; r++) {
            float *row = y + r * o->ld, factor = row[c];
            if (r == c)
                continue;
            row[c] = 0;
            EACH_VECTOR (i, n, 0, o->ld)
                put(row + i, V(fnmadd_ps)(all(factor), get(pivot + i, n), get(row + i, n)), n);
        }
    }
}

/* P_last of the series by Horner; all P_j stay in `power`. */
static const float *series(const struct block *o, int terms)
{
    const size_t n = floats_of(o);
    float *p = o->power;
    memset(p, 0, n * sizeof *p);
    add_diagonal(o, p, tb_oft_factor(terms - 1, terms));
    for (int power = terms - 2; power >= 0; power--, p += n) {
        times(o, p + n, o->skew, p, 1, false);
        add_diagonal(o, p + n, tb_oft_factor(power, terms));
    }
    return p;
}

static const float *rotation(const struct block *o, int terms)
{
    if (terms)
        return series(o, terms);
    invert(o, o->power);
    for (size_t i = 0; i < floats_of(o); i++)
        o->power[i] *= 2;
    add_diagonal(o, o->power, -1);
    return o->power;
}

/* dq = gradient with respect to the whole of Q, from d = dR; skew holds -Q. */
static void rotation_back(struct block *o, int terms)
{
    const size_t n = floats_of(o);
    if (!terms) {
        invert(o, o->power);
        times(o, o->temp, o->power, o->d, -2, false);
        times(o, o->dq, o->temp, o->power, 1, false);
        return;
    }
    series(o, terms);
    memset(o->dq, 0, n * sizeof *o->dq);
    for (int i = terms - 2; i >= 0; i--) {
        times(o, o->dq, o->d, o->power + (size_t)i * n, 1, true);
        times(o, o->temp, o->skew, o->d, 1, false);
        float *d = o->d;
        o->d = o->temp;
        o->temp = d;
    }
}

static void build_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    const struct block o = open_block(j, p->thread);
    for (int64_t i = p->r0; i < p->r1; i++) {
        read_skew(&o, row_of(j->q, i), 1);
        const float *from = rotation(&o, j->terms);
        for (int64_t r = 0; r < o.b; r++)
            memcpy(row_of(j->r, i * o.b + r), from + r * o.ld, (size_t)o.b * sizeof *from);
    }
}

static void back_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    struct block o = open_block(j, p->thread);
    for (int64_t i = p->r0; i < p->r1; i++) {
        float *to = row_of(j->dq, i);
        read_skew(&o, row_of(j->q, i), -1);
        for (int64_t r = 0; r < o.b; r++)
            memcpy(o.d + r * o.ld, row_of(j->r, i * o.b + r), (size_t)o.b * sizeof *o.d);
        rotation_back(&o, j->terms);
        for (int64_t r = 0; r < o.b; r++)
            for (int64_t c = r + 1; c < o.b; c++)
                *to++ += o.dq[r * o.ld + c] - o.dq[c * o.ld + r];
    }
}

static void run(const struct job *j, void (*part)(const void *job, const struct tb_part *p), int products)
{
    struct tb_part whole = { .r1 = j->q.rows, .c1 = (int64_t)j->b * j->b };
    tb_cpu_split(j->k, TB_CUT_ROWS, whole, products * j->b / W + 1, part, j);
}

static void oft_build(struct tb_kernels *k, struct tb_mat r, struct tb_mat q, int b, int terms)
{
    run(&(struct job){ .k = k, .q = q, .r = r, .b = b, .terms = terms }, build_part, terms ? terms : 2);
}

static void oft_build_back(struct tb_kernels *k, struct tb_mat dq, struct tb_mat dr, struct tb_mat q, int b, int terms)
{
    struct job j = { .k = k, .q = q, .r = dr, .dq = dq, .b = b, .terms = terms };
    run(&j, back_part, terms ? 3 * terms : 4);
}

void TB_ISA_NAME(tb_cpu_oft_fill)(struct tb_kernels *k)
{
    k->oft_build = oft_build;
    k->oft_build_back = oft_build_back;
}
