/* SPDX-License-Identifier: MIT */
/* session_open.c - an engine for one verb: base by name, adapters from folders, start values that are overwritten. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "exchange/exchange.h"
#include "worker/job.h"
#include "worker/session_priv.h"

enum { MICRO_TOK = 2048 };

char *tb_session_base_path(const char *base, struct tb_err *err)
{
    return tb_model_find(base, tb_session_data_dir(), err);
}

struct tb_engine_spec tb_session_spec(const struct tb_engine_spec *given)
{
    struct tb_engine_spec s = *given;
    s.micro_tok = s.micro_tok ? s.micro_tok : MICRO_TOK;
    s.quantum_tok = s.quantum_tok ? s.quantum_tok : tb_job_quantum();
    return s;
}

/* Rows behind the context would be rotated by angles that the model never saw. */
static bool fits_context(const struct tb_session *s, const struct tb_engine_spec *spec, struct tb_err *err)
{
    int n_virtual = s->stack ? tb_stack_kv_rows(s->stack) + tb_stack_input_rows(s->stack) : 0;
    int context = s->model->shape.context;
    if (spec->row_tok + n_virtual <= context)
        return true;
    return tb_fail(err, TB_ERR_LIMIT, "a row of %d tokens%s is longer than the model's context of %d", spec->row_tok,
                   n_virtual ? " behind the virtual ones" : "", context);
}

static bool fits_memory(const struct tb_session *s, const struct tb_engine_spec *spec, struct tb_err *err)
{
    struct tb_footprint f;
    uint64_t room = tb_mem_free_bytes();
    tb_engine_footprint(s->model, s->stack, spec, &f);
    uint64_t need = f.adapter + f.activations + f.logits + f.scratch;
    if (need <= room)
        return true;
    return tb_fail(err, TB_ERR_LIMIT, "this needs %llu MB and %llu MB are free", (unsigned long long)(need >> 20),
                   (unsigned long long)(room >> 20));
}

/* What loading does not bring (DoRA's norms of the base) comes from the methods' init; a one-token text keeps those
 * that start from one content. */
bool tb_session_init(struct tb_stack *stack, struct tb_err *err)
{
    static const int32_t text[1];
    struct tb_start s = { .text = text, .n_text = 1 };
    for (int i = 0; stack && i < stack->n; i++)
        if (!tb_adapter_init(stack->part[i], &s, err))
            return false;
    return true;
}

bool tb_session_open(struct tb_session *s, const struct tb_model *m, struct tb_stack *stack,
                     const struct tb_engine_spec *given, int threads, struct tb_err *err)
{
    struct tb_engine_spec spec = tb_session_spec(given);
    char why[256];
    *s = (struct tb_session){ .model = m, .stack = stack };
    if (!fits_context(s, &spec, err) || !fits_memory(s, &spec, err))
        return false;
    s->k = tb_kernels_open(NULL, threads > 0 ? threads : tb_kernels_default_threads(), why, sizeof why);
    if (!s->k)
        return tb_fail(err, TB_ERR_LIMIT, "%s", why);
    s->engine = tb_engine_open(m, s->k, stack, &spec, err);
    return s->engine && tb_session_init(stack, err);
}

void tb_session_close(struct tb_session *s)
{
    tb_engine_close(s->engine);
    tb_stack_close(s->stack);
    if (s->k)
        s->k->close(s->k);
    *s = (struct tb_session){ 0 };
}

/* ---- adapters from folders */

void tb_folders_close(struct tb_folders *f)
{
    for (int i = 0; i < f->n; i++)
        free(f->dir[i]);
    free(f->dir);
    *f = (struct tb_folders){ 0 };
}

/* The path as it is, or the parts of the stack in it. */
static bool add_folder(struct tb_folders *f, const char *path, struct tb_err *err)
{
    char **dirs;
    int n;
    if (!tb_dir_exists(path))
        return tb_fail(err, TB_ERR_NOTFOUND, "there is no folder %s", path);
    if (!tb_stack_dirs(path, &dirs, &n, err))
        return false;
    bool fits = f->n + n <= TB_STACK_PARTS;
    for (int i = 0; i < n; i++) {
        if (fits)
            f->dir[f->n++] = dirs[i];
        else
            free(dirs[i]);
    }
    free(dirs);
    return fits || tb_fail(err, TB_ERR_USAGE, "more than %d adapters in one stack", TB_STACK_PARTS);
}

bool tb_folders_open(struct tb_folders *f, const char *const *paths, int n, struct tb_err *err)
{
    *f = (struct tb_folders){ .dir = tb_xcalloc(TB_STACK_PARTS, sizeof *f->dir) };
    for (int i = 0; i < n; i++)
        if (!add_folder(f, paths[i], err))
            return false;
    return true;
}

/* "lora" of "stack/init/lora/": what the part is called. */
static char *part_name(const char *dir)
{
    const char *base = tb_path_base(dir);
    char *real = *base == '.' ? realpath(dir, NULL) : NULL; /* ".": the folder's own name */
    char *name = tb_xstrdup(real ? tb_path_base(real) : base);
    name[strcspn(name, "/")] = '\0';
    free(real);
    return name;
}

struct tb_stack *tb_folders_stack(const struct tb_folders *f, const struct tb_model *m, struct tb_err *err)
{
    struct tb_adapter *part[TB_STACK_PARTS];
    int n = 0;
    for (; n < f->n; n++) {
        char *name = part_name(f->dir[n]);
        part[n] = tb_peft_open(f->dir[n], m, name, err);
        free(name);
        if (!part[n])
            goto fail;
    }
    return tb_stack_of(part, n, err);
fail:
    while (n-- > 0)
        tb_adapter_close(part[n]);
    return NULL;
}

bool tb_folders_load(const struct tb_folders *f, struct tb_stack *s, struct tb_err *err)
{
    for (int i = 0; i < f->n; i++)
        if (!tb_peft_load(f->dir[i], s->part[i], err))
            return false;
    return true;
}
