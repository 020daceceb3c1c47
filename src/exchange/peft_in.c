/* SPDX-License-Identifier: MIT */
/* peft_in.c - reads PEFT folders, ours and those of the library (peft-formats 2 to 4): small hand-written
 * configurations, F16, BF16 and F64 tensors, and names with the adapter's name "default" left in. Unlike the
 * library, which ignores in silence what it does not use, a tensor that is missing, left over or of another shape is
 * an error.
 * A folder is untrusted: names are looked up before anything is copied, so no file can ask for more memory
 * than the adapter has. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "exchange/exchange.h"
#include "exchange/exchange_priv.h"
#include "exchange/peft_fields.h"
#include "format/safetensors.h"
#include "method/saved.h"

enum { CONFIG_BYTES = 4 << 20 };

/* ---- the configuration */

static const struct tb_method *unknown_type(const char *type, struct tb_err *err)
{
    struct tb_buf known = { 0 };
    for (int i = 0; tb_method_at(i); i++) {
        const char *t = tb_method_at(i)->peft_type;
        if (t && !(known.p && strstr(known.p, t)))
            tb_buf_fmt(&known, "%s%s", known.n ? ", " : "", t);
    }
    if (*type)
        tb_fail(err, TB_ERR_FORMAT, "peft_type is '%.40s'; tunebench reads %s", type, known.p);
    else
        tb_fail(err, TB_ERR_FORMAT, "it has no peft_type; tunebench reads %s", known.p);
    tb_buf_free(&known);
    return NULL;
}

/* LORA is two methods of ours, told apart by use_dora. */
static const struct tb_method *method_of(const struct tb_json *config, struct tb_err *err)
{
    const char *type = tb_json_str(tb_json_get(config, "peft_type"), "");
    if (strcmp(type, "LORA") == 0 && tb_json_bool(tb_json_get(config, "use_dora"), false))
        return tb_method_find("dora");
    for (int i = 0; tb_method_at(i); i++)
        if (tb_method_at(i)->peft_type && strcmp(tb_method_at(i)->peft_type, type) == 0)
            return tb_method_at(i);
    return unknown_type(type, err);
}

static struct tb_json *load_config(const char *path, const char *dir, struct tb_err *err)
{
    if (!tb_file_exists(path)) {
        tb_fail_at(err, TB_ERR_NOTFOUND, dir, 0, "no adapter here: there is no " TB_PEFT_CONFIG " in it");
        return NULL;
    }
    struct tb_json *c = tb_json_load(path, CONFIG_BYTES, err);
    if (c && tb_json_type(c) != TB_JSON_MAP) {
        tb_json_free(c);
        tb_fail_at(err, TB_ERR_FORMAT, path, 0, "expected a JSON object");
        return NULL;
    }
    return c;
}

/* The library saves only the table that a network folded into: without the network it is a plain prefix. */
static void forget_network(struct tb_json *config, const char *dir)
{
    char *path = tb_path_join(dir, TB_PEFT_ENCODER);
    if (tb_json_bool(tb_json_get(config, "prefix_projection"), false) && !tb_file_exists(path))
        tb_json_set(config, "prefix_projection", tb_json_new_bool(false));
    free(path);
}

/* Of a prefix or prompt: what the library fills in from the model, and takes from the file where it is set. The heads
 * are the model's, or those of its keys and values. */
static bool fits_model(const struct tb_json *config, const struct tb_adapter *a, struct tb_err *err)
{
    static const char *const names[] = { "num_layers", "token_dim", "num_attention_heads" };
    struct tb_json *own = tb_json_new_map();
    bool good = true;
    a->method->to_peft(a, own);
    for (int i = 0; good && i < 3; i++) {
        const struct tb_json *is = tb_json_get(config, names[i]), *want = tb_json_get(own, names[i]);
        bool is_heads = i == 2 && tb_json_type(is) == TB_JSON_INT && tb_json_int(is, 0) == a->model->shape.n_heads;
        bool is_known = tb_json_type(is) != TB_JSON_NULL && tb_json_type(want) == TB_JSON_INT;
        char *text = tb_json_text(is, TB_JSON_LINE);
        if (is_known && !tb_json_equal(is, want) && !is_heads)
            good = tb_fail(err, TB_ERR_FORMAT, "%s is %.40s; of this model it is %lld", names[i], text,
                           (long long)tb_json_int(want, 0));
        free(text);
    }
    tb_json_free(own);
    return good;
}

static struct tb_adapter *open_as(const struct tb_json *config, const struct tb_model *m, const char *part,
                                  struct tb_err *err)
{
    const struct tb_method *method = method_of(config, err);
    struct tb_json *keys = tb_json_new_map();
    struct tb_adapter *a = NULL;
    if (method && tb_peft_check(config, method->peft_type, err) && method->from_peft(config, keys, err))
        a = tb_adapter_open(method, keys, m, part, err);
    tb_json_free(keys);
    if (a && !fits_model(config, a, err)) {
        tb_adapter_close(a);
        return NULL;
    }
    return a;
}

