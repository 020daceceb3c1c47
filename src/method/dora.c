/* SPDX-License-Identifier: MIT */
/* dora.c - LoRA with a trained magnitude per output row.  Liu et al. 2024, arXiv:2402.09353
 *     y = (m / n) (W x + s B A x)      n = row norms of W + s B A, constant in the gradient (section 4.3)
 * The dense sum is never built: n_i^2 = |W_i|^2 + 2 s B_i . G_:i + s^2 B_i (A A') B_i' with G = A W' [r, out], one
 * skinny product through the quantised base per step. */
#include "method/lora.h"

enum { A, B, MAGNITUDE, SQUARES, G, GRAM, NORM, FACTOR };

static const struct tb_key keys[] = {
    { .name = "r", .type = TB_KEY_INT, .min = 1, .max = 4096, .def = "8", .help = "rank of the update" },
    { .name = "alpha", .type = TB_KEY_REAL, .min = 0, .max = 1e6, .follows = "r", .times = 2, .peft = "lora_alpha",
      .help = "scale; the update is multiplied by alpha / r" },
    { .name = "rslora", .type = TB_KEY_BOOL, .def = "false", .neutral = "false", .peft = "use_rslora",
      .help = "scale by alpha / sqrt(r)" },
    TB_KEYS_TARGETS("[\"q\", \"v\"]"),
    { .name = "rank_pattern", .type = TB_KEY_MAP, .min = 1, .max = 4096, .def = "{}", .neutral = "{}",
      .help = "rank by module: regular expression for the end of its name = rank" },
    { .name = "alpha_pattern", .type = TB_KEY_MAP, .min = 0, .max = 1e6, .def = "{}", .neutral = "{}",
      .help = "alpha by module" },
    TB_END_KEY
};

static bool derived(struct tb_seat *s, int slot, const char *name, int64_t rows, int64_t cols, struct tb_err *err)
{
    return tb_seat_tensor(s, &(struct tb_want){ .slot = slot, .suffix = name, .rows = rows, .cols = cols,
                                                .kind = TB_DERIVED }, err);
}

static bool declare(struct tb_seat *s, struct tb_err *err)
{
    int out = s->site->out;
    struct tb_want m = { .slot = MAGNITUDE, .suffix = "lora_magnitude_vector", .rows = 1, .cols = out, .n_dims = 1,
                         .dims = { out }, .init = TB_INIT_HOOK };
    if (!tb_lora_declare(s, err) || !tb_seat_tensor(s, &m, err))
        return false;
    s->keep_floats = s->rank + out + 32;
    s->temp_floats = s->rank + 16;
    return derived(s, SQUARES, "squares", 1, out, err) && derived(s, G, "g", s->rank, out, err)
        && derived(s, GRAM, "gram", s->rank, s->rank, err) && derived(s, NORM, "norm", 1, out, err)
        && derived(s, FACTOR, "factor", 1, out, err);
}

/* The magnitudes start as the norms of the base's rows. */
static bool init(struct tb_seat *s, const struct tb_start *start, struct tb_err *err)
{
    struct tb_kernels *k = s->adapter->k;
    k->weight_sumsq(k, s->w[SQUARES], s->base);
    k->dora_norm(k, s->w[MAGNITUDE], s->w[SQUARES], s->w[B], s->w[G], s->w[GRAM], 0);
    return true;
}

static void derive(struct tb_adapter *a)
{
    struct tb_kernels *k = a->k;
    for (int i = 0; i < a->n_seats; i++) {
        struct tb_seat *s = &a->seats[i];
        k->gemm_w(k, s->w[G], s->w[A], s->base, false, 0);
        k->gemm_nt(k, s->w[GRAM], s->w[A], s->w[A], 1, 0);
        k->dora_norm(k, s->w[NORM], s->w[SQUARES], s->w[B], s->w[G], s->w[GRAM], s->scale);
        k->div(k, s->w[FACTOR], s->w[MAGNITUDE], s->w[NORM]);
    }
}

static double settle(struct tb_adapter *a)
{
    for (int i = 0; i < a->n_seats; i++) {
        struct tb_seat *s = &a->seats[i];
        a->k->div(a->k, s->g[FACTOR], s->g[FACTOR], s->w[NORM]);
        a->k->axpy(a->k, s->g[MAGNITUDE], s->g[FACTOR], 1);
    }
    return 0;
}

static void after(const struct tb_seat *s, struct tb_pass *p)
{
    struct tb_mat h = tb_pass_keep(p, s->rank), sum = tb_pass_keep(p, s->site->out);
    p->k->gemm_nt(p->k, h, p->x, s->w[A], 1, 0);
    p->k->gemm_nt(p->k, p->y, h, s->w[B], s->scale, 1);
    p->k->copy(p->k, sum, p->y);
    p->k->mul_row(p->k, p->y, p->y, s->w[FACTOR]);
}

static void after_back(const struct tb_seat *s, struct tb_pass *p)
{
    struct tb_mat h = tb_pass_keep(p, s->rank), sum = tb_pass_keep(p, s->site->out), dh = tb_pass_temp(p, s->rank);
    p->k->col_dot(p->k, s->g[FACTOR], p->dy, sum);
    p->k->mul_row(p->k, p->dy, p->dy, s->w[FACTOR]);
    p->k->gemm_tn(p->k, s->g[B], p->dy, h, s->scale, 1);
    p->k->gemm_nn(p->k, dh, p->dy, s->w[B], s->scale, 0);
    p->k->gemm_tn(p->k, s->g[A], dh, p->x, 1, 1);
    if (p->dx.p)
        p->k->gemm_nn(p->k, p->dx, dh, s->w[A], 1, 1);
}

static void fold(const struct tb_seat *s, struct tb_mat w)
{
    struct tb_kernels *k = s->adapter->k;
    k->gemm_nn(k, w, s->w[B], s->w[A], s->scale, 1);
    tb_seat_scale_rows(s, w, FACTOR);
}

static void to_peft(const struct tb_adapter *a, struct tb_json *c)
{
    tb_lora_to_peft(a, c);
    tb_json_set(c, "use_dora", tb_json_new_bool(true));
}

static bool from_peft(const struct tb_json *c, struct tb_json *out, struct tb_err *err)
{
    static const char *const refused[] = { "lora_bias", NULL };
    return tb_peft_refuse(c, refused, err) && tb_lora_from_peft(c, out, err);
}

const struct tb_method tb_method_dora = {
    .name = "dora", .paper = "arXiv:2402.09353", .help = "LoRA with a trained magnitude per output row",
    .peft_type = "LORA", .sites = TB_SITE_LINEAR, .keys = keys, .lr = 5e-4, .declare = declare, .init = init,
    .derive = derive, .settle = settle, .after = after, .after_back = after_back, .fold = fold,
    .to_peft = to_peft, .from_peft = from_peft,
};
