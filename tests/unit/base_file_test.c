/* SPDX-License-Identifier: MIT */
/* base_file_test.c - reading, replacing and removing files, paths, mappings and their SIGBUS. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "tests/tap.h"

static char dir[256];

static void reading(void)
{
    struct tb_err err = { 0 };
    char *path = tb_path_join(dir, "a"), *s;
    size_t n;
    ok(tb_file_replace(path, "hello\0you", 9, &err), "written");
    s = tb_file_read(path, 9, &n, &err);
    ok(s && n == 9 && memcmp(s, "hello\0you", 10) == 0, "read, with a zero byte behind");
    free(s);
    ok(!tb_file_read(path, 8, &n, &err) && err.kind == TB_ERR_LIMIT, "one byte too large");
    ok(!tb_file_read("/nowhere/x", 8, &n, &err) && err.kind == TB_ERR_NOTFOUND, "not there");
    ok(!tb_file_read(dir, 8, &n, &err) && err.kind == TB_ERR_IO, "a folder");
    s = tb_file_read("/proc/self/status", 1 << 20, &n, &err);
    ok(s && n > 100 && n == strlen(s), "a file without a size");
    free(s);
    char *big = calloc(1, 100001);
    memset(big, 'b', 100000);
    ok(tb_file_replace(path, big, 100000, &err), "replaced");
    is_int(tb_file_size(path), 100000, "size");
    s = tb_file_read(path, SIZE_MAX, NULL, &err);
    is_str(s, big, "larger file");
    free(s);
    free(big);
    ok(tb_file_exists(path) && !tb_file_exists(dir) && tb_dir_exists(dir) && !tb_dir_exists(path),
       "exists");
    ok(tb_file_size("/nowhere/x") == -1 && tb_file_size(dir) == -1, "no size");
    free(path);
}

static void replacing(void)
{
    struct tb_err err = { 0 };
    char *path = tb_path_join(dir, "r"), name[300];
    ok(tb_file_replace(path, "old", 3, &err) && tb_file_replace(path, "new", 3, &err), "twice");
    char *s = tb_file_read(path, 10, NULL, &err);
    is_str(s, "new", "the new bytes");
    free(s);
    snprintf(name, sizeof name, "%s.tmp-%ld", path, (long)getpid());
    ok(!tb_file_exists(name), "nothing is left over");
    mkdir(name, 0700);
    ok(!tb_file_replace(path, "bad", 3, &err) && err.kind == TB_ERR_IO, "refused: %s", err.text);
    s = tb_file_read(path, 10, NULL, &err);
    is_str(s, "new", "the old bytes stay");
    free(s);
    rmdir(name);
    ok(!tb_file_replace("/nowhere/x", "a", 1, &err), "no folder");
    free(path);
}

static void folders(void)
{
    struct tb_err err = { 0 };
    char *path = tb_path_join(dir, "p/q/r/"), *link_name = tb_path_join(dir, "p/link");
    char *victim = tb_path_join(dir, "victim"), *inside = tb_path_join(victim, "keep");
    char *top = tb_path_join(dir, "p"), *below = tb_path_join(dir, "a/b");
    struct stat st;
    ok(tb_dir_make(path, 0700, &err) && tb_dir_make(path, 0700, &err), "made, and made again");
    ok(stat(path, &st) == 0 && (st.st_mode & 0777) == 0700, "its mode");
    ok(!tb_dir_make(below, 0700, &err) && err.kind == TB_ERR_IO, "a file is in the way");
    ok(tb_dir_make(victim, 0777, &err) && tb_file_replace(inside, "x", 1, &err), "a neighbour");
    ok(symlink(victim, link_name) == 0, "a link to it");
    ok(tb_dir_remove(top, &err) && !tb_dir_exists(top), "tree removed");
    ok(tb_file_exists(inside), "links are not followed");
    ok(tb_dir_remove(top, &err), "removing nothing succeeds");
    ok(tb_dir_sync(dir, &err) && !tb_dir_sync(top, &err), "sync");
    free(path);
    free(link_name);
    free(victim);
    free(inside);
    free(top);
    free(below);
}

static void is_join(const char *a, const char *b, const char *want)
{
    char *s = tb_path_join(a, b);
    is_str(s, want, want);
    free(s);
}

static void paths(void)
{
    is_join("a", "b", "a/b");
    is_join("a/", "b", "a/b");
    is_join("a", "/b", "/b");
    is_join("", "b", "b");
    is_join("/", "b", "/b");
    is_str(tb_path_base("a/b.c"), "b.c", "base");
    is_str(tb_path_base("b"), "b", "base without a folder");
    is_str(tb_path_base("/a/b/"), "b/", "base of a folder");
}

static void maps(void)
{
    struct tb_err err = { 0 };
    struct tb_map m;
    char *path = tb_path_join(dir, "m");
    ok(tb_file_replace(path, "mapped", 6, &err) && tb_map_open(&m, path, &err), "mapped");
    ok(m.n == 6 && memcmp(m.p, "mapped", 6) == 0, "its bytes");
    is_str(m.path, path, "its path");
    tb_map_close(&m);
    ok(!m.p && !m.path, "closed");
    tb_map_close(&m);
    ok(tb_file_replace(path, "", 0, &err) && tb_map_open(&m, path, &err), "empty file");
    ok(!m.p && m.n == 0 && m.path, "is NULL and 0");
    tb_map_close(&m);
    ok(!tb_map_open(&m, dir, &err) && err.kind == TB_ERR_FORMAT, "a folder");
    ok(!tb_map_open(&m, "/nowhere/x", &err) && err.kind == TB_ERR_NOTFOUND, "not there");
    ok(mkfifo(path, 0600) != 0 && unlink(path) == 0 && mkfifo(path, 0600) == 0, "a FIFO");
    ok(!tb_map_open(&m, path, &err), "does not hang");
    tb_map_close(NULL);
    free(path);
}

/* In a child: more mappings than slots are open, then a mapped file is cut. */
static int touch_cut(const char *path, int fd)
{
    struct tb_err err;
    struct tb_map m, other[100];
    tb_map_guard_sigbus();
    dup2(fd, STDERR_FILENO);
    if (!tb_map_open(&m, path, &err))
        return 2;
    for (int i = 0; i < 100; i++)
        if (!tb_map_open(&other[i], path, &err))
            return 2;
    for (int i = 0; i < 100; i++)
        tb_map_close(&other[i]);
    if (truncate(path, 0) != 0)
        return 2;
    return m.p[8192] ? 3 : 4;
}

