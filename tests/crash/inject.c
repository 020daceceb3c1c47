/* SPDX-License-Identifier: MIT */
/* inject.c - the system calls behind inject.h, under the names of libc. They are made by syscall(2) itself, so that
 * nothing here depends on what else is interposed. A descriptor is named by /proc/self/fd. Linux only. */
#include "tests/crash/inject.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

inject_fn *inject_hook;

static const struct {
    const char *name;
    int what;
} words[] = {
    { "ENOSPC", ENOSPC }, { "EROFS", EROFS }, { "EIO", EIO }, { "EINTR", EINTR }, { "ENOLCK", ENOLCK },
    { "short", INJECT_SHORT }, { "tear", INJECT_TEAR }, { "kill", INJECT_KILL }, { NULL, INJECT_GO },
};

static const char *const ops[] = { "open", "write", "sync", "rename", "truncate", "unlink", "mkdir", "lock" };

int inject_what(const char *word)
{
    int i = 0;
    while (words[i].name && strcmp(words[i].name, word) != 0)
        i++;
    return words[i].what;
}

/* ---- by the environment */

static struct {
    const char *under, *count, *clock;
    int ops, what;
    long at, lasts;
} plan;
static atomic_long n_calls;

static int by_plan(const struct inject_call *c)
{
    if (!(c->op & plan.ops) || strncmp(c->path, plan.under, strlen(plan.under)) != 0)
        return INJECT_GO;
    long n = atomic_fetch_add(&n_calls, 1) + 1;
    bool hit = n >= plan.at && (plan.lasts == 0 || n < plan.at + plan.lasts);
    return plan.at > 0 && hit ? plan.what : INJECT_GO;
}

static const char *given(const char *name, const char *otherwise)
{
    const char *s = getenv(name);
    return s && *s ? s : otherwise;
}

__attribute__((constructor)) static void begin(void)
{
    const char *list = given("TB_INJECT_OPS", NULL);
    plan.under = given("TB_INJECT_UNDER", NULL);
    plan.count = given("TB_INJECT_COUNT", NULL);
    plan.clock = given("TB_INJECT_CLOCK", NULL);
    plan.what = inject_what(given("TB_INJECT_WHAT", ""));
    plan.at = atol(given("TB_INJECT_AT", "0"));
    plan.lasts = atol(given("TB_INJECT_LASTS", "1"));
    plan.ops = list ? 0 : INJECT_FILES;
    for (int i = 0; list && i < (int)(sizeof ops / sizeof *ops); i++)
        plan.ops |= strstr(list, ops[i]) ? 1 << i : 0;
    if (plan.under)
        inject_hook = by_plan;
}

__attribute__((destructor)) static void end(void)
{
    char text[32];
    int fd = plan.count ? (int)syscall(SYS_openat, AT_FDCWD, plan.count, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;
    if (fd < 0)
        return;
    int n = snprintf(text, sizeof text, "%ld\n", atomic_load(&n_calls));
    if (syscall(SYS_write, fd, text, (size_t)n) != n)
        abort();
    syscall(SYS_close, fd);
}

/* ---- what a call is about */

struct name {
    char s[PATH_MAX];
};

static const char *name_of_fd(int fd, struct name *to)
{
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    long n = syscall(SYS_readlinkat, AT_FDCWD, link, to->s, sizeof to->s - 1);
    to->s[n > 0 ? n : 0] = '\0';
    return to->s;
}

static const char *name_at(int dir, const char *path, struct name *to)
{
    if (*path == '/')
        return path;
    if (dir == AT_FDCWD) {
        if (syscall(SYS_getcwd, to->s, sizeof to->s) < 0)
            to->s[0] = '\0';
    } else {
        name_of_fd(dir, to);
    }
    size_t n = strlen(to->s);
    snprintf(to->s + n, sizeof to->s - n, "/%s", path);
    return to->s;
}

/* What happens to a call: INJECT_GO, or it is not made and fails with errno (INJECT_SKIP: succeeds). */
static int ask(const struct inject_call *c)
{
    int saved = errno, what = inject_hook ? inject_hook(c) : INJECT_GO;
    if (what == INJECT_KILL || (what == INJECT_TEAR && c->op != INJECT_WRITE))
        kill(getpid(), SIGKILL);
    if (what == INJECT_SHORT && c->op != INJECT_WRITE)
        what = INJECT_GO;
    errno = what > 0 ? what : saved;
    return what;
}

/* ---- the calls */

static int open_at(int dir, const char *path, int flags, unsigned mode)
{
    struct name to;
    struct inject_call c = { .op = INJECT_OPEN, .flags = flags };
    bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT);
    if (writes && inject_hook) {
        c.path = name_at(dir, path, &to);
        if (ask(&c) > 0)
            return -1;
    }
    return (int)syscall(SYS_openat, dir, path, flags, mode);
}

/* The mode of an open that makes a file. */
#define MODE(flags, mode) \
    do { \
        va_list ap; \
        va_start(ap, flags); \
        mode = (flags) & (O_CREAT | O_TMPFILE) ? va_arg(ap, unsigned) : 0; \
        va_end(ap); \
    } while (0)

