/* SPDX-License-Identifier: MIT */
/* file.c - whole files.
 * A file is replaced by writing "<path>.tmp-<thread id>" beside it, fsync, rename, fsync of the folder: a
 * reader sees the old bytes or the new ones, also after a power loss, and two threads that replace one
 * file do not write into each other's. A missing file is
 * TB_ERR_NOTFOUND, every other refusal TB_ERR_IO. Removing something that is not there succeeds.
 * Mappings are in map.c. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

static bool cannot_open(const char *path, struct tb_err *err)
{
    if (errno == ENOENT)
        return tb_fail_at(err, TB_ERR_NOTFOUND, path, 0, "no such file or folder");
    return tb_fail_errno(err, "cannot open %s", path);
}

/* Room for the file as its size says now, and one byte to see its end. */
static size_t first_room(int fd, size_t max_bytes)
{
    struct stat st;
    size_t size = fstat(fd, &st) == 0 && st.st_size > 0 ? (size_t)st.st_size : 0;
    size = size < max_bytes ? size : max_bytes;
    return size > 4094 ? size + 2 : 4096;
}

/* All of fd into *p, growing it; one byte above max_bytes tells that the file is too large. */
static bool read_all(int fd, const char *path, size_t max_bytes, char **p, size_t *n,
                     struct tb_err *err)
{
    size_t cap = first_room(fd, max_bytes);
    ssize_t got = 1;
    for (*p = NULL, *n = 0; got != 0;) {
        if (!*p || *n + 1 >= cap) {
            cap = *p ? 2 * cap : cap;
            char *more = realloc(*p, cap);
            if (!more)
                return tb_fail_at(err, TB_ERR_LIMIT, path, 0, "no memory for %zu bytes", cap);
            *p = more;
        }
        got = read(fd, *p + *n, cap - 1 - *n);
        if (got < 0 && errno != EINTR)
            return tb_fail_errno(err, "cannot read %s", path);
        *n += got > 0 ? (size_t)got : 0;
        if (*n > max_bytes)
            return tb_fail_at(err, TB_ERR_LIMIT, path, 0, "larger than %zu bytes", max_bytes);
    }
    (*p)[*n] = '\0';
    return true;
}

char *tb_file_read(const char *path, size_t max_bytes, size_t *n, struct tb_err *err)
{
    size_t len, most = max_bytes < SIZE_MAX / 4 ? max_bytes : SIZE_MAX / 4;
    char *p = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        cannot_open(path, err);
        return NULL;
    }
    bool good = read_all(fd, path, most, &p, &len, err);
    close(fd);
    if (!good) {
        free(p);
        return NULL;
    }
    if (n)
        *n = len;
    return p;
}

static bool write_new(const char *path, const void *p, size_t n, struct tb_err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        return tb_fail_errno(err, "cannot make %s", path);
    bool good = tb_write_all(fd, p, n) && fsync(fd) == 0;
    if (!good)
        tb_fail_errno(err, "cannot write %s", path);
    if (close(fd) != 0 && good)
        good = tb_fail_errno(err, "cannot write %s", path);
    return good;
}

/* The folder that holds path, malloc'ed. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return tb_xstrdup(".");
    return tb_xasprintf("%.*s", slash == path ? 1 : (int)(slash - path), path);
}

bool tb_file_replace_by(const char *path, tb_file_write_fn *write, void *arg, struct tb_err *err)
{
    char *temp = tb_xasprintf("%s.tmp-%ld", path, (long)gettid()), *dir = folder_of(path);
    bool good = write(temp, arg, err);
    if (good && rename(temp, path) != 0)
        good = tb_fail_errno(err, "cannot rename %s to %s", temp, path);
    if (!good)
        unlink(temp);
    good = good && tb_dir_sync(dir, err);
    free(dir);
    free(temp);
    return good;
}

struct bytes {
    const void *p;
    size_t n;
};

static bool write_bytes(const char *temp, void *arg, struct tb_err *err)
{
    const struct bytes *b = arg;
    return write_new(temp, b->p, b->n, err);
}

bool tb_file_replace(const char *path, const void *p, size_t n, struct tb_err *err)
{
    return tb_file_replace_by(path, write_bytes, &(struct bytes){ p, n }, err);
}

bool tb_file_write_new(const char *path, const void *p, size_t n, bool *is_taken, struct tb_err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (is_taken)
        *is_taken = fd < 0 && errno == EEXIST;
    bool good = fd >= 0 && tb_write_all(fd, p, n);
    if (!good)
        tb_fail_errno(err, "%s cannot be written", path);
    if (fd >= 0 && close(fd) != 0 && good)
        good = tb_fail_errno(err, "%s cannot be written", path);
    if (fd >= 0 && !good)
        unlink(path);
    return good;
}

bool tb_file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

bool tb_dir_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int64_t tb_file_size(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) ? (int64_t)st.st_size : -1;
}

bool tb_file_is_plain(const char *path, struct tb_err *err)
{
    struct stat st;
    if (stat(path, &st) != 0 || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
        return true;
    return tb_fail_at(err, TB_ERR_FORMAT, path, 0, "is neither a file nor a folder");
}

char *tb_file_read_plain(const char *path, size_t max_bytes, size_t *n, struct tb_err *err)
{
    return tb_file_is_plain(path, err) ? tb_file_read(path, max_bytes, n, err) : NULL;
}

bool tb_file_is_no_link(const char *path, struct tb_err *err)
{
    struct stat st;
    if (lstat(path, &st) != 0 || !S_ISLNK(st.st_mode))
        return true;
    return tb_fail_at(err, TB_ERR_FORMAT, path, 0, "is a link; nothing in a store may lead out of it");
}

/* A name in a folder is safe once that folder is synced, whatever is synced below. */
static bool keep_name(const char *path, struct tb_err *err)
{
    char *dir = folder_of(path);
    bool good = access(dir, R_OK) != 0 || tb_dir_sync(dir, err);
    if (!good)
        rmdir(path); /* so that who tries again tries this again too */
    free(dir);
    return good;
}

