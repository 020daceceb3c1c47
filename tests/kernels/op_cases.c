/* SPDX-License-Identifier: MIT */
/* op_cases.c - how each operation of ops.def is called, and at which sizes: odd ones, none at all, and both sides of
 * every border of the CPU back ends (vectors 8 and 16, tiles 6 x 16 and 14 x 32, blocks of K 768, rows 1050, and so
 * on). */
#include "tests/kernels/shot.h"

#define CALL(name) static void name(struct tb_kernels *k, const struct tb_mat *m, const struct given *g)
#define DIMS(list) .dims = list, .n_dims = sizeof list / sizeof *list

static const int32_t *ints(struct tb_mat m)
{
    return (const int32_t *)(const void *)m.p;
}

#define TNK(rows, columns, inner) { .t = rows, .n = columns, .k = inner }
#define TN(rows, columns) { .t = rows, .n = columns }

/* ---- products */
static const struct dims products[] = {
    TNK(0, 5, 7), TNK(1, 1, 1), TNK(1, 96, 40), TNK(2, 15, 8), TNK(3, 8, 17), TNK(5, 16, 33), TNK(6, 17, 16),
    TNK(7, 31, 64), TNK(12, 32, 5), TNK(13, 33, 9), TNK(14, 64, 40), TNK(15, 65, 7), TNK(28, 95, 12), TNK(29, 97, 31),
    TNK(25, 3, 770), TNK(73, 8, 576), TNK(47, 32, 64), TNK(48, 33, 63), TNK(10, 20, 767), TNK(11, 40, 768),
    TNK(30, 50, 769), TNK(4, 7, 1537), TNK(40, 400, 70), TNK(90, 193, 80), TNK(65, 70, 0), TNK(1050, 34, 6),
    TNK(1051, 9, 30), TNK(9, 1, 300), TNK(100, 577, 4), TNK(60, 576, 8),
};
/* t is the inner size here, k the rows of c */
static const struct dims turned[] = {
    TNK(0, 5, 7), TNK(1, 1, 1), TNK(17, 40, 6), TNK(33, 33, 13), TNK(767, 8, 30), TNK(768, 30, 8), TNK(769, 17, 4),
    TNK(1600, 12, 13), TNK(100, 13, 12), TNK(70, 8, 577), TNK(64, 577, 8), TNK(50, 64, 100), TNK(40, 97, 95),
    TNK(20, 7, 1051), TNK(30, 28, 29), TNK(31, 29, 28),
};
static const struct dims weights[] = {
    TNK(0, 32, 32), TNK(1, 64, 40), TNK(13, 33, 70), TNK(3, 96, 100), TNK(5, 100, 31), TNK(29, 130, 64),
    TNK(6, 40, 800), TNK(2, 800, 36), TNK(31, 17, 5), TNK(40, 200, 96), TNK(1051, 7, 20),
};
static const struct dims tables[] = {
    { .t = 0, .n = 32, .p = 8 }, { .t = 5, .n = 3, .p = 8 }, { .t = 40, .n = 300, .p = 12 },
    { .t = 90, .n = 700, .p = 24 },
};

static float alpha_of(const struct given *g)
{
    return g->variant & 1 ? 0.37f : 1;
}

static float beta_of(const struct given *g)
{
    return g->variant & 2 ? 1 : 0;
}

CALL(gemm_nt)
{
    k->gemm_nt(k, m[0], m[1], m[2], alpha_of(g), beta_of(g));
}

CALL(gemm_nn)
{
    k->gemm_nn(k, m[0], m[1], m[2], alpha_of(g), beta_of(g));
}

CALL(gemm_tn)
{
    k->gemm_tn(k, m[0], m[1], m[2], alpha_of(g), beta_of(g));
}

CALL(gemm_w)
{
    k->gemm_w(k, m[0], m[1], &g->w, false, (float)g->variant);
}

CALL(gemm_w_back)
{
    k->gemm_w(k, m[0], m[1], &g->w, true, (float)g->variant);
}

CALL(gemv_w)
{
    k->gemv_w(k, m[0], m[1], &g->w);
}

CALL(weight_rows)
{
    k->weight_rows(k, m[0], &g->w, ints(m[1]), g->variant ? 1.7f : 1);
}

CALL(weight_dense)
{
    k->weight_dense(k, m[0], &g->w);
}

CALL(weight_sumsq)
{
    k->weight_sumsq(k, m[0], &g->w);
}

