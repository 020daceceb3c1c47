/* SPDX-License-Identifier: MIT */
/* lora.c - low-rank update beside a frozen linear layer.  Hu et al. 2021, arXiv:2106.09685
 *     y += s (drop(x) A') B' + s b      A [r, in]  B [out, r]  s = alpha / r, rslora: alpha / sqrt(r)
 * (arXiv:2312.03732) A comes first, so nothing wider than r is stored: h [t, r] is kept for the backward; dropped
 * inputs are made again. */
#include "method/lora.h"

#include <math.h>

#include "kernels/rng.h"

enum { A, B, BIAS };

static const struct tb_key keys[] = {
    { .name = "r", .type = TB_KEY_INT, .min = 1, .max = 4096, .def = "8", .help = "rank of the update" },
    { .name = "alpha", .type = TB_KEY_REAL, .min = 0, .max = 1e6, .follows = "r", .times = 2, .peft = "lora_alpha",
      .help = "scale; the update is multiplied by alpha / r (alpha / sqrt(r) with rslora)" },
    { .name = "dropout", .type = TB_KEY_REAL, .min = 0, .max = 0.95, .def = "0", .neutral = "0", .peft = "lora_dropout",
      .help = "share of the adapter's inputs set to zero while training" },
    { .name = "rslora", .type = TB_KEY_BOOL, .def = "false", .neutral = "false", .peft = "use_rslora",
      .help = "scale by alpha / sqrt(r), so that large ranks learn as fast as small ones" },
    { .name = "lora_bias", .type = TB_KEY_BOOL, .def = "false", .neutral = "false",
      .help = "also train a bias behind B" },
    TB_KEYS_TARGETS("[\"q\", \"v\"]"),
    { .name = "rank_pattern", .type = TB_KEY_MAP, .min = 1, .max = 4096, .def = "{}", .neutral = "{}",
      .help = "rank by module: regular expression for the end of its name = rank" },
    { .name = "alpha_pattern", .type = TB_KEY_MAP, .min = 0, .max = 1e6, .def = "{}", .neutral = "{}",
      .help = "alpha by module" },
    TB_END_KEY
};

bool tb_lora_declare(struct tb_seat *s, struct tb_err *err)
{
    const struct tb_adapter *a = s->adapter;
    s->rank = (int)tb_seat_pattern(s, "r", "rank_pattern");
    double alpha = tb_seat_pattern(s, "alpha", "alpha_pattern");
    s->scale = (float)(alpha / (tb_adapter_bool(a, "rslora") ? sqrt(s->rank) : s->rank));
    struct tb_want in = { .slot = A, .suffix = "lora_A.weight", .rows = s->rank, .cols = s->site->in,
                          .init = TB_INIT_KAIMING };
    struct tb_want out = { .slot = B, .suffix = "lora_B.weight", .rows = s->site->out, .cols = s->rank };
    return tb_seat_tensor(s, &in, err) && tb_seat_tensor(s, &out, err);
}

static bool declare(struct tb_seat *s, struct tb_err *err)
{
    if (!tb_lora_declare(s, err))
        return false;
    s->keep_floats = s->rank + 16;
    s->temp_floats = s->rank + 16;
    s->drop = (float)tb_adapter_real(s->adapter, "dropout");
    if (s->drop > 0) {
        s->drop_hash = tb_rng_hash("dropout", s->adapter->tensors[s->tensor[A]].name);
        s->temp_floats += 2 * s->site->in + 32;
    }
    struct tb_want bias = { .slot = BIAS, .suffix = "lora_B.bias", .rows = 1, .cols = s->site->out, .n_dims = 1,
                            .dims = { s->site->out } };
    return !tb_adapter_bool(s->adapter, "lora_bias") || tb_seat_tensor(s, &bias, err);
}

static void after(const struct tb_seat *s, struct tb_pass *p)
{
    struct tb_mat h = tb_pass_keep(p, s->rank);
    p->k->gemm_nt(p->k, h, tb_pass_drop(s, p, p->x), s->w[A], 1, 0);
    p->k->gemm_nt(p->k, p->y, h, s->w[B], s->scale, 1);
    if (s->w[BIAS].p)
        p->k->add_row(p->k, p->y, s->w[BIAS], s->scale);
}

