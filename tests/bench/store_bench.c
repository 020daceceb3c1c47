/* SPDX-License-Identifier: MIT */
/* store_bench.c - how long a store of many runs takes to be listed.
 *
 *     store_bench N [STORE]    makes N sealed runs in STORE (default: a folder under TMPDIR, removed afterwards) and
 *                              prints what listing costs: index built anew, index warm, and the whole program
 *
 * A few dozen runs are written as a worker writes them; all others are folders with links to their run.h5, since a
 * hundred thousand writers would spend their time in fsync. Never part of `make check`: times are not asserted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"
#include "store/writer.h"
#include "tests/made_run.h"
#include "tests/recipes/words.h"

enum { N_MODELS = 48, STEPS = 20, ROUNDS = 15 };

static void id_of(size_t i, char id[TB_RUN_ID])
{
    snprintf(id, TB_RUN_ID, "%016zx", i * 0x9e3779b97f4a7c15u);
}

static void create(struct tb_store *s, size_t i)
{
    static const char *const methods[] = { "lora", "prefix", "prompt", "ia3" };
    char id[TB_RUN_ID], name[64], more[64];
    id_of(i, id);
    snprintf(name, sizeof name, "%s-s%zu", methods[i % 4], i / 4);
    snprintf(more, sizeof more, "\"method.kind\":\"%s\"", methods[i % 4]);
    made_run(s, id, name, made_config(5120, (int64_t)(i / 4), more), "", "");
}

static void write_run(struct tb_store *s, size_t i)
{
    struct tb_err err = { 0 };
    char id[TB_RUN_ID];
    create(s, i);
    id_of(i, id);
    char *dir = tb_store_run_dir(s, id);
    struct tb_run_writer *w = tb_run_writer_open(dir, &err);
    must(w && tb_run_writer_state(w, TB_STATE_RUNNING, NULL, NULL, &err), &err);
    for (int step = 1; step <= STEPS; step++) {
        struct tb_train_row row = { step, 256.0 * step, 0.5 * step, 3 - 0.05 * step, 5e-4, 0.75, 512, 64 << 20 };
        must(tb_run_writer_train(w, &row, &err), &err);
    }
    struct tb_eval_row eval = { STEPS, 256.0 * STEPS, 0.5 * STEPS, 1.2 + 0.01 * (double)i, 400 };
    must(tb_run_writer_eval(w, &eval, &err), &err);
    must(tb_run_writer_seal(w, TB_STATE_DONE, "budget", NULL, NULL, &err), &err);
    tb_run_writer_close(w);
    free(dir);
}

/* Run i as a folder of its own with the file of run `model`. */
static void link_run(struct tb_store *s, size_t i, size_t model)
{
    char id[TB_RUN_ID], from_id[TB_RUN_ID];
    id_of(i, id);
    id_of(model, from_id);
    char *dir = tb_store_run_dir(s, id), *from_dir = tb_store_run_dir(s, from_id), *to = tb_path_join(dir, TB_FILE_H5),
         *from = tb_path_join(from_dir, TB_FILE_H5);
    struct tb_err err = { 0 };
    must(tb_dir_make(dir, 0700, &err) && (link(from, to) == 0 || tb_fail_errno(&err, "cannot link %s", to)), &err);
    free(from);
    free(to);
    free(from_dir);
    free(dir);
}

/* As if the folders had been left alone for a while, so that the index may believe them. */
static void age(struct tb_store *s, size_t n)
{
    struct utimbuf old = { 1700000000, 1700000000 };
    for (size_t i = 0; i < n; i++) {
        char id[TB_RUN_ID];
        id_of(i, id);
        char *dir = tb_store_run_dir(s, id), *h5 = tb_path_join(dir, TB_FILE_H5);
        if (i < N_MODELS)
            utime(h5, &old);
        utime(dir, &old);
        free(h5);
        free(dir);
    }
}

