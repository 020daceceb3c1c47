/* SPDX-License-Identifier: MIT */
/* adapter.c - opens a method on a model: which sites it takes, which tensors it wants, their memory and start values.
 *
 * The run arena of an adapter is four blocks of equal layout for TRAINED (values, gradients, Adam's two moments),
 * one for other values and one for other gradients. Every tensor begins at a multiple of 16 floats; the gaps stay
 * zero, so the optimiser and the norm of the gradient run over whole blocks. */
#include "method/adapter.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "kernels/rng.h"

enum { W, G, M, V, OTHER_W, OTHER_G };

static int64_t padded(const struct tb_want *w)
{
    return (w->rows * w->cols + 15) / 16 * 16;
}

static bool add_tensor(struct tb_adapter *a, const struct tb_want *want, const char *name, int slots[],
                       struct tb_err *err)
{
    if (want->rows < 1 || want->cols < 1)
        return tb_fail(err, TB_ERR_LIMIT, "%s: tensor %s would be %lld x %lld", a->method->name, name,
                       (long long)want->rows, (long long)want->cols);
    a->tensors = tb_grow(a->tensors, (size_t)a->n_tensors, &a->cap_tensors, sizeof *a->tensors);
    struct tb_tensor *t = &a->tensors[a->n_tensors];
    *t = (struct tb_tensor){ .want = *want };
    snprintf(t->name, sizeof t->name, "%s", name);
    t->want.suffix = NULL;
    if (!t->want.n_dims) {
        t->want.n_dims = 2;
        t->want.dims[0] = (int)want->rows;
        t->want.dims[1] = (int)want->cols;
    }
    if (want->kind == TB_TRAINED)
        a->n_trainable += want->rows * want->cols;
    slots[want->slot] = a->n_tensors++;
    return true;
}

bool tb_seat_tensor(struct tb_seat *s, const struct tb_want *want, struct tb_err *err)
{
    char name[TB_TENSOR_NAME];
    snprintf(name, sizeof name, "%s%s%s%s", want->is_whole ? "" : "base_model.model.",
             want->is_whole ? "" : s->site->name, want->is_whole ? "" : ".", want->suffix);
    return add_tensor((struct tb_adapter *)s->adapter, want, name, s->tensor, err);
}

bool tb_adapter_tensor(struct tb_adapter *a, const struct tb_want *want, struct tb_err *err)
{
    return add_tensor(a, want, want->suffix, a->tensor, err);
}

static bool takes(const struct tb_adapter *a, const struct tb_site *site)
{
    if (!(a->method->sites & site->kind))
        return false;
    if (a->method->takes)
        return a->method->takes(a, site);
    return tb_targets_take(tb_adapter_json(a, "targets"), tb_adapter_json(a, "layers"), site);
}

static bool nothing_taken(const struct tb_adapter *a, struct tb_err *err)
{
    char *targets = tb_json_text(tb_adapter_json(a, "targets"), TB_JSON_CANONICAL);
    char *layers = tb_json_text(tb_adapter_json(a, "layers"), TB_JSON_CANONICAL);
    tb_fail(err, TB_ERR_RECIPE, "%s: its targets and layers match no module of this model (%d layers; linears are q k "
            "v o gate up down, or all-linear): targets %.100s, layers %.60s", a->method->name,
            a->model->shape.n_layers, targets, layers);
    free(targets);
    free(layers);
    return false;
}

static bool declare_seats(struct tb_adapter *a, struct tb_err *err)
{
    a->seats = tb_xcalloc((size_t)a->model->n_sites, sizeof *a->seats);
    for (int i = 0; i < a->model->n_sites; i++) {
        if (!takes(a, &a->model->sites[i]))
            continue;
        struct tb_seat *s = &a->seats[a->n_seats++];
        s->adapter = a;
        s->site = &a->model->sites[i];
        memset(s->tensor, -1, sizeof s->tensor);
        if (a->method->declare && !a->method->declare(s, err)) {
            tb_err_prefix(err, "%s at %s", a->method->name, s->site->name);
            return false;
        }
    }
    return a->n_seats || nothing_taken(a, err);
}

