/* SPDX-License-Identifier: MIT */
/* gemv_test.c - products of few rows with weights of every type, at drawn shapes and with rows that are hard to round:
 * zeros, numbers of all sizes, one that dwarfs its block, none at all. What ops.def allows is the bound: half a step of
 * rounding of each block of x times its weights, beside what sums in fp32 cost. */
#include <float.h>
#include <stdlib.h>

#include "tests/kernels/shot.h"
#include "tests/tap.h"

enum { BLOCK = 32, SHAPES = 12, N_TRICKS = 7 };

static struct tb_kernels *ref;

/* How a row of x is filled. */
static float tricky(int trick, int64_t i, uint32_t *state)
{
    const float x = draw(state);
    switch (trick) {
    case 1: return i / BLOCK % 2 ? 0 : x;
    case 2: return x * ldexpf(1, (int)(i / BLOCK % 5) * 20 - 40);
    case 3: return i % BLOCK == 5 ? 1e6f * x : x;
    case 4: return 1e30f * x;
    case 5: return 1e-25f * x;
    case 6: return 0;
    default: return x;
    }
}

static double largest(const float *x)
{
    double max = 0;
    for (int i = 0; i < BLOCK; i++)
        max = fmax(max, fabs((double)x[i]));
    return max;
}

/* How far an element may be from ref's. */
static double bound(const float *x, const float *w, int64_t n, bool is_rounded)
{
    double steps = 0, size = 0;
    for (int64_t i = 0; i < n; i++) {
        const double weight = fabs((double)w[i]);
        size += weight * fabs((double)x[i]);
        if (is_rounded)
            steps += weight * largest(x + i / BLOCK * BLOCK) / 32767 / 2;
    }
    return 1.001 * steps + 3e-6 * size + 1e-37;
}

struct shape {
    struct tb_weight w;
    struct tb_mat x, y, want, dense;
};

static struct tb_mat take(struct tb_kernels *k, int64_t rows, int64_t cols)
{
    return tb_mat_of(k->alloc(k, (size_t)(rows * cols) * sizeof(float)), rows, cols);
}

/* The matrices lie in the memory of a back end whose device is the host. */
static struct shape open_shape(struct tb_kernels *k, enum tb_type type, int64_t t, int64_t rows, int64_t cols,
                               uint32_t *state)
{
    struct shape s = { .w = weight_open(type, rows, cols, state) };
    s.x = take(k, t, cols);
    s.y = take(k, t, rows);
    s.want = take(k, t, rows);
    s.dense = take(k, rows, cols);
    ref->weight_dense(ref, s.dense, &s.w);
    return s;
}

static void close_shape(struct tb_kernels *k, struct shape *s)
{
    struct tb_mat *all[] = { &s->x, &s->y, &s->want, &s->dense };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        k->release(k, all[i]->p);
    weight_close(&s->w);
}

/* Elements beyond their bound. */
static int n_far(const struct shape *s)
{
    const bool is_rounded = tb_type_info((int)s->w.type)->block > 1;
    int n = 0;
    for (int64_t t = 0; t < s->x.rows; t++)
        for (int64_t r = 0; r < s->w.rows; r++) {
            const float *x = s->x.p + t * s->x.ld, *w = s->dense.p + r * s->dense.ld;
            const double got = (double)s->y.p[t * s->y.ld + r], want = (double)s->want.p[t * s->want.ld + r];
            n += !(fabs(got - want) <= bound(x, w, s->w.cols, is_rounded));
        }
    return n;
}

static int try_shape(struct tb_kernels *k, enum tb_type type, uint32_t *state)
{
    const int block = tb_type_info((int)type)->block;
    const int64_t t = 1 + (int64_t)(fabsf(draw(state)) * 6), rows = 1 + (int64_t)(fabsf(draw(state)) * 70);
    const int64_t cols = block > 1 ? block * (1 + (int64_t)(fabsf(draw(state)) * 900) / block)
                                   : BLOCK * (1 + (int64_t)(fabsf(draw(state)) * 25));
    struct shape s = open_shape(k, type, t, rows, cols, state);
    for (int64_t i = 0; i < t * cols; i++)
        s.x.p[i] = tricky((int)((i / cols + rows) % N_TRICKS), i % cols, state);
    ref->gemv_w(ref, s.want, s.x, &s.w);
    k->gemv_w(k, s.y, s.x, &s.w);
    int n = n_far(&s);
    if (n)
        printf("# %s, %d rows by %d x %d: %d far\n", tb_type_info((int)type)->name, (int)t, (int)rows, (int)cols, n);
    close_shape(k, &s);
    return n;
}

/* A number that is none spoils its row and no other. */
static bool keeps_apart(struct tb_kernels *k, enum tb_type type, float bad, uint32_t *state)
{
    struct shape s = open_shape(k, type, 3, 9, 512, state);
    bool good = true;
    for (int64_t i = 0; i < 3 * 512; i++)
        s.x.p[i] = draw(state);
    s.x.p[512 + 77] = bad;
    k->gemv_w(k, s.y, s.x, &s.w);
    for (int64_t i = 0; i < 3 * 9; i++)
        good &= isfinite(s.y.p[i]) ? i / 9 != 1 : i / 9 == 1;
    close_shape(k, &s);
    return good;
}

static void test_type(struct tb_kernels *k, enum tb_type type)
{
    const char *name = tb_type_info((int)type)->name;
    uint32_t state = 1000 + type;
    int n = 0;
    for (int i = 0; i < SHAPES; i++)
        n += try_shape(k, type, &state);
    is_int(n, 0, "elements out of bounds");
    ok(keeps_apart(k, type, NAN, &state) && keeps_apart(k, type, INFINITY, &state),
       "%s, %s: a number that is none stays in its row", k->name, name);
}

int main(void)
{
    static const char *const names[] = { "avx2", "avx512" };
    char why[256];
    ref = tb_kernels_open("ref", 1, why, sizeof why);
    ok(ref != NULL, "ref opens");
    for (int i = 0; ref && i < 2; i++) {
        struct tb_kernels *k = tb_kernels_open(names[i], 2, why, sizeof why);
        if (!k) {
            skip(names[i], why);
            continue;
        }
        for (int type = 0; type <= TB_BF16; type++)
            if (tb_type_info(type)->is_built)
                test_type(k, (enum tb_type)type);
        k->close(k);
    }
    if (ref)
        ref->close(ref);
    return done();
}
