/* SPDX-License-Identifier: MIT */
/* store_tail_test.c - a reader behind a writer: whatever happens to the journal between two looks, what it has read is
 * what a reader that begins anew finds; and as long as the journal goes on, nothing is read twice. */
#include "store/tail.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/store.h"
#include "store/writer.h"
#include "tests/tap.h"

static char root[512];
static struct tb_store *store;
static char *dir;                /* of the run at hand */
static struct tb_run_writer *w;
static struct tb_tail t;
static struct tb_metrics m;
static int step;

static void begin(const char *id)
{
    struct tb_err err = { 0 };
    struct tb_json *config = tb_json_new_map();
    struct tb_run_new run = { .id = id, .name = "one", .config = config };
    tb_run_create(tb_store_runs_dir(store), &run, &err);
    tb_json_free(config);
    dir = tb_store_run_dir(store, id);
    w = tb_run_writer_open(dir, &err);
    tb_run_writer_state(w, TB_STATE_RUNNING, NULL, NULL, &err);
    step = 0;
    ok(w && tb_tail_open(&t, &m, dir, &err), "a run that is read while it runs (%s)", err.text);
}

static void end(void)
{
    tb_metrics_free(&m);
    tb_tail_close(&t);
    tb_run_writer_close(w);
    w = NULL;
    free(dir);
}

static void train(int n)
{
    for (int i = 0; i < n; i++) {
        struct tb_train_row row = { .loss = 3.0 / (step + 1) };
        row.step = ++step;
        tb_run_writer_train(w, &row, NULL);
    }
}

static bool poll(void)
{
    bool is_news;
    struct tb_err err = { 0 };
    return tb_tail_poll(&t, &m, &is_news, &err) && is_news;
}

/* The same rows and the same place as one finds who reads all of it. */
static bool is_as_whole(void)
{
    struct tb_metrics whole;
    bool is_same = tb_metrics_load(&whole, dir, NULL) && whole.n_train == m.n_train && whole.seq == m.seq
                && whole.step == m.step && whole.state == m.state && whole.n_events == m.n_events;
    for (size_t i = 0; is_same && i < m.n_train; i++)
        is_same = memcmp(&whole.train[i], &m.train[i], sizeof m.train[i]) == 0;
    tb_metrics_free(&whole);
    return is_same;
}

/* The newest segment of the journal; static. */
static const char *newest(void)
{
    static char path[600];
    for (int i = 999; i > 0; i--) {
        snprintf(path, sizeof path, "%s/journal.%06d", dir, i);
        if (access(path, F_OK) == 0)
            return path;
    }
    return "";
}

static void add_bytes(const char *bytes, size_t n)
{
    int fd = open(newest(), O_WRONLY | O_APPEND);
    ok(fd >= 0 && write(fd, bytes, n) == (ssize_t)n, "%zu bytes behind the last record", n);
    close(fd);
}

static void grows(void)
{
    begin("000000000001");
    ok(!poll(), "nothing new");
    train(5);
    ok(poll() && m.n_train == 5, "five rows");
    train(1);
    ok(poll() && m.n_train == 6 && !poll(), "and one, once");
    tb_run_writer_event(w, step, "note", NULL, "said");
    ok(poll() && m.n_events == 1 && is_as_whole(), "an event");
    is_int((long)t.n_whole, 1, "all of it was read once only");
    end();
}

static void rolls_over(void)
{
    begin("000000000002");
    tb_run_writer_set_segment(w, 400); /* four rows */
    int wrong = 0;
    for (int i = 0; i < 40; i++) {
        train(1 + i % 7);
        wrong += !poll() || !is_as_whole();
    }
    is_int(wrong, 0, "looks while segments are begun");
    is_int((long)t.n_whole, 1, "all of it was read once only");
    end();
}

static void snapshots(void)
{
    begin("000000000003");
    tb_run_writer_set_segment(w, 400);
    train(20);
    poll();
    tb_run_writer_snapshot(w, NULL);
    train(9);
    ok(poll() && is_as_whole() && t.n_whole == 1, "who had read what a snapshot swept away goes on");
    train(20);
    tb_run_writer_snapshot(w, NULL);
    train(3);
    ok(poll() && is_as_whole() && t.n_whole == 2, "who had not reads all of it again");
    train(1);
    ok(poll() && is_as_whole() && t.n_whole == 2, "and goes on from there");
    end();
}

static void is_torn(void)
{
    begin("000000000004");
    train(3);
    poll();
    char torn[40] = "TBJ1\x40"; /* a record of 64 bytes, of which 16 were written */
    add_bytes(torn, sizeof torn);
    ok(!poll() && m.n_train == 3, "half a record is none yet");
    tb_run_writer_close(w);
    w = tb_run_writer_open(dir, NULL); /* cuts it */
    train(2);
    ok(poll() && m.n_train == 5 && is_as_whole(), "behind the cut the reader goes on");
    end();
}

static void resumes(void)
{
    begin("000000000005");
    train(9);
    poll();
    tb_run_writer_resume(w, 4, NULL);
    step = 4;
    train(2);
    ok(poll() && m.step == 6 && m.n_train == 9 && is_as_whole(), "a resume and the rows behind it");
    is_int((long)t.n_whole, 1, "by the journal alone");
    end();
}

static void ends(void)
{
    begin("000000000006");
    train(4);
    poll();
    train(2);
    tb_run_writer_seal(w, TB_STATE_DONE, "budget", NULL, NULL, NULL);
    ok(poll() && m.state == TB_STATE_DONE && is_as_whole(), "sealed: its journal is gone");
    ok(!poll() && t.n_whole == 2, "and it is not read again");
    end();
}

/* A segment that was removed and begun anew under its number: longer than what was read of the first. */
static void is_replaced(void)
{
    begin("000000000007");
    train(2);
    poll();
    tb_run_writer_snapshot(w, NULL);
    tb_run_writer_close(w);
    unlink(newest());
    w = tb_run_writer_open(dir, NULL);
    train(30);
    ok(poll() && m.n_train == 32 && is_as_whole(), "another journal in the place of the first");
    end();
}

static void is_damaged(void)
{
    begin("000000000008");
    train(3);
    poll();
    train(3);
    int fd = open(newest(), O_RDWR);
    struct stat st;
    char bad = 0x55;
    ok(fd >= 0 && fstat(fd, &st) == 0 && pwrite(fd, &bad, 1, st.st_size - 150) == 1, "a byte changes");
    close(fd);
    poll();
    ok(m.journal.is_damaged && m.n_train == 4 && is_as_whole(), "damage is found, what is before it is kept");
    uint64_t n_whole = t.n_whole;
    poll();
    is_int((long)t.n_whole, (long)n_whole, "and it is not read again as long as nothing changes");
    end();
}

static void vanishes(void)
{
    struct tb_err err = { 0 };
    begin("000000000009");
    train(3);
    poll();
    tb_run_writer_close(w);
    w = NULL;
    tb_dir_remove(dir, NULL);
    ok(!tb_tail_poll(&t, &m, NULL, &err) && err.kind == TB_ERR_NOTFOUND && m.n_train == 3,
       "a run that was removed: %s", err.text);
    end();
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(root, sizeof root, "%s/tb-tail-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(root))
        return 99;
    store = tb_store_open(root, true, NULL);
    grows();
    rolls_over();
    snapshots();
    is_torn();
    resumes();
    ends();
    is_replaced();
    is_damaged();
    vanishes();
    tb_store_close(store);
    tb_dir_remove(root, NULL);
    return done();
}
