/* SPDX-License-Identifier: MIT */
/* gemm.c - the drivers of all matrix products: who packs what, which thread takes which part of c.
 *
 *     for each chunk of rows of c, for each block of K:
 *         all threads pack a into panels of mr rows, shared by all
 *         each thread takes units = some columns of c (times some rows if columns are few), packs
 *         b for them into its own scratch, dequantising weights, and runs the micro-kernel over
 *         all panels of a
 *
 * Threads never split K. Every element of c is the same chain of operations whatever the number of
 * rows, the unit, the thread or the layout (gemm_priv.h): short operands that lie right in memory
 * are read without packing, and a product with few columns and long K (x A' of a low-rank adapter)
 * goes by dot products, which depends on N and K alone. */
#include "kernels/cpu/gemm.h"

#include <stdatomic.h>
#include <string.h>

#include "kernels/cpu/cpu.h"
#include "kernels/cpu/gemm_priv.h"
#include "kernels/cpu/pack.h"
#include "kernels/cpu/pool.h"

enum {
    GROUP = 32, /* columns of c are dealt in groups: one or two panels, a whole block of every small
                   quantisation */
    UNIT_GROUPS = 3,   /* so that the packed b of a unit stays in the second-level cache */
    CHUNK_ROWS = 1050, /* a multiple of 6 and 14 */
    DOT_MAX_N = 32,
    DOT_ROWS = 24,         /* rows of a task of the dot kernel */
    SMALL_FLOPS = 1 << 18, /* not worth waking anybody */
};

struct job {
    struct tb_kernels *k;
    const struct tb_gemm_isa *isa;
    struct tb_mat c, a, b;
    const struct tb_weight *w; /* instead of b */
    bool a_by_k, b_by_k;       /* a is [kk, m], b is [kk, n] */
    bool c_turned;             /* c is [n, m] */
    bool a_direct, b_direct;   /* read where it lies */
    float alpha;
    bool add;
    int64_t m, n, kk;
    int n_workers, n_units, m_parts;
    float *pack_a, *pack_b; /* of the caller's scratch */
    atomic_int next;
};

