/* SPDX-License-Identifier: MIT */
/* A recorded journal cut at every byte never crashes a reader and yields a prefix; a writer killed
 * with SIGKILL at random moments loses no record it had acknowledged, and its run.h5 opens.
 * TB_CRASH_ROUNDS: kills (default 5). */
#include <fcntl.h>
#include <hdf5.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "store/run.h"
#include "store/writer.h"
#include "tests/tap.h"

enum { GO_ON_EACH = 31, LAST = 12 }; /* bytes; records before the last one of the journal */

static char root[256], dir[320];

static void create(const char *id)
{
    struct tb_err err = { 0 };
    struct tb_json *config = tb_json_new_map();
    tb_json_set(config, "seed", tb_json_new_int(0));
    struct tb_run_new run = { .id = id, .name = "crash", .config = config };
    if (!tb_run_create(root, &run, &err)) {
        ok(false, "%s", err.text);
        exit(1);
    }
    tb_json_free(config);
    snprintf(dir, sizeof dir, "%s/%s", root, id);
}

static bool step(struct tb_run_writer *w, int64_t i)
{
    struct tb_train_row row = {
        (double)i, 256.0 * (double)i, 0.1, 1.0 / (double)i, 5e-4, 1, 600, 0
    };
    return tb_run_writer_train(w, &row, NULL);
}

static void record(void)
{
    struct tb_row_loss rows[] = { { 4, 1, 1, 10, 2.5 }, { 4, 2, 1, 5, 1.25 } };
    struct tb_sample sample = { 4, 1, "a", "b" };
    struct tb_eval_row eval = { 4, 1024, 1, 2.5, 15 };
    create("0c");
    struct tb_run_writer *w = tb_run_writer_open(dir, NULL);
    tb_run_writer_state(w, TB_STATE_RUNNING, NULL, NULL, NULL);
    for (int i = 1; i <= 4; i++)
        step(w, i);
    tb_run_writer_eval(w, &eval, NULL);
    tb_run_writer_rows(w, rows, 2, NULL);
    tb_run_writer_sample(w, &sample, NULL);
    tb_run_writer_event(w, 4, "note", NULL, "x");
    tb_run_writer_resume(w, 3, NULL);
    step(w, 4);
    step(w, 5);
    /* Left as a kill leaves it: the journal as it is, no snapshot. */
    _Static_assert(sizeof(struct tb_train_row) == 64, "eight columns");
    kill(getpid(), SIGKILL);
}

/* Ends of the records in a journal. */
static size_t ends(const char *p, size_t n, size_t *end)
{
    size_t count = 0;
    for (size_t at = 0; at < n; count++) {
        uint32_t len;
        memcpy(&len, p + at + 4, 4);
        at += TB_JOURNAL_HEAD + len;
        end[count] = at;
    }
    return count;
}

static void check_cut(const char *path, const char *bytes, size_t cut, size_t whole, size_t *bad)
{
    struct tb_metrics m;
    struct tb_err err = { 0 };
    FILE *f = fopen(path, "wb");
    fwrite(bytes, 1, cut, f);
    fclose(f);
    bool good = tb_metrics_load(&m, dir, &err)
                && m.seq == (whole > 1 ? whole : 0) + (whole == 1 ? 1 : 0) && !m.journal.is_damaged;
    if (!good && (*bad)++ < 3)
        printf("# cut at %zu: %s, %llu records, want %zu\n", cut, err.text,
               (unsigned long long)m.seq, whole);
    tb_metrics_free(&m);
}

static void put(const char *path, const char *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, n, f) != n || fclose(f) != 0)
        abort();
}

static bool reads(size_t n_records)
{
    struct tb_metrics m;
    bool good = tb_metrics_load(&m, dir, NULL) && m.seq == n_records;
    tb_metrics_free(&m);
    return good;
}

/* A writer opens the damaged run and adds a row; what could not be read is kept. The folder is as before afterwards. */
static bool goes_on(size_t n_records)
{
    static const char *const left[] = { "journal.000001", "journal.000001.bad", "beat" };
    char path[400], h5[400];
    size_t n;
    struct tb_metrics m;
    snprintf(h5, sizeof h5, "%s/run.h5", dir);
    char *before = tb_file_read(h5, 1 << 24, &n, NULL);
    struct tb_run_writer *w = tb_run_writer_open(dir, NULL);
    bool good = w && step(w, 100);
    tb_run_writer_close(w);
    /* The row, an event, and a schema where the journal had none. */
    good = good && tb_metrics_load(&m, dir, NULL) && m.seq >= n_records + 2 && m.n_train > 0
        && m.train[m.n_train - 1].step == 100 && m.n_events > 0 && !m.journal.is_damaged;
    if (good)
        tb_metrics_free(&m);
    snprintf(path, sizeof path, "%s/%s", dir, left[1]);
    bool is_kept = tb_file_exists(path);
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, left[i]);
        unlink(path);
    }
    put(h5, before, n);
    free(before);
    return good && (is_kept || n_records == LAST); /* a damaged last record looks like a torn one */
}

