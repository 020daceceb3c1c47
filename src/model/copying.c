/* SPDX-License-Identifier: MIT */
/* copying.c - start values with which a model copies before any training: a small llama finds that
 * out by itself only after far more text than its owner wants to wait for. After mimetic initialisation
 * (Trockman and Kolter 2023, arXiv:2305.09828) and induction heads (Olsson et al. 2022, arXiv:2209.11895).
 *   Table: N(0, 0.05); channel 0 is 0.15 for every token: behind the norm a constant c that queries and
 *     keys can read.
 *   Block 0, head 0, "the token before": k = c amp on the first half of the rotary pairs, q the same
 *     turned back by one position, only pairs that turn fast. Its value is a code A of the token; its
 *     output writes that into subspace W.
 *   Block 1, head 0, "where did I see this": q = A of this token, k = W' of the token before, only pairs
 *     that hardly turn within a context, so that codes compare at any distance. It copies a third code O
 *     of what it sees to the output.
 * A, W and O are parts of one orthogonal matrix. Everything else stays as it was drawn. */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "kernels/host/linalg.h"
#include "model/model_priv.h"

static const double table_std = 0.05, before_gain = 9, match_gain = 12, write_gain = 2, out_gain = 16;
static const double fast = 0.05, slow = 0.008; /* radians a position */

/* The rotary frequencies of a head and the three codes. */
struct setup {
    struct tb_model *m;
    int hd, half, d;
    double *freq;  /* [half] */
    double *codes; /* [d, 3 hd], orthonormal columns; row 0, which is the constant channel, is 0 */
};

static float *at(const struct setup *u, int layer, enum tb_role role, int row)
{
    const struct tb_weight *w = &u->m->layers[layer].linear[role];
    return (float *)(uintptr_t)w->p + (int64_t)row * w->cols;
}

/* Number `i` of code `which` (0 A, 1 W, 2 O), channel c. */
static double code(const struct setup *u, int which, int i, int c)
{
    return u->codes[(int64_t)c * 3 * u->hd + which * u->hd + i];
}

static bool make_codes(struct setup *u, uint64_t seed, struct tb_err *err)
{
    int n = 3 * u->hd;
    size_t size = (size_t)u->d * (size_t)n;
    float *drawn = calloc(size, sizeof *drawn);
    double *r = calloc((size_t)n * (size_t)n, sizeof *r);
    u->codes = calloc(size, sizeof *u->codes);
    bool good = drawn && r && u->codes;
    if (good) {
        tb_draw_normal(drawn, u->d, n, 1, "copying", seed);
        for (size_t i = 0; i < size; i++)
            u->codes[i] = drawn[i];
        good = tb_linalg_qr(u->codes, r, u->d, n);
    }
    for (int i = 0; good && i < n; i++)
        u->codes[i] = 0;
    free(drawn);
    free(r);
    return good || tb_fail(err, TB_ERR_LIMIT, "no memory for the codes of the copying heads");
}

static void set_table(const struct setup *u, uint64_t seed)
{
    float *e = (float *)(uintptr_t)u->m->embed.p, *head = (float *)(uintptr_t)u->m->head.p;
    int64_t rows = u->m->embed.rows, d = u->d;
    tb_draw_normal(e, rows, d, table_std, "model.embed_tokens.weight", seed);
    for (int64_t r = 0; r < rows; r++)
        e[r * d] = (float)(3 * table_std);
    /* What the second head copies reads as a token only through the table itself. */
    for (int64_t i = 0; head != e && i < rows * d; i++)
        head[i] = e[i];
}

/* Reads `from` into the head's values and writes them to the stream as `to`, times gain. */
static void set_value(const struct setup *u, int layer, int from, int to, double gain)
{
    for (int i = 0; i < u->hd; i++)
        for (int c = 0; c < u->d; c++) {
            at(u, layer, TB_V, i)[c] = (float)code(u, from, i, c);
            at(u, layer, TB_O, c)[i] = (float)(code(u, to, i, c) * gain);
        }
}

static void set_token_before(const struct setup *u)
{
    double c = 3 / sqrt((u->d - 1 + 9.0) / u->d), n_fast = 0;
    for (int i = 0; i < u->half; i++)
        n_fast += u->freq[i] > fast;
    double s = before_gain * pow(u->hd, 0.25) / c / sqrt(n_fast);
    for (int i = 0; i < u->hd; i++) {
        double f = u->freq[i % u->half], amp = f > fast ? s : 0;
        float *q = at(u, 0, TB_Q, i), *k = at(u, 0, TB_K, i);
        for (int j = 0; j < u->d; j++)
            q[j] = k[j] = 0;
        q[0] = (float)(i < u->half ? amp * cos(f) : -amp * sin(f));
        k[0] = (float)(i < u->half ? amp : 0);
    }
    set_value(u, 0, 0, 1, write_gain * table_std);
}

static void set_match(const struct setup *u)
{
    double n_slow = 0;
    for (int i = 0; i < u->half; i++)
        n_slow += 2 * (u->freq[i] < slow);
    double a = sqrt(match_gain * sqrt(u->hd) / n_slow);
    for (int i = 0; i < u->hd; i++) {
        double still = u->freq[i % u->half] < slow ? a : 0;
        for (int c = 0; c < u->d; c++) {
            at(u, 1, TB_Q, i)[c] = (float)(2 * still * code(u, 0, i, c));
            at(u, 1, TB_K, i)[c] = (float)(still * code(u, 1, i, c));
        }
    }
    set_value(u, 1, 2, 2, out_gain * table_std);
}

static bool check(const struct setup *u, struct tb_err *err)
{
    if (u->m->shape.n_layers < 2 || u->d < 3 * u->hd)
        return tb_fail(err, TB_ERR_RECIPE, "t.scratch: init = \"copying\" needs 2 layers and 3 heads or more");
    if (u->freq[0] > fast && u->freq[u->half - 1] < slow)
        return true;
    return tb_fail(err, TB_ERR_RECIPE, "t.scratch: init = \"copying\" needs rotary pairs that turn by less than %g a "
                   "position; the slowest turns by %.3g: raise rope_theta or take wider heads", slow,
                   u->freq[u->half - 1]);
}

bool tb_copying_init(struct tb_model *m, uint64_t seed, struct tb_err *err)
{
    struct setup u = { .m = m, .hd = m->shape.head_dim, .half = m->shape.head_dim / 2, .d = m->shape.d };
    u.freq = tb_xcalloc((size_t)u.half, sizeof *u.freq);
    for (int i = 0; i < u.half; i++)
        u.freq[i] = pow(m->shape.rope.theta, -(double)i / u.half);
    bool good = check(&u, err) && make_codes(&u, seed, err);
    if (good) {
        set_table(&u, seed);
        set_token_before(&u);
        set_match(&u);
    }
    free(u.freq);
    free(u.codes);
    return good;
}
