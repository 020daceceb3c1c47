/* SPDX-License-Identifier: MIT */
/* weights.c - from stored tensors to the weights of a model, site by site. Matrices stay where they are mapped.
 * Two things stand in memory of their own: norm gains, as fp32, and a matrix of f32, f16 or bf16 that lies at
 * an address its values do not divide (a safetensors file without padding): kernels read those with aligned
 * scalar loads. Block types are read byte by byte. */
#include <stdio.h>
#include <string.h>

#include "model/model_priv.h"

enum { DIMS_TEXT = 112 };

static const char *dims_text(char text[DIMS_TEXT], int n, const int64_t *dims)
{
    int at = snprintf(text, DIMS_TEXT, "[");
    for (int i = 0; i < n; i++)
        at += snprintf(text + at, DIMS_TEXT - (size_t)at, "%s%lld", i ? ", " : "", (long long)dims[i]);
    snprintf(text + at, DIMS_TEXT - (size_t)at, "]");
    return text;
}

/* The tensor's own words, for errors. */
struct found {
    const char *name, *path;
    const struct tb_stored *t;
};

static bool check_dims(const struct found *f, int n, const int64_t *want, struct tb_err *err)
{
    char expected[DIMS_TEXT], found[DIMS_TEXT];
    if (f->t->n_dims == n && memcmp(f->t->dims, want, (size_t)n * sizeof *want) == 0)
        return true;
    return tb_fail_at(err, TB_ERR_FORMAT, f->path, 0, "tensor %s: expected %s, found %s", f->name,
                      dims_text(expected, n, want), dims_text(found, f->t->n_dims, f->t->dims));
}

static bool check_type(const struct found *f, const char *reads, struct tb_err *err)
{
    return (f->t->type >= 0 && tb_type_info(f->t->type)->is_built)
        || tb_fail_at(err, TB_ERR_FORMAT, f->path, 0, "tensor %s is %.32s; read are %s", f->name, f->t->type_name,
                      reads);
}

static bool take_gain(struct tb_model *m, const struct tb_site *site, const struct found *f, struct tb_err *err)
{
    float **gain = tb_site_gain(m, site);
    struct tb_err inner = { 0 };
    if (!check_dims(f, 1, &(int64_t){ site->in }, err))
        return false;
    *gain = tb_model_own(m, (uint64_t)site->in * sizeof **gain, err);
    if (!*gain)
        return false;
    return tb_stored_floats(f->t, *gain, &inner)
        || tb_fail_at(err, inner.kind, f->path, 0, "tensor %s: %s", f->name, inner.text);
}

static size_t alignment(int type)
{
    return type == TB_F32 ? sizeof(float) : type == TB_F16 || type == TB_BF16 ? sizeof(uint16_t) : 1;
}

/* The bytes of a matrix where kernels can read them. */
static const void *bytes_of(struct tb_model *m, const struct tb_stored *t, struct tb_err *err)
{
    if ((uintptr_t)t->p % alignment(t->type) == 0)
        return t->p;
    void *copy = tb_model_own(m, t->bytes, err);
    if (copy) {
        memcpy(copy, t->p, t->bytes);
        tb_impl(m)->copied_bytes += t->bytes;
    }
    return copy;
}

static bool take_weight(struct tb_model *m, const struct tb_site *site, const struct found *f,
                        const struct tb_source *source, struct tb_err *err)
{
    struct tb_weight *w = tb_site_weight(m, site);
    bool is_qk = site->kind == TB_SITE_LINEAR && (site->role == TB_Q || site->role == TB_K);
    if (!check_type(f, source->reads, err) || !check_dims(f, 2, (int64_t[]){ site->out, site->in }, err))
        return false;
    const struct tb_type_info *info = tb_type_info(f->t->type);
    *w = (struct tb_weight){ .type = (enum tb_type)f->t->type, .rule = is_qk ? source->qk_rule : TB_RULE_NONE,
                             .head_dim = m->shape.head_dim, .p = bytes_of(m, f->t, err), .rows = site->out,
                             .cols = site->in, .row_bytes = (size_t)(site->in / info->block) * (size_t)info->bytes };
    return w->p != NULL;
}

static bool take_site(struct tb_model *m, const struct tb_site *site, const struct tb_source *source,
                      struct tb_err *err)
{
    char name[TB_WEIGHT_NAME];
    if (site->kind == TB_SITE_KV || site->kind == TB_SITE_INPUT)
        return true;
    if (site->kind == TB_SITE_HEAD && m->shape.is_tied) {
        m->head = m->embed;
        return true;
    }
    struct found f = { .t = source->find(m, site, name), .name = name, .path = m->path };
    if (!f.t)
        return tb_fail_at(err, TB_ERR_FORMAT, m->path, 0, "tensor %s is missing", name);
    return site->kind == TB_SITE_NORM ? take_gain(m, site, &f, err) : take_weight(m, site, &f, source, err);
}

bool tb_model_fill(struct tb_model *m, const struct tb_source *source, struct tb_err *err)
{
    tb_model_layout(m);
    for (int i = 0; i < m->n_sites; i++)
        if (!take_site(m, &m->sites[i], source, err))
            return false;
    return true;
}
