/* SPDX-License-Identifier: MIT */
/* store_step_rows_test.c - losses of training rows from the writer to a reader: out of the journal, out of a snapshot,
 * packed at the end; after a kill, behind a resume, on a full table; records and files that are not what they say. */
#include "store/step_rows_priv.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "store/run.h"
#include "store/tail.h"
#include "store/writer.h"
#include "tests/tap.h"

static char root[256], dir[320];

static struct tb_run_writer *begin(const char *id)
{
    struct tb_err err = { 0 };
    struct tb_json *config = tb_json_new_map();
    struct tb_run_new run = { .id = id, .name = id, .config = config };
    snprintf(dir, sizeof dir, "%s/%s", root, id);
    if (!tb_dir_exists(dir))
        tb_run_create(root, &run, &err);
    tb_json_free(config);
    struct tb_run_writer *w = tb_run_writer_open(dir, &err);
    if (!ok(w != NULL, "writer opens %s", err.text))
        exit(1);
    if (tb_run_writer_metrics(w)->state != TB_STATE_RUNNING)
        tb_run_writer_state(w, TB_STATE_RUNNING, NULL, NULL, NULL);
    return w;
}

/* Steps have 1 to 5 rows. */
static int rows_of(int step)
{
    return 1 + step % 5;
}

static void losses(int step, float shift, float loss[5])
{
    for (int i = 0; i < 5; i++)
        loss[i] = i == 3 ? NAN : 3.0f / (float)step + (float)i / 7 + shift;
}

static bool train(struct tb_run_writer *w, int step, float shift)
{
    float loss[5];
    struct tb_train_row row = { .step = step, .loss = 3.0 / step };
    losses(step, shift, loss);
    return tb_run_writer_step_rows(w, step, loss, (size_t)rows_of(step), NULL) && tb_run_writer_train(w, &row, NULL);
}

/* Steps first to last have their losses, those behind `last` none. */
static bool has(const struct tb_metrics *m, int first, int last, float shift)
{
    float want[5];
    size_t n;
    bool good = true;
    for (int i = first; good && i <= last; i++) {
        const float *loss = tb_step_rows_of(&m->step_rows, i, &n);
        losses(i, shift, want);
        good = loss && n == (size_t)rows_of(i) && memcmp(loss, want, n * sizeof *want) == 0;
    }
    return good;
}

static bool has_none(const struct tb_metrics *m, int step)
{
    size_t n;
    return !tb_step_rows_of(&m->step_rows, step, &n) && n == 0;
}

static void check(int last, float shift, const char *when)
{
    struct tb_metrics m;
    struct tb_err err = { 0 };
    ok(tb_metrics_load(&m, dir, &err) && has(&m, 1, last, shift) && has_none(&m, last + 1) && has_none(&m, 0)
           && m.step_rows.n == (size_t)last, "%s: all of them are read %s", when, err.text);
    tb_metrics_free(&m);
}

static void life(void)
{
    struct tb_run_writer *w = begin("00000000000000aa");
    struct tb_tail t;
    struct tb_metrics m;
    bool is_news;
    for (int i = 1; i <= 40; i++)
        train(w, i, 0);
    check(40, 0, "journal only");
    ok(tb_tail_open(&t, &m, dir, NULL) && has(&m, 1, 40, 0), "a reader opens");
    train(w, 41, 0);
    ok(tb_tail_poll(&t, &m, &is_news, NULL) && is_news && t.n_whole == 1 && has(&m, 1, 41, 0),
       "and reads on behind the writer");
    tb_metrics_free(&m);
    tb_tail_close(&t);
    ok(tb_run_writer_snapshot(w, NULL), "snapshot");
    check(41, 0, "snapshot");
    for (int i = 42; i <= 60; i++)
        train(w, i, 0);
    check(60, 0, "snapshot and journal");
    ok(tb_run_writer_seal(w, TB_STATE_STOPPED, "user", NULL, NULL, NULL), "sealed");
    check(60, 0, "packed");
    tb_run_writer_close(w);
    w = begin("00000000000000aa");
    ok(has(tb_run_writer_metrics(w), 1, 60, 0), "the next writer has them");
    ok(tb_run_writer_resume(w, 30, NULL), "resumed at 30");
    for (int i = 31; i <= 45; i++)
        train(w, i, 0.5f);
    const struct tb_metrics *now = tb_run_writer_metrics(w);
    ok(has(now, 1, 30, 0) && has(now, 31, 45, 0.5f) && has(now, 46, 60, 0), "steps that are repeated are replaced");
    ok(tb_run_writer_seal(w, TB_STATE_STOPPED, "user", NULL, NULL, NULL) && has(now, 31, 45, 0.5f) && has_none(now, 46),
       "those not reached again are dropped at the end");
    tb_run_writer_close(w);
}

