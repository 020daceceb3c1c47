/* SPDX-License-Identifier: MIT */
/* hf_config.c - config.json of llama-like models as a shape. Two generations differ in where rope stands:
 *   transformers 5: "rope_parameters": {"rope_theta", "rope_type", ..}
 *   transformers 4: "rope_theta", and "rope_scaling": null or {"rope_type" (older: "type"), "factor", ..}
 * Settings that would change the computation and are not built are refused by name. */
#include <limits.h>
#include <string.h>

#include "base/json.h"
#include "model/model_priv.h"

static const double default_theta = 10000, default_eps = 1e-6;

static bool is_null(const struct tb_json *j)
{
    return tb_json_type(j) == TB_JSON_NULL;
}

bool tb_hf_int(const struct tb_json *config, const char *key, int otherwise, int *out, struct tb_err *err)
{
    const struct tb_json *j = tb_json_get(config, key);
    int64_t v = is_null(j) ? otherwise : tb_json_int(j, 0);
    if (is_null(j) && !otherwise)
        return tb_fail(err, TB_ERR_FORMAT, "\"%s\" is missing", key);
    if (v < 1 || v > INT_MAX)
        return tb_fail(err, TB_ERR_FORMAT, "\"%s\" must be a whole number of 1 or more", key);
    *out = (int)v;
    return true;
}

/* A missing or null key leaves *out; what is no number or truth value is an error, never the default. */
static bool number(const struct tb_json *map, const char *key, double *out, struct tb_err *err)
{
    const struct tb_json *j = tb_json_get(map, key);
    enum tb_json_type type = tb_json_type(j);
    *out = tb_json_real(j, *out);
    return type == TB_JSON_NULL || type == TB_JSON_INT || type == TB_JSON_REAL
        || tb_fail(err, TB_ERR_FORMAT, "\"%s\" must be a number", key);
}

static bool flag(const struct tb_json *map, const char *key, bool *out, struct tb_err *err)
{
    const struct tb_json *j = tb_json_get(map, key);
    *out = tb_json_bool(j, false);
    return is_null(j) || tb_json_type(j) == TB_JSON_BOOL
        || tb_fail(err, TB_ERR_FORMAT, "\"%s\" must be true or false", key);
}

static bool rope_number(const struct tb_json *rope, const char *key, double *out, struct tb_err *err)
{
    return !is_null(tb_json_get(rope, key)) ? number(rope, key, out, err)
                                            : tb_fail(err, TB_ERR_FORMAT, "rope: \"%s\" is missing", key);
}

static bool rope_kind(const struct tb_json *r, enum tb_rope_kind *kind, struct tb_err *err)
{
    static const char *const names[] = { "default", "linear", "llama3" };
    const struct tb_json *type = tb_json_get(r, "rope_type");
    if (is_null(type))
        type = tb_json_get(r, "type");
    const char *name = tb_json_str(type, is_null(type) ? "default" : "");
    for (int i = TB_ROPE_PLAIN; i <= TB_ROPE_LLAMA3; i++) {
        if (strcmp(names[i], name) != 0)
            continue;
        *kind = (enum tb_rope_kind)i;
        return true;
    }
    return tb_fail(err, TB_ERR_FORMAT, "rope_type is \"%.40s\", which is not built; known are default, linear, llama3",
                   name);
}

/* Refuses a rope of each kind of layer its own, and one that turns only a part of the head. */
static bool rope_is_whole(const struct tb_json *config, const struct tb_json *r, struct tb_err *err)
{
    double part = 1;
    for (void *it = tb_json_first(r); it; it = tb_json_next(r, it))
        if (tb_json_type(tb_json_iter_value(it)) == TB_JSON_MAP)
            return tb_fail(err, TB_ERR_FORMAT, "rope of its own for \"%.40s\" is not built", tb_json_iter_key(it));
    if (!number(config, "partial_rotary_factor", &part, err) || !number(r, "partial_rotary_factor", &part, err))
        return false;
    return part == 1 || tb_fail(err, TB_ERR_FORMAT, "\"partial_rotary_factor\" is %g; only 1 is built", part);
}

