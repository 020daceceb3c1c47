/* SPDX-License-Identifier: MIT */
/* cli_follow_test.c - a reader behind a writer that gives its run back at the worst moment, when the reader has read
 * the journal and not yet looked at the lock: the run is not lost. */
#include "cli/follow.h"

#include <stdlib.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "store/store.h"
#include "store/writer.h"
#include "tests/tap.h"

static char root[512];
static const char id[] = "000000000001";
static struct tb_run_writer *leaver; /* gives its run back before the next look at a lock */
static bool ends;                    /* sealed, else put on the list again */

/* In place of the C library's. */
int flock(int fd, int how)
{
    struct tb_run_writer *w = leaver;
    leaver = NULL;
    if (w && ends)
        tb_run_writer_seal(w, TB_STATE_STOPPED, "user", NULL, NULL, NULL);
    else if (w)
        tb_run_writer_state(w, TB_STATE_QUEUED, NULL, NULL, NULL);
    tb_run_writer_close(w);
    return (int)syscall(SYS_flock, fd, how);
}

static struct tb_store *make_store(void)
{
    struct tb_err err = { 0 };
    struct tb_store *s = tb_store_open(root, true, &err);
    struct tb_json *config = tb_json_new_map();
    struct tb_run_new run = { .id = id, .name = "one", .config = config };
    ok(s && tb_run_create(tb_store_runs_dir(s), &run, &err), "a run (%s)", err.text);
    tb_json_free(config);
    return s;
}

static struct tb_run_writer *take(const char *dir)
{
    struct tb_run_writer *w = tb_run_writer_open(dir, NULL);
    if (w)
        tb_run_writer_state(w, TB_STATE_RUNNING, NULL, NULL, NULL);
    return w;
}

static void following(const char *dir)
{
    struct tb_follow f;
    struct tb_run_writer *w = take(dir);
    ok(tb_follow_open(&f, dir, NULL) && f.sight.state == TB_STATE_RUNNING, "followed while it runs");
    leaver = w;
    tb_follow_poll(&f, NULL);
    is_str(tb_state_name(f.sight.state), "queued", "given back at that moment");
    tb_follow_close(&f);
    leaver = take(dir);
    tb_follow_open(&f, dir, NULL);
    is_str(tb_state_name(f.sight.state), "queued", "also at the first look");
    tb_follow_close(&f);
    w = take(dir);
    tb_run_writer_sync(w, NULL);
    tb_run_writer_close(w); /* as if it had been killed: state and beat stay */
    tb_follow_open(&f, dir, NULL);
    is_str(tb_state_name(f.sight.state), "lost", "one that is left running is lost");
    tb_follow_close(&f);
}

static void listing(struct tb_store *s, const char *dir)
{
    struct tb_run_item *all;
    size_t n;
    leaver = take(dir);
    tb_store_list(s, &all, &n, NULL);
    is_str(tb_state_name(all[0].sight.state), "queued", "listed, given back at that moment");
    free(all);
    ends = true;
    leaver = take(dir);
    tb_store_list(s, &all, &n, NULL);
    is_str(tb_state_name(all[0].sight.state), "stopped", "listed, ended at that moment");
    free(all);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(root, sizeof root, "%s/tb-follow-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(root))
        return 99;
    struct tb_store *s = make_store();
    char *dir = tb_store_run_dir(s, id);
    following(dir);
    listing(s, dir);
    free(dir);
    tb_store_close(s);
    tb_dir_remove(root, NULL);
    return done();
}
