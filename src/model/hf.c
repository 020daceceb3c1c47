/* SPDX-License-Identifier: MIT */
/* hf.c - a base out of a Hugging Face folder: config.json says the shape, safetensors files hold the weights
 * under the module names of the sites, with or without the leading "model." of the language model. A head that
 * the config ties is the table even if the file repeats it; other tensors (rotary tables) are not looked at. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/model_priv.h"

enum { MAX_CONFIG = 1 << 20 };

static const char prefix[] = "model.";

static const struct tb_stored *look(const struct tb_model *m, const char *name)
{
    const struct tb_model_impl *impl = tb_impl(m);
    const struct tb_stored *t = NULL;
    for (size_t i = 0; !t && i < impl->n_shards; i++)
        t = tb_safetensors_find(impl->shards[i], name);
    return t;
}

static const struct tb_stored *find(const struct tb_model *m, const struct tb_site *site, char name[TB_WEIGHT_NAME])
{
    snprintf(name, TB_WEIGHT_NAME, "%s.weight", site->name);
    const struct tb_stored *t = look(m, name);
    return t || !tb_str_starts(name, prefix) ? t : look(m, name + strlen(prefix));
}

static bool shape_of(const struct tb_json *config, struct tb_shape *s, struct tb_err *err)
{
    const char *type = tb_json_str(tb_json_get(config, "model_type"), NULL);
    const struct tb_family *family = tb_family_of_config(type, err);
    if (!family)
        return false;
    tb_str_copy(s->family, sizeof s->family, type);
    return family->from_config(config, s, err) && tb_shape_check(s, err);
}

static bool no_config(const char *folder, struct tb_err *err)
{
    char *adapter = tb_path_join(folder, "adapter_config.json");
    bool is_adapter = tb_file_exists(adapter);
    free(adapter);
    return tb_fail_at(err, TB_ERR_NOTFOUND, folder, 0, "%s",
                      is_adapter ? "is an adapter, not a model; give its base model"
                                 : "has no config.json; a model is a folder with config.json and model.safetensors, or "
                                   "a .gguf file");
}

static bool read_config(struct tb_model *m, struct tb_err *err)
{
    struct tb_err inner = { 0 };
    char *path = tb_path_join(m->path, "config.json");
    bool good = tb_file_exists(path) || no_config(m->path, err);
    struct tb_json *config = good ? tb_json_load(path, MAX_CONFIG, err) : NULL;
    good = config && shape_of(config, &m->shape, &inner);
    if (config && !good)
        tb_fail_at(err, inner.kind, path, 0, "%s", inner.text);
    tb_json_free(config);
    free(path);
    return good;
}

/* What config.json adds to the weights, as text: two folders of equal weights and other settings are two bases. */
static char *settings(const struct tb_shape *s)
{
    const struct tb_rope *r = &s->rope;
    return tb_xasprintf("%s layers=%d d=%d heads=%d kv=%d head_dim=%d ff=%d vocab=%d context=%d window=%d eps=%.9g "
                        "tied=%d rope=%d theta=%.17g factor=%.17g low=%.17g high=%.17g original=%d",
                        s->family, s->n_layers, s->d, s->n_heads, s->n_kv, s->head_dim, s->ff, s->vocab, s->context,
                        s->window, (double)s->norm_eps, s->is_tied, (int)r->kind, r->theta, r->factor, r->low_freq,
                        r->high_freq, r->original_context);
}

static void set_id(struct tb_model *m)
{
    const struct tb_model_impl *impl = tb_impl(m);
    struct tb_bytes *files = tb_xcalloc(impl->n_shards, sizeof *files);
    char *text = settings(&m->shape);
    for (size_t i = 0; i < impl->n_shards; i++)
        files[i].p = tb_safetensors_bytes(impl->shards[i], &files[i].n, &files[i].head);
    tb_base_id(m->base_id, files, impl->n_shards, text);
    free(files);
    free(text);
}

bool tb_model_open_folder(struct tb_model *m, struct tb_err *err)
{
    const struct tb_source source = { .find = find, .qk_rule = TB_RULE_NONE, .reads = "F32, F16 and BF16" };
    if (!read_config(m, err) || !tb_model_open_shards(m, err) || !tb_model_fill(m, &source, err))
        return false;
    set_id(m);
    return true;
}
