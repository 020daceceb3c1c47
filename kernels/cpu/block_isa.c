/* SPDX-License-Identifier: MIT */
/* block_isa.c - products with blocks on the diagonal, from the tiles of the GEMM's micro-kernels (gemm_priv.h).
 * block_mul: threads take rows; a tile of x is packed before y is written, so y may be x. As many small blocks as
 * fill a tile are one block with zeros beside its diagonal. block_grad: threads take tiles of rows of dr and run over
 * all of t, in blocks of TB_KC, and over the blocks that share dr, each in order; dy is read where it lies, in a
 * window as wide as a tile. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/fills.h"
#include "kernels/cpu/gemm_priv.h"
#include "kernels/cpu/pack.h"
#include "kernels/cpu/vec_isa.h"

#include <string.h>

#ifdef __AVX512F__
#define ISA tb_gemm_avx512
enum { NR = 32, MR = 14 };
#else
#define ISA tb_gemm_avx2
enum { NR = 16, MR = 6 };
#endif

enum { MAX_B = 256 };

struct job {
    struct tb_kernels *k;
    struct tb_mat x, y, r; /* block_grad: y is dy, r is dr */
    int b;
    bool trans;
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* One tile, of which columns skip .. skip + cols - 1 are c; if that is not all of it, through one in memory. */
static void run_tile(struct tb_tile *t, int rows, int64_t skip, int64_t cols)
{
    float full[MR * NR] = { 0 }, *c = t->c;
    const int64_t ldc = t->ldc;
    if (cols >= NR) {
        ISA.tile[rows](t);
        return;
    }
    for (int i = 0; t->add && i < rows; i++)
        memcpy(full + i * NR + skip, c + i * ldc, (size_t)cols * sizeof *c);
    t->c = full;
    t->ldc = NR;
    ISA.tile[rows](t);
    for (int i = 0; i < rows; i++)
        memcpy(c + i * ldc, full + i * NR + skip, (size_t)cols * sizeof *c);
}

/* The block of r that serves columns j b .. of x. */
static float *block_of(const struct job *j, int64_t block)
{
    return row_of(j->r, j->r.rows == j->b ? 0 : block * j->b);
}

/* Columns that go through the tiles together: one block, or several that fill one panel. */
static int64_t group_of(const struct job *j)
{
    return j->b < NR ? NR / j->b * j->b : j->b;
}

/* [panel][b][NR] of R or R' */
static void pack_large(const struct job *j, float *dst, const float *r)
{
    if (!j->trans) {
        tb_pack_rows(dst, NR, r, j->r.ld, j->b, j->b);
        return;
    }
    for (int64_t s = 0; s < j->b; s += NR, dst += NR * j->b) {
        const float *row[NR];
        int n = (int)least(NR, j->b - s);
        for (int i = 0; i < n; i++)
            row[i] = r + (s + i) * j->r.ld;
        tb_pack_columns(dst, NR, row, n, j->b);
    }
}

/* One panel [cols][NR] with the blocks of columns col .. on its diagonal. */
static void pack_small(const struct job *j, float *dst, int64_t col, int64_t cols)
{
    memset(dst, 0, (size_t)(cols * NR) * sizeof *dst);
    for (int64_t at = 0; at < cols; at += j->b) {
        const float *r = block_of(j, (col + at) / j->b);
        for (int64_t l = 0; l < j->b; l++)
            for (int64_t c = 0; c < j->b; c++)
                dst[(at + l) * NR + at + c] = j->trans ? r[c * j->r.ld + l] : r[l * j->r.ld + c];
    }
}

static void mul_tile(const struct job *j, const float *panel, int64_t r, int rows, int64_t col, int64_t cols)
{
    float a[MR * MAX_B];
    const float *row[MR];
    for (int i = 0; i < rows; i++)
        row[i] = row_of(j->x, r + i) + col;
    tb_pack_columns(a, MR, row, rows, cols);
    for (int64_t s = 0; s < cols; s += NR, panel += NR * cols) {
        struct tb_tile t = { .a = a, .b = panel, .c = row_of(j->y, r) + col + s, .lda = MR, .ldb = NR };
        t.ldc = j->y.ld;
        t.kc = cols;
        t.alpha = 1;
        run_tile(&t, rows, 0, cols - s);
    }
}