static bool make_one(const char *path, unsigned mode, struct tb_err *err)
{
    /* Asked first: on a read-only file system mkdir of an existing folder says EROFS. */
    if (tb_dir_exists(path))
        return true;
    if (mkdir(path, (mode_t)mode) == 0)
        return keep_name(path, err);
    if (errno == EEXIST && tb_dir_exists(path))
        return true;
    return tb_fail_errno(err, "cannot make folder %s", path);
}

bool tb_dir_make(const char *path, unsigned mode, struct tb_err *err)
{
    char *part = tb_xstrdup(path);
    bool good = true;
    for (char *s = part; good && *s; s++) {
        if (*s != '/' || s == part)
            continue;
        *s = '\0';
        good = make_one(part, mode, err);
        *s = '/';
    }
    good = good && make_one(path, mode, err);
    free(part);
    return good;
}

bool tb_dir_sync(const char *path, struct tb_err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return cannot_open(path, err);
    /* Some file systems cannot sync a folder and say so by EINVAL. */
    bool good = fsync(fd) == 0 || errno == EINVAL;
    if (!good)
        tb_fail_errno(err, "cannot sync folder %s", path);
    close(fd);
    return good;
}

static bool remove_at(int dir, const char *name, struct tb_err *err);

/* Empties the folder behind fd, which it closes. */
static bool empty(int fd, const char *name, struct tb_err *err)
{
    DIR *d = fdopendir(fd);
    struct dirent *e;
    bool good = true;
    if (!d) {
        tb_fail_errno(err, "cannot read folder %s", name);
        close(fd);
        return false;
    }
    while (good && (e = readdir(d)))
        if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
            good = remove_at(dirfd(d), e->d_name, err);
    closedir(d);
    return good;
}

static bool remove_at(int dir, const char *name, struct tb_err *err)
{
    if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
        return true;
    if (errno != EISDIR && errno != EPERM)
        return tb_fail_errno(err, "cannot remove %s", name);
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return tb_fail_errno(err, "cannot remove %s", name);
    if (!empty(fd, name, err))
        return false;
    if (unlinkat(dir, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return true;
    return tb_fail_errno(err, "cannot remove folder %s", name);
}

bool tb_dir_remove(const char *path, struct tb_err *err)
{
    struct stat st; /* a file system that can only be read refuses to remove even what is not there */
    return (lstat(path, &st) != 0 && errno == ENOENT) || remove_at(AT_FDCWD, path, err);
}

char *tb_path_join(const char *a, const char *b)
{
    size_t n = strlen(a);
    if (n == 0 || *b == '/')
        return tb_xstrdup(b);
    return tb_xasprintf("%s%s%s", a, a[n - 1] == '/' ? "" : "/", b);
}

const char *tb_path_base(const char *path)
{
    const char *base = path;
    for (const char *s = path; *s; s++)
        if (*s == '/' && s[1] && s[1] != '/')
            base = s + 1;
    return base;
}

bool tb_file_lock(int fd)
{
    for (int i = 0; i < 20; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return true;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return false;
        tb_clock_nap(0.01);
    }
    errno = EWOULDBLOCK;
    return false;
}

bool tb_write_all(int fd, const void *p, size_t n)
{
    const char *s = p;
    while (n > 0) {
        ssize_t done = write(fd, s, n);
        if (done < 0 && errno == EAGAIN)
            poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1);
        else if (done < 0 && errno != EINTR)
            return false;
        s += done > 0 ? done : 0;
        n -= done > 0 ? (size_t)done : 0;
    }
    return true;
}
