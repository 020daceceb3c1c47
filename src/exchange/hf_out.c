/* SPDX-License-Identifier: MIT */
/* hf_out.c - writes a model as a Hugging Face folder: config.json, model.safetensors, copies of the tokenizer's files.
 * Weights are written in canonical order whatever file they come from, a few rows at a time, so the model never
 * stands in memory as fp32. Rope settings are written twice: rope_theta and rope_scaling for transformers 4,
 * rope_parameters for 5. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "exchange/exchange.h"
#include "exchange/exchange_priv.h"
#include "exchange/merge.h"
#include "format/safetensors.h"
#include "kernels/dequant.h"

enum { CONFIG_BYTES = 4 << 20, TOKENIZER_BYTES = 256 << 20, NAME = 128 };

/* ---- weights */

/* Where one tensor of the file comes from: a trained copy, a matrix with adapters folded in or as stored, or a gain. */
struct source {
    char name[NAME];
    const struct tb_tensor *trained;
    struct tb_merge *merge; /* NULL: nothing sits at it */
    struct tb_kernels *k;
    struct tb_weight weight;
    const float *gain;
    int64_t rows, cols;
};

struct sources {
    struct source *at;
    size_t n, cap;
    const struct tb_adapter *full;
    struct tb_merge *merge;
};

static const struct tb_tensor *trained(const struct tb_adapter *a, const char *name)
{
    for (int i = 0; a && i < a->n_tensors; i++)
        if (strcmp(a->tensors[i].name, name) == 0)
            return &a->tensors[i];
    return NULL;
}

static bool collect(void *arg, const char *name, const struct tb_weight *w, const float *gain, int64_t rows,
                    int64_t cols)
{
    struct sources *s = arg;
    s->at = tb_grow(s->at, s->n, &s->cap, sizeof *s->at);
    struct source *to = &s->at[s->n++];
    *to = (struct source){ .trained = trained(s->full, name), .gain = gain, .rows = rows, .cols = cols };
    tb_str_copy(to->name, sizeof to->name, name);
    if (w)
        to->weight = *w;
    if (to->trained)
        to->k = s->full->k;
    if (s->merge && tb_merge_has(s->merge, name))
        to->merge = s->merge;
    return true;
}

/* Rows of a matrix; of a gain, a row is one number. */
static void fill(void *arg, int64_t first, int64_t n, float *dst)
{
    const struct source *s = arg;
    int64_t width = s->gain ? 1 : s->cols;
    if (s->trained) {
        s->k->get(s->k, dst, s->trained->w.p + first * width, (size_t)(n * width) * sizeof *dst);
    } else if (s->merge) {
        tb_merge_rows(s->merge, s->name, first, n, dst);
    } else if (s->gain) {
        memcpy(dst, s->gain + first, (size_t)n * sizeof *dst);
    } else {
        for (int64_t r = 0; r < n; r++)
            tb_dequant_row(s->weight.type, tb_weight_at(&s->weight, first + r), dst + r * width, 0, width);
    }
}

static bool write_weights(const struct tb_model *m, const struct tb_adapter *full, struct tb_merge *merge, bool as_bf16,
                          const char *dir, struct tb_err *err)
{
    struct sources s = { .full = full, .merge = merge };
    tb_model_each(m, collect, &s);
    struct tb_to_write *t = tb_xcalloc(s.n, sizeof *t);
    char *path = tb_path_join(dir, "model.safetensors");
    for (size_t i = 0; i < s.n; i++) {
        struct source *from = &s.at[i];
        t[i] = (struct tb_to_write){ .name = from->name, .type = as_bf16 ? TB_DTYPE_BF16 : TB_DTYPE_F32, .n_dims = 2,
                                     .dims = { from->rows, from->cols }, .fill = fill, .arg = from };
        if (from->gain) {
            t[i].n_dims = 1;
            t[i].dims[0] = from->cols;
        }
    }
    bool good = tb_safetensors_write(path, t, s.n, err);
    free(path);
    free(t);
    free(s.at);
    return good;
}

/* ---- config.json */

static void put_int(struct tb_json *c, const char *key, int64_t v)
{
    tb_json_set(c, key, tb_json_new_int(v));
}

static void put_real(struct tb_json *c, const char *key, double v)
{
    tb_json_set(c, key, tb_json_new_real(v));
}

/* As short as a float allows: 1e-05, not 9.999999747378752e-06. */
static void put_float(struct tb_json *c, const char *key, float v)
{
    char text[32];
    int digits = 6;
    do
        snprintf(text, sizeof text, "%.*g", digits, (double)v);
    while (strtof(text, NULL) != v && ++digits <= 9);
    put_real(c, key, strtod(text, NULL));
}

static struct tb_json *rope_of(const struct tb_rope *r)
{
    static const char *const kinds[] = { [TB_ROPE_PLAIN] = "default", [TB_ROPE_LINEAR] = "linear",
                                         [TB_ROPE_LLAMA3] = "llama3" };
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "rope_type", tb_json_new_str(kinds[r->kind]));
    if (r->kind != TB_ROPE_PLAIN)
        put_real(map, "factor", r->factor);
    if (r->kind == TB_ROPE_LLAMA3) {
        put_real(map, "low_freq_factor", r->low_freq);
        put_real(map, "high_freq_factor", r->high_freq);
        put_int(map, "original_max_position_embeddings", r->original_context);
    }
    return map;
}

static void put_rope(struct tb_json *c, const struct tb_rope *r)
{
    struct tb_json *parameters = rope_of(r);
    put_real(c, "rope_theta", r->theta);
    tb_json_set(c, "rope_scaling", r->kind == TB_ROPE_PLAIN ? tb_json_new_null() : rope_of(r));
    put_real(parameters, "rope_theta", r->theta);
    tb_json_set(c, "rope_parameters", parameters);
}

