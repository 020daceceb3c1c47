/* SPDX-License-Identifier: MIT */
/* store_duty_test.c - who is on duty for a store: one at a time, said in words that others read; file systems that
 * have no locks; readers that hold the lock for a moment. */
#include "store/duty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "store/run.h"
#include "tests/tap.h"

static char root[512];
static int fails; /* errno of every flock, 0: it works */

/* In place of the C library's. */
int flock(int fd, int how)
{
    if (!fails)
        return (int)syscall(SYS_flock, fd, how);
    errno = fails;
    return -1;
}

static void one_at_a_time(void)
{
    struct tb_err err = { 0 };
    struct tb_duty_sight s;
    tb_duty_look(root, &s);
    ok(!s.is_held && s.pid == 0, "nobody");
    struct tb_duty *d = tb_duty_take(root, "detached", &err);
    tb_duty_look(root, &s);
    ok(d && s.is_held && !s.is_leaving && !s.is_foreground && s.pid == getpid(), "on duty, and says who");
    ok(s.version[0] && !s.trouble[0] && s.since[0], "of which version, without trouble");
    ok(!tb_duty_take(root, "foreground", &err) && err.kind == TB_ERR_BUSY && strstr(err.text, "process"),
       "a second one is refused and told whose it is");
    tb_duty_say_leaving(d, true);
    tb_duty_say_trouble(d, "no room");
    tb_duty_look(root, &s);
    ok(s.is_leaving, "leaving");
    is_str(s.trouble, "no room", "in trouble");
    tb_duty_say_trouble(d, NULL);
    tb_duty_look(root, &s);
    ok(s.is_leaving && !s.trouble[0], "no longer");
    tb_duty_leave(d);
    tb_duty_look(root, &s);
    ok(!s.is_held && s.pid == 0 && s.last_pid == getpid(), "gone, and known still");
}

static void without_locks(void)
{
    struct tb_err err = { 0 };
    struct tb_duty_sight s;
    fails = ENOLCK;
    ok(!tb_duty_take(root, "detached", &err) && err.kind == TB_ERR_IO && strstr(err.text, "file system with locks"),
       "no locks: said for a store (%s)", err.text);
    tb_duty_look(root, &s);
    ok(!s.is_held, "no locks: nobody is on duty");
    err = (struct tb_err){ 0 };
    ok(tb_run_lock(root, &err) < 0 && err.kind == TB_ERR_IO && strstr(err.text, "file system with locks"),
       "no locks: said for a run, which nobody else has (%s)", err.text);
    fails = 0;
}

/* A reader that sleeps for longer than one round of patience between taking the lock and giving it back. */
static void slow_reader(void)
{
    struct timespec sleep = { .tv_nsec = 500000000 };
    struct tb_err err = { 0 };
    struct tb_duty *d = tb_duty_take(root, "detached", &err);
    tb_duty_leave(d);
    char *log = tb_duty_log(root, &err), path[1024];
    snprintf(path, sizeof path, "%.*s.lock", (int)strlen(log) - 4, log);
    free(log);
    pid_t reader = fork();
    if (reader == 0) {
        flock(open(path, O_RDONLY), LOCK_SH);
        nanosleep(&sleep, NULL);
        _exit(0);
    }
    nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
    d = tb_duty_take(root, "detached", &err);
    ok(d != NULL, "a reader that is slow is nobody on duty");
    tb_duty_leave(d);
    waitpid(reader, NULL, 0);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(root, sizeof root, "%s/tb-duty-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(root))
        return 99;
    one_at_a_time();
    without_locks();
    slow_reader();
    tb_dir_remove(root, NULL);
    return done();
}
