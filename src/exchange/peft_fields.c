/* SPDX-License-Identifier: MIT */
/* peft_fields.c - what peft 0.21.2 writes into adapter_config.json for each peft_type that we have a method for, and
 * how each field is read (peft-formats: names as written by save_pretrained, defaults as its dataclasses have them).
 * A field that no table knows comes from a newer library: harmless while it is unset, refused when it is not. */
#include "exchange/peft_fields.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define READ TB_PEFT_READ
#define FREE TB_PEFT_FREE
#define FIXED TB_PEFT_FIXED

static const struct tb_peft_field common[] = {
    { "auto_mapping", "null", FREE },
    { "base_model_name_or_path", "null", FREE },
    { "inference_mode", "true", FREE },
    { "peft_type", "null", READ },
    { "peft_version", "\"" TB_PEFT_VERSION "\"", FREE },
    { "revision", "null", FREE },
    { "task_type", "\"CAUSAL_LM\"", FIXED },
    { NULL, NULL, FREE }
};

static const struct tb_peft_field lora[] = {
    { "alora_invocation_tokens", "null", FIXED },
    { "alpha_pattern", "{}", READ },
    { "arrow_config", "null", FIXED },
    { "bias", "\"none\"", FIXED },
    { "corda_config", "null", FREE },
    { "ensure_weight_tying", "false", FREE },
    { "eva_config", "null", FREE },
    { "exclude_modules", "null", FIXED },
    { "fan_in_fan_out", "false", FIXED },
    { "init_lora_weights", "true", READ },
    { "kasa_config", "null", FIXED },
    { "layer_replication", "null", FIXED },
    { "layers_pattern", "null", READ },
    { "layers_to_transform", "null", READ },
    { "loftq_config", "{}", FIXED },
    { "lora_alpha", "8", READ },
    { "lora_bias", "false", READ },
    { "lora_dropout", "0.0", READ },
    { "lora_ga_config", "null", FREE },
    { "megatron_config", "null", FIXED },
    { "megatron_core", "\"megatron.core\"", FREE },
    { "modules_to_save", "null", FIXED },
    { "monteclora_config", "null", FIXED },
    { "qalora_group_size", "16", FREE },
    { "r", "8", READ },
    { "rank_pattern", "{}", READ },
    { "target_modules", "null", READ },
    { "target_parameters", "null", FIXED },
    { "trainable_token_indices", "null", FIXED },
    { "use_bdlora", "null", FIXED },
    { "use_dora", "false", READ },
    { "use_qalora", "false", FIXED },
    { "use_rslora", "false", READ },
    { "velora_config", "null", FIXED },
    { NULL, NULL, FREE }
};

static const struct tb_peft_field prefix[] = {
    { "encoder_hidden_size", "null", READ },
    { "init_weights", "null", FREE },
    { "modules_to_save", "null", FIXED },
    { "num_attention_heads", "null", FREE }, /* these and token_dim follow from the model, also in the library */
    { "num_layers", "null", FREE },
    { "num_transformer_submodules", "1", FIXED },
    { "num_virtual_tokens", "null", READ },
    { "prefix_projection", "false", READ },
    { "token_dim", "null", FREE },
    { NULL, NULL, FREE }
};

static const struct tb_peft_field prompt[] = {
    { "modules_to_save", "null", FIXED },
    { "num_attention_heads", "null", FREE },
    { "num_layers", "null", FREE },
    { "num_transformer_submodules", "1", FIXED },
    { "num_virtual_tokens", "null", READ },
    { "prompt_tuning_init", "\"RANDOM\"", FREE },
    { "prompt_tuning_init_text", "null", FREE },
    { "token_dim", "null", FREE },
    { "tokenizer_kwargs", "null", FREE },
    { "tokenizer_name_or_path", "null", FREE },
    { NULL, NULL, FREE }
};

static const struct tb_peft_field ia3[] = {
    { "exclude_modules", "null", FIXED },
    { "fan_in_fan_out", "false", FIXED },
    { "feedforward_modules", "null", READ },
    { "init_ia3_weights", "true", FREE },
    { "modules_to_save", "null", FIXED },
    { "target_modules", "null", READ },
    { NULL, NULL, FREE }
};

static const struct tb_peft_field oft[] = {
    { "bias", "\"none\"", FIXED },
    { "block_share", "false", READ },
    { "coft", "false", FIXED },
    { "eps", "6e-05", FREE },
    { "exclude_modules", "null", FIXED },
    { "fan_in_fan_out", "false", FIXED },
    { "init_weights", "true", FREE },
    { "layers_pattern", "null", READ },
    { "layers_to_transform", "null", READ },
    { "module_dropout", "0.0", FREE },
    { "modules_to_save", "null", FIXED },
    { "num_cayley_neumann_terms", "5", READ },
    { "oft_block_size", "32", READ },
    { "r", "0", READ },
    { "target_modules", "null", READ },
    { "use_cayley_neumann", "true", READ },
    { NULL, NULL, FREE }
};

static const struct tb_peft_field loha[] = {
    { "alpha", "8", READ },
    { "alpha_pattern", "{}", READ },
    { "exclude_modules", "null", FIXED },
    { "init_weights", "true", FREE },
    { "layers_pattern", "null", READ },
    { "layers_to_transform", "null", READ },
    { "module_dropout", "0.0", FREE },
    { "modules_to_save", "null", FIXED },
    { "r", "8", READ },
    { "rank_dropout", "0.0", FREE },
    { "rank_pattern", "{}", READ },
    { "target_modules", "null", READ },
    { "use_effective_conv2d", "false", FREE }, /* of convolutions, which these models do not have */
    { NULL, NULL, FREE }
};