struct tb_adapter *tb_peft_open(const char *dir, const struct tb_model *m, const char *part, struct tb_err *err)
{
    struct tb_err why = { 0 };
    char *path = tb_path_join(dir, TB_PEFT_CONFIG);
    struct tb_json *config = load_config(path, dir, err);
    struct tb_adapter *a = NULL;
    if (config) {
        forget_network(config, dir);
        a = open_as(config, m, part, &why);
        if (!a) /* also what a recipe would be blamed for: here it is the file */
            tb_fail_at(err, why.kind == TB_ERR_LIMIT ? TB_ERR_LIMIT : TB_ERR_FORMAT, path, 0, "%s", why.text);
    }
    tb_json_free(config);
    free(path);
    return a;
}

/* ---- the tensors */

/* The name without ".default", which the library drops when it saves. */
static bool plain_name(const char *name, char *dst, size_t n)
{
    static const char word[] = ".default";
    size_t len = strlen(name), w = sizeof word - 1;
    const char *at = strstr(name, word);
    while (at && at[w] != '.' && at[w] != '\0')
        at = strstr(at + 1, word);
    size_t head = at ? (size_t)(at - name) : len;
    if (len - (at ? w : 0) >= n)
        return false;
    memcpy(dst, name, head);
    strcpy(dst + head, at ? at + w : "");
    return true;
}

/* Whether the folder's file, or the encoder's, holds a tensor. */
static bool in_file(const struct tb_want *w, bool is_encoder)
{
    bool is_saved = w->kind == TB_TRAINED || w->kind == TB_FROZEN;
    return is_encoder ? w->is_encoder : w->is_folded || (is_saved && !w->is_encoder);
}

static const struct tb_tensor *tensor_of(const struct tb_adapter *a, const char *name, bool is_encoder)
{
    for (int i = 0; i < a->n_tensors; i++)
        if (in_file(&a->tensors[i].want, is_encoder) && strcmp(a->tensors[i].name, name) == 0)
            return &a->tensors[i];
    return NULL;
}

static void say_shape(struct tb_buf *b, int n, const int64_t *dims)
{
    for (int i = 0; i < n; i++)
        tb_buf_fmt(b, "%s%lld", i ? ", " : "[", (long long)dims[i]);
    tb_buf_str(b, n ? "]" : "[]");
}

static bool has_shape(const struct tb_stored *f, const struct tb_tensor *t, struct tb_err *err)
{
    struct tb_buf is = { 0 }, want = { 0 };
    int64_t dims[3] = { t->want.dims[0], t->want.dims[1], t->want.dims[2] };
    bool same = f->n_dims == t->want.n_dims;
    for (int i = 0; same && i < f->n_dims; i++)
        same = f->dims[i] == dims[i];
    if (same)
        return true;
    say_shape(&is, f->n_dims, f->dims);
    say_shape(&want, t->want.n_dims, dims);
    tb_fail(err, TB_ERR_FORMAT, "tensor %.200s is %s; this model and configuration need %s", f->name, is.p, want.p);
    tb_buf_free(&is);
    tb_buf_free(&want);
    return false;
}

/* Whole numbers can be converted, and are no adapter. */
static bool has_floats(const struct tb_stored *f, struct tb_err *err)
{
    static const char *const floats[] = { "F32", "F16", "BF16", "F64", NULL };
    return tb_str_in(f->type_name, floats)
        || tb_fail(err, TB_ERR_FORMAT, "tensor %.200s is of type %s; expected F32, F16, BF16 or F64", f->name,
                   f->type_name);
}

static bool take(struct tb_saved *s, const struct tb_stored *f, const struct tb_adapter *a, bool is_encoder,
                 struct tb_err *err)
{
    struct tb_saved_tensor to = { .n = f->n };
    const struct tb_tensor *t = plain_name(f->name, to.name, sizeof to.name) ? tensor_of(a, to.name, is_encoder) : NULL;
    if (!t)
        return tb_fail(err, TB_ERR_FORMAT, "tensor %.200s belongs to no module that the configuration and this model "
                       "name", f->name);
    if (!has_floats(f, err) || !has_shape(f, t, err))
        return false;
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->at[i].name, to.name) == 0)
            return tb_fail(err, TB_ERR_FORMAT, "tensor %.200s is there twice", f->name);
    to.n_dims = t->want.n_dims;
    memcpy(to.dims, t->want.dims, sizeof to.dims);
    to.data = tb_xcalloc((size_t)to.n, sizeof *to.data);
    s->at = tb_grow(s->at, s->n, &s->cap, sizeof *s->at);
    s->at[s->n++] = to;
    return tb_stored_floats(f, to.data, err);
}

