/* SPDX-License-Identifier: MIT */
/* saved.c - copies tensors between the device and named host arrays. */
#include "method/saved.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void tb_saved_free(struct tb_saved *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->at[i].data);
    free(s->at);
    *s = (struct tb_saved){ 0 };
}

static void add(struct tb_saved *s, const struct tb_adapter *a, const struct tb_tensor *t, struct tb_mat which,
                const char *prefix, const char *suffix)
{
    s->at = tb_grow(s->at, s->n, &s->cap, sizeof *s->at);
    struct tb_saved_tensor *to = &s->at[s->n++];
    *to = (struct tb_saved_tensor){ .n_dims = t->want.n_dims, .n = t->w.rows * t->w.cols };
    memcpy(to->dims, t->want.dims, sizeof to->dims);
    snprintf(to->name, sizeof to->name, "%s%s%s", prefix, t->name, suffix);
    to->data = tb_xcalloc((size_t)to->n, sizeof *to->data);
    tb_tensor_get(a->k, t, which, to->data);
}

static bool in_peft(const struct tb_want *w)
{
    return w->is_folded || (!w->is_encoder && (w->kind == TB_TRAINED || w->kind == TB_FROZEN));
}

void tb_saved_peft(struct tb_saved *s, const struct tb_adapter *a)
{
    for (int i = 0; i < a->n_tensors; i++)
        if (in_peft(&a->tensors[i].want))
            add(s, a, &a->tensors[i], a->tensors[i].w, "", "");
}

void tb_saved_encoder(struct tb_saved *s, const struct tb_adapter *a)
{
    for (int i = 0; i < a->n_tensors; i++)
        if (a->tensors[i].want.is_encoder)
            add(s, a, &a->tensors[i], a->tensors[i].w, "", "");
}

void tb_saved_gradients(struct tb_saved *s, const struct tb_adapter *a, const char *prefix)
{
    for (int i = 0; i < a->n_tensors; i++)
        if (a->tensors[i].want.is_folded || a->tensors[i].want.kind == TB_TRAINED)
            add(s, a, &a->tensors[i], a->tensors[i].g, prefix, "");
}

void tb_saved_state(struct tb_saved *s, const struct tb_stack *stack)
{
    for (int p = 0; p < stack->n; p++) {
        const struct tb_adapter *a = stack->part[p];
        char prefix[80];
        snprintf(prefix, sizeof prefix, "%s/", a->part);
        for (int i = 0; i < a->n_tensors; i++) {
            const struct tb_tensor *t = &a->tensors[i];
            if (t->want.kind == TB_DERIVED || t->want.kind == TB_SUM)
                continue;
            add(s, a, t, t->w, prefix, "");
            if (t->want.kind != TB_TRAINED)
                continue;
            add(s, a, t, t->m, prefix, "@m");
            add(s, a, t, t->v, prefix, "@v");
        }
    }
}

static const struct tb_saved_tensor *find(const struct tb_saved *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->at[i].name, name) == 0)
            return &s->at[i];
    return NULL;
}

static bool same_shape(const struct tb_saved_tensor *f, const struct tb_tensor *t)
{
    if (f->n_dims != t->want.n_dims)
        return false;
    for (int i = 0; i < f->n_dims; i++)
        if (f->dims[i] != t->want.dims[i])
            return false;
    return true;
}

/* The tensor of that name, NULL and *err if it is not there in this shape. */
static const struct tb_saved_tensor *fitting(const struct tb_saved *s, const char *name, const struct tb_tensor *t,
                                             struct tb_err *err)
{
    const struct tb_saved_tensor *f = find(s, name);
    if (f && same_shape(f, t))
        return f;
    if (!f)
        tb_fail(err, TB_ERR_FORMAT, "tensor %s is missing", name);
    else
        tb_fail(err, TB_ERR_FORMAT, "tensor %s has %d dimensions [%d, %d], this model and configuration need %d "
                "[%d, %d]", name, f->n_dims, f->dims[0], f->dims[1], t->want.n_dims, t->want.dims[0],
                t->want.dims[1]);
    return NULL;
}

static bool put(const struct tb_saved *s, const char *name, const struct tb_adapter *a, const struct tb_tensor *t,
                struct tb_mat where, struct tb_err *err)
{
    const struct tb_saved_tensor *f = fitting(s, name, t, err);
    if (!f)
        return false;
    a->k->put(a->k, where.p, f->data, (size_t)f->n * sizeof *f->data);
    return true;
}

/* The value and moments of a tensor in a state; their number, which `puts` puts where they belong; 0 and *err. */
static size_t state_of(const struct tb_saved *s, const struct tb_adapter *a, const struct tb_tensor *t, bool puts,
                       struct tb_err *err)
{
    static const char *const suffix[] = { "", "@m", "@v" };
    struct tb_mat where[] = { t->w, t->m, t->v };
    char name[TB_TENSOR_NAME + 80];
    size_t n = t->want.kind == TB_TRAINED ? 3 : 1;
    for (size_t i = 0; i < n; i++) {
        snprintf(name, sizeof name, "%s/%s%s", a->part, t->name, suffix[i]);
        if (puts ? !put(s, name, a, t, where[i], err) : !fitting(s, name, t, err))
            return 0;
    }
    return n;
}

static bool each_state(const struct tb_saved *s, const struct tb_stack *stack, bool puts, size_t *n,
                       struct tb_err *err)
{
    *n = 0;
    for (int p = 0; p < stack->n; p++) {
        const struct tb_adapter *a = stack->part[p];
        for (int i = 0; i < a->n_tensors; i++) {
            enum tb_tensor_kind kind = a->tensors[i].want.kind;
            if (kind == TB_DERIVED || kind == TB_SUM)
                continue;
            size_t found = state_of(s, a, &a->tensors[i], puts, err);
            if (!found)
                return false;
            *n += found;
        }
    }
    return true;
}

bool tb_saved_fits(const struct tb_saved *s, const struct tb_stack *stack, struct tb_err *err)
{
    size_t n;
    return each_state(s, stack, false, &n, err)
        && (n == s->n || tb_fail(err, TB_ERR_FORMAT, "%zu of its %zu tensors belong to nothing in this configuration",
                                 s->n - n, s->n));
}

bool tb_saved_restore(const struct tb_saved *s, struct tb_stack *stack, struct tb_err *err)
{
    size_t n;
    return each_state(s, stack, true, &n, err);
}

static bool is_ours(const struct tb_adapter *a, const char *name)
{
    for (int i = 0; i < a->n_tensors; i++)
        if (strcmp(a->tensors[i].name, name) == 0)
            return true;
    return false;
}

bool tb_saved_put(const struct tb_saved *s, struct tb_adapter *a, bool is_encoder, struct tb_err *err)
{
    for (int i = 0; i < a->n_tensors; i++) {
        const struct tb_tensor *t = &a->tensors[i];
        bool here = is_encoder ? t->want.is_encoder : in_peft(&t->want) && !t->want.is_folded;
        if (here && !put(s, t->name, a, t, t->w, err))
            return false;
    }
    for (size_t i = 0; i < s->n; i++)
        if (!is_ours(a, s->at[i].name))
            return tb_fail(err, TB_ERR_FORMAT, "tensor %s belongs to no module that this configuration names",
                           s->at[i].name);
    return true;
}
