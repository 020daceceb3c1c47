/* SPDX-License-Identifier: MIT */
/* ia3.c - trained factors on keys, values and the inner features of the MLP.  Liu et al. 2022, arXiv:2205.05638
 *     k, v:          y = l (W x)       l [out], saved as ia3_l [out, 1]
 *     feed-forward:  y = W (l x)       l [in],  saved as ia3_l [1, in]
 * The output's gradient of l needs y before scaling, which is kept. */
#include "method/peft.h"

enum { L };

static const struct tb_key keys[] = {
    TB_KEYS_TARGETS("[\"k\", \"v\", \"down\"]"),
    { .name = "feedforward", .type = TB_KEY_NAMES, .def = "[\"down\"]", .neutral = "[\"down\"]",
      .peft = "feedforward_modules", .help = "those of the targets whose input is scaled instead of the output" },
    TB_END_KEY
};

static bool declare(struct tb_seat *s, struct tb_err *err)
{
    bool on_input = tb_targets_take(tb_adapter_json(s->adapter, "feedforward"), NULL, s->site);
    int n = on_input ? s->site->in : s->site->out;
    s->skips_before = !on_input;
    s->skips_after = on_input;
    s->keep_floats = on_input ? 0 : n + 16;
    s->temp_floats = on_input ? n + 16 : 0;
    struct tb_want l = { .slot = L, .suffix = "ia3_l", .rows = 1, .cols = n, .n_dims = 2,
                         .dims = { on_input ? 1 : n, on_input ? n : 1 }, .init = TB_INIT_ONE };
    return tb_seat_tensor(s, &l, err);
}

static void before(const struct tb_seat *s, struct tb_pass *p)
{
    p->k->mul_row(p->k, p->y, p->x, s->w[L]);
}

static void before_back(const struct tb_seat *s, struct tb_pass *p)
{
    p->k->col_dot(p->k, s->g[L], p->dy, p->x);
    if (!p->dx.p)
        return;
    struct tb_mat d = tb_pass_temp(p, s->site->in);
    p->k->mul_row(p->k, d, p->dy, s->w[L]);
    p->k->axpy(p->k, p->dx, d, 1);
}

static void after(const struct tb_seat *s, struct tb_pass *p)
{
    struct tb_mat plain = tb_pass_keep(p, s->site->out);
    p->k->copy(p->k, plain, p->y);
    p->k->mul_row(p->k, p->y, p->y, s->w[L]);
}

static void after_back(const struct tb_seat *s, struct tb_pass *p)
{
    struct tb_mat plain = tb_pass_keep(p, s->site->out);
    p->k->col_dot(p->k, s->g[L], p->dy, plain);
    p->k->mul_row(p->k, p->dy, p->dy, s->w[L]);
}

static void fold(const struct tb_seat *s, struct tb_mat w)
{
    struct tb_kernels *k = s->adapter->k;
    if (s->skips_before)
        tb_seat_scale_rows(s, w, L);
    else
        k->mul_row(k, w, w, s->w[L]);
}

static void to_peft(const struct tb_adapter *a, struct tb_json *c)
{
    tb_targets_put_peft(a, c);
    tb_json_set(c, "feedforward_modules", tb_targets_to_peft(tb_adapter_json(a, "feedforward")));
}

static bool from_peft(const struct tb_json *c, struct tb_json *out, struct tb_err *err)
{
    static const char *const refused[] = { "modules_to_save", NULL };
    tb_peft_take(c, "feedforward_modules", out, "feedforward", "[\"down_proj\"]");
    return tb_peft_refuse(c, refused, err)
        && tb_targets_take_peft(c, out, "[\"k_proj\", \"v_proj\", \"down_proj\"]", err);
}

const struct tb_method tb_method_ia3 = {
    .name = "ia3", .paper = "arXiv:2205.05638", .help = "trained factors on keys, values and MLP features",
    .peft_type = "IA3", .sites = TB_SITE_LINEAR, .keys = keys, .lr = 5e-3, .declare = declare, .before = before,
    .before_back = before_back, .after = after, .after_back = after_back, .fold = fold, .to_peft = to_peft,
    .from_peft = from_peft,
};
