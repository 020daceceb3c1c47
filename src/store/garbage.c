/* SPDX-License-Identifier: MIT */
/* garbage.c - finding and removing. Each run is looked at under its lock, both times: between the two it may have been
 * resumed. Folders are entered only if they are folders themselves, and a name is unlinked, never what it leads to.
 * What many processes share (ctl/, the store itself) may hold a file that is being written just now, so unfinished
 * files there must be old. A run is renamed before it is removed, so that nobody sees half of one. */
#include "store/garbage.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/checkpoint.h"
#include "store/keeping.h"

enum { OLD_S = 3600 };

static void add(struct tb_garbage_list *g, enum tb_garbage_kind kind, const char *run, char *path, int64_t bytes)
{
    g->at = tb_grow(g->at, g->n, &g->cap, sizeof *g->at);
    struct tb_garbage *e = &g->at[g->n++];
    *e = (struct tb_garbage){ .kind = kind, .path = path, .bytes = bytes };
    tb_str_copy(e->run, sizeof e->run, run);
}

void tb_garbage_free(struct tb_garbage_list *g)
{
    for (size_t i = 0; i < g->n; i++)
        free(g->at[i].path);
    free(g->at);
    *g = (struct tb_garbage_list){ 0 };
}

/* A folder, and no link to one. */
static bool is_folder(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Bytes of all files below. */
static int64_t tree_bytes(int dir, const char *name)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return 0;
    if (!S_ISDIR(st.st_mode))
        return S_ISREG(st.st_mode) ? (int64_t)st.st_size : 0;
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    int64_t bytes = 0;
    struct dirent *e;
    while (d && (e = readdir(d)))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            bytes += tree_bytes(fd, e->d_name);
    if (d)
        closedir(d);
    return bytes;
}

static bool is_old(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && time(NULL) - st.st_mtim.tv_sec >= OLD_S;
}

/* Names of writes that were not finished, of run folders that were not finished, of runs that were not removed to the
 * end. */
static bool is_temp(const char *name)
{
    return strstr(name, ".tmp-") || tb_str_starts(name, ".new-") || tb_str_starts(name, ".gone-");
}

/* What is .bad or unfinished in the folder dir/sub. */
static void leftovers(struct tb_garbage_list *g, const char *run, const char *dir, const char *sub, bool is_shared)
{
    char *folder = tb_path_join(dir, sub);
    DIR *d = is_folder(folder) ? opendir(folder) : NULL;
    struct dirent *e;
    while (d && (e = readdir(d))) {
        bool bad = tb_str_ends(e->d_name, ".bad"), temp = is_temp(e->d_name);
        char *path = bad || temp ? tb_path_join(folder, e->d_name) : NULL;
        if (bad || (temp && (!is_shared || is_old(path))))
            add(g, bad ? TB_GARBAGE_BAD : TB_GARBAGE_TEMP, run, path, tree_bytes(AT_FDCWD, path));
        else
            free(path);
    }
    if (d)
        closedir(d);
    free(folder);
}

/* The newest checkpoint that can be read, -1 if there is none. */
static int64_t newest(const char *dir)
{
    struct tb_checkpoint c;
    if (!tb_checkpoint_newest(&c, dir, -1, false, NULL, 0, NULL))
        return -1;
    int64_t step = c.step;
    tb_checkpoint_free(&c);
    return step;
}

static void checkpoints(struct tb_garbage_list *g, const char *run, const struct tb_metrics *m, const char *dir)
{
    struct tb_kept *list = NULL;
    char *folder = tb_path_join(dir, TB_DIR_CKPT);
    size_t n = is_folder(folder) ? tb_keep_list(m, dir, &list) : 0;
    int64_t last = n > 1 ? newest(dir) : -1;
    for (size_t i = 0; last >= 0 && i < n; i++) {
        char *path = list[i].step >= last || list[i].why ? NULL : tb_checkpoint_path(dir, list[i].step);
        if (path)
            add(g, TB_GARBAGE_CHECKPOINT, run, path, tree_bytes(AT_FDCWD, path));
    }
    free(list);
    free(folder);
}

static void scan_files(struct tb_garbage_list *g, const char *run, const char *dir, const struct tb_metrics *m)
{
    leftovers(g, run, dir, ".", false);
    leftovers(g, run, dir, TB_DIR_CKPT, false);
    leftovers(g, run, dir, TB_DIR_CTL, true);
    if (tb_state_is_over(m->state))
        checkpoints(g, run, m, dir);
}

