/* SPDX-License-Identifier: MIT */
/* hf_shards.c - the weight files of a Hugging Face folder: model.safetensors, or those that the map of
 * model.safetensors.index.json names {"weight_map": {tensor: file}}. Names in the map are untrusted: they stay
 * in the folder. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "model/model_priv.h"

enum { MAX_INDEX = 64 << 20, MAX_SHARDS = 1024 };

/* Names of files, each once. They are lent by the index. */
struct names {
    const char *at[MAX_SHARDS];
    size_t n;
};

static bool add_name(struct names *names, const char *file, struct tb_err *err)
{
    for (size_t i = names->n; i-- > 0;)
        if (strcmp(names->at[i], file) == 0)
            return true;
    if (!file[0] || file[0] == '.' || strchr(file, '/'))
        return tb_fail(err, TB_ERR_FORMAT, "weight_map names \"%.60s\", which is no file beside it", file);
    if (names->n == MAX_SHARDS)
        return tb_fail(err, TB_ERR_LIMIT, "weight_map names more than %d files", MAX_SHARDS);
    names->at[names->n++] = file;
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool list(const struct tb_json *index, struct names *names, struct tb_err *err)
{
    const struct tb_json *map = tb_json_get(index, "weight_map");
    for (void *it = tb_json_first(map); it; it = tb_json_next(map, it))
        if (!add_name(names, tb_json_str(tb_json_iter_value(it), ""), err))
            return false;
    qsort(names->at, names->n, sizeof names->at[0], by_name);
    return names->n || tb_fail(err, TB_ERR_FORMAT, "weight_map is missing or empty");
}

static bool open_one(struct tb_model *m, const char *name, struct tb_err *err)
{
    struct tb_model_impl *impl = tb_impl(m);
    char *path = tb_path_join(m->path, name);
    struct tb_safetensors *s = tb_safetensors_open(path, err);
    if (s)
        impl->shards[impl->n_shards++] = s;
    free(path);
    return s != NULL;
}

static bool open_all(struct tb_model *m, const char *index_path, struct tb_err *err)
{
    struct tb_err inner = { 0 };
    struct names names = { .n = 0 };
    struct tb_json *index = tb_json_load(index_path, MAX_INDEX, err);
    if (!index)
        return false;
    bool good = list(index, &names, &inner);
    if (!good)
        tb_fail_at(err, inner.kind, index_path, 0, "%s", inner.text);
    tb_impl(m)->shards = tb_xcalloc(names.n + 1, sizeof *tb_impl(m)->shards);
    for (size_t i = 0; good && i < names.n; i++)
        good = open_one(m, names.at[i], err);
    tb_json_free(index);
    return good;
}

bool tb_model_open_shards(struct tb_model *m, struct tb_err *err)
{
    char *whole = tb_path_join(m->path, "model.safetensors");
    char *index = tb_path_join(m->path, "model.safetensors.index.json");
    bool good;
    if (tb_file_exists(whole)) {
        tb_impl(m)->shards = tb_xcalloc(1, sizeof *tb_impl(m)->shards);
        good = open_one(m, "model.safetensors", err);
    } else if (tb_file_exists(index)) {
        good = open_all(m, index, err);
    } else {
        good = tb_fail_at(err, TB_ERR_NOTFOUND, m->path, 0, "has neither model.safetensors nor "
                          "model.safetensors.index.json; weights in other forms (pytorch_model.bin) are saved as "
                          "safetensors first");
    }
    free(whole);
    free(index);
    return good;
}
