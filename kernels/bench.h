/* SPDX-License-Identifier: MIT */
/* bench.h - rates of products and attention at the shapes of training, as shares of the machine's multiply-add rate.
 * Nothing is printed and nothing asserted: rates depend on what else the machine does. */
#ifndef TB_KERNELS_BENCH_H
#define TB_KERNELS_BENCH_H

#include "kernels/kernels.h"

/* The products by their operations (ops.def): TB_BENCH_FEW is gemv_w; TB_BENCH_ATTEND is attention and its backward. */
enum tb_bench_kind {
    TB_BENCH_FORWARD, TB_BENCH_BACK, TB_BENCH_FEW, TB_BENCH_NT, TB_BENCH_NN, TB_BENCH_TN, TB_BENCH_ATTEND
};

/* c [m, n] from an inner size k; m segments of n tokens with heads of k for attention. The last three are what was
 * measured: the best block, the better of the probes around it, and their quotient; 0 before. */
struct tb_bench_row {
    const char *name;
    enum tb_bench_kind kind;
    enum tb_type type; /* of the weight */
    int m, n, k;
    double gflops, probe, share;
};

/* Linears of SmolLM2-135M forward and back, their low-rank updates, attention; *n of them. */
const struct tb_bench_row *tb_bench_rows(int *n);

/* What a run of rows shares; zero at the start. */
struct tb_bench {
    double best_probe; /* GFLOP/s */
};

/* Measures each row once more, in turn: a block of 60 ms between two probes of 30 ms. A block with a probe under 94 %
 * of the best so far counts only while its row has none better. About 0.15 s a row. False without memory. */
bool tb_bench_run(struct tb_bench *b, struct tb_kernels *k, struct tb_bench_row *row, int n);

/* GB/s of reading memory: a product of one row with a matrix of 128 MB, the best of about `seconds`. 0 without that
 * much memory. */
double tb_bench_read(struct tb_kernels *k, double seconds);

#endif