static bool has_folded(const struct tb_saved *s, const struct tb_adapter *a, struct tb_err *err)
{
    for (int i = 0; i < a->n_tensors; i++) {
        bool is_there = !a->tensors[i].want.is_folded;
        for (size_t j = 0; !is_there && j < s->n; j++)
            is_there = strcmp(s->at[j].name, a->tensors[i].name) == 0;
        if (!is_there)
            return tb_fail(err, TB_ERR_FORMAT, "tensor %s is missing", a->tensors[i].name);
    }
    return true;
}

static bool read_tensors(const char *path, struct tb_adapter *a, bool is_encoder, struct tb_err *err)
{
    struct tb_safetensors *f = tb_safetensors_open(path, err);
    struct tb_saved s = { 0 };
    struct tb_err why = { 0 };
    if (!f)
        return false;
    bool good = true;
    for (size_t i = 0; good && i < tb_safetensors_n(f); i++)
        good = take(&s, tb_safetensors_at(f, i), a, is_encoder, &why);
    good = good && (is_encoder || has_folded(&s, a, &why)) && tb_saved_put(&s, a, is_encoder, &why);
    if (!good)
        tb_fail_at(err, why.kind, path, 0, "%s", why.text);
    tb_saved_free(&s);
    tb_safetensors_close(f);
    return good;
}

static bool has_encoder(const struct tb_adapter *a)
{
    for (int i = 0; i < a->n_tensors; i++)
        if (a->tensors[i].want.is_encoder)
            return true;
    return false;
}

static bool fail_missing(const char *dir, struct tb_err *err)
{
    char *pickle = tb_path_join(dir, "adapter_model.bin");
    bool is_pickle = tb_file_exists(pickle);
    free(pickle);
    if (is_pickle)
        return tb_fail_at(err, TB_ERR_FORMAT, dir, 0, "its tensors are a pickle (adapter_model.bin), which is not "
                          "read; save the adapter again with safe_serialization=True");
    return tb_fail_at(err, TB_ERR_NOTFOUND, dir, 0, "there is no " TB_PEFT_TENSORS " in it");
}

bool tb_peft_load(const char *dir, struct tb_adapter *a, struct tb_err *err)
{
    char *tensors = tb_path_join(dir, TB_PEFT_TENSORS), *encoder = tb_path_join(dir, TB_PEFT_ENCODER);
    bool good = tb_file_exists(tensors) ? read_tensors(tensors, a, false, err) : fail_missing(dir, err);
    good = good && (!has_encoder(a) || read_tensors(encoder, a, true, err));
    free(encoder);
    free(tensors);
    return good;
}

/* ---- the folders of a stack */

static void free_dirs(char **dirs, int n)
{
    for (int i = 0; i < n; i++)
        free(dirs[i]);
    free(dirs);
}

/* A name that stays inside the folder. */
static bool is_plain(const char *name)
{
    return *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && !strchr(name, '/');
}

static bool take_order(const struct tb_json *manifest, const char *dir, char ***dirs, int *n, struct tb_err *err)
{
    const struct tb_json *order = tb_json_get(manifest, "order");
    size_t parts = tb_json_len(order);
    if (strcmp(tb_json_str(tb_json_get(manifest, "schema"), ""), TB_STACK_SCHEMA) != 0)
        return tb_fail(err, TB_ERR_FORMAT, "schema is not " TB_STACK_SCHEMA);
    if (tb_json_type(order) != TB_JSON_LIST || parts < 1 || parts > TB_STACK_PARTS)
        return tb_fail(err, TB_ERR_FORMAT, "order must be a list of 1 to %d parts", TB_STACK_PARTS);
    *dirs = tb_xcalloc(parts, sizeof **dirs);
    for (size_t i = 0; i < parts; i++) {
        const char *name = tb_json_str(tb_json_get(tb_json_at(order, i), "dir"), "");
        if (!is_plain(name))
            return tb_fail(err, TB_ERR_FORMAT, "order: dir '%.80s' is not the name of a folder beside this file", name);
        (*dirs)[(*n)++] = tb_path_join(dir, name);
    }
    return true;
}

bool tb_stack_dirs(const char *dir, char ***dirs, int *n, struct tb_err *err)
{
    char *path = tb_path_join(dir, TB_STACK_FILE);
    struct tb_err why = { 0 };
    bool good = true;
    *n = 0;
    *dirs = NULL;
    if (!tb_file_exists(path)) {
        *dirs = tb_xcalloc(1, sizeof **dirs);
        (*dirs)[(*n)++] = tb_xstrdup(dir);
    } else {
        struct tb_json *manifest = tb_json_load(path, CONFIG_BYTES, err);
        good = manifest != NULL;
        if (manifest && !take_order(manifest, dir, dirs, n, &why))
            good = tb_fail_at(err, why.kind, path, 0, "%s", why.text);
        tb_json_free(manifest);
    }
    if (!good) {
        free_dirs(*dirs, *n);
        *dirs = NULL;
        *n = 0;
    }
    free(path);
    return good;
}