static void mul_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    const int64_t group = group_of(j), end = j->x.cols / j->b * j->b;
    float *panel = tb_cpu_scratch(j->k, p->thread, (size_t)((group + NR) * group));
    for (int64_t col = 0, cols; (cols = least(group, end - col)) > 0; col += group) {
        if (j->b < NR)
            pack_small(j, panel, col, cols);
        else if (col == 0 || j->r.rows != j->b)
            pack_large(j, panel, block_of(j, col / j->b));
        for (int64_t r = p->r0; r < p->r1; r += MR)
            mul_tile(j, panel, r, (int)least(MR, p->r1 - r), col, cols);
    }
}

static void block_mul(struct tb_kernels *k, struct tb_mat y, struct tb_mat x, struct tb_mat r, int b, bool trans)
{
    struct job j = { .k = k, .x = x, .y = y, .r = r, .b = b, .trans = trans };
    tb_cpu_split(k, TB_CUT_ROWS, tb_part_of(x), b / W + 1, mul_part, &j);
}

/* Rows i .. of dr += those of x' dy, columns of one block of x and dy, rows k0 .. of both. temp: a window of dy where
 * dy is narrower than that. */
static void grad_tile(const struct job *j, float *temp, int64_t block, int64_t i, int64_t k0)
{
    const int64_t col = block * j->b, kc = least(TB_KC, j->x.rows - k0), width = j->y.cols;
    for (int64_t s = 0; s < j->b; s += NR) {
        const int64_t window = width < NR ? 0 : least(col + s, width - NR);
        struct tb_tile t = { .a = row_of(j->x, k0) + col + i, .b = row_of(j->y, k0) + window, .lda = j->x.ld };
        t.c = block_of(j, block) + i * j->r.ld + s;
        t.ldb = j->y.ld;
        t.ldc = j->r.ld;
        t.kc = kc;
        t.alpha = 1;
        t.add = true;
        if (width < NR) {
            tb_pack_rows(temp, NR, t.b, t.ldb, kc, width);
            t.b = temp;
            t.ldb = NR;
        }
        run_tile(&t, (int)least(MR, j->b - i), col + s - window, least(NR, j->b - s));
    }
}

/* Rows of the part are tiles of dr. */
static void grad_part(const void *job, const struct tb_part *p)
{
    const struct job *j = job;
    const int64_t tiles = (j->b + MR - 1) / MR, n_blocks = j->x.cols / j->b;
    const bool is_shared = j->r.rows == j->b;
    float *temp = tb_cpu_scratch(j->k, p->thread, (size_t)(NR * TB_KC));
    for (int64_t tile = p->r0; tile < p->r1; tile++) {
        const int64_t first = is_shared ? 0 : tile / tiles, end = is_shared ? n_blocks : first + 1;
        for (int64_t block = first; block < end; block++)
            for (int64_t k0 = 0; k0 < j->x.rows; k0 += TB_KC)
                grad_tile(j, temp, block, tile % tiles * MR, k0);
    }
}

static void block_grad(struct tb_kernels *k, struct tb_mat dr, struct tb_mat x, struct tb_mat dy, int b)
{
    struct job j = { .k = k, .x = x, .y = dy, .r = dr, .b = b };
    const int64_t n_blocks = x.cols / b;
    struct tb_part whole = { .r1 = (b + MR - 1) / MR * (dr.rows == b ? 1 : n_blocks), .c1 = x.rows };
    tb_cpu_split(k, TB_CUT_ROWS, whole, b, grad_part, &j);
}

void TB_ISA_NAME(tb_cpu_block_fill)(struct tb_kernels *k)
{
    k->block_mul = block_mul;
    k->block_grad = block_grad;
}
