/* SPDX-License-Identifier: MIT */
/* gguf_model.c - a base out of a GGUF file of the llama architecture: tensor names by site, rows of q and k in
 * the order of llama.cpp (pairs of a rotation are neighbours), rope factors of Llama 3 as a tensor. Other
 * tensors are not looked at, but biases are refused: the blocks would be computed without them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/str.h"
#include "model/model_priv.h"

static const char *const linear_names[TB_N_LINEAR] = { "attn_q",   "attn_k", "attn_v",  "attn_output",
                                                       "ffn_gate", "ffn_up", "ffn_down" };
static const char factors_name[] = "rope_freqs.weight";

static const char *stored_name(const struct tb_site *site)
{
    switch (site->kind) {
    case TB_SITE_LINEAR: return linear_names[site->role];
    case TB_SITE_EMBED: return "token_embd";
    case TB_SITE_HEAD: return "output";
    case TB_SITE_NORM: return site->layer < 0 ? "output_norm" : site->role == TB_Q ? "attn_norm" : "ffn_norm";
    case TB_SITE_KV:
    case TB_SITE_INPUT: break;
    }
    return "";
}

static const struct tb_stored *find(const struct tb_model *m, const struct tb_site *site, char name[TB_WEIGHT_NAME])
{
    if (site->layer < 0)
        snprintf(name, TB_WEIGHT_NAME, "%s.weight", stored_name(site));
    else
        snprintf(name, TB_WEIGHT_NAME, "blk.%d.%s.weight", site->layer, stored_name(site));
    return tb_gguf_find(tb_impl(m)->gguf, name);
}

static bool refuse_biases(const struct tb_gguf *g, struct tb_err *err)
{
    for (size_t i = 0; i < tb_gguf_n_tensors(g); i++) {
        const char *name = tb_gguf_at(g, i)->name;
        if (tb_str_ends(name, ".bias"))
            return tb_fail(err, TB_ERR_FORMAT, "tensor %.100s: linears with a bias are not built", name);
    }
    return true;
}

static bool read_factors(struct tb_model *m, struct tb_err *err)
{
    const struct tb_stored *t = tb_gguf_find(tb_impl(m)->gguf, factors_name);
    int n = m->shape.head_dim / 2;
    float *factors;
    if (!t)
        return true;
    if (t->n != n)
        return tb_fail(err, TB_ERR_FORMAT, "tensor %s: expected [%d], found %lld values", factors_name, n,
                       (long long)t->n);
    if (m->shape.rope.kind != TB_ROPE_PLAIN)
        return tb_fail(err, TB_ERR_FORMAT, "tensor %s: rope factors together with linear scaling are not built",
                       factors_name);
    if (!(factors = tb_model_own(m, (uint64_t)n * sizeof *factors, err)) || !tb_stored_floats(t, factors, err))
        return false;
    for (int i = 0; i < n; i++)
        if (!isfinite(factors[i]) || factors[i] <= 0)
            return tb_fail(err, TB_ERR_FORMAT, "tensor %s: value %d is %g; expected numbers above 0", factors_name, i,
                           (double)factors[i]);
    m->shape.rope.kind = TB_ROPE_LLAMA3;
    m->shape.rope.factors = factors;
    return true;
}

static bool read_shape(struct tb_model *m, struct tb_err *err)
{
    const struct tb_gguf *g = tb_impl(m)->gguf;
    const char *architecture = tb_gguf_str(g, "general.architecture");
    const struct tb_family *family = tb_family_of_gguf(architecture, err);
    if (!family)
        return false;
    tb_str_copy(m->shape.family, sizeof m->shape.family, architecture);
    return family->from_gguf(g, architecture, &m->shape, err) && tb_shape_check(&m->shape, err) && refuse_biases(g, err)
        && read_factors(m, err);
}

/* "f32, f16, q4_0, ..": what kernels can read. malloc'ed. */
static char *built_types(void)
{
    struct tb_buf b = { 0 };
    for (int i = 0; i <= TB_BF16; i++)
        if (tb_type_info(i)->name && tb_type_info(i)->is_built)
            tb_buf_fmt(&b, "%s%s", b.n ? ", " : "", tb_type_info(i)->name);
    return tb_buf_take(&b);
}

bool tb_model_open_gguf(struct tb_model *m, struct tb_err *err)
{
    struct tb_model_impl *impl = tb_impl(m);
    struct tb_err inner = { 0 };
    impl->gguf = tb_gguf_open(m->path, err);
    if (!impl->gguf)
        return false;
    if (!read_shape(m, &inner))
        return tb_fail_at(err, inner.kind, m->path, 0, "%s", inner.text);
    char *reads = built_types();
    struct tb_source source = { .find = find, .qk_rule = TB_RULE_ROPE_HALVES, .reads = reads };
    bool good = tb_model_fill(m, &source, err);
    free(reads);
    if (!good)
        return false;
    struct tb_bytes file = { 0 };
    file.p = tb_gguf_bytes(impl->gguf, &file.n, &file.head);
    tb_base_id(m->base_id, &file, 1, NULL);
    return true;
}
