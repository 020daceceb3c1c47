/* SPDX-License-Identifier: MIT */
/* gguf_shape.c - the keys of a llama-like GGUF file as a shape. Counts may be one number or an array
 * with one entry a layer, which must be equal. Vocabulary and tied head follow from the tensors. As
 * in llama.cpp, rope scaling without a type is linear, with the factor 1 if none is given. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/model_priv.h"

enum { KEY = 128 };

struct reader {
    const struct tb_gguf *g;
    const char *architecture;
    struct tb_err *err;
    char key[KEY];
};

static const char *key(struct reader *r, const char *name)
{
    snprintf(r->key, sizeof r->key, "%.40s.%.60s", r->architecture, name);
    return r->key;
}

/* The number of all layers; 0 if there is none or they differ. */
static int64_t common(const struct reader *r)
{
    int64_t v = tb_gguf_int(r->g, r->key, 0);
    size_t n = tb_gguf_len(r->g, r->key);
    for (size_t i = 0; i < n; i++) {
        int64_t next = tb_gguf_int_at(r->g, r->key, i, 0);
        if (i && next != v)
            return 0;
        v = next;
    }
    return v;
}

/* A whole number of 1 or more; `otherwise` if the key is missing, an error if that is 0. */
static bool count(struct reader *r, const char *name, int otherwise, int *out)
{
    bool is_there = tb_gguf_has(r->g, key(r, name));
    int64_t v = is_there ? common(r) : otherwise;
    if (!is_there && !otherwise)
        return tb_fail(r->err, TB_ERR_FORMAT, "key %s is missing", r->key);
    if (v < 1 || v > INT_MAX)
        return tb_fail(r->err, TB_ERR_FORMAT, "key %s: expected one whole number of 1 or more for all layers", r->key);
    *out = (int)v;
    return true;
}

/* NaN, which the check of the shape refuses, if the key is no number. */
static double real(struct reader *r, const char *name, double otherwise)
{
    return tb_gguf_has(r->g, key(r, name)) ? tb_gguf_real(r->g, r->key, NAN) : otherwise;
}

static bool read_rope(struct reader *r, struct tb_shape *s)
{
    const char *type = tb_gguf_str(r->g, key(r, "rope.scaling.type"));
    double factor = real(r, "rope.scaling.factor", real(r, "rope.scale_linear", 1));
    int turned;
    s->rope.theta = real(r, "rope.freq_base", 10000);
    if (type && strcmp(type, "none") != 0 && strcmp(type, "linear") != 0)
        return tb_fail(r->err, TB_ERR_FORMAT, "key %s: \"%.40s\" is not built; known are none and linear",
                       key(r, "rope.scaling.type"), type);
    if (!(type && strcmp(type, "none") == 0) && factor != 0 && factor != 1) {
        s->rope.kind = TB_ROPE_LINEAR;
        s->rope.factor = factor;
    }
    if (!count(r, "rope.dimension_count", s->head_dim, &turned))
        return false;
    return turned == s->head_dim
        || tb_fail(r->err, TB_ERR_FORMAT, "key %s is %d; only whole heads (%d) are built", r->key, turned, s->head_dim);
}

static bool refuse(struct reader *r)
{
    if (tb_gguf_int(r->g, key(r, "expert_count"), 0) > 0)
        return tb_fail(r->err, TB_ERR_FORMAT, "key %s: mixtures of experts are not built", r->key);
    if (tb_gguf_int(r->g, "split.count", 1) > 1)
        return tb_fail(r->err, TB_ERR_FORMAT, "key split.count: the model is in several files; merge "
                       "them into one first");
    return true;
}

static bool read_heads(struct reader *r, struct tb_shape *s)
{
    int value_length;
    if (!count(r, "attention.head_count", 0, &s->n_heads) || !count(r, "attention.head_count_kv", s->n_heads, &s->n_kv))
        return false;
    if (!tb_gguf_has(r->g, key(r, "attention.key_length")) && s->d % s->n_heads)
        return tb_fail(r->err, TB_ERR_FORMAT, "width %d is no multiple of %d heads, and key %s is missing",
                       s->d, s->n_heads, r->key);
    if (!count(r, "attention.key_length", s->d / s->n_heads, &s->head_dim)
        || !count(r, "attention.value_length", s->head_dim, &value_length))
        return false;
    return value_length == s->head_dim
        || tb_fail(r->err, TB_ERR_FORMAT, "key %s is %d, and the keys have %d; other values are not built", r->key,
                   value_length, s->head_dim);
}

static bool read_table(struct reader *r, struct tb_shape *s)
{
    const struct tb_stored *table = tb_gguf_find(r->g, "token_embd.weight");
    if (!table)
        return tb_fail(r->err, TB_ERR_FORMAT, "tensor token_embd.weight is missing");
    if (table->n_dims != 2 || table->dims[0] > INT_MAX)
        return tb_fail(r->err, TB_ERR_FORMAT, "tensor token_embd.weight: expected [vocabulary, %d]", s->d);
    s->vocab = (int)table->dims[0];
    s->is_tied = !tb_gguf_find(r->g, "output.weight");
    return true;
}

bool tb_gguf_shape(const struct tb_gguf *g, const char *architecture, struct tb_shape *s, struct tb_err *err)
{
    struct reader r = { .g = g, .architecture = architecture, .err = err };
    if (!refuse(&r) || !count(&r, "block_count", 0, &s->n_layers) || !count(&r, "embedding_length", 0, &s->d)
        || !count(&r, "feed_forward_length", 0, &s->ff) || !count(&r, "context_length", 0, &s->context)
        || !read_heads(&r, s) || !read_table(&r, s))
        return false;
    if (tb_gguf_has(g, key(&r, "attention.sliding_window")) && tb_gguf_int(g, r.key, -1) != 0
        && !count(&r, "attention.sliding_window", 0, &s->window))
        return false;
    s->norm_eps = (float)real(&r, "attention.layer_norm_rms_epsilon", -1);
    if (s->norm_eps < 0)
        return tb_fail(err, TB_ERR_FORMAT, "key %s is missing or below 0", r.key);
    return read_rope(&r, s);
}