/* Of a run whose lock is held here. */
static void scan_held(struct tb_garbage_list *g, const char *id, const char *dir, bool archived)
{
    struct tb_metrics m;
    struct tb_run_summary sum;
    bool is_good = tb_metrics_load(&m, dir, NULL);
    if (is_good)
        tb_summary_of(&sum, &m);
    if (is_good && !sum.is_protected && archived && sum.is_archived)
        add(g, TB_GARBAGE_RUN, id, tb_xstrdup(dir), tree_bytes(AT_FDCWD, dir));
    else if (is_good && !sum.is_protected)
        scan_files(g, id, dir, &m);
    tb_metrics_free(&m);
}

static void scan_run(struct tb_garbage_list *g, struct tb_store *s, const char *id, bool archived)
{
    struct tb_err why = { 0 };
    char *dir = tb_store_run_dir(s, id);
    int lock = is_folder(dir) ? tb_run_lock(dir, &why) : -1;
    if (lock >= 0)
        scan_held(g, id, dir, archived);
    g->n_held += why.kind == TB_ERR_BUSY;
    tb_run_unlock(lock);
    free(dir);
}

bool tb_garbage_find(struct tb_garbage_list *g, struct tb_store *s, bool archived, struct tb_err *err)
{
    struct tb_run_item *all;
    size_t n;
    *g = (struct tb_garbage_list){ 0 };
    bool good = tb_store_list(s, &all, &n, err);
    if (good && is_folder(tb_store_runs_dir(s))) {
        for (size_t i = 0; i < n; i++)
            scan_run(g, s, all[i].sum.id, archived);
        leftovers(g, "", tb_store_runs_dir(s), ".", true);
    }
    leftovers(g, "", tb_store_path(s), ".", true);
    leftovers(g, "", tb_store_path(s), "recipes", true);
    free(all);
    return good;
}

static bool remove_run(struct tb_store *s, const struct tb_garbage *e, struct tb_err *err)
{
    char *gone = tb_xasprintf("%s/.gone-%s", tb_store_runs_dir(s), e->run);
    bool good = tb_dir_remove(gone, err);
    if (good && rename(e->path, gone) != 0)
        good = tb_fail_errno(err, "cannot remove %s", e->path);
    good = good && tb_dir_sync(tb_store_runs_dir(s), err) && tb_dir_remove(gone, err);
    free(gone);
    return good;
}

static bool remove_one(struct tb_store *s, struct tb_garbage *e, struct tb_err *err)
{
    e->is_removed = e->kind == TB_GARBAGE_RUN ? remove_run(s, e, err) : tb_dir_remove(e->path, err);
    return e->is_removed;
}

static bool holds(const struct tb_garbage_list *g, const struct tb_garbage *e)
{
    for (size_t i = 0; i < g->n; i++)
        if (g->at[i].kind == e->kind && strcmp(g->at[i].path, e->path) == 0)
            return true;
    return false;
}

/* Entries first .. last - 1, which are all of one run. */
static bool remove_of_run(struct tb_garbage_list *g, size_t first, size_t last, struct tb_store *s, bool archived,
                          struct tb_err *err)
{
    struct tb_garbage_list now = { 0 };
    const char *id = g->at[first].run;
    char *dir = tb_store_run_dir(s, id);
    int lock = is_folder(dir) ? tb_run_lock(dir, err) : -1;
    bool good = lock >= 0 || !is_folder(dir);
    if (lock >= 0)
        scan_held(&now, id, dir, archived);
    for (size_t i = first; i < last; i++)
        if (holds(&now, &g->at[i]))
            good &= remove_one(s, &g->at[i], good ? err : NULL);
    tb_run_unlock(lock);
    tb_garbage_free(&now);
    free(dir);
    return good;
}

bool tb_garbage_remove(struct tb_garbage_list *g, struct tb_store *s, bool archived, struct tb_err *err)
{
    bool good = true;
    for (size_t first = 0, last; first < g->n; first = last) {
        struct tb_err *told = good ? err : NULL;
        for (last = first + 1; last < g->n && strcmp(g->at[last].run, g->at[first].run) == 0;)
            last++;
        if (*g->at[first].run) {
            good &= remove_of_run(g, first, last, s, archived, told);
            continue;
        }
        for (size_t i = first; i < last; i++)
            good &= remove_one(s, &g->at[i], good ? err : NULL);
    }
    return good;
}
