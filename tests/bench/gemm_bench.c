/* SPDX-License-Identifier: MIT */
/* gemm_bench.c - prints the rates of kernels/bench.h.
 *
 *     gemm_bench [--threads N] [--rounds N] [--cpu avx2|avx512|ref] [part of a row's name ...]
 *
 * Never part of `make check`: rates are not asserted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/bench.h"

static const char *const kinds[] = { "forward", "back", "nt", "nn", "tn", "both ways" };

static bool is_wanted(const struct tb_bench_row *r, int n, char **part)
{
    char name[64];
    bool found = n == 0;
    snprintf(name, sizeof name, "%s %s %s", r->name, kinds[r->kind], tb_type_info((int)r->type)->name);
    for (int i = 0; i < n; i++)
        found |= strstr(name, part[i]) != NULL;
    return found;
}

static void print(const struct tb_kernels *k, const struct tb_bench *b, const struct tb_bench_row *row, int n)
{
    printf("%s, %d threads, best probe %.0f GFLOP/s\n", k->name, k->n_threads, b->best_probe);
    printf("%-16s %-9s %-5s %6s %6s %6s %9s %7s %6s\n", "row", "", "type", "M", "N", "K", "GFLOP/s", "probe", "share");
    for (const struct tb_bench_row *r = row; r < row + n; r++)
        printf("%-16s %-9s %-5s %6d %6d %6d %9.1f %7.0f %5.1f%%\n", r->name, kinds[r->kind],
               tb_type_info((int)r->type)->name, r->m, r->n, r->k, r->gflops, r->probe, 100 * r->share);
}

int main(int argc, char **argv)
{
    int threads = tb_kernels_default_threads(), rounds = 3, i = 1, n_all, n = 0;
    const char *name = NULL;
    for (; i + 1 < argc && !strncmp(argv[i], "--", 2); i += 2)
        if (!strcmp(argv[i], "--cpu"))
            name = argv[i + 1];
        else
            *(strcmp(argv[i], "--threads") ? &rounds : &threads) = atoi(argv[i + 1]);
    const struct tb_bench_row *all = tb_bench_rows(&n_all);
    struct tb_bench_row *row = calloc((size_t)n_all, sizeof *row);
    struct tb_bench bench = { 0 };
    char why[256] = "no memory";
    struct tb_kernels *k = row ? tb_kernels_open(name, threads, why, sizeof why) : NULL;
    bool good = k != NULL;
    for (int r = 0; good && r < n_all; r++)
        if (is_wanted(&all[r], argc - i, argv + i))
            row[n++] = all[r];
    for (int r = 0; good && r < rounds; r++)
        good = tb_bench_run(&bench, k, row, n);
    if (good)
        print(k, &bench, row, n);
    else
        fprintf(stderr, "gemm_bench: %s\n", k ? "no memory" : why);
    if (k)
        k->close(k);
    free(row);
    return good ? 0 : 1;
}