static const struct {
    const char *peft_type;
    const struct tb_peft_field *fields;
} types[] = {
    { "LORA", lora }, { "PREFIX_TUNING", prefix }, { "PROMPT_TUNING", prompt },
    { "IA3", ia3 },   { "OFT", oft },              { "LOHA", loha },
};

const struct tb_peft_field *tb_peft_fields(const char *peft_type)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].peft_type, peft_type) == 0)
            return types[i].fields;
    return NULL;
}

const struct tb_peft_field *tb_peft_fields_common(void)
{
    return common;
}

static const struct tb_peft_field *find(const struct tb_peft_field *f, const char *name)
{
    for (; f && f->name; f++)
        if (strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

const struct tb_peft_field *tb_peft_field_find(const char *peft_type, const char *name)
{
    const struct tb_peft_field *f = find(tb_peft_fields(peft_type), name);
    return f ? f : find(common, name);
}

static struct tb_json *default_of(const struct tb_peft_field *f)
{
    return tb_json_parse(f->value, strlen(f->value), f->name, NULL);
}

struct tb_json *tb_peft_defaults(const char *peft_type)
{
    struct tb_json *c = tb_json_new_map();
    for (const struct tb_peft_field *f = common; f->name; f++)
        tb_json_set(c, f->name, default_of(f));
    for (const struct tb_peft_field *f = tb_peft_fields(peft_type); f && f->name; f++)
        tb_json_set(c, f->name, default_of(f));
    tb_json_set(c, "peft_type", tb_json_new_str(peft_type));
    return c;
}

/* null, false, nothing, or a map in which everything is unset ({"ephemeral_gpu_offload": false}). */
static bool is_unset(const struct tb_json *v)
{
    switch (tb_json_type(v)) {
    case TB_JSON_NULL: return true;
    case TB_JSON_BOOL: return !tb_json_bool(v, true);
    case TB_JSON_LIST: return tb_json_len(v) == 0;
    case TB_JSON_MAP:
        for (void *it = tb_json_first(v); it; it = tb_json_next(v, it))
            if (tb_json_type(tb_json_iter_value(it)) == TB_JSON_MAP || !is_unset(tb_json_iter_value(it)))
                return false;
        return true;
    default: return false;
    }
}

static bool is_default(const struct tb_peft_field *f, const struct tb_json *v)
{
    struct tb_json *d = default_of(f);
    bool same = tb_json_equal(d, v);
    tb_json_free(d);
    return same;
}

static bool refuse(const char *name, const struct tb_json *v, struct tb_err *err)
{
    char *text = tb_json_text(v, TB_JSON_LINE);
    tb_fail(err, TB_ERR_FORMAT, "it sets %.60s to %.80s, which tunebench cannot follow", name, text);
    free(text);
    return false;
}

/* Start values that move the base along with the adapter (pissa, olora, corda, ..): alone, the tensors mean another
 * model. */
static bool check_start(const struct tb_json *config, struct tb_err *err)
{
    static const char *const plain[] = { "gaussian", "eva", "orthogonal", NULL };
    const struct tb_json *v = tb_json_get(config, "init_lora_weights");
    if (tb_json_type(v) != TB_JSON_STR || tb_str_in(tb_json_str(v, ""), plain))
        return true;
    return tb_fail(err, TB_ERR_FORMAT, "it sets init_lora_weights to \"%.40s\", which changes the base; convert the "
                   "adapter to a plain LoRA first (path_initial_model_for_weight_conversion)", tb_json_str(v, ""));
}

/* Which part of a module's name counts the blocks: "layers" in every model that we read. */
static bool check_layers(const struct tb_json *config, struct tb_err *err)
{
    const struct tb_json *v = tb_json_get(config, "layers_pattern");
    const struct tb_json *one = tb_json_type(v) == TB_JSON_LIST ? tb_json_at(v, 0) : v;
    if (is_unset(v) || (strcmp(tb_json_str(one, ""), "layers") == 0 && tb_json_len(v) <= 1))
        return true;
    return refuse("layers_pattern", v, err);
}

/* A switch that is read is one; init_lora_weights is also a word. */
static bool check_switch(const struct tb_peft_field *f, const struct tb_json *v, struct tb_err *err)
{
    bool is_switch = f && f->use == TB_PEFT_READ && (strcmp(f->value, "false") == 0 || strcmp(f->value, "true") == 0)
                  && strcmp(f->name, "init_lora_weights") != 0;
    if (!is_switch || tb_json_type(v) == TB_JSON_NULL || tb_json_type(v) == TB_JSON_BOOL)
        return true;
    char *text = tb_json_text(v, TB_JSON_LINE);
    tb_fail(err, TB_ERR_FORMAT, "%s must be true or false, not %.80s", f->name, text);
    free(text);
    return false;
}

bool tb_peft_check(const struct tb_json *config, const char *peft_type, struct tb_err *err)
{
    for (void *it = tb_json_first(config); it; it = tb_json_next(config, it)) {
        const struct tb_peft_field *f = tb_peft_field_find(peft_type, tb_json_iter_key(it));
        const struct tb_json *v = tb_json_iter_value(it);
        bool is_fixed = !f || f->use == TB_PEFT_FIXED;
        if (is_fixed && !is_unset(v) && !(f && is_default(f, v)))
            return refuse(tb_json_iter_key(it), v, err);
        if (!check_switch(f, v, err))
            return false;
    }
    return check_start(config, err) && check_layers(config, err);
}