static void every_byte(void)
{
    char path[400];
    size_t n, end[64], bad = 0, flips = 0, lost = 0;
    pid_t pid = fork();
    if (pid == 0)
        record();
    waitpid(pid, NULL, 0);
    snprintf(dir, sizeof dir, "%s/0c", root);
    snprintf(path, sizeof path, "%s/journal.000001", dir);
    char *bytes = tb_file_read(path, 1 << 20, &n, NULL);
    size_t count = bytes ? ends(bytes, n, end) : 0;
    is_int(count, 13, "a journal of every kind of record");
    for (size_t cut = 0, whole = 0; bytes && cut <= n; cut++) {
        while (whole < count && end[whole] <= cut)
            whole++;
        check_cut(path, bytes, cut, whole, &bad);
    }
    ok(bytes && bad == 0, "cut at each of %zu bytes: exactly the whole records before it", n);
    for (size_t i = 0, before = 0; bytes && i < n; i++) {
        before += end[before] <= i;
        bytes[i] ^= 0x20;
        put(path, bytes, n);
        bytes[i] ^= 0x20;
        flips += !reads(before);
        lost += i % GO_ON_EACH == 0 && !goes_on(before);
    }
    is_int(flips, 0, "a changed byte anywhere: the records before it");
    is_int(lost, 0, "and a run that goes on behind them, says so, and keeps the rest");
    free(bytes);
}

/* Writes rows, events and snapshots as fast as it can, and tells how many rows were acknowledged.
 */
static void storm(_Atomic int64_t *acked)
{
    struct tb_run_writer *w = tb_run_writer_open(dir, NULL);
    if (!w)
        _exit(9);
    tb_run_writer_set_segment(w, 20000);
    int64_t i = tb_run_writer_metrics(w)->step;
    tb_run_writer_state(w, TB_STATE_RUNNING, NULL, NULL, NULL);
    for (;;) {
        if (!step(w, ++i))
            _exit(8);
        *acked = i;
        if (i % 300 == 0)
            tb_run_writer_snapshot(w, NULL);
        if (i % 7 == 0)
            tb_run_writer_event(w, i, "note", NULL, "step %lld", (long long)i);
    }
}

static bool opens_plainly(const char *path)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    hid_t f = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t d = f >= 0 ? H5Dopen2(f, "/metrics/train/loss", H5P_DEFAULT) : -1;
    bool good = d >= 0;
    if (d >= 0)
        H5Dclose(d);
    if (f >= 0)
        H5Fclose(f);
    return good;
}

static bool rows_are_right(const struct tb_metrics *m)
{
    for (size_t i = 0; i < m->n_train; i++)
        if (m->train[i].step != (double)(i + 1) || m->train[i].loss != 1.0 / (double)(i + 1))
            return false;
    return true;
}

static void kill_rounds(_Atomic int64_t *acked)
{
    const char *text = getenv("TB_CRASH_ROUNDS");
    int rounds = text ? atoi(text) : 5;
    char path[400];
    create("0d");
    snprintf(path, sizeof path, "%s/run.h5", dir);
    srand((unsigned)getpid());
    for (int i = 0; i < rounds; i++) {
        struct tb_metrics m;
        struct tb_err err = { 0 };
        struct timespec wait = { .tv_nsec = 1000000L * (5 + rand() % 120) };
        pid_t pid = fork();
        if (pid == 0)
            storm(acked);
        nanosleep(&wait, NULL);
        kill(pid, SIGKILL);
        int status;
        waitpid(pid, &status, 0);
        bool loaded = tb_metrics_load(&m, dir, &err);
        ok(WIFSIGNALED(status) && loaded && m.step >= *acked && (int64_t)m.n_train == m.step
               && rows_are_right(&m),
           "killed after %ld ms: %lld rows acknowledged, %zu read %s", wait.tv_nsec / 1000000,
           (long long)*acked, m.n_train, err.text);
        ok(opens_plainly(path), "run.h5 opens as any HDF5 file");
        tb_metrics_free(&m);
    }
    ok(*acked > 0, "the writer got somewhere");
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(root, sizeof root, "%s/tb-crash-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(root))
        abort();
    _Atomic int64_t *acked =
        mmap(NULL, sizeof *acked, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    every_byte();
    kill_rounds(acked);
    ok(tb_dir_remove(root, NULL), "cleaned up");
    return done();
}