/* Which tokens begin and end a text stands in config.json beside a tokenizer's files. */
static void take_specials(struct tb_json *c, const char *tokenizer_from)
{
    static const char *const keys[] = { "bos_token_id", "eos_token_id", "pad_token_id" };
    char *path = tokenizer_from ? tb_path_join(tokenizer_from, "config.json") : NULL;
    struct tb_json *old = path && tb_file_exists(path) ? tb_json_load(path, CONFIG_BYTES, NULL) : NULL;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct tb_json *v = tb_json_get(old, keys[i]);
        tb_json_set(c, keys[i], v ? tb_json_copy(v) : tb_json_new_null());
    }
    tb_json_free(old);
    free(path);
}

static void put_shape(struct tb_json *c, const struct tb_shape *s)
{
    put_int(c, "hidden_size", s->d);
    put_int(c, "intermediate_size", s->ff);
    put_int(c, "num_hidden_layers", s->n_layers);
    put_int(c, "num_attention_heads", s->n_heads);
    put_int(c, "num_key_value_heads", s->n_kv);
    put_int(c, "head_dim", s->head_dim);
    put_int(c, "vocab_size", s->vocab);
    put_int(c, "max_position_embeddings", s->context);
    put_float(c, "rms_norm_eps", s->norm_eps);
    tb_json_set(c, "tie_word_embeddings", tb_json_new_bool(s->is_tied));
    tb_json_set(c, "hidden_act", tb_json_new_str("silu"));
    put_rope(c, &s->rope);
}

static struct tb_json *config_of(const struct tb_shape *s, const char *tokenizer_from, bool as_bf16)
{
    bool is_mistral = s->window > 0 || strcmp(s->family, "mistral") == 0;
    struct tb_json *c = tb_json_new_map(), *architectures = tb_json_new_list();
    tb_json_append(architectures, tb_json_new_str(is_mistral ? "MistralForCausalLM" : "LlamaForCausalLM"));
    tb_json_set(c, "architectures", architectures);
    tb_json_set(c, "model_type", tb_json_new_str(is_mistral ? "mistral" : "llama"));
    tb_json_set(c, "torch_dtype", tb_json_new_str(as_bf16 ? "bfloat16" : "float32"));
    put_shape(c, s);
    if (is_mistral) {
        tb_json_set(c, "sliding_window", s->window ? tb_json_new_int(s->window) : tb_json_new_null());
    } else {
        tb_json_set(c, "attention_bias", tb_json_new_bool(false));
        tb_json_set(c, "mlp_bias", tb_json_new_bool(false));
    }
    take_specials(c, tokenizer_from);
    return c;
}

static bool write_config(const struct tb_model *m, const char *tokenizer_from, bool as_bf16, const char *dir,
                         struct tb_err *err)
{
    struct tb_json *c = config_of(&m->shape, tokenizer_from, as_bf16);
    char *path = tb_path_join(dir, "config.json"), *text = tb_json_text(c, TB_JSON_PRETTY);
    bool good = tb_file_replace(path, text, strlen(text), err);
    free(text);
    free(path);
    tb_json_free(c);
    return good;
}

/* ---- the folder */

static bool copy_file(const char *from, const char *name, const char *dir, struct tb_err *err)
{
    char *source = tb_path_join(from, name), *target = tb_path_join(dir, name), *text = NULL;
    bool good = true;
    size_t n;
    if (tb_file_exists(source)) {
        text = tb_file_read_plain(source, TOKENIZER_BYTES, &n, err);
        good = text && tb_file_replace(target, text, n, err);
    }
    free(text);
    free(target);
    free(source);
    return good;
}

/* Those that are there; a .gguf file has none to copy. */
static bool copy_tokenizer(const char *from, const char *dir, struct tb_err *err)
{
    static const char *const names[] = { "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
                                         "generation_config.json", "vocab.json", "merges.txt" };
    bool good = true;
    for (size_t i = 0; good && from && i < sizeof names / sizeof *names; i++)
        good = copy_file(from, names[i], dir, err);
    return good;
}

/* What config.json has no words for. */
static bool check(const struct tb_model *m, struct tb_err *err)
{
    if (!m->shape.rope.factors)
        return true;
    return tb_fail_at(err, TB_ERR_FORMAT, m->path, 0, "its rope factors are a table, which config.json cannot hold; "
                      "the model cannot be written as a Hugging Face folder");
}

static bool write_model(const struct tb_model *m, const struct tb_adapter *full, struct tb_merge *merge,
                        const char *tokenizer_from, bool as_bf16, const char *dir, struct tb_err *err)
{
    struct tb_folder f = { 0 };
    bool good = check(m, err) && tb_folder_begin(&f, dir, err) && write_config(m, tokenizer_from, as_bf16, f.temp, err)
        && write_weights(m, full, merge, as_bf16, f.temp, err) && copy_tokenizer(tokenizer_from, f.temp, err);
    return tb_folder_end(&f, good, err);
}

bool tb_hf_write(const struct tb_model *m, const struct tb_adapter *full, const char *tokenizer_from, bool as_bf16,
                 const char *dir, struct tb_err *err)
{
    return write_model(m, full, NULL, tokenizer_from, as_bf16, dir, err);
}

bool tb_hf_write_merged(const struct tb_model *m, const struct tb_stack *s, const char *tokenizer_from, bool as_bf16,
                        const char *dir, struct tb_err *err)
{
    struct tb_merge merge;
    bool good = tb_merge_open(&merge, s, err) && write_model(m, NULL, &merge, tokenizer_from, as_bf16, dir, err);
    tb_merge_close(&merge);
    return good;
}
