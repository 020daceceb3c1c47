/* SPDX-License-Identifier: MIT */
/* oft.c - orthogonal fine-tuning: the input of a linear is rotated block by block.  Qiu et al. 2023, arXiv:2306.07280
 *     y = W (R' x), R = blockdiag(R_1 ..), R_j from the skew matrix Q_j by a Neumann series of the Cayley transform
 *     (terms >= 2) or exactly (terms = 0, the inverse rotation: see kernels' oft_build)
 * R is derived once per step; its gradient is carried back to q in settle. */
#include "method/peft.h"

enum { Q, R };

static const struct tb_key keys[] = {
    { .name = "block", .type = TB_KEY_INT, .min = 2, .max = 256, .def = "32", .peft = "oft_block_size",
      .help = "size of the rotated blocks; must divide the input width" },
    { .name = "terms", .type = TB_KEY_INT, .min = 0, .max = 32, .def = "5", .neutral = "5",
      .peft = "num_cayley_neumann_terms", .help = "terms of the Neumann series; 0 for the exact Cayley transform" },
    { .name = "share", .type = TB_KEY_BOOL, .def = "false", .neutral = "false", .peft = "block_share",
      .help = "one rotation for all blocks of a layer" },
    TB_KEYS_TARGETS("[\"q\", \"v\"]"),
    TB_END_KEY
};

static bool declare(struct tb_seat *s, struct tb_err *err)
{
    s->block = (int)tb_adapter_int(s->adapter, "block");
    s->terms = (int)tb_adapter_int(s->adapter, "terms");
    s->is_shared = tb_adapter_bool(s->adapter, "share");
    if (s->site->in % s->block)
        return tb_fail(err, TB_ERR_RECIPE, "block = %d does not divide the input width %d", s->block, s->site->in);
    if (s->terms == 1)
        return tb_fail(err, TB_ERR_RECIPE, "terms = 1 rotates nothing; use 0 or 2 and more");
    int n = s->is_shared ? 1 : s->site->in / s->block;
    s->temp_floats = s->site->in + 16;
    struct tb_want q = {
        .slot = Q, .suffix = "oft_R.weight", .rows = n, .cols = (int64_t)s->block * (s->block - 1) / 2
    };
    struct tb_want r = { .slot = R, .suffix = "rotation", .rows = (int64_t)n * s->block, .cols = s->block,
                         .kind = TB_DERIVED };
    return tb_seat_tensor(s, &q, err) && tb_seat_tensor(s, &r, err);
}

static void derive(struct tb_adapter *a)
{
    for (int i = 0; i < a->n_seats; i++) {
        struct tb_seat *s = &a->seats[i];
        a->k->oft_build(a->k, s->w[R], s->w[Q], s->block, s->terms);
    }
}

static double settle(struct tb_adapter *a)
{
    for (int i = 0; i < a->n_seats; i++) {
        struct tb_seat *s = &a->seats[i];
        a->k->oft_build_back(a->k, s->g[Q], s->g[R], s->w[Q], s->block, s->terms);
    }
    return 0;
}

static void before(const struct tb_seat *s, struct tb_pass *p)
{
    p->k->block_mul(p->k, p->y, p->x, s->w[R], s->block, false);
}

static void before_back(const struct tb_seat *s, struct tb_pass *p)
{
    p->k->block_grad(p->k, s->g[R], p->x, p->dy, s->block);
    if (!p->dx.p)
        return;
    struct tb_mat d = tb_pass_temp(p, s->site->in);
    p->k->block_mul(p->k, d, p->dy, s->w[R], s->block, true);
    p->k->axpy(p->k, p->dx, d, 1);
}

/* W R' by rows: each row of W is turned as a gradient is. */
static void fold(const struct tb_seat *s, struct tb_mat w)
{
    struct tb_kernels *k = s->adapter->k;
    k->block_mul(k, w, w, s->w[R], s->block, true);
}

static void to_peft(const struct tb_adapter *a, struct tb_json *c)
{
    int64_t terms = tb_adapter_int(a, "terms");
    tb_json_set(c, "r", tb_json_new_int(0));
    tb_json_set(c, "oft_block_size", tb_json_copy(tb_adapter_json(a, "block")));
    tb_json_set(c, "use_cayley_neumann", tb_json_new_bool(terms != 0));
    if (terms)
        tb_json_set(c, "num_cayley_neumann_terms", tb_json_new_int(terms));
    tb_json_set(c, "block_share", tb_json_copy(tb_adapter_json(a, "share")));
    tb_targets_put_peft(a, c);
}

static bool from_peft(const struct tb_json *c, struct tb_json *out, struct tb_err *err)
{
    static const char *const refused[] = { "coft", "modules_to_save", NULL };
    if (!tb_peft_refuse(c, refused, err))
        return false;
    if (tb_json_int(tb_json_get(c, "oft_block_size"), 0) < 2)
        return tb_fail(err, TB_ERR_FORMAT, "adapter_config.json: oft_block_size is missing (r alone is not read)");
    tb_peft_take(c, "oft_block_size", out, "block", "32");
    tb_peft_take(c, "block_share", out, "share", "false");
    if (tb_json_bool(tb_json_get(c, "use_cayley_neumann"), true))
        tb_peft_take(c, "num_cayley_neumann_terms", out, "terms", "5");
    else
        tb_json_set(out, "terms", tb_json_new_int(0));
    return tb_targets_take_peft(c, out, "[\"q_proj\", \"v_proj\"]", err);
}

const struct tb_method tb_method_oft = {
    .name = "oft", .paper = "arXiv:2306.07280", .help = "orthogonal rotation of a linear's input, block by block",
    .peft_type = "OFT", .sites = TB_SITE_LINEAR, .keys = keys, .lr = 1e-3, .declare = declare, .derive = derive,
    .settle = settle, .before = before, .before_back = before_back, .fold = fold, .to_peft = to_peft,
    .from_peft = from_peft,
};
