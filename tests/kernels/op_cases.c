/* SPDX-License-Identifier: MIT */
/* op_cases.c - how each operation of ops.def is called, and at which sizes: odd ones, none at all, and both sides of every
 * border of the CPU back ends (vectors 8 and 16, tiles 6 x 16 and 14 x 32, blocks of K 768, rows 1050, and so on). */
#include "tests/kernels/shot.h"

#define CALL(name) static void name(struct tb_kernels *k, const struct tb_mat *m, const struct given *g)
#define DIMS(list) .dims = list, .n_dims = sizeof list / sizeof *list

static const int32_t *ints(struct tb_mat m)
{
    return (const int32_t *)(const void *)m.p;
}

/* ---- products */
static const struct dims products[] = {
    { .t = 0, .n = 5, .k = 7 },     { .t = 1, .n = 1, .k = 1 },     { .t = 1, .n = 96, .k = 40 },   { .t = 2, .n = 15, .k = 8 },
    { .t = 3, .n = 8, .k = 17 },    { .t = 5, .n = 16, .k = 33 },   { .t = 6, .n = 17, .k = 16 },   { .t = 7, .n = 31, .k = 64 },
    { .t = 12, .n = 32, .k = 5 },   { .t = 13, .n = 33, .k = 9 },   { .t = 14, .n = 64, .k = 40 },  { .t = 15, .n = 65, .k = 7 },
    { .t = 28, .n = 95, .k = 12 },  { .t = 29, .n = 97, .k = 31 },  { .t = 25, .n = 3, .k = 770 },  { .t = 73, .n = 8, .k = 576 },
    { .t = 47, .n = 32, .k = 64 },  { .t = 48, .n = 33, .k = 63 },  { .t = 10, .n = 20, .k = 767 }, { .t = 11, .n = 40, .k = 768 },
    { .t = 30, .n = 50, .k = 769 }, { .t = 4, .n = 7, .k = 1537 },  { .t = 40, .n = 400, .k = 70 }, { .t = 90, .n = 193, .k = 80 },
    { .t = 65, .n = 70, .k = 0 },   { .t = 1050, .n = 34, .k = 6 }, { .t = 1051, .n = 9, .k = 30 }, { .t = 9, .n = 1, .k = 300 },
    { .t = 100, .n = 577, .k = 4 }, { .t = 60, .n = 576, .k = 8 },
};
/* t is the inner size here, k the rows of c */
static const struct dims turned[] = {
    { .t = 0, .n = 5, .k = 7 },     { .t = 1, .n = 1, .k = 1 },    { .t = 17, .n = 40, .k = 6 },  { .t = 33, .n = 33, .k = 13 },
    { .t = 767, .n = 8, .k = 30 },  { .t = 768, .n = 30, .k = 8 }, { .t = 769, .n = 17, .k = 4 }, { .t = 1600, .n = 12, .k = 13 },
    { .t = 100, .n = 13, .k = 12 }, { .t = 70, .n = 8, .k = 577 }, { .t = 64, .n = 577, .k = 8 }, { .t = 50, .n = 64, .k = 100 },
    { .t = 40, .n = 97, .k = 95 },  { .t = 20, .n = 7, .k = 1051 }, { .t = 30, .n = 28, .k = 29 }, { .t = 31, .n = 29, .k = 28 },
};
static const struct dims weights[] = {
    { .t = 0, .n = 32, .k = 32 },  { .t = 1, .n = 64, .k = 40 },   { .t = 13, .n = 33, .k = 70 },  { .t = 3, .n = 96, .k = 100 },
    { .t = 5, .n = 100, .k = 31 }, { .t = 29, .n = 130, .k = 64 }, { .t = 6, .n = 40, .k = 800 },  { .t = 2, .n = 800, .k = 36 },
    { .t = 31, .n = 17, .k = 5 },  { .t = 40, .n = 200, .k = 96 }, { .t = 1051, .n = 7, .k = 20 },
};
static const struct dims tables[] = {
    { .t = 0, .n = 32, .p = 8 }, { .t = 5, .n = 3, .p = 8 }, { .t = 40, .n = 300, .p = 12 }, { .t = 90, .n = 700, .p = 24 },
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
    { .t = 0, .n = 5 },   { .t = 3, .n = 0 },    { .t = 1, .n = 1 },     { .t = 3, .n = 7 },    { .t = 5, .n = 8 },
    { .t = 2, .n = 17 },  { .t = 4, .n = 31 },   { .t = 1, .n = 20011 }, { .t = 67, .n = 300 }, { .t = 130, .n = 129 },
    { .t = 9, .n = 4097 }, { .t = 3, .n = 6007 },
};
static const struct dims rows[] = {
    { .t = 0, .n = 5, .p = 4 },    { .t = 1, .n = 1, .p = 1 },     { .t = 5, .n = 7, .p = 9 },  { .t = 2, .n = 17, .p = 3 },
    { .t = 90, .n = 300, .p = 100 }, { .t = 1, .n = 20011, .p = 2 }, { .t = 64, .n = 576, .p = 65 },
};
static const struct dims vocabularies[] = {
    { .t = 0, .n = 5 },    { .t = 1, .n = 1 },    { .t = 4, .n = 9 },    { .t = 3, .n = 16 },   { .t = 5, .n = 2047 },
    { .t = 4, .n = 2048 }, { .t = 3, .n = 2049 }, { .t = 9, .n = 4101 }, { .t = 33, .n = 300 },
};
static const struct dims heads[] = {
    { .t = 0, .n = 16, .k = 4, .p = 3 },   { .t = 1, .n = 2, .k = 1, .p = 1 },      { .t = 7, .n = 24, .k = 4, .p = 9 },
    { .t = 5, .n = 20, .k = 5, .p = 40 },  { .t = 90, .n = 192, .k = 32, .p = 100 }, { .t = 33, .n = 36, .k = 9, .p = 64 },
    { .t = 50, .n = 384, .k = 64, .p = 7 },
};
static const struct dims ranks[] = {
    { .n = 0, .k = 3 }, { .n = 1, .k = 1 }, { .n = 17, .k = 4 }, { .n = 100, .k = 8 }, { .n = 577, .k = 33 }, { .n = 64, .k = 16 },
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
    { .t = 0, .n = 8, .b = 4 },    { .t = 1, .n = 3, .b = 1 },     { .t = 13, .n = 20, .b = 4 },  { .t = 7, .n = 96, .b = 32 },
    { .t = 29, .n = 99, .b = 33 }, { .t = 800, .n = 64, .b = 8 },  { .t = 50, .n = 96, .b = 48 }, { .t = 15, .n = 256, .b = 256 },
    { .t = 770, .n = 34, .b = 17 }, { .t = 100, .n = 128, .b = 32 },
};
static const struct dims shared_blocks[] = {
    { .t = 0, .n = 8, .b = 4, .is_shared = true },    { .t = 30, .n = 40, .b = 5, .is_shared = true },
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
    { .op = "gemm_w", .note = " forward", .m = "utn rtk", .call = gemm_w, .cut = 't', .n_variants = 2, .tolerance = 3e-6,
      .weight = "nk", DIMS(weights) },
    { .op = "gemm_w", .note = " back", .m = "utn rtk", .call = gemm_w_back, .cut = 't', .n_variants = 2, .tolerance = 3e-6,
      .weight = "kn", DIMS(weights) },
    { .op = "weight_rows", .m = "wtn rt1i", .call = weight_rows, .cut = 't', .n_variants = 2, .weight = "pn", DIMS(tables) },
    { .op = "weight_dense", .m = "wpn", .call = weight_dense, .weight = "pn", DIMS(tables) },
    { .op = "weight_sumsq", .m = "w1p", .call = weight_sumsq, .tolerance = 1e-6, .weight = "pn", DIMS(tables) },
    { .op = "gemm_nt", .m = "utn rtk rnk", .call = gemm_nt, .cut = 't', .n_variants = 4, .tolerance = 3e-6, DIMS(products) },
    { .op = "gemm_nn", .m = "utn rtk rkn", .call = gemm_nn, .cut = 't', .n_variants = 4, .tolerance = 3e-6, DIMS(products) },
    { .op = "gemm_tn", .m = "ukn rtk rtn", .call = gemm_tn, .cut = 'k', .n_variants = 4, .tolerance = 3e-6, DIMS(turned) },

    { .op = "rmsnorm", .m = "wtn rtn r1n wt1", .call = rmsnorm, .cut = 't', .tolerance = 1e-6, DIMS(rows) },
    { .op = "rmsnorm_back", .m = "utn rtn rtn r1n rt1+", .call = rmsnorm_back, .cut = 't', .tolerance = 2e-6, DIMS(cells) },
    { .op = "rmsnorm_gain", .m = "u1n rtn rtn rt1+", .call = rmsnorm_gain, .tolerance = 2e-6, DIMS(cells) },
    { .op = "rope", .m = "utn rt1i rpk rpk", .call = rope, .cut = 't', .n_variants = 2, .tolerance = 1e-6, DIMS(heads) },
    { .op = "silu_mul", .m = "wtn rtnw rtn", .call = silu_mul, .cut = 't', .shared = "01 02", .tolerance = 2e-6, DIMS(cells) },
    { .op = "silu_mul_back", .m = "wtn wtn rtn rtnw rtn", .call = silu_mul_back, .cut = 't', .shared = "03 14 0314",
      .tolerance = 2e-6, DIMS(cells) },
    { .op = "tanh_fwd", .m = "wtn rtnw", .call = tanh_fwd, .cut = 't', .shared = "01", .tolerance = 1e-6, DIMS(cells) },
    { .op = "tanh_fwd", .note = " of small", .m = "wtn rtns", .call = tanh_fwd, .tolerance = 1e-6, DIMS(cells) },
    { .op = "tanh_back", .m = "wtn rtn rtn", .call = tanh_back, .cut = 't', .shared = "01", .tolerance = 1e-6, DIMS(cells) },
    { .op = "xent", .m = "utnw rt1l wt1", .call = xent, .cut = 't', .n_variants = 2, .tolerance = 2e-6, DIMS(vocabularies) },

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

    { .op = "dora_norm", .m = "w1n r1n+ rnks rkns rkk", .call = dora_norm, .cut = 'n', .tolerance = 1e-6, DIMS(ranks) },
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

    { .op = "adamw", .m = "utn rtn utn utn+", .call = adamw, .cut = 't', .n_variants = 2, .tolerance = 1e-6, DIMS(cells) },
    { .op = "sumsq", .m = "w21 rtn", .call = sumsq, .tolerance = 1e-7, DIMS(cells) },
};
const int n_op_cases = sizeof op_cases / sizeof *op_cases;