/* A process that dies between the losses of a step and its row, or anywhere else. */
static void killed(void)
{
    struct tb_metrics m;
    tb_run_writer_close(begin("00000000000000ab"));
    pid_t pid = fork();
    if (pid == 0) {
        float loss[5];
        struct tb_run_writer *w = tb_run_writer_open(dir, NULL);
        for (int i = 1; i <= 25; i++)
            train(w, i, 0);
        losses(26, 0, loss);
        tb_run_writer_step_rows(w, 26, loss, (size_t)rows_of(26), NULL);
        raise(SIGKILL);
    }
    waitpid(pid, NULL, 0);
    ok(tb_metrics_load(&m, dir, NULL) && has(&m, 1, 26, 0) && m.step == 25, "killed: what was recorded is there");
    tb_metrics_free(&m);
    struct tb_run_writer *w = begin("00000000000000ab");
    tb_run_writer_resume(w, 20, NULL);
    for (int i = 21; i <= 24; i++)
        train(w, i, 0);
    tb_run_writer_seal(w, TB_STATE_DONE, "budget", NULL, NULL, NULL);
    tb_run_writer_close(w);
    check(24, 0, "gone on, and ended before where it was");
}

/* Other lengths for a step that is there, and steps out of order. */
static void places(void)
{
    struct tb_step_rows r = { 0 };
    size_t n;
    tb_step_rows_put(&r, 4, (float[]){ 4, 5 }, 2);
    tb_step_rows_put(&r, 9, (float[]){ 9 }, 1);
    tb_step_rows_put(&r, 1, (float[]){ 1, 2, 3 }, 3);
    tb_step_rows_put(&r, 4, (float[]){ 6, 7, 8, 9 }, 4);
    tb_step_rows_put(&r, 1, (float[]){ 7 }, 1);
    const float *a = tb_step_rows_of(&r, 1, &n);
    ok(a && n == 1 && a[0] == 7, "a shorter step");
    a = tb_step_rows_of(&r, 4, &n);
    ok(a && n == 4 && a[0] == 6 && a[3] == 9, "a longer one");
    a = tb_step_rows_of(&r, 9, &n);
    ok(a && n == 1 && a[0] == 9 && r.n_loss == 6, "and the one behind both");
    tb_step_rows_drop(&r, 4);
    ok(r.n == 2 && r.n_loss == 5 && !tb_step_rows_of(&r, 9, &n), "dropped behind a step");
    tb_step_rows_drop(&r, 0);
    ok(r.n == 0 && r.n_loss == 0, "and all of them");
    tb_step_rows_free(&r);
}

static void full(void)
{
    struct tb_run_writer *w = begin("00000000000000ac");
    const struct tb_metrics *m = tb_run_writer_metrics(w);
    size_t n, most = TB_STEP_ROWS_STEP;
    int last = TB_STEP_ROWS_MAX / TB_STEP_ROWS_STEP;
    float *loss = tb_xcalloc(most + 1, sizeof *loss);
    ok(tb_run_writer_step_rows(w, 1, loss, most + 1, NULL) && m->step_rows.n == 0, "none of a step that is too large");
    for (int i = 1; i < last; i++)
        tb_run_writer_step_rows(w, i, loss, most, NULL);
    ok(tb_run_writer_step_rows(w, last, loss, most - 1, NULL) && m->step_rows.n_loss == TB_STEP_ROWS_MAX - 1,
       "all but one of what is kept");
    uint64_t seq = m->seq;
    ok(tb_run_writer_step_rows(w, last + 1, loss, 2, NULL) && m->seq == seq
           && !tb_step_rows_of(&m->step_rows, last + 1, &n),
       "two more are left out, without an error and without a record");
    ok(tb_run_writer_step_rows(w, last + 1, loss, 1, NULL) && tb_step_rows_of(&m->step_rows, last + 1, &n),
       "one more is not");
    free(loss);
    tb_dir_remove(dir, NULL); /* no snapshot of all that */
    tb_run_writer_close(w);
}