static void populate(struct tb_store *s, size_t n)
{
    double begin = tb_clock_mono_s();
    for (size_t i = 0; i < n; i++)
        if (i < N_MODELS)
            write_run(s, i);
        else
            link_run(s, i, i % N_MODELS);
    age(s, n);
    printf("%zu runs made in %.1f s\n", n, tb_clock_mono_s() - begin);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* What was waited for, and, since others may share the machine, what the processor did. */
static void print(const char *what, double *s, double *cpu, int n)
{
    qsort(s, (size_t)n, sizeof *s, ascending);
    qsort(cpu, (size_t)n, sizeof *cpu, ascending);
    printf("%-34s best %8.2f ms, median %8.2f ms; processor %8.2f ms, %8.2f ms of %d\n", what, 1e3 * s[0],
           1e3 * s[n / 2], 1e3 * cpu[0], 1e3 * cpu[n / 2], n);
    fflush(stdout);
}

static double cpu_s(int who)
{
    struct rusage u;
    getrusage(who, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + 1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static double list(struct tb_store *s, double *cpu)
{
    struct tb_err err = { 0 };
    struct tb_run_item *all;
    size_t n;
    double begin = tb_clock_mono_s(), before = cpu_s(RUSAGE_SELF);
    must(tb_store_list(s, &all, &n, &err), &err);
    free(all);
    *cpu = cpu_s(RUSAGE_SELF) - before;
    return tb_clock_mono_s() - begin;
}

/* The whole program, from fork to the last byte of its answer. */
static void ask(const char *store, const char *what, char *const words[])
{
    char *argv[16] = { getenv("TUNEBENCH") ? getenv("TUNEBENCH") : "./tunebench" };
    double s[ROUNDS], cpu[ROUNDS];
    int n = 0, status, argc = 1;
    while (words[argc - 1]) {
        argv[argc] = words[argc - 1];
        argc++;
    }
    argv[argc++] = "--store";
    argv[argc] = (char *)store;
    double end = tb_clock_mono_s() + 20;
    while (n < ROUNDS && (n == 0 || tb_clock_mono_s() < end)) {
        struct tb_proc_limits limits = { .out_bytes = (size_t)1 << 30 };
        struct tb_buf out = { 0 }, why = { 0 };
        struct tb_err err = { 0 };
        double begin = tb_clock_mono_s(), before = cpu_s(RUSAGE_CHILDREN);
        must(tb_proc_run(argv, NULL, 0, &limits, &out, &why, &status, &err), &err);
        cpu[n] = cpu_s(RUSAGE_CHILDREN) - before;
        s[n++] = tb_clock_mono_s() - begin;
        if (status != 0)
            fprintf(stderr, "store_bench: %s\n", why.p ? why.p : "the program failed");
        tb_buf_free(&out);
        tb_buf_free(&why);
    }
    print(what, s, cpu, n);
}

static void measure(struct tb_store *s)
{
    const char *path = tb_store_path(s);
    char *index = tb_path_join(path, "index");
    double took[ROUNDS], cpu[ROUNDS];
    unlink(index);
    took[0] = list(s, cpu);
    print("index built anew", took, cpu, 1);
    for (int i = 0; i < ROUNDS; i++)
        took[i] = list(s, &cpu[i]);
    print("listed in process, index warm", took, cpu, ROUNDS);
    printf("%-34s %.0f KiB\n", "index on disk", (double)tb_file_size(index) / 1024);
    printf("%-34s %.0f MiB\n", "peak memory of this process", (double)tb_mem_peak_bytes() / 0x1p20);
    ask(path, "tunebench --version", (char *[]){ "--version", NULL });
    ask(path, "tunebench ls", (char *[]){ "ls", NULL });
    ask(path, "tunebench ls method:lora eval<1.3", (char *[]){ "ls", "method:lora", "eval<1.3", NULL });
    ask(path, "tunebench ls --sort -eval", (char *[]){ "ls", "--sort", "-eval", NULL });
    ask(path, "tunebench ls --json", (char *[]){ "ls", "--json", NULL });
    ask(path, "tunebench show @last", (char *[]){ "show", "@last", NULL });
    free(index);
}

int main(int argc, char **argv)
{
    struct tb_err err = { 0 };
    long n = argc > 1 ? strtol(argv[1], NULL, 10) : 1000;
    const char *tmp = getenv("TMPDIR");
    char temp[512];
    if (n < 1 || argc > 3)
        return 2;
    words_add();
    snprintf(temp, sizeof temp, "%s/store_bench-%ld", tmp ? tmp : "/tmp", (long)getpid());
    const char *path = argc > 2 ? argv[2] : temp;
    bool is_there = argc > 2 && tb_dir_exists(path);
    struct tb_store *s = tb_store_open(path, true, &err);
    must(s != NULL, &err);
    if (!is_there)
        populate(s, (size_t)n);
    measure(s);
    tb_store_close(s);
    if (argc <= 2)
        must(tb_dir_remove(path, &err), &err);
    return 0;
}