/* ---- rows and elements */
static const struct dims cells[] = {
    TN(0, 5), TN(3, 0), TN(1, 1), TN(3, 7), TN(5, 8), TN(2, 17), TN(4, 31), TN(1, 20011), TN(67, 300),
    TN(130, 129), TN(9, 4097), TN(3, 6007),
};
static const struct dims rows[] = {
    { .t = 0, .n = 5, .p = 4 }, { .t = 1, .n = 1, .p = 1 }, { .t = 5, .n = 7, .p = 9 },
    { .t = 2, .n = 17, .p = 3 }, { .t = 90, .n = 300, .p = 100 }, { .t = 1, .n = 20011, .p = 2 },
    { .t = 64, .n = 576, .p = 65 },
};
static const struct dims vocabularies[] = {
    TN(0, 5), TN(1, 1), TN(4, 9), TN(3, 16), TN(5, 2047), TN(4, 2048), TN(3, 2049), TN(9, 4101), TN(33, 300),
};
static const struct dims heads[] = {
    { .t = 0, .n = 16, .k = 4, .p = 3 }, { .t = 1, .n = 2, .k = 1, .p = 1 },
    { .t = 7, .n = 24, .k = 4, .p = 9 }, { .t = 5, .n = 20, .k = 5, .p = 40 },
    { .t = 90, .n = 192, .k = 32, .p = 100 }, { .t = 33, .n = 36, .k = 9, .p = 64 },
    { .t = 50, .n = 384, .k = 64, .p = 7 },
};
static const struct dims ranks[] = {
    { .n = 0, .k = 3 }, { .n = 1, .k = 1 }, { .n = 17, .k = 4 }, { .n = 100, .k = 8 }, { .n = 577, .k = 33 },
    { .n = 64, .k = 16 },
};

CALL(rmsnorm)
{
    k->rmsnorm(k, m[0], m[1], m[2], 1e-5f, m[3]);
}

CALL(rmsnorm_back)
{
    k->rmsnorm_back(k, m[0], m[1], m[2], m[3], m[4]);
}

CALL(rmsnorm_gain)
{
    k->rmsnorm_gain(k, m[0], m[1], m[2], m[3]);
}

CALL(rope)
{
    k->rope(k, m[0], ints(m[1]), m[2], m[3], g->variant);
}

CALL(silu_mul)
{
    k->silu_mul(k, m[0], m[1], m[2]);
}

CALL(silu_mul_back)
{
    k->silu_mul_back(k, m[0], m[1], m[2], m[3], m[4]);
}

CALL(tanh_fwd)
{
    k->tanh_fwd(k, m[0], m[1]);
}

CALL(tanh_back)
{
    k->tanh_back(k, m[0], m[1], m[2]);
}

CALL(xent)
{
    k->xent(k, m[0], ints(m[1]), m[2], g->variant ? 0.25f : 0);
}

CALL(gather)
{
    k->gather(k, m[0], m[1], ints(m[2]));
}

CALL(scatter)
{
    k->scatter(k, m[0], m[1], ints(m[2]));
}

CALL(scatter_add)
{
    k->scatter_add(k, m[0], m[1], ints(m[2]));
}

CALL(fill)
{
    k->fill(k, m[0], 0.3f);
}

CALL(copy)
{
    k->copy(k, m[0], m[1]);
}

CALL(axpy)
{
    k->axpy(k, m[0], m[1], -0.7f);
}

CALL(scale)
{
    k->scale(k, m[0], 1.3f);
}

CALL(mul_add)
{
    k->mul_add(k, m[0], m[1], m[2], 0.6f, g->variant == 2 ? -0.4f : (float)g->variant);
}

CALL(div_)
{
    k->div(k, m[0], m[1], m[2]);
}

CALL(add_row)
{
    k->add_row(k, m[0], m[1], 0.9f);
}

CALL(mul_row)
{
    k->mul_row(k, m[0], m[1], m[2]);
}

CALL(col_sum)
{
    k->col_sum(k, m[0], m[1], -1.1f);
}

CALL(col_dot)
{
    k->col_dot(k, m[0], m[1], m[2]);
}

CALL(dropout)
{
    struct tb_drop d = { .p = 0.3f, .seed = 0x123456789abcdef0u, .hash = 77, .step = 5 };
    d.row = (const uint32_t *)(const void *)m[2].p;
    k->dropout(k, m[0], m[1], &d);
}

CALL(dora_norm)
{
    k->dora_norm(k, m[0], m[1], m[2], m[3], m[4], 0.5f);
}

CALL(adamw)
{
    struct tb_adamw a = { .lr = 1e-2f, .beta1 = 0.9f, .beta2 = 0.999f, .eps = 1e-8f, .decay = 0.01f };
    a.step = g->variant ? 1000 : 1;
    a.grad_scale = g->variant ? 0.3f : 1;
    k->adamw(k, m[0], m[1], m[2], m[3], &a);
}