int open(const char *path, int flags, ...)
{
    unsigned mode;
    MODE(flags, mode);
    return open_at(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    unsigned mode;
    MODE(flags, mode);
    return open_at(AT_FDCWD, path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
    unsigned mode;
    MODE(flags, mode);
    return open_at(dir, path, flags, mode);
}

static int64_t position(int fd)
{
    struct stat st;
    if (fcntl(fd, F_GETFL) & O_APPEND)
        return fstat(fd, &st) == 0 ? (int64_t)st.st_size : -1;
    return (int64_t)syscall(SYS_lseek, fd, 0, SEEK_CUR);
}

/* Bytes of a write that are to be written; -1 if it fails. */
static ssize_t share(int fd, const void *p, size_t n, int64_t at, bool *dies)
{
    struct name to;
    struct inject_call c = { .op = INJECT_WRITE, .at = at, .p = p, .n = n };
    *dies = false;
    if (!inject_hook)
        return (ssize_t)n;
    if (at < 0)
        c.at = position(fd);
    c.path = name_of_fd(fd, &to);
    int what = ask(&c);
    *dies = what == INJECT_TEAR;
    return what > 0 ? -1 : what == INJECT_SHORT || what == INJECT_TEAR ? (ssize_t)(n + 1) / 2 : (ssize_t)n;
}

ssize_t write(int fd, const void *p, size_t n)
{
    bool dies;
    ssize_t part = share(fd, p, n, -1, &dies);
    ssize_t done = part < 0 ? -1 : (ssize_t)syscall(SYS_write, fd, p, (size_t)part);
    if (dies)
        kill(getpid(), SIGKILL);
    return done;
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    bool dies;
    ssize_t part = share(fd, p, n, at, &dies);
    ssize_t done = part < 0 ? -1 : (ssize_t)syscall(SYS_pwrite64, fd, p, (size_t)part, at);
    if (dies)
        kill(getpid(), SIGKILL);
    return done;
}

ssize_t pwrite64(int fd, const void *p, size_t n, off_t at)
{
    return pwrite(fd, p, n, at);
}

static int on_fd(int fd, enum inject_op op, int64_t at)
{
    struct name to;
    return inject_hook ? ask(&(struct inject_call){ .op = op, .path = name_of_fd(fd, &to), .at = at }) : INJECT_GO;
}

static int on_path(int dir, const char *path, enum inject_op op, int flags)
{
    struct name to;
    if (!inject_hook)
        return INJECT_GO;
    return ask(&(struct inject_call){ .op = op, .path = name_at(dir, path, &to), .flags = flags });
}

static int made(int what, long number, long a, long b, long c)
{
    return what > 0 ? -1 : what == INJECT_SKIP ? 0 : (int)syscall(number, a, b, c);
}

int fsync(int fd)
{
    return made(on_fd(fd, INJECT_SYNC, 0), SYS_fsync, fd, 0, 0);
}

int fdatasync(int fd)
{
    return made(on_fd(fd, INJECT_SYNC, 0), SYS_fdatasync, fd, 0, 0);
}

int ftruncate(int fd, off_t size)
{
    return made(on_fd(fd, INJECT_TRUNCATE, size), SYS_ftruncate, fd, size, 0);
}

int ftruncate64(int fd, off_t size)
{
    return ftruncate(fd, size);
}

int flock(int fd, int how)
{
    return made(on_fd(fd, INJECT_LOCK, how), SYS_flock, fd, how, 0);
}

int unlink(const char *path)
{
    return made(on_path(AT_FDCWD, path, INJECT_UNLINK, 0), SYS_unlinkat, AT_FDCWD, (long)path, 0);
}

int unlinkat(int dir, const char *path, int flags)
{
    return made(on_path(dir, path, INJECT_UNLINK, flags), SYS_unlinkat, dir, (long)path, flags);
}

int rmdir(const char *path)
{
    return made(on_path(AT_FDCWD, path, INJECT_UNLINK, AT_REMOVEDIR), SYS_unlinkat, AT_FDCWD, (long)path, AT_REMOVEDIR);
}

int mkdir(const char *path, mode_t mode)
{
    return made(on_path(AT_FDCWD, path, INJECT_MKDIR, 0), SYS_mkdirat, AT_FDCWD, (long)path, (long)mode);
}

int rename(const char *from, const char *to)
{
    struct name a, b;
    struct inject_call c = { .op = INJECT_RENAME };
    if (inject_hook) {
        c.path = name_at(AT_FDCWD, from, &a);
        c.to = name_at(AT_FDCWD, to, &b);
        if (ask(&c) > 0)
            return -1;
    }
    return (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}

/* ---- the clock on the wall */

static time_t error_s(void)
{
    char text[32];
    int fd = plan.clock ? (int)syscall(SYS_openat, AT_FDCWD, plan.clock, O_RDONLY | O_CLOEXEC, 0) : -1;
    if (fd < 0)
        return 0;
    long n = syscall(SYS_read, fd, text, sizeof text - 1);
    syscall(SYS_close, fd);
    text[n > 0 ? n : 0] = '\0';
    return (time_t)atol(text);
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    int result = (int)syscall(SYS_clock_gettime, id, t);
    if (result == 0 && id == CLOCK_REALTIME)
        t->tv_sec += error_s();
    return result;
}

time_t time(time_t *to)
{
    struct timespec t = { 0 };
    clock_gettime(CLOCK_REALTIME, &t);
    if (to)
        *to = t.tv_sec;
    return t.tv_sec;
}