struct tb_adapter *tb_adapter_open(const struct tb_method *m, const struct tb_json *keys, const struct tb_model *model,
                                   const char *part, struct tb_err *err)
{
    struct tb_adapter *a = tb_xcalloc(1, sizeof *a);
    char who[40];
    snprintf(who, sizeof who, "t.%s", m->name);
    a->method = m;
    a->model = model;
    snprintf(a->part, sizeof a->part, "%s", part);
    memset(a->tensor, -1, sizeof a->tensor);
    a->config = tb_key_check(m->keys, keys, who, err);
    if (!a->config || !tb_key_complete(m->keys, a->config, who, err))
        goto fail;
    if (!tb_patterns_check(a, false, err) || (m->declare_all && !m->declare_all(a, err)))
        goto fail;
    if (!declare_seats(a, err))
        goto fail;
    return a;
fail:
    tb_adapter_close(a);
    return NULL;
}

void tb_adapter_close(struct tb_adapter *a)
{
    if (!a)
        return;
    for (int i = 0; i < 6; i++)
        if (a->arena[i])
            a->k->release(a->k, a->arena[i]);
    tb_json_free(a->config);
    free(a->tensors);
    free(a->seats);
    free(a);
}

static bool has_value(const struct tb_want *w)
{
    return w->kind != TB_SUM;
}

static bool has_gradient(const struct tb_want *w)
{
    return w->kind == TB_TRAINED || w->kind == TB_DERIVED || w->kind == TB_SUM;
}

static void count_floats(const struct tb_adapter *a, int64_t floats[3])
{
    floats[0] = floats[1] = floats[2] = 0;
    for (int i = 0; i < a->n_tensors; i++) {
        const struct tb_want *w = &a->tensors[i].want;
        if (w->kind == TB_TRAINED)
            floats[0] += padded(w);
        else {
            floats[1] += has_value(w) ? padded(w) : 0;
            floats[2] += has_gradient(w) ? padded(w) : 0;
        }
    }
}

uint64_t tb_adapter_bytes(const struct tb_adapter *a)
{
    int64_t n[3];
    count_floats(a, n);
    return (uint64_t)(4 * n[0] + n[1] + n[2]) * sizeof(float);
}

static struct tb_mat view(const struct tb_want *w, float *p)
{
    return tb_mat_of(p, w->rows, w->cols);
}

static void place_tensors(struct tb_adapter *a)
{
    int64_t at = 0, at_w = 0, at_g = 0;
    for (int i = 0; i < a->n_tensors; i++) {
        struct tb_tensor *t = &a->tensors[i];
        const struct tb_want *w = &t->want;
        if (w->kind == TB_TRAINED) {
            t->w = view(w, a->arena[W] + at);
            t->g = view(w, a->arena[G] + at);
            t->m = view(w, a->arena[M] + at);
            t->v = view(w, a->arena[V] + at);
            at += padded(w);
            continue;
        }
        t->w = has_value(w) ? view(w, a->arena[OTHER_W] + at_w) : view(w, NULL);
        t->g = has_gradient(w) ? view(w, a->arena[OTHER_G] + at_g) : view(w, NULL);
        at_w += has_value(w) ? padded(w) : 0;
        at_g += has_gradient(w) ? padded(w) : 0;
    }
}

static void lend_slots(const struct tb_adapter *a, const int tensor[], struct tb_mat w[], struct tb_mat g[])
{
    for (int i = 0; i < TB_SEAT_TENSORS; i++) {
        if (tensor[i] < 0)
            continue;
        w[i] = a->tensors[tensor[i]].w;
        g[i] = a->tensors[tensor[i]].g;
    }
}