static void sigbus(void)
{
    struct tb_err err = { 0 };
    char *path = tb_path_join(dir, "cut"), said[400] = "", want[400], bytes[16384] = { 0 };
    int ends[2], status = 0;
    ok(tb_file_replace(path, bytes, sizeof bytes, &err) && pipe(ends) == 0, "a file to cut");
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        _exit(touch_cut(path, ends[1]));
    close(ends[1]);
    ssize_t n = read(ends[0], said, sizeof said - 1);
    for (ssize_t more = n; more > 0; n += more)
        more = read(ends[0], said + n, sizeof said - 1 - (size_t)n);
    close(ends[0]);
    waitpid(pid, &status, 0);
    ok(WIFEXITED(status) && WEXITSTATUS(status) == 1, "SIGBUS becomes exit 1 (%x)", status);
    snprintf(want, sizeof want, "%s: was cut or changed while in use\n", path);
    is_str(said, want, "and names the file");
    free(path);
}

int main(void)
{
    struct tb_err err;
    const char *tmp = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%s/tb-file-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(dir)) {
        skip("files", "no temporary folder");
        return done();
    }
    reading();
    replacing();
    folders();
    paths();
    maps();
    sigbus();
    ok(tb_dir_remove(dir, &err) && !tb_dir_exists(dir), "cleaned up");
    return done();
}
