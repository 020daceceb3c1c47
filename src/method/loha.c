/* SPDX-License-Identifier: MIT */
/* loha.c - the elementwise product of two low-rank matrices as the update.  FedPara, Hyeon-Woo et al. 2021,
 * arXiv:2108.06098
 *     W' = W + s (w1_a w1_b) * (w2_a w2_b)      s = alpha / r
 * W' cannot be applied in parts, so it is rebuilt in scratch at each use; the dense dW' is summed over the step and
 * carried to the four factors in settle. */
#include "method/peft.h"

enum { A1, B1, A2, B2, DW };

static const struct tb_key keys[] = {
    { .name = "r", .type = TB_KEY_INT, .min = 1, .max = 4096, .def = "8", .help = "rank of each of the two factors" },
    { .name = "alpha", .type = TB_KEY_REAL, .min = 0, .max = 1e6, .follows = "r", .times = 2,
      .help = "scale; the update is multiplied by alpha / r" },
    TB_KEYS_TARGETS("[\"q\", \"v\"]"),
    { .name = "rank_pattern", .type = TB_KEY_MAP, .min = 1, .max = 4096, .def = "{}", .neutral = "{}",
      .help = "rank by module: regular expression for the end of its name = rank" },
    { .name = "alpha_pattern", .type = TB_KEY_MAP, .min = 0, .max = 1e6, .def = "{}", .neutral = "{}",
      .help = "alpha by module" },
    TB_END_KEY
};

static bool factor(struct tb_seat *s, int slot, const char *name, int64_t rows, int64_t cols, struct tb_err *err)
{
    return tb_seat_tensor(s, &(struct tb_want){ .slot = slot, .suffix = name, .rows = rows, .cols = cols,
                                                .init = slot == B2 ? TB_INIT_ZERO : TB_INIT_KAIMING }, err);
}

static bool declare(struct tb_seat *s, struct tb_err *err)
{
    int in = s->site->in, out = s->site->out;
    s->rank = (int)tb_seat_pattern(s, "r", "rank_pattern");
    s->scale = (float)(tb_seat_pattern(s, "alpha", "alpha_pattern") / s->rank);
    return factor(s, A1, "hada_w1_a", out, s->rank, err) && factor(s, B1, "hada_w1_b", s->rank, in, err)
        && factor(s, A2, "hada_w2_a", out, s->rank, err) && factor(s, B2, "hada_w2_b", s->rank, in, err)
        && tb_seat_tensor(s, &(struct tb_want){ .slot = DW, .suffix = "dW", .rows = out, .cols = in,
                                                .kind = TB_SUM }, err);
}

static struct tb_mat dense(const struct tb_seat *s, int i)
{
    return tb_mat_of(s->adapter->dense[i], s->site->out, s->site->in);
}

/* w += s (w1_a w1_b) * (w2_a w2_b), by way of two scratch matrices. */
static void add_delta(const struct tb_seat *s, struct tb_mat w, struct tb_mat p1, struct tb_mat p2)
{
    struct tb_kernels *k = s->adapter->k;
    k->gemm_nn(k, p1, s->w[A1], s->w[B1], 1, 0);
    k->gemm_nn(k, p2, s->w[A2], s->w[B2], 1, 0);
    k->mul_add(k, w, p1, p2, s->scale, 1);
}

static struct tb_mat weight(const struct tb_seat *s)
{
    struct tb_mat w = dense(s, 0);
    s->adapter->k->weight_dense(s->adapter->k, w, s->base);
    add_delta(s, w, dense(s, 1), dense(s, 2));
    return w;
}

static struct tb_mat weight_sum(const struct tb_seat *s)
{
    return s->g[DW];
}

/* Gradient of one product a b whose partner in the elementwise product is c d. */
static void one_side(const struct tb_seat *s, int a, int b, int c, int d)
{
    struct tb_kernels *k = s->adapter->k;
    struct tb_mat t = dense(s, 0);
    k->gemm_nn(k, t, s->w[c], s->w[d], 1, 0);
    k->mul_add(k, t, t, s->g[DW], s->scale, 0);
    k->gemm_nt(k, s->g[a], t, s->w[b], 1, 1);
    k->gemm_tn(k, s->g[b], s->w[a], t, 1, 1);
}

static double settle(struct tb_adapter *a)
{
    for (int i = 0; i < a->n_seats; i++) {
        one_side(&a->seats[i], A1, B1, A2, B2);
        one_side(&a->seats[i], A2, B2, A1, B1);
    }
    return 0;
}

static void fold(const struct tb_seat *s, struct tb_mat w)
{
    add_delta(s, w, dense(s, 1), dense(s, 2));
}

static void to_peft(const struct tb_adapter *a, struct tb_json *c)
{
    static const char *const same[] = { "r", "alpha", "rank_pattern", "alpha_pattern", NULL };
    for (int i = 0; same[i]; i++)
        tb_json_set(c, same[i], tb_json_copy(tb_adapter_json(a, same[i])));
    tb_targets_put_peft(a, c);
}

static bool from_peft(const struct tb_json *c, struct tb_json *out, struct tb_err *err)
{
    static const char *const refused[] = { "modules_to_save", NULL };
    tb_peft_take(c, "r", out, "r", "8");
    tb_peft_take(c, "alpha", out, "alpha", "8");
    tb_peft_take(c, "rank_pattern", out, "rank_pattern", "{}");
    tb_peft_take(c, "alpha_pattern", out, "alpha_pattern", "{}");
    return tb_peft_refuse(c, refused, err) && tb_targets_take_peft(c, out, "[\"q_proj\", \"v_proj\"]", err);
}

const struct tb_method tb_method_loha = {
    .name = "loha", .paper = "arXiv:2108.06098", .help = "elementwise product of two low-rank matrices",
    .peft_type = "LOHA", .sites = TB_SITE_LINEAR, .keys = keys, .lr = 5e-4, .n_dense = 3, .declare = declare,
    .settle = settle, .weight = weight, .weight_sum = weight_sum, .fold = fold, .to_peft = to_peft,
    .from_peft = from_peft,
};