bool tb_adapter_bind(struct tb_adapter *a, struct tb_kernels *k, struct tb_err *err)
{
    a->k = k;
    count_floats(a, a->arena_floats);
    for (int i = 0; i < 6; i++) {
        int64_t n = a->arena_floats[i < 4 ? 0 : i - 3];
        if (n && !(a->arena[i] = k->alloc(k, (size_t)n * sizeof(float))))
            return tb_fail(err, TB_ERR_LIMIT,
                           "%s needs %lld MB for its tensors, gradients and optimiser; there is less", a->part,
                           (long long)(tb_adapter_bytes(a) >> 20));
    }
    place_tensors(a);
    lend_slots(a, a->tensor, a->w, a->g);
    for (int i = 0; i < a->n_seats; i++) {
        struct tb_seat *s = &a->seats[i];
        lend_slots(a, s->tensor, s->w, s->g);
        if (s->site->kind == TB_SITE_LINEAR)
            s->base = &a->model->layers[s->site->layer].linear[s->site->role];
    }
    return true;
}

/* One row of start values; column / 4 is the last counter word (doc/frozen.md 4). */
static void draw_row(float *dst, int64_t n, const struct tb_want *w, uint32_t hash, uint32_t row, uint64_t seed)
{
    double a = w->init == TB_INIT_KAIMING ? 1 / sqrt((double)w->cols) : w->init_a;
    for (int64_t c = 0; c < n; c += 4) {
        uint32_t counter[4] = { hash, 0, row, (uint32_t)(c / 4) }, word[4];
        float value[4];
        tb_philox(word, counter, seed);
        if (w->init == TB_INIT_NORMAL) {
            tb_rng_normal2(word[0], word[1], value);
            tb_rng_normal2(word[2], word[3], value + 2);
        }
        for (int64_t i = c; i < n && i < c + 4; i++)
            dst[i] = w->init == TB_INIT_NORMAL ? (float)(a * value[i - c])
                                               : (float)((2.0 * tb_rng_uniform(word[i - c]) - 1.0) * a);
    }
}

static void draw_tensor(struct tb_kernels *k, const struct tb_tensor *t, uint64_t seed)
{
    uint32_t hash = tb_rng_hash("init", t->name);
    float *host = tb_xcalloc((size_t)(t->w.rows * t->w.cols), sizeof *host);
    for (int64_t r = 0; r < t->w.rows; r++)
        draw_row(host + r * t->w.cols, t->w.cols, &t->want, hash, (uint32_t)r, seed);
    tb_tensor_put(k, t, host);
    free(host);
}

static void start_tensor(struct tb_kernels *k, const struct tb_tensor *t, uint64_t seed)
{
    enum tb_init init = t->want.init;
    if (t->want.kind == TB_DERIVED || t->want.kind == TB_SUM || init == TB_INIT_HOOK)
        return;
    if (init == TB_INIT_ZERO || init == TB_INIT_ONE)
        k->fill(k, t->w, init == TB_INIT_ONE);
    else
        draw_tensor(k, t, seed);
}

bool tb_adapter_init(struct tb_adapter *a, const struct tb_start *s, struct tb_err *err)
{
    for (int i = M; i <= V && a->arena[i]; i++)
        a->k->fill(a->k, tb_mat_of(a->arena[i], 1, a->arena_floats[0]), 0);
    for (int i = 0; i < a->n_tensors; i++)
        start_tensor(a->k, &a->tensors[i], s->seed);
    if (a->method->init_all && !a->method->init_all(a, s, err))
        return false;
    for (int i = 0; i < a->n_seats && a->method->init; i++)
        if (!a->method->init(&a->seats[i], s, err))
            return false;
    return true;
}

void tb_adapter_zero(struct tb_adapter *a)
{
    if (a->arena[G])
        a->k->fill(a->k, tb_mat_of(a->arena[G], 1, a->arena_floats[0]), 0);
    if (a->arena[OTHER_G])
        a->k->fill(a->k, tb_mat_of(a->arena[OTHER_G], 1, a->arena_floats[2]), 0);
}

bool tb_adapter_starts_from_text(const struct tb_adapter *a)
{
    return strcmp(tb_adapter_str(a, "init"), "text") == 0;
}
