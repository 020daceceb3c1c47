/* SPDX-License-Identifier: MIT */
/* model.c - opening by kind of path, memory, and the walk over all weights. */
#include "model/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/model_priv.h"

enum { BIG = 1 << 20 };

/* First bytes of a regular file; says what a file that is no GGUF should have been. */
static bool check_magic(const char *path, struct tb_err *err)
{
    char magic[4] = { 0 };
    if (!tb_file_exists(path))
        return tb_fail_at(err, TB_ERR_NOTFOUND, path, 0, "no such file or folder");
    FILE *f = tb_file_size(path) >= 0 ? fopen(path, "rbe") : NULL;
    if (!f)
        return tb_fail_at(err, TB_ERR_IO, path, 0, "cannot be read");
    size_t n = fread(magic, 1, sizeof magic, f);
    fclose(f);
    if (n == sizeof magic && memcmp(magic, "GGUF", sizeof magic) == 0)
        return true;
    if (tb_str_ends(path, ".safetensors") || tb_str_ends(path, ".json"))
        return tb_fail_at(err, TB_ERR_FORMAT, path, 0, "a model is a folder with config.json and model.safetensors; "
                          "give the folder");
    return tb_fail_at(err, TB_ERR_FORMAT, path, 0, "is no GGUF file; a model is a .gguf file or a folder with "
                      "config.json and model.safetensors");
}

struct tb_model *tb_model_open(const char *path, struct tb_err *err)
{
    struct tb_model *m = tb_xcalloc(1, sizeof *m);
    m->impl = tb_xcalloc(1, sizeof(struct tb_model_impl));
    m->path = tb_xstrdup(path);
    bool good = tb_dir_exists(path) ? tb_model_open_folder(m, err)
                                    : check_magic(path, err) && tb_model_open_gguf(m, err);
    if (!good) {
        tb_model_close(m);
        return NULL;
    }
    tb_model_tally(m);
    return m;
}

void tb_model_close(struct tb_model *m)
{
    if (!m)
        return;
    struct tb_model_impl *impl = tb_impl(m);
    for (size_t i = 0; i < impl->n_owned; i++)
        free(impl->owned[i]);
    for (size_t i = 0; i < impl->n_shards; i++)
        tb_safetensors_close(impl->shards[i]);
    tb_gguf_close(impl->gguf);
    free(impl->owned);
    free(impl->shards);
    free(impl);
    free(m->layers);
    free(m->sites);
    free(m->path);
    free(m);
}

bool tb_model_fits(uint64_t bytes, struct tb_err *err)
{
    uint64_t room = tb_mem_free_bytes();
    return bytes <= room || tb_fail(err, TB_ERR_LIMIT, "the model needs %llu MB of memory and %llu MB are free",
                                    (unsigned long long)(bytes >> 20), (unsigned long long)(room >> 20));
}

void *tb_model_own(struct tb_model *m, uint64_t bytes, struct tb_err *err)
{
    struct tb_model_impl *impl = tb_impl(m);
    if (bytes >= BIG && !tb_model_fits(bytes, err))
        return NULL;
    void *p = calloc(1, bytes);
    if (!p) {
        tb_fail(err, TB_ERR_LIMIT, "no memory for %llu bytes of the model", (unsigned long long)bytes);
        return NULL;
    }
    impl->owned = tb_grow(impl->owned, impl->n_owned, &impl->cap_owned, sizeof *impl->owned);
    impl->owned[impl->n_owned++] = p;
    return p;
}

bool tb_model_each(const struct tb_model *m,
                   bool (*each)(void *arg, const char *name, const struct tb_weight *w, const float *gain,
                                int64_t rows, int64_t cols),
                   void *arg)
{
    for (int i = 0; i < m->n_sites; i++) {
        const struct tb_site *site = &m->sites[i];
        const struct tb_weight *w = tb_site_weight(m, site);
        float *const *gain = tb_site_gain(m, site);
        char name[TB_WEIGHT_NAME];
        if ((!w && !gain) || (site->kind == TB_SITE_HEAD && m->shape.is_tied))
            continue;
        snprintf(name, sizeof name, "%s.weight", site->name);
        if (!each(arg, name, w, gain ? *gain : NULL, w ? w->rows : 1, w ? w->cols : site->in))
            return false;
    }
    return true;
}

/* Sums over the weights; numbers by type. */
struct tally {
    int64_t n_params, of_type[TB_BF16 + 1];
    uint64_t bytes;
};

static bool count(void *arg, const char *name, const struct tb_weight *w, const float *gain, int64_t rows, int64_t cols)
{
    struct tally *t = arg;
    t->n_params += rows * cols;
    t->bytes += w ? (uint64_t)rows * w->row_bytes : (uint64_t)cols * sizeof *gain;
    if (w)
        t->of_type[w->type] += rows * cols;
    return true;
}

void tb_model_tally(struct tb_model *m)
{
    struct tally t = { 0 };
    int most = 0;
    tb_model_each(m, count, &t);
    for (int i = 0; i <= TB_BF16; i++)
        most = t.of_type[i] > t.of_type[most] ? i : most;
    m->n_params = t.n_params;
    m->bytes = t.bytes + tb_impl(m)->copied_bytes;
    tb_str_copy(m->type_name, sizeof m->type_name, tb_type_info(most)->name);
}