static bool rope_map(const struct tb_json *config, const char *key, const struct tb_json **r, struct tb_err *err)
{
    *r = tb_json_get(config, key);
    return is_null(*r) || tb_json_type(*r) == TB_JSON_MAP
        || tb_fail(err, TB_ERR_FORMAT, "\"%s\" must be an object as {\"rope_type\": \"linear\", ..}, or null", key);
}

static bool read_rope(const struct tb_json *config, struct tb_rope *rope, struct tb_err *err)
{
    const struct tb_json *r, *older;
    if (!rope_map(config, "rope_parameters", &r, err) || !rope_map(config, "rope_scaling", &older, err))
        return false;
    if (is_null(r))
        r = older;
    rope->theta = default_theta;
    if (!number(config, "rope_theta", &rope->theta, err) || !number(r, "rope_theta", &rope->theta, err)
        || !rope_is_whole(config, r, err) || !rope_kind(r, &rope->kind, err))
        return false;
    if (rope->kind != TB_ROPE_PLAIN && !rope_number(r, "factor", &rope->factor, err))
        return false;
    return rope->kind != TB_ROPE_LLAMA3
        || (rope_number(r, "low_freq_factor", &rope->low_freq, err)
            && rope_number(r, "high_freq_factor", &rope->high_freq, err)
            && tb_hf_int(r, "original_max_position_embeddings", 0, &rope->original_context, err));
}

static bool refuse(const struct tb_json *config, struct tb_err *err)
{
    static const char *const flags[] = { "attention_bias", "mlp_bias" };
    const struct tb_json *act = tb_json_get(config, "hidden_act"), *quant = tb_json_get(config, "quantization_config");
    bool is_on = false;
    if (!is_null(act) && strcmp(tb_json_str(act, ""), "silu") != 0)
        return tb_fail(err, TB_ERR_FORMAT, "\"hidden_act\" is \"%.40s\"; only silu is built", tb_json_str(act, ""));
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (!flag(config, flags[i], &is_on, err))
            return false;
        if (is_on)
            return tb_fail(err, TB_ERR_FORMAT, "\"%s\" is true; linears with a bias are not built", flags[i]);
    }
    return is_null(quant)
        || tb_fail(err, TB_ERR_FORMAT, "the weights are quantised (%.40s), which is not read; take the plain model or "
                   "a .gguf", tb_json_str(tb_json_get(quant, "quant_method"), "quantization_config"));
}

bool tb_hf_shape(const struct tb_json *config, struct tb_shape *s, struct tb_err *err)
{
    double eps = default_eps;
    if (!refuse(config, err) || !tb_hf_int(config, "num_hidden_layers", 0, &s->n_layers, err)
        || !tb_hf_int(config, "hidden_size", 0, &s->d, err)
        || !tb_hf_int(config, "num_attention_heads", 0, &s->n_heads, err)
        || !tb_hf_int(config, "num_key_value_heads", s->n_heads, &s->n_kv, err)
        || !tb_hf_int(config, "intermediate_size", 0, &s->ff, err)
        || !tb_hf_int(config, "vocab_size", 0, &s->vocab, err)
        || !tb_hf_int(config, "max_position_embeddings", 0, &s->context, err)
        || !number(config, "rms_norm_eps", &eps, err) || !flag(config, "tie_word_embeddings", &s->is_tied, err))
        return false;
    if (is_null(tb_json_get(config, "head_dim")) && s->d % s->n_heads)
        return tb_fail(err, TB_ERR_FORMAT, "\"hidden_size\" %d is no multiple of \"num_attention_heads\" %d, and "
                       "\"head_dim\" is missing", s->d, s->n_heads);
    s->norm_eps = (float)eps;
    return tb_hf_int(config, "head_dim", s->d / s->n_heads, &s->head_dim, err) && read_rope(config, &s->rope, err);
}