/* What a worker is at. */
struct part {
    int64_t m0, mc, k0, kc;
    float *pack_b, *temp;
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t tiles(int64_t n, int64_t size)
{
    return (n + size - 1) / size;
}

static void pack_a_tile(const struct job *j, const struct part *p, int64_t tile)
{
    const int mr = j->isa->mr;
    int64_t row = p->m0 + tile * mr;
    int rows = (int)least(mr, p->m0 + p->mc - row);
    float *dst = j->pack_a + tile * mr * p->kc;
    if (j->a_by_k) {
        const float *src = j->a.p + p->k0 * j->a.ld + row;
        for (int64_t k = 0; k < p->kc; k++, src += j->a.ld, dst += mr)
            memcpy(dst, src, (size_t)rows * sizeof *dst);
        return;
    }
    const float *from[TB_MR_MAX];
    for (int i = 0; i < rows; i++)
        from[i] = j->a.p + (row + i) * j->a.ld + p->k0;
    tb_pack_columns(dst, mr, from, rows, p->kc);
}

static void pack_a(const struct job *j, const struct part *p, int worker)
{
    int64_t n = tiles(p->mc, j->isa->mr), end = n * (worker + 1) / j->n_workers;
    for (int64_t i = n * worker / j->n_workers; i < end; i++)
        pack_a_tile(j, p, i);
}

static void pack_b(const struct job *j, const struct part *p, int64_t col, int64_t n)
{
    const int nr = j->isa->nr;
    if (j->b_by_k && !j->w) {
        tb_pack_rows(p->pack_b, nr, j->b.p + p->k0 * j->b.ld + col, j->b.ld, p->kc, n);
        return;
    }
    struct tb_pack_weight from = {
        .w = j->w, .first = col, .n = n, .k0 = p->k0, .kc = p->kc, .temp = p->temp
    };
    if (j->b_by_k) {
        tb_pack_weight_cols(p->pack_b, nr, &from);
        return;
    }
    float *dst = p->pack_b;
    for (int64_t i = 0; i < n; i += nr, dst += nr * p->kc) {
        from.first = col + i;
        from.n = least(nr, n - i);
        if (j->w) {
            tb_pack_weight_rows(dst, nr, &from);
            continue;
        }
        const float *row[TB_NR_MAX];
        for (int64_t r = 0; r < from.n; r++)
            row[r] = j->b.p + (from.first + r) * j->b.ld + p->k0;
        tb_pack_columns(dst, nr, row, (int)from.n, p->kc);
    }
}

/* Element (r, s) of the product, wherever c keeps it. */
static float *at(const struct job *j, int64_t r, int64_t s)
{
    return j->c_turned ? j->c.p + s * j->c.ld + r : j->c.p + r * j->c.ld + s;
}

/* A tile that is not full or lies turned in c: through a full one in memory, by the same
 * micro-kernel. */
static void edge_tile(const struct job *j, struct tb_tile *t, int64_t row, int64_t col, int rows)
{
    float full[TB_MR_MAX * TB_NR_MAX] = { 0 };
    const int nr = j->isa->nr, cols = (int)least(nr, j->n - col);
    for (int r = 0; t->add && r < rows; r++)
        for (int s = 0; s < cols; s++)
            full[r * nr + s] = *at(j, row + r, col + s);
    t->c = full;
    t->ldc = nr;
    j->isa->tile[rows](t);
    for (int r = 0; r < rows; r++)
        for (int s = 0; s < cols; s++)
            *at(j, row + r, col + s) = full[r * nr + s];
}

/* Tile by panel of a, then by panel of b: the one of a stays in the first-level cache. */
static void run_tiles(const struct job *j, const struct part *p, int64_t first, int64_t end,
                      int64_t col, int64_t n)
{
    const int mr = j->isa->mr, nr = j->isa->nr;
    for (int64_t i = first; i < end; i++) {
        int64_t row = p->m0 + i * mr;
        int rows = (int)least(mr, p->m0 + p->mc - row);
        struct tb_tile t = { .a = j->pack_a + i * mr * p->kc,
                             .lda = mr,
                             .kc = p->kc,
                             .alpha = j->alpha,
                             .add = j->add || p->k0 > 0 };
        if (j->a_direct) {
            t.a = j->a.p + p->k0 * j->a.ld + row;
            t.lda = j->a.ld;
        }
        for (int64_t s = 0; s < n; s += nr) {
            bool is_full = n - s >= nr;
            t.b = p->pack_b + s * p->kc;
            t.ldb = nr;
            if (j->b_direct && is_full) {
                t.b = j->b.p + p->k0 * j->b.ld + col + s;
                t.ldb = j->b.ld;
            }
            if (!is_full || j->c_turned) {
                edge_tile(j, &t, row, col + s, rows);
                continue;
            }
            t.c = j->c.p + row * j->c.ld + col + s;
            t.ldc = j->c.ld;
            j->isa->tile[rows](&t);
        }
    }
}

static void run_unit(const struct job *j, const struct part *p, int unit)
{
    const int64_t groups = tiles(j->n, GROUP), n_tiles = tiles(p->mc, j->isa->mr);
    int over_n = unit / j->m_parts, over_m = unit % j->m_parts;
    int64_t col = groups * over_n / j->n_units * GROUP;
    int64_t n = least(j->n, groups * (over_n + 1) / j->n_units * GROUP) - col;
    if (!j->b_direct) {
        pack_b(j, p, col, n);
    } else if (n % j->isa->nr) {
        struct part last = *p;
        int64_t whole = n - n % j->isa->nr;
        last.pack_b += whole * p->kc;
        pack_b(j, &last, col + whole, n - whole);
    }
    run_tiles(j, p, n_tiles * over_m / j->m_parts, n_tiles * (over_m + 1) / j->m_parts, col, n);
}

static size_t unit_floats(const struct job *j)
{
    int64_t n = (tiles(tiles(j->n, GROUP), j->n_units)) * GROUP;
    return (size_t)(n * least(j->kk, TB_KC)) + TB_PACK_TEMP;
}

/* Units are taken from one counter that runs on over all blocks, so a slow thread takes fewer; a
 * unit taken too early is kept for its block. */
static void work(void *arg, int worker, int thread)
{
    struct job *j = arg;
    struct tb_pool *pool = ((struct tb_cpu *)j->k->state)->pool;
    struct part p = { .pack_b = thread ? tb_cpu_scratch(j->k, thread, unit_floats(j)) : j->pack_b };
    p.temp = p.pack_b;
    p.pack_b += TB_PACK_TEMP;
    int unit = atomic_fetch_add(&j->next, 1), first = 0;
    const int per_block = j->n_units * j->m_parts;
    for (p.m0 = 0; p.m0 < j->m; p.m0 += CHUNK_ROWS) {
        p.mc = least(CHUNK_ROWS, j->m - p.m0);
        for (p.k0 = 0; p.k0 < j->kk; p.k0 += TB_KC, first += per_block) {
            p.kc = least(TB_KC, j->kk - p.k0);
            if (!j->a_direct) {
                pack_a(j, &p, worker);
                if (j->n_workers > 1)
                    tb_pool_barrier(pool);
            }
            for (; unit < first + per_block; unit = atomic_fetch_add(&j->next, 1))
                run_unit(j, &p, unit - first);
            if (j->n_workers > 1)
                tb_pool_barrier(pool);
        }
    }
}

/* Units: no wider than UNIT_GROUPS, the same number for all threads; where few columns do not
 * divide so, single groups times parts of the rows. */
static void cut(struct job *j)
{
    int64_t groups = tiles(j->n, GROUP), n_tiles = tiles(least(j->m, CHUNK_ROWS), j->isa->mr);
    int64_t units = tiles(tiles(groups, UNIT_GROUPS), j->n_workers) * j->n_workers;
    bool is_even = units <= groups && groups % units == 0;
    j->m_parts = 1;
    if (!is_even && groups < 4 * UNIT_GROUPS * j->n_workers) {
        units = groups;
        j->m_parts = (int)least(j->n_workers, tiles(n_tiles, 4));
    }
    j->n_units = (int)least(units, groups);
}

static void run_job(struct job *j)
{
    struct tb_cpu *cpu = j->k->state;
    const int mr = j->isa->mr;
    if (j->m <= 0 || j->n <= 0)
        return;
    bool is_small = 2.0 * (double)j->m * (double)j->n * (double)j->kk < SMALL_FLOPS;
    j->n_workers = is_small ? 1 : cpu->n_threads;
    j->a_direct = j->a_by_k && j->m <= 2 * mr;
    j->b_direct = j->b_by_k && !j->w && j->m <= 2 * mr;
    cut(j);
    size_t a_floats = j->a_direct
                          ? 0
                          : (size_t)(tiles(least(j->m, CHUNK_ROWS), mr) * mr * least(j->kk, TB_KC));
    j->pack_b = tb_cpu_scratch(j->k, 0, unit_floats(j) + a_floats);
    j->pack_a = j->pack_b + unit_floats(j);
    atomic_init(&j->next, 0);
    tb_pool_run(cpu->pool, j->n_workers, work, j);
}

struct dot_job {
    const struct tb_gemm_isa *isa;
    struct tb_mat c, a, b;
    float alpha;
    bool add;
};

static void dot_task(void *arg, int task, int thread)
{
    const struct dot_job *j = arg;
    struct tb_tile t = { .lda = j->a.ld, .ldb = j->b.ld, .ldc = j->c.ld, .alpha = j->alpha };
    const int64_t first = (int64_t)task * DOT_ROWS, end = least(j->c.rows, first + DOT_ROWS);
    for (int64_t k0 = 0; k0 < j->a.cols; k0 += TB_KC) {
        t.kc = least(TB_KC, j->a.cols - k0);
        t.add = j->add || k0 > 0;
        for (int64_t s = 0; s < j->c.cols; s += TB_DOT_COLS) {
            t.b = j->b.p + s * j->b.ld + k0;
            for (int64_t r = first; r < end; r += TB_DOT_ROWS) {
                t.a = j->a.p + r * j->a.ld + k0;
                t.c = j->c.p + r * j->c.ld + s;
                j->isa->dot(&t, (int)least(TB_DOT_ROWS, end - r),
                            (int)least(TB_DOT_COLS, j->c.cols - s));
            }
        }
    }
}

static void run_dot(struct tb_kernels *k, struct dot_job *j)
{
    struct tb_cpu *cpu = k->state;
    tb_pool_run(cpu->pool, (int)tiles(j->c.rows, DOT_ROWS), dot_task, j);
}

static const struct tb_gemm_isa *isa_of(const struct tb_kernels *k)
{
    return ((const struct tb_cpu *)k->state)->avx512 ? &tb_gemm_avx512 : &tb_gemm_avx2;
}

static bool is_for_dot(int64_t n, int64_t kk)
{
    return n <= DOT_MAX_N && kk >= 2 * n;
}

/* An empty sum still means c = beta c. */
static bool is_empty_sum(struct tb_mat c, int64_t kk, float beta)
{
    for (int64_t r = 0; kk == 0 && beta == 0 && r < c.rows; r++)
        memset(c.p + r * c.ld, 0, (size_t)c.cols * sizeof *c.p);
    return kk == 0;
}

static void gemm_w(struct tb_kernels *k, struct tb_mat c, struct tb_mat x,
                   const struct tb_weight *w, bool back, float beta)
{
    if (is_empty_sum(c, x.cols, beta))
        return;
    struct job j = { .k = k,
                     .isa = isa_of(k),
                     .c = c,
                     .a = x,
                     .w = w,
                     .b_by_k = back,
                     .alpha = 1,
                     .add = beta != 0,
                     .m = c.rows,
                     .n = c.cols,
                     .kk = x.cols };
    run_job(&j);
}

static void gemm_nt(struct tb_kernels *k, struct tb_mat c, struct tb_mat a, struct tb_mat b,
                    float alpha, float beta)
{
    if (is_empty_sum(c, a.cols, beta))
        return;
    if (is_for_dot(c.cols, a.cols)) {
        struct dot_job d = {
            .isa = isa_of(k), .c = c, .a = a, .b = b, .alpha = alpha, .add = beta != 0
        };
        run_dot(k, &d);
        return;
    }
    struct job j = { .k = k,
                     .isa = isa_of(k),
                     .c = c,
                     .a = a,
                     .b = b,
                     .alpha = alpha,
                     .add = beta != 0,
                     .m = c.rows,
                     .n = c.cols,
                     .kk = a.cols };
    run_job(&j);
}

static void gemm_nn(struct tb_kernels *k, struct tb_mat c, struct tb_mat a, struct tb_mat b,
                    float alpha, float beta)
{
    if (is_empty_sum(c, a.cols, beta))
        return;
    if (is_for_dot(c.cols, a.cols)) {
        float *turned = tb_cpu_scratch(k, 0, (size_t)(b.rows * b.cols)), *row[DOT_MAX_N];
        for (int64_t i = 0; i < b.cols; i++)
            row[i] = turned + i * b.rows;
        tb_unpack_columns(row, (int)b.cols, b.p, b.ld, b.rows);
        struct dot_job d = { .isa = isa_of(k),
                             .c = c,
                             .a = a,
                             .b = tb_mat_of(turned, b.cols, b.rows),
                             .alpha = alpha,
                             .add = beta != 0 };
        run_dot(k, &d);
        return;
    }
    struct job j = { .k = k,
                     .isa = isa_of(k),
                     .c = c,
                     .a = a,
                     .b = b,
                     .b_by_k = true,
                     .alpha = alpha,
                     .add = beta != 0,
                     .m = c.rows,
                     .n = c.cols,
                     .kk = a.cols };
    run_job(&j);
}

/* With few columns the product is made turned, b'a: then both operands are read where they lie. */
static void gemm_tn(struct tb_kernels *k, struct tb_mat c, struct tb_mat a, struct tb_mat b,
                    float alpha, float beta)
{
    if (is_empty_sum(c, a.rows, beta))
        return;
    const struct tb_gemm_isa *isa = isa_of(k);
    bool turn = c.cols < c.rows && c.cols <= 2 * isa->mr;
    struct job j = { .k = k,
                     .isa = isa,
                     .c = c,
                     .a = turn ? b : a,
                     .b = turn ? a : b,
                     .a_by_k = true,
                     .b_by_k = true,
                     .c_turned = turn,
                     .alpha = alpha,
                     .add = beta != 0,
                     .m = turn ? c.cols : c.rows,
                     .n = turn ? c.rows : c.cols,
                     .kk = a.rows };
    run_job(&j);
}

size_t tb_cpu_gemm_floats(int thread)
{
    size_t pack_b = (size_t)UNIT_GROUPS * GROUP * TB_KC + TB_PACK_TEMP;
    size_t pack_a = (size_t)CHUNK_ROWS * TB_KC;
    return thread ? pack_b : pack_b + pack_a;
}

void tb_cpu_gemm_fill(struct tb_kernels *k, bool avx512)
{
    (void)avx512;
    k->gemm_w = gemm_w;
    k->gemm_nt = gemm_nt;
    k->gemm_nn = gemm_nn;
    k->gemm_tn = gemm_tn;
}