/* The double as two floats, so that all of its bits are compared. */
CALL(sumsq)
{
    double sum = 3;
    k->sumsq(k, m[1], &sum);
    float two[2] = { (float)sum };
    two[1] = (float)(sum - (double)two[0]);
    k->put(k, m[0].p, two, sizeof *two);
    k->put(k, m[0].p + m[0].ld, two + 1, sizeof *two);
}

/* ---- rotations */
static const struct dims rotations[] = {
    { .t = 0, .b = 4 }, { .t = 1, .b = 1 }, { .t = 9, .b = 2 }, { .t = 5, .b = 7 }, { .t = 3, .b = 32 },
    { .t = 4, .b = 33 }, { .t = 1, .b = 64 },
};
static const struct dims blocks[] = {
    { .t = 0, .n = 8, .b = 4 }, { .t = 1, .n = 3, .b = 1 }, { .t = 13, .n = 20, .b = 4 },
    { .t = 7, .n = 96, .b = 32 }, { .t = 29, .n = 99, .b = 33 }, { .t = 800, .n = 64, .b = 8 },
    { .t = 50, .n = 96, .b = 48 }, { .t = 15, .n = 256, .b = 256 }, { .t = 770, .n = 34, .b = 17 },
    { .t = 100, .n = 128, .b = 32 },
};
static const struct dims shared_blocks[] = {
    { .t = 0, .n = 8, .b = 4, .is_shared = true }, { .t = 30, .n = 40, .b = 5, .is_shared = true },
    { .t = 70, .n = 96, .b = 32, .is_shared = true }, { .t = 800, .n = 32, .b = 16, .is_shared = true },
    { .t = 9, .n = 64, .b = 64, .is_shared = true },
};

static int terms_of(const struct given *g)
{
    static const int terms[] = { 0, 5, 2, 6 };
    return terms[g->variant];
}

CALL(oft_build)
{
    k->oft_build(k, m[0], m[1], g->d.b, terms_of(g));
}

CALL(oft_build_back)
{
    k->oft_build_back(k, m[0], m[1], m[2], g->d.b, terms_of(g));
}

CALL(block_mul)
{
    k->block_mul(k, m[0], m[1], m[2], g->d.b, g->variant);
}

CALL(block_grad)
{
    k->block_grad(k, m[0], m[1], m[2], g->d.b);
}

