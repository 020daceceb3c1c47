/* SPDX-License-Identifier: MIT */
/* record_bench.c - what recording a run costs, as times and as shares of a step of SmolLM2 (15.4 s, 8 x 256 tokens).
 *
 *     record_bench [FOLDER]     default TMPDIR; on the disk the store would be on
 *
 * The step thread pays for a row and waits for checkpoints: times on the wall. Rows, syncs and snapshots are the store
 * thread's, which takes processor time from the others: that is what is counted. Never part of `make check`: times are
 * not asserted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/checkpoint.h"
#include "store/run.h"
#include "worker/recorder.h"

enum { BATCH = 8, N_PUTS = 2000, N_ROWS = 100000, N_VALUES = 3 * 460800, REPEATS = 5 };
static const double step_s = 15.4, checkpoint_each_s = 60, snapshot_each_s = 10;

static char root[512];
static double put_us[N_PUTS];
static const float losses[BATCH];

static void must(bool good, const struct tb_err *err)
{
    char text[800];
    if (good)
        return;
    fprintf(stderr, "record_bench: %s\n", tb_err_string(err, text, sizeof text));
    tb_dir_remove(root, NULL);
    exit(1);
}

static char *make_run(const char *id)
{
    struct tb_err err = { 0 };
    struct tb_json *config = tb_json_new_map();
    struct tb_run_new run = { .id = id, .name = id, .config = config };
    must(tb_run_create(root, &run, &err), &err);
    tb_json_free(config);
    return tb_path_join(root, id);
}

static struct tb_train_row row_of(int step)
{
    return (struct tb_train_row){ step, 2048.0 * step, step * step_s, 2 + 1.0 / step, 5e-4, 0.75, 133, 1.7e9 };
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void hold(void *arg, bool waits)
{
}

static void quiet(void *arg, const char *words)
{
}

/* A row from the step thread, a millisecond after the one before: the store thread sleeps and must be woken. */
static double put(void)
{
    struct tb_err err = { 0 };
    struct timespec pause = { .tv_nsec = 1000000 };
    char *dir = make_run("0a");
    struct tb_recorder *r = tb_recorder_open(dir, BATCH, quiet, hold, NULL, &err);
    must(r != NULL, &err);
    for (int i = 0; i < N_PUTS; i++) {
        struct tb_train_row row = row_of(i + 1);
        nanosleep(&pause, NULL);
        double begin = tb_clock_mono_s();
        tb_recorder_train(r, &row, losses, BATCH);
        put_us[i] = 1e6 * (tb_clock_mono_s() - begin);
    }
    tb_recorder_close(r);
    free(dir);
    qsort(put_us, N_PUTS, sizeof *put_us, ascending);
    printf("row, step thread: median %.1f us, 99 %% at most %.1f us\n", put_us[N_PUTS / 2], put_us[N_PUTS * 99 / 100]);
    return 1e-6 * put_us[N_PUTS / 2];
}

static double clock_s(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double rows(struct tb_run_writer *w, int first, int n)
{
    struct tb_err err = { 0 };
    double begin = clock_s(CLOCK_THREAD_CPUTIME_ID);
    for (int i = first; i < first + n; i++) {
        struct tb_train_row row = row_of(i);
        must(tb_run_writer_step_rows(w, i, losses, BATCH, &err) && tb_run_writer_train(w, &row, &err), &err);
    }
    return (clock_s(CLOCK_THREAD_CPUTIME_ID) - begin) / n;
}

/* The fastest of some calls, so that other processes count less. */
static double best(struct tb_run_writer *w, bool (*fn)(struct tb_run_writer *w, struct tb_err *err), int first,
                   clockid_t id)
{
    double least = 1e9;
    for (int i = 0; i < REPEATS; i++) {
        struct tb_err err = { 0 };
        rows(w, first + i, 1);
        double begin = clock_s(id);
        must(fn(w, &err), &err);
        double took = clock_s(id) - begin;
        least = took < least ? took : least;
    }
    return least;
}

static bool checkpoint(struct tb_run_writer *w, struct tb_err *err)
{
    static float v[N_VALUES];
    struct tb_json *state = tb_json_new_map();
    struct tb_array t = { .name = "all", .type = TB_ARRAY_F32, .rank = 1, .shape = { N_VALUES }, .data = v };
    struct tb_checkpoint c = { .step = 1, .state = state, .tensor = &t, .n = 1 };
    bool good = tb_run_writer_checkpoint(w, &c, err);
    tb_json_free(state);
    return good;
}

static void tell(const char *what, double s, double each_s)
{
    printf("%s: %.2f ms, each %.0f s: %.4f %% of the time\n", what, 1e3 * s, each_s, 100 * s / each_s);
}

int main(int argc, char **argv)
{
    struct tb_err err = { 0 };
    const char *tmp = getenv("TMPDIR");
    snprintf(root, sizeof root, "%s/tb-store-XXXXXX", argc > 1 ? argv[1] : tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(root))
        return 1;
    double put_s = put();
    char *dir = make_run("0b");
    struct tb_run_writer *w = tb_run_writer_open(dir, &err);
    must(w != NULL, &err);
    double row_s = rows(w, 1, 1000), sync_s = best(w, tb_run_writer_sync, 1001, CLOCK_THREAD_CPUTIME_ID),
           snapshot_s = best(w, tb_run_writer_snapshot, 1101, CLOCK_THREAD_CPUTIME_ID),
           checkpoint_s = best(w, checkpoint, 1201, CLOCK_MONOTONIC);
    printf("row, store thread: %.1f us\n", 1e6 * row_s);
    tell("sync", sync_s, step_s);
    tell("snapshot of 1,100 rows", snapshot_s, snapshot_each_s);
    tell("checkpoint of LoRA r = 8 with its optimiser (5.5 MB)", checkpoint_s, checkpoint_each_s);
    printf("together %.4f %% of a step\n",
           100 * ((put_s + row_s + sync_s) / step_s + snapshot_s / snapshot_each_s + checkpoint_s / checkpoint_each_s));
    rows(w, 2000, N_ROWS);
    snapshot_s = best(w, tb_run_writer_snapshot, 2000 + N_ROWS, CLOCK_THREAD_CPUTIME_ID);
    tell("snapshot of 100,000 rows", snapshot_s, 100 * snapshot_s > 10 ? 100 * snapshot_s : 10);
    tb_run_writer_close(w);
    free(dir);
    return tb_dir_remove(root, NULL) ? 0 : 1;
}
