/* SPDX-License-Identifier: MIT */
/* worker_recorder_test.c - a run that cannot be written: its heartbeat says so, its clock stands, what is asked is
 * answered meanwhile, and a stop ends the waiting. */
#include "worker/recorder.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/store.h"
#include "tests/tap.h"

static char root[] = "/tmp/tb-recorder-XXXXXX";
static char *dir;
static bool is_full;
static int n_tries, n_troubles;
static struct tb_run_sight within; /* as seen while it waits */
static struct tb_ctl_answer pause_answer;
static pthread_t asker;

static bool write_something(struct tb_run_writer *w, void *arg, struct tb_err *err)
{
    n_tries++;
    errno = ENOSPC;
    return !is_full || tb_fail_errno(err, "cannot write %s", dir);
}

static void on_trouble(void *arg, const char *words)
{
    n_troubles += words != NULL;
}

/* Somebody asks for a pause, reads the answer, and asks for a stop. */
static void *ask(void *arg)
{
    unsigned seq;
    tb_run_look(dir, TB_STATE_RUNNING, &within);
    tb_ctl_post(dir, "pause", NULL, &seq, NULL);
    do {
        tb_clock_nap(0.01);
        tb_ctl_look(dir, seq, "pause", &pause_answer);
    } while (pause_answer.state != TB_CTL_DONE);
    tb_clock_nap(0.3);
    tb_ctl_post(dir, "stop", NULL, &seq, NULL);
    return NULL;
}

static void on_stall(void *arg, bool waits)
{
    if (waits)
        pthread_create(&asker, NULL, ask, NULL);
    else
        pthread_join(asker, NULL);
}

static void waiting(struct tb_recorder *r)
{
    struct tb_err err = { 0 };
    struct tb_run_sight after;
    struct tb_ctl_request q = { 0 };
    double from = tb_clock_mono_s(), clock = tb_recorder_clock(r);
    is_full = true;
    bool good = tb_recorder_do(r, write_something, NULL, &err);
    double took = tb_clock_mono_s() - from, counted = tb_recorder_clock(r) - clock;
    ok(!good && err.kind == TB_ERR_IO && err.os == ENOSPC, "a stop ends it: %s", err.text);
    is_int(n_troubles, 1, "it is told once");
    ok(within.state == TB_STATE_STALLED && within.stall == TB_STALL_ROOM && within.pid == (uint32_t)getpid(),
       "whoever looks meanwhile sees it stalled: %s", tb_stall_words(within.stall));
    ok(!tb_ctl_was_done(pause_answer.note) && strstr(pause_answer.note, "no space"), "a request is answered: %s",
       pause_answer.note);
    ok(counted < took / 2, "its clock stands: %.3f of %.3f s", counted, took);
    tb_run_look(dir, TB_STATE_RUNNING, &after);
    ok(after.state == TB_STATE_RUNNING && !after.stall, "it waits no more");
    ok(tb_recorder_is_stopping(r) && tb_recorder_request(r, &q) && strcmp(q.verb, "stop") == 0, "a stop to be met");
    n_tries = 0;
    ok(!tb_recorder_do(r, write_something, NULL, &err) && n_tries == 1, "what cannot be written is not tried again");
    is_full = false;
    ok(tb_recorder_do(r, write_something, NULL, &err), "what can be is written");
    tb_recorder_answer(r, &q, 0, "done");
}

int main(void)
{
    struct tb_err err = { 0 };
    struct tb_json *config = tb_json_new_map();
    struct tb_run_new run = { .id = "0a", .name = "one", .config = config };
    ok(mkdtemp(root) && tb_run_create(root, &run, &err), "a run %s", err.text);
    dir = tb_path_join(root, "0a");
    struct tb_recorder *r = tb_recorder_open(dir, 8, on_trouble, on_stall, NULL, &err);
    if (ok(r != NULL, "taken %s", err.text))
        waiting(r);
    tb_recorder_close(r);
    tb_dir_remove(root, NULL);
    tb_json_free(config);
    free(dir);
    return done();
}