const struct op_case op_cases[] = {
    { .op = "gemm_w", .note = " forward", .m = "utn rtk", .call = gemm_w, .cut = 't', .n_variants = 2,
      .tolerance = 3e-6,
      .weight = "nk", DIMS(weights) },
    { .op = "gemm_w", .note = " back", .m = "utn rtk", .call = gemm_w_back, .cut = 't', .n_variants = 2,
      .tolerance = 3e-6,
      .weight = "kn", DIMS(weights) },
    { .op = "gemv_w", .m = "wtn rtk", .call = gemv_w, .cut = 't', .tolerance = 3e-6, .coarse = 2e-4, .weight = "nk",
      DIMS(weights) },
    { .op = "weight_rows", .m = "wtn rt1i", .call = weight_rows, .cut = 't', .n_variants = 2, .weight = "pn",
      DIMS(tables) },
    { .op = "weight_dense", .m = "wpn", .call = weight_dense, .weight = "pn", DIMS(tables) },
    { .op = "weight_sumsq", .m = "w1p", .call = weight_sumsq, .tolerance = 1e-6, .weight = "pn", DIMS(tables) },
    { .op = "gemm_nt", .m = "utn rtk rnk", .call = gemm_nt, .cut = 't', .n_variants = 4, .tolerance = 3e-6,
      DIMS(products) },
    { .op = "gemm_nn", .m = "utn rtk rkn", .call = gemm_nn, .cut = 't', .n_variants = 4, .tolerance = 3e-6,
      DIMS(products) },
    { .op = "gemm_tn", .m = "ukn rtk rtn", .call = gemm_tn, .cut = 'k', .n_variants = 4, .tolerance = 3e-6,
      DIMS(turned) },

    { .op = "rmsnorm", .m = "wtn rtn r1n wt1", .call = rmsnorm, .cut = 't', .tolerance = 1e-6, DIMS(rows) },
    { .op = "rmsnorm_back", .m = "utn rtn rtn r1n rt1+", .call = rmsnorm_back, .cut = 't', .tolerance = 2e-6,
      DIMS(cells) },
    { .op = "rmsnorm_gain", .m = "u1n rtn rtn rt1+", .call = rmsnorm_gain, .tolerance = 2e-6, DIMS(cells) },
    { .op = "rope", .m = "utn rt1i rpk rpk", .call = rope, .cut = 't', .n_variants = 2, .tolerance = 1e-6,
      DIMS(heads) },
    { .op = "silu_mul", .m = "wtn rtnw rtn", .call = silu_mul, .cut = 't', .shared = "01 02", .tolerance = 2e-6,
      DIMS(cells) },
    { .op = "silu_mul_back", .m = "wtn wtn rtn rtnw rtn", .call = silu_mul_back, .cut = 't', .shared = "03 14 0314",
      .tolerance = 2e-6, DIMS(cells) },
    { .op = "tanh_fwd", .m = "wtn rtnw", .call = tanh_fwd, .cut = 't', .shared = "01", .tolerance = 1e-6,
      DIMS(cells) },
    { .op = "tanh_fwd", .note = " of small", .m = "wtn rtns", .call = tanh_fwd, .tolerance = 1e-6, DIMS(cells) },
    { .op = "tanh_back", .m = "wtn rtn rtn", .call = tanh_back, .cut = 't', .shared = "01", .tolerance = 1e-6,
      DIMS(cells) },
    { .op = "xent", .m = "utnw rt1l wt1", .call = xent, .cut = 't', .n_variants = 2, .tolerance = 2e-6,
      DIMS(vocabularies) },

    { .op = "gather", .m = "wtn rpn rt1i", .call = gather, .cut = 't', DIMS(rows) },
    { .op = "scatter", .m = "upn rtn rt1d", .call = scatter, .cut = 't', DIMS(rows) },
    { .op = "scatter_add", .m = "upn rtn rt1-", .call = scatter_add, .cut = 't', .tolerance = 1e-6, DIMS(rows) },

    { .op = "fill", .m = "wtn", .call = fill, .cut = 't', DIMS(cells) },
    { .op = "copy", .m = "wtn rtn", .call = copy, .cut = 't', DIMS(cells) },
    { .op = "axpy", .m = "utn rtn", .call = axpy, .cut = 't', .tolerance = 5e-7, DIMS(cells) },
    { .op = "scale", .m = "utn", .call = scale, .cut = 't', DIMS(cells) },
    { .op = "mul_add", .m = "utn rtn rtn", .call = mul_add, .cut = 't', .shared = "01 02", .n_variants = 3,
      .tolerance = 5e-7, DIMS(cells) },
    { .op = "div", .m = "wtn rtn rtn+", .call = div_, .cut = 't', .shared = "01 02", DIMS(cells) },
    { .op = "add_row", .m = "utn r1n", .call = add_row, .cut = 't', .tolerance = 5e-7, DIMS(cells) },
    { .op = "mul_row", .m = "wtn rtn r1n", .call = mul_row, .cut = 't', .shared = "01", DIMS(cells) },
    { .op = "col_sum", .m = "u1n rtn", .call = col_sum, .tolerance = 2e-6, DIMS(cells) },
    { .op = "col_dot", .m = "u1n rtn rtn", .call = col_dot, .tolerance = 2e-6, DIMS(cells) },
    { .op = "dropout", .m = "wtn rtn rt1p", .call = dropout, .cut = 't', .shared = "01", DIMS(cells) },

    { .op = "dora_norm", .m = "w1n r1n+ rnks rkns rkk", .call = dora_norm, .cut = 'n', .tolerance = 1e-6,
      DIMS(ranks) },
    { .op = "oft_build", .m = "wTb rtqs", .call = oft_build, .n_variants = 4, .tolerance = 2e-6, DIMS(rotations) },
    { .op = "oft_build_back", .m = "utq rTb rtqs", .call = oft_build_back, .n_variants = 4, .tolerance = 3e-6,
      DIMS(rotations) },
    { .op = "block_mul", .m = "wtn rtn rRb", .call = block_mul, .cut = 't', .shared = "01", .n_variants = 2,
      .tolerance = 3e-6, DIMS(blocks) },
    { .op = "block_mul", .note = " shared", .m = "wtn rtn rRb", .call = block_mul, .cut = 't', .shared = "01",
      .n_variants = 2, .tolerance = 3e-6, DIMS(shared_blocks) },
    { .op = "block_grad", .m = "uRb rtn rtn", .call = block_grad, .tolerance = 3e-6, DIMS(blocks) },
    { .op = "block_grad", .note = " shared", .m = "uRb rtn rtn", .call = block_grad, .tolerance = 3e-6,
      DIMS(shared_blocks) },

    { .op = "adamw", .m = "utn rtn utn utn+", .call = adamw, .cut = 't', .n_variants = 2, .tolerance = 1e-6,
      DIMS(cells) },
    { .op = "sumsq", .m = "w21 rtn", .call = sumsq, .tolerance = 1e-7, DIMS(cells) },
};
const int n_op_cases = sizeof op_cases / sizeof *op_cases;
