/* SPDX-License-Identifier: MIT */
/* duty.c - a lock, a text in the locked file, and a file whose size is a bell. */
#include "store/duty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/numeric.h"
#include "base/str.h"

enum { TEXT_BYTES = 1024, BELL_BYTES = 1 << 20, LOG_BYTES = 4 << 20, LOCK_TRIES = 10 };

struct tb_duty {
    char *bell;
    int fd;
    const char *mode;
    char since[24];
    struct stat rung;
    bool is_leaving;
    char trouble[256];
};

/* worker/<host>-cpu<ending>; a host's name may hold anything. */
static char *path_of(const char *root, const char *ending)
{
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    for (char *c = host; *c; c++)
        if (*c == '/' || (unsigned char)*c <= ' ' || *c == 0x7f)
            *c = '_';
    return tb_xasprintf("%s/worker/%.200s-cpu%s", root, *host ? host : "host", ending);
}

static bool make_folder(const char *root, struct tb_err *err)
{
    char *dir = tb_path_join(root, "worker");
    bool good = tb_dir_make(dir, 0700, err);
    free(dir);
    return good;
}

static void write_text(const struct tb_duty *d)
{
    struct tb_json *j = tb_json_new_map();
    tb_json_set(j, "pid", tb_json_new_int(getpid()));
    tb_json_set(j, "mode", tb_json_new_str(d->mode));
    tb_json_set(j, "since", tb_json_new_str(d->since));
    tb_json_set(j, "leaving", tb_json_new_bool(d->is_leaving));
    tb_json_set(j, "version", tb_json_new_str(TB_VERSION));
    tb_json_set(j, "trouble", tb_json_new_str(d->trouble));
    char *text = tb_json_text(j, TB_JSON_LINE);
    size_t n = strlen(text);
    /* In one write over the old text, padded, so that no reader finds a part of each. A full disk does no harm: the
     * lock is what counts. */
    char line[TEXT_BYTES];
    memset(line, ' ', sizeof line);
    memcpy(line, text, n < sizeof line ? n : 0);
    line[sizeof line - 1] = '\n';
    ssize_t written = pwrite(d->fd, line, sizeof line, 0);
    (void)written;
    free(text);
    tb_json_free(j);
}

/* A reader that was put to sleep in the middle of a look holds the lock too, and is nobody on duty. */
static bool lock_patiently(int fd, const char *root, struct tb_duty_sight *who)
{
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (tb_file_lock(fd))
            return true;
        if (errno != EWOULDBLOCK)
            return false;
        tb_duty_look(root, who);
        if (who->is_held)
            break;
    }
    errno = EWOULDBLOCK;
    return false;
}

static bool open_lock(struct tb_duty *d, const char *root, struct tb_err *err)
{
    char *path = path_of(root, ".lock");
    struct tb_duty_sight who = { 0 };
    d->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    bool good = d->fd >= 0 || tb_fail_errno(err, "cannot open %s", path);
    if (good && !lock_patiently(d->fd, root, &who))
        good = errno == EWOULDBLOCK
                   ? tb_fail_at(err, TB_ERR_BUSY, root, 0, "process %lld trains the runs of this store on this host",
                                (long long)who.pid)
                   : tb_fail_errno(err, "cannot lock %s (a store needs a file system with locks; `tunebench doctor` "
                                   "tests them)", path);
    free(path);
    return good;
}

/* As it is now; all zero if it is not there. */
static struct stat bell_now(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st : (struct stat){ 0 };
}

struct tb_duty *tb_duty_take(const char *root, const char *mode, struct tb_err *err)
{
    struct tb_duty *d = tb_xcalloc(1, sizeof *d);
    d->fd = -1;
    d->mode = mode;
    d->bell = tb_path_join(root, "worker/bell");
    tb_clock_iso(d->since, sizeof d->since, tb_clock_wall_ns());
    if (!make_folder(root, err) || !open_lock(d, root, err)) {
        tb_duty_leave(d);
        return NULL;
    }
    write_text(d);
    return d;
}

void tb_duty_leave(struct tb_duty *d)
{
    if (!d)
        return;
    if (d->fd >= 0)
        close(d->fd);
    free(d->bell);
    free(d);
}

void tb_duty_say_leaving(struct tb_duty *d, bool is_leaving)
{
    d->is_leaving = is_leaving;
    write_text(d);
}

void tb_duty_say_trouble(struct tb_duty *d, const char *words)
{
    tb_str_copy(d->trouble, sizeof d->trouble, words ? words : "");
    write_text(d);
}

bool tb_duty_was_rung(struct tb_duty *d)
{
    struct stat now = bell_now(d->bell);
    bool rung = now.st_size != d->rung.st_size || now.st_ino != d->rung.st_ino
             || now.st_mtim.tv_sec != d->rung.st_mtim.tv_sec || now.st_mtim.tv_nsec != d->rung.st_mtim.tv_nsec;
    d->rung = now;
    return rung;
}

/* What the lock file says, as far as it can be read. */
static void read_text(int fd, struct tb_duty_sight *s)
{
    char text[TEXT_BYTES];
    ssize_t n = pread(fd, text, sizeof text, 0);
    struct tb_json *j = n > 0 ? tb_json_parse(text, (size_t)n, "the worker's lock", NULL) : NULL;
    s->pid = tb_json_int(tb_json_get(j, "pid"), 0);
    s->is_leaving = tb_json_bool(tb_json_get(j, "leaving"), false);
    s->is_foreground = strcmp(tb_json_str(tb_json_get(j, "mode"), ""), "foreground") == 0;
    tb_str_copy(s->since, sizeof s->since, tb_json_str(tb_json_get(j, "since"), ""));
    tb_str_copy(s->version, sizeof s->version, tb_json_str(tb_json_get(j, "version"), ""));
    tb_str_copy(s->trouble, sizeof s->trouble, tb_json_str(tb_json_get(j, "trouble"), ""));
    tb_json_free(j);
}

void tb_duty_look(const char *root, struct tb_duty_sight *s)
{
    char *path = path_of(root, ".lock");
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    *s = (struct tb_duty_sight){ .is_held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK };
    struct tb_duty_sight told = { .is_held = s->is_held };
    if (fd >= 0) {
        read_text(fd, &told);
        close(fd);
    }
    if (s->is_held)
        *s = told;
    s->last_pid = told.pid;
    free(path);
}

bool tb_duty_ring(const char *root, struct tb_err *err)
{
    char *path = tb_path_join(root, "worker/bell");
    int fd = make_folder(root, err) ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
                                           0600)
                                    : -1;
    struct stat st;
    bool good = fd >= 0;
    /* A byte cannot be written to a full disk; the time can. */
    if (good && fstat(fd, &st) == 0 && st.st_size >= BELL_BYTES)
        good = ftruncate(fd, 0) == 0;
    else if (good && !tb_write_all(fd, ".", 1))
        good = futimens(fd, NULL) == 0;
    if (!good && err && !err->kind)
        tb_fail_errno(err, "cannot write %s", path);
    if (fd >= 0)
        close(fd);
    free(path);
    return good;
}

char *tb_duty_log(const char *root, struct tb_err *err)
{
    if (!make_folder(root, err))
        return NULL;
    char *path = path_of(root, ".log");
    if (tb_file_size(path) > LOG_BYTES) /* of a worker that has ended: it begins anew */
        unlink(path);
    return path;
}
