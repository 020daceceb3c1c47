/* SPDX-License-Identifier: MIT */
/* peft_out.c - writes adapters as the PEFT library's save_pretrained does (peft-formats 1, 2, 4): all fields of the
 * type with the library's defaults, JSON with sorted keys, tensors in the order of their names. A stack is one such
 * folder for each part and tunebench.json with their order:
 *     {"schema": "tunebench.stack", "order": [{"dir": "lora", "kind": "lora"}, ..]}
 * Targets that the library would read otherwise than we do are written as full module names. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "exchange/exchange.h"
#include "exchange/exchange_priv.h"
#include "exchange/peft_fields.h"
#include "format/safetensors.h"
#include "method/saved.h"

/* A list with a regular expression in it: the library takes entries of a list as plain endings. */
static bool has_regex(const struct tb_json *modules)
{
    for (size_t i = 0; i < tb_json_len(modules); i++)
        if (strpbrk(tb_json_str(tb_json_at(modules, i), ""), "*+?[]()|\\^$"))
            return true;
    return false;
}

/* Full names of the adapter's modules, of those that `targets` takes. */
static struct tb_json *names_of(const struct tb_adapter *a, const struct tb_json *targets)
{
    struct tb_json *list = tb_json_new_list();
    for (int i = 0; i < a->n_seats; i++)
        if (tb_targets_take(targets, NULL, a->seats[i].site))
            tb_json_append(list, tb_json_new_str(a->seats[i].site->name));
    return list;
}

static void name_targets(const struct tb_adapter *a, struct tb_json *config)
{
    tb_json_set(config, "target_modules", names_of(a, tb_adapter_json(a, "targets")));
    if (!tb_peft_field_find(a->method->peft_type, "layers_to_transform"))
        tb_json_del(config, "layers_to_transform");
    else
        tb_json_set(config, "layers_to_transform", tb_json_new_null());
}

/* Whether every entry of a is one of b; b a regular expression has no entries to be one of. */
static bool is_subset(const struct tb_json *a, const struct tb_json *b)
{
    for (size_t i = 0; i < tb_json_len(a); i++) {
        bool found = tb_json_type(b) == TB_JSON_STR;
        for (size_t j = 0; !found && j < tb_json_len(b); j++)
            found = tb_json_equal(tb_json_at(a, i), tb_json_at(b, j));
        if (!found)
            return false;
    }
    return true;
}

static void name_modules(const struct tb_adapter *a, struct tb_json *config)
{
    bool knows_layers = tb_peft_field_find(a->method->peft_type, "layers_to_transform") != NULL;
    bool has_layers = tb_json_type(tb_json_get(config, "layers_to_transform")) == TB_JSON_LIST;
    bool is_pattern = tb_json_type(tb_json_get(config, "target_modules")) == TB_JSON_STR;
    const struct tb_json *forward = tb_json_get(config, "feedforward_modules");
    if (has_regex(tb_json_get(config, "target_modules")) || (has_layers && (is_pattern || !knows_layers)))
        name_targets(a, config);
    /* The library wants those whose input is scaled to be among the targets, word for word. */
    if (has_regex(forward) || !is_subset(forward, tb_json_get(config, "target_modules"))) {
        name_targets(a, config);
        tb_json_set(config, "feedforward_modules", names_of(a, tb_adapter_json(a, "feedforward")));
    }
}

/* Whole numbers where the library has integers: lora_alpha is 16, not 16.0. */
static void use_integers(struct tb_json *config, const char *peft_type)
{
    for (const struct tb_peft_field *f = tb_peft_fields(peft_type); f->name; f++) {
        const struct tb_json *v = tb_json_get(config, f->name);
        double d = tb_json_real(v, 0.5);
        bool is_int = strspn(f->value, "0123456789") == strlen(f->value);
        if (is_int && tb_json_type(v) == TB_JSON_REAL && d == floor(d) && fabs(d) < 1e15)
            tb_json_set(config, f->name, tb_json_new_int((int64_t)d));
    }
}

