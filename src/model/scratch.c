/* SPDX-License-Identifier: MIT */
/* scratch.c - a random llama in memory. Matrices are N(0, 0.02), those that write into the residual stream (o
 * and down) N(0, 0.02 / sqrt(2 layers)), gains 1. Each weight is drawn under its own name, so two models of one
 * seed share whatever has the same name and shape. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "kernels/rng.h"
#include "model/model_priv.h"

static const double std_all = 0.02;

void tb_draw_normal(float *dst, int64_t rows, int64_t cols, double std, const char *name, uint64_t seed)
{
    uint32_t hash = tb_rng_hash("init", name);
    for (int64_t r = 0; r < rows; r++, dst += cols)
        for (int64_t c = 0; c < cols; c += 4) {
            uint32_t counter[4] = { hash, 0, (uint32_t)r, (uint32_t)(c / 4) }, word[4];
            float value[4];
            tb_philox(word, counter, seed);
            tb_rng_normal2(word[0], word[1], value);
            tb_rng_normal2(word[2], word[3], value + 2);
            for (int64_t i = c; i < cols && i < c + 4; i++)
                dst[i] = (float)(std * value[i - c]);
        }
}

static bool draw_weight(struct tb_model *m, const struct tb_site *site, uint64_t seed, struct tb_err *err)
{
    char name[TB_WEIGHT_NAME];
    bool into_stream = site->kind == TB_SITE_LINEAR && (site->role == TB_O || site->role == TB_DOWN);
    float *p = tb_model_own(m, (uint64_t)site->out * (uint64_t)site->in * sizeof *p, err);
    if (!p)
        return false;
    *tb_site_weight(m, site) = (struct tb_weight){ .type = TB_F32, .p = p, .rows = site->out, .cols = site->in,
                                                   .row_bytes = (size_t)site->in * sizeof *p };
    snprintf(name, sizeof name, "%s.weight", site->name);
    tb_draw_normal(p, site->out, site->in, into_stream ? std_all / sqrt(2.0 * m->shape.n_layers) : std_all, name, seed);
    return true;
}

static bool fill_site(struct tb_model *m, const struct tb_site *site, uint64_t seed, struct tb_err *err)
{
    float **gain = tb_site_gain(m, site);
    if (site->kind == TB_SITE_HEAD && m->shape.is_tied)
        m->head = m->embed;
    else if (tb_site_weight(m, site))
        return draw_weight(m, site, seed, err);
    if (!gain)
        return true;
    *gain = tb_model_own(m, (uint64_t)site->in * sizeof **gain, err);
    for (int i = 0; *gain && i < site->in; i++)
        (*gain)[i] = 1;
    return *gain != NULL;
}

static uint64_t bytes_of(const struct tb_shape *s)
{
    uint64_t d = (uint64_t)s->d, q = (uint64_t)s->n_heads * (uint64_t)s->head_dim;
    uint64_t kv = (uint64_t)s->n_kv * (uint64_t)s->head_dim, ff = (uint64_t)s->ff;
    uint64_t layer = 2 * d * (q + kv) + 3 * d * ff + 2 * d;
    return sizeof(float) * ((uint64_t)s->n_layers * layer + (uint64_t)s->vocab * d * (s->is_tied ? 1 : 2) + d);
}

static bool set_shape(struct tb_model *m, const struct tb_scratch *s, struct tb_err *err)
{
    if (s->n_heads < 1 || s->d % s->n_heads)
        return tb_fail(err, TB_ERR_RECIPE, "t.scratch: d = %d is no multiple of heads = %d", s->d, s->n_heads);
    m->shape = (struct tb_shape){ .family = "llama", .n_layers = s->n_layers, .d = s->d, .n_heads = s->n_heads,
                                  .n_kv = s->n_kv, .head_dim = s->d / s->n_heads, .ff = s->ff, .vocab = s->vocab,
                                  .context = s->context, .norm_eps = (float)s->norm_eps, .is_tied = s->is_tied,
                                  .rope = { .kind = TB_ROPE_PLAIN, .theta = s->rope_theta } };
    struct tb_err inner = { 0 };
    return tb_shape_check(&m->shape, &inner) || tb_fail(err, TB_ERR_RECIPE, "t.scratch: %s", inner.text);
}

/* A model from scratch has no bytes to hash: its id is that of what was asked for. */
static void set_id(struct tb_model *m, const struct tb_scratch *s)
{
    char text[512], theta[32], eps[32];
    int n = snprintf(text, sizeof text,
                     "scratch vocab=%d d=%d layers=%d heads=%d kv=%d ff=%d context=%d theta=%s eps=%s tied=%d init=%s "
                     "seed=%llu",
                     s->vocab, s->d, s->n_layers, s->n_heads, s->n_kv, s->ff, s->context,
                     tb_str_shortest(theta, sizeof theta, s->rope_theta), tb_str_shortest(eps, sizeof eps, s->norm_eps),
                     s->is_tied, s->init, (unsigned long long)s->seed);
    tb_sha256_hex(text, (size_t)n, m->base_id);
}

struct tb_model *tb_model_scratch(const struct tb_scratch *s, struct tb_err *err)
{
    struct tb_model *m = tb_xcalloc(1, sizeof *m);
    bool is_copying = strcmp(s->init, "copying") == 0;
    m->impl = tb_xcalloc(1, sizeof(struct tb_model_impl));
    m->path = tb_xstrdup("scratch");
    if (!is_copying && strcmp(s->init, "normal") != 0) {
        tb_fail(err, TB_ERR_RECIPE, "t.scratch: init = \"%.15s\"; expected copying or normal", s->init);
        goto fail;
    }
    if (!set_shape(m, s, err) || !tb_model_fits(bytes_of(&m->shape), err))
        goto fail;
    tb_model_layout(m);
    for (int i = 0; i < m->n_sites; i++)
        if (!fill_site(m, &m->sites[i], s->seed, err))
            goto fail;
    if (is_copying && !tb_copying_init(m, s->seed, err))
        goto fail;
    set_id(m, s);
    tb_model_tally(m);
    return m;
fail:
    tb_model_close(m);
    return NULL;
}