static void bad_records(void)
{
    static const struct { const char *name; size_t n; uint8_t high; } bad[] = {
        { "no rows", 8, 0 }, { "half a loss", 14, 0 }, { "empty", 0, 0 }, { "a step that is no count", 16, 0x80 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct tb_metrics m;
        struct tb_err err = { 0 };
        uint8_t data[16] = { [0] = 3, [7] = bad[i].high };
        struct tb_record r = { 7, TB_RECORD_LOSSES, TB_JOURNAL_VERSION, data, bad[i].n };
        tb_metrics_init(&m);
        ok(!tb_metrics_apply(&m, &r, &err) && err.kind == TB_ERR_FORMAT && strstr(err.text, "record 7 (kind 10)")
               && m.step_rows.n == 0 && m.seq == 0, "%s: %s", bad[i].name, err.text);
        tb_metrics_free(&m);
    }
}

/* A file with this index over two losses. */
static bool reads(const int64_t *step, const int64_t *first, size_t n, size_t n_first, bool is_double,
                  struct tb_err *err)
{
    struct tb_h5_out out;
    struct tb_h5_in in;
    struct tb_step_rows r = { 0 };
    const double wide[2] = { 1, 2 };
    char *path = tb_path_join(root, "made.h5");
    tb_h5_begin(&out, 4096);
    tb_h5_attr_str(&out, "/", "schema", TB_STORE_SCHEMA);
    tb_h5_attr_str(&out, "/", "schema_version", TB_STORE_VERSION);
    tb_h5_ints(&out, "/train/rows/step", step, n, sizeof *step, TB_H5_PLAIN);
    tb_h5_ints(&out, "/train/rows/first", first, n_first, sizeof *first, TB_H5_PLAIN);
    if (is_double)
        tb_h5_reals(&out, "/train/rows/loss", wide, 2, sizeof *wide, TB_H5_PLAIN);
    else
        tb_h5_floats(&out, "/train/rows/loss", (float[]){ 1, 2 }, 2, TB_H5_PLAIN);
    bool good = tb_h5_commit(&out, path, err) && tb_h5_open(&in, path, TB_STORE_SCHEMA, err);
    if (good) {
        good = tb_step_rows_read(&r, &in, err);
        tb_h5_close(&in);
    }
    ok(good || (r.n == 0 && !r.loss), "nothing is kept of what is refused");
    tb_step_rows_free(&r);
    free(path);
    return good;
}

static void bad_files(void)
{
    static const struct { const char *name; int64_t step[3], first[3]; size_t n, n_first; bool is_double; } bad[] = {
        { "steps that do not ascend", { 2, 2 }, { 0, 1 }, 2, 2, false },
        { "a place twice", { 1, 2 }, { 0, 0 }, 2, 2, false },
        { "a place behind the end", { 1, 2 }, { 0, 2 }, 2, 2, false },
        { "a beginning that is none", { 1, 2 }, { 1, 2 }, 1, 1, false },
        { "a step below 0", { -1, 2 }, { 0, 1 }, 2, 2, false },
        { "columns of different lengths", { 1, 2 }, { 0, 1 }, 2, 1, false },
        { "losses of another type", { 1, 2 }, { 0, 1 }, 2, 2, true },
        { "losses without a step", { 0 }, { 0 }, 0, 0, false },
    };
    struct tb_err err = { 0 };
    ok(reads((int64_t[]){ 1, 7 }, (int64_t[]){ 0, 1 }, 2, 2, false, &err), "a good file %s", err.text);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err = (struct tb_err){ 0 };
        bool good = reads(bad[i].step, bad[i].first, bad[i].n, bad[i].n_first, bad[i].is_double, &err);
        ok(!good && err.kind == TB_ERR_FORMAT && strstr(err.text, "/train/rows"), "%s: %s", bad[i].name, err.text);
    }
}

/* A run of an earlier version: no such record, no such dataset. */
static void without(void)
{
    struct tb_run_writer *w = begin("00000000000000ad");
    struct tb_metrics m;
    struct tb_train_row row = { .step = 1, .loss = 3 };
    tb_run_writer_train(w, &row, NULL);
    ok(tb_run_writer_step_rows(w, 1, NULL, 0, NULL), "a step of no rows is none");
    tb_run_writer_seal(w, TB_STATE_DONE, "budget", NULL, NULL, NULL);
    ok(tb_metrics_load(&m, dir, NULL) && m.n_train == 1 && m.step_rows.n == 0 && has_none(&m, 1),
       "a run without them is read");
    tb_metrics_free(&m);
    tb_run_writer_close(w);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(root, sizeof root, "%s/tb-step-rows-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(root))
        abort();
    life();
    killed();
    places();
    full();
    bad_records();
    bad_files();
    without();
    ok(tb_dir_remove(root, NULL), "cleaned up");
    return done();
}