/* dx += dropout'(dh A); dropout is linear, so the mask is applied to the gradient as it was to x. */
static void input_gradient(const struct tb_seat *s, struct tb_pass *p, struct tb_mat dh)
{
    if (!p->is_training || s->drop == 0) {
        p->k->gemm_nn(p->k, p->dx, dh, s->w[A], 1, 1);
        return;
    }
    struct tb_mat d = tb_pass_temp(p, s->site->in);
    p->k->gemm_nn(p->k, d, dh, s->w[A], 1, 0);
    p->k->dropout(p->k, d, d, &p->drop);
    p->k->axpy(p->k, p->dx, d, 1);
}

static void after_back(const struct tb_seat *s, struct tb_pass *p)
{
    struct tb_mat h = tb_pass_keep(p, s->rank), dh = tb_pass_temp(p, s->rank);
    p->k->gemm_tn(p->k, s->g[B], p->dy, h, s->scale, 1);
    if (s->w[BIAS].p)
        p->k->col_sum(p->k, s->g[BIAS], p->dy, s->scale);
    p->k->gemm_nn(p->k, dh, p->dy, s->w[B], s->scale, 0);
    p->k->gemm_tn(p->k, s->g[A], dh, tb_pass_drop(s, p, p->x), 1, 1);
    if (p->dx.p)
        input_gradient(s, p, dh);
}

static void fold(const struct tb_seat *s, struct tb_mat w)
{
    struct tb_kernels *k = s->adapter->k;
    k->gemm_nn(k, w, s->w[B], s->w[A], s->scale, 1);
}

static void set_number(struct tb_json *to, const char *to_key, const struct tb_adapter *a, const char *key)
{
    tb_json_set(to, to_key, tb_json_copy(tb_adapter_json(a, key)));
}

void tb_lora_to_peft(const struct tb_adapter *a, struct tb_json *c)
{
    set_number(c, "r", a, "r");
    set_number(c, "lora_alpha", a, "alpha");
    set_number(c, "use_rslora", a, "rslora");
    set_number(c, "rank_pattern", a, "rank_pattern");
    set_number(c, "alpha_pattern", a, "alpha_pattern");
    tb_targets_put_peft(a, c);
}

static void to_peft(const struct tb_adapter *a, struct tb_json *c)
{
    tb_lora_to_peft(a, c);
    set_number(c, "lora_dropout", a, "dropout");
    set_number(c, "lora_bias", a, "lora_bias");
}

bool tb_lora_from_peft(const struct tb_json *c, struct tb_json *out, struct tb_err *err)
{
    static const char *const refused[] = { "use_qalora", "use_bdlora", "layer_replication", "modules_to_save",
                                           "target_parameters", "trainable_token_indices", "loftq_config",
                                           "alora_invocation_tokens", NULL };
    const char *init = tb_json_str(tb_json_get(c, "init_lora_weights"), "true");
    if (strcmp(init, "pissa") == 0 || strcmp(init, "olora") == 0)
        return tb_fail(err, TB_ERR_FORMAT,
                       "init_lora_weights is '%s': this adapter changes the base; convert it to a plain "
                       "LoRA first (path_initial_model_for_weight_conversion)",
                       init);
    if (!tb_peft_refuse(c, refused, err))
        return false;
    tb_peft_take(c, "r", out, "r", "8");
    tb_peft_take(c, "lora_alpha", out, "alpha", "8");
    tb_peft_take(c, "use_rslora", out, "rslora", "false");
    tb_peft_take(c, "rank_pattern", out, "rank_pattern", "{}");
    tb_peft_take(c, "alpha_pattern", out, "alpha_pattern", "{}");
    return tb_targets_take_peft(c, out, "[\"q_proj\", \"v_proj\"]", err);
}

static bool from_peft(const struct tb_json *c, struct tb_json *out, struct tb_err *err)
{
    tb_peft_take(c, "lora_dropout", out, "dropout", "0");
    tb_peft_take(c, "lora_bias", out, "lora_bias", "false");
    return tb_lora_from_peft(c, out, err);
}

const struct tb_method tb_method_lora = {
    .name = "lora", .paper = "arXiv:2106.09685", .help = "low-rank update beside a linear layer", .peft_type = "LORA",
    .sites = TB_SITE_LINEAR, .keys = keys, .lr = 5e-4, .declare = declare, .after = after, .after_back = after_back,
    .fold = fold, .to_peft = to_peft, .from_peft = from_peft,
};