struct tb_json *tb_peft_config(const struct tb_adapter *a, const char *base_name)
{
    struct tb_json *c = tb_peft_defaults(a->method->peft_type);
    tb_json_set(c, "base_model_name_or_path", tb_json_new_str(base_name));
    a->method->to_peft(a, c);
    name_modules(a, c);
    use_integers(c, a->method->peft_type);
    return c;
}

static bool write_json(const char *dir, const char *name, const struct tb_json *j, struct tb_err *err)
{
    char *path = tb_path_join(dir, name), *text = tb_json_text(j, TB_JSON_PRETTY);
    bool good = tb_file_replace(path, text, strlen(text), err);
    free(text);
    free(path);
    return good;
}

static bool write_tensors(const char *dir, const char *name, const struct tb_saved *s, struct tb_err *err)
{
    struct tb_to_write *t = tb_xcalloc(s->n, sizeof *t);
    char *path = tb_path_join(dir, name);
    for (size_t i = 0; i < s->n; i++) {
        t[i] = (struct tb_to_write){ .name = s->at[i].name, .type = TB_DTYPE_F32, .n_dims = s->at[i].n_dims,
                                     .data = s->at[i].data };
        for (int d = 0; d < t[i].n_dims; d++)
            t[i].dims[d] = s->at[i].dims[d];
    }
    bool good = tb_safetensors_write(path, t, s->n, err);
    free(path);
    free(t);
    return good;
}

/* The three files into a folder that is there. */
static bool write_files(const struct tb_adapter *a, const char *dir, const char *base_name, struct tb_err *err)
{
    struct tb_saved tensors = { 0 }, encoder = { 0 };
    struct tb_json *config = tb_peft_config(a, base_name);
    tb_saved_peft(&tensors, a);
    tb_saved_encoder(&encoder, a);
    bool good = write_json(dir, TB_PEFT_CONFIG, config, err) && write_tensors(dir, TB_PEFT_TENSORS, &tensors, err)
        && (encoder.n == 0 || write_tensors(dir, TB_PEFT_ENCODER, &encoder, err));
    tb_saved_free(&encoder);
    tb_saved_free(&tensors);
    tb_json_free(config);
    return good;
}

bool tb_peft_write(const struct tb_adapter *a, const char *dir, const char *base_name, struct tb_err *err)
{
    struct tb_folder f = { 0 };
    if (!a->method->peft_type)
        return tb_fail(err, TB_ERR_USAGE, "%s is a model of its own and has no PEFT folder", a->method->name);
    bool good = tb_folder_begin(&f, dir, err) && write_files(a, f.temp, base_name, err);
    return tb_folder_end(&f, good, err);
}

static struct tb_json *order_of(const struct tb_stack *s)
{
    struct tb_json *manifest = tb_json_new_map(), *order = tb_json_new_list();
    for (int i = 0; i < s->n; i++) {
        struct tb_json *part = tb_json_new_map();
        tb_json_set(part, "dir", tb_json_new_str(s->part[i]->part));
        tb_json_set(part, "kind", tb_json_new_str(s->part[i]->method->name));
        tb_json_append(order, part);
    }
    tb_json_set(manifest, "schema", tb_json_new_str(TB_STACK_SCHEMA));
    tb_json_set(manifest, "order", order);
    return manifest;
}

static bool write_parts(const struct tb_stack *s, const char *dir, const char *base_name, struct tb_err *err)
{
    struct tb_json *manifest = order_of(s);
    bool good = write_json(dir, TB_STACK_FILE, manifest, err);
    for (int i = 0; good && i < s->n; i++) {
        char *path = tb_path_join(dir, s->part[i]->part);
        good = tb_peft_write(s->part[i], path, base_name, err);
        free(path);
    }
    tb_json_free(manifest);
    return good;
}

bool tb_stack_write(const struct tb_stack *s, const char *dir, const char *base_name, struct tb_err *err)
{
    struct tb_folder f = { 0 };
    const struct tb_adapter *only = s->n == 1 ? s->part[0] : NULL;
    if (only && !only->method->peft_type)
        return tb_hf_write(only->model, only, only->model->path, false, dir, err);
    if (only)
        return tb_peft_write(only, dir, base_name, err);
    bool good = tb_folder_begin(&f, dir, err) && write_parts(s, f.temp, base_name, err);
    return tb_folder_end(&f, good, err);
}
