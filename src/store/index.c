/* SPDX-License-Identifier: MIT */
/* index.c - the cache of summaries (its bytes: index_file.c). Folders in the order of their names and entries in the
 * same order are walked side by side, so listing takes one look at each folder and keeps nothing behind it.
 * An entry is believed while the times and sizes of its run folder are those it was made from; the
 * folder's own time changes with every rename in it (snapshots, new segments), a growing journal by
 * its size. Times that were younger than two seconds when they were read are not believed: a file
 * system clock ticks in steps, and a second change in the same tick would go unseen. */
#include "store/index.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/index_priv.h"
#include "store/journal_priv.h"

enum { MAX_RUNS = 1 << 20 };

struct name {
    char id[TB_RUN_ID];
};

/* One listing. */
struct walk {
    int runs; /* the folder, open */
    const char *runs_path;
    struct tb_index_file old;
    struct tb_index_entry cached; /* the next one of old, if has_cached */
    bool has_cached;
    bool is_changed;      /* the cache does not say what is there */
    struct tb_buf now;    /* entries as they should be, from the first that changed on with all before it */
    size_t n;             /* runs so far */
    struct tb_cache *live; /* may be NULL */
    tb_index_fn *fn;
    void *arg;
};

static int64_t changed_ns(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

static void print_h5(struct tb_index_print *p, const struct walk *w, const char *id)
{
    char path[TB_RUN_ID + sizeof "/" TB_FILE_H5];
    struct stat st;
    snprintf(path, sizeof path, "%s/" TB_FILE_H5, id);
    if (fstatat(w->runs, path, &st, 0) == 0) {
        p->h5_ns = changed_ns(&st);
        p->h5_bytes = st.st_size;
    }
}

/* Its bytes; *ns: when it changed. Both -1 where it is not there. */
static int64_t segment_bytes(const struct walk *w, const char *id, int64_t segment, int64_t *ns)
{
    struct stat st;
    if (segment <= 0)
        return *ns = 0;
    char *path = tb_segment_path(id, (unsigned)segment);
    bool is_there = fstatat(w->runs, path, &st, 0) == 0;
    free(path);
    *ns = is_there ? changed_ns(&st) : -1;
    return is_there ? st.st_size : -1;
}

/* Two or three looks: a new segment would have changed the folder. */
static bool is_current(const struct tb_index_print *old, const struct walk *w, const char *id, int64_t dir_ns)
{
    struct tb_index_print p = { 0 };
    int64_t ns;
    if (!old->dir_ns || old->dir_ns != dir_ns)
        return false;
    print_h5(&p, w, id);
    return p.h5_ns == old->h5_ns && p.h5_bytes == old->h5_bytes
        && segment_bytes(w, id, old->segment, &ns) == old->segment_bytes;
}

/* Also a journal that grows: its run is read again anyway, and the cache need not be written for
 * it. */
static void forget_young(struct tb_index_print *p, int64_t segment_ns)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t limit = ((int64_t)now.tv_sec - 2) * 1000000000 + now.tv_nsec;
    if (p->dir_ns > limit || p->h5_ns > limit || segment_ns > limit)
        p->dir_ns = 0;
}

static struct tb_index_print print_of(const struct walk *w, const char *dir, const char *id, int64_t dir_ns)
{
    struct tb_index_print p = { .dir_ns = dir_ns };
    struct tb_segment *seg;
    int64_t ns;
    print_h5(&p, w, id);
    size_t n = tb_segment_list(dir, &seg);
    p.segment = n ? seg[n - 1].number : 0;
    p.segment_bytes = segment_bytes(w, id, p.segment, &ns);
    forget_young(&p, ns);
    free(seg);
    return p;
}

static bool read_summary(struct tb_run_summary *sum, const struct walk *w, const char *dir, bool has_journal,
                         struct tb_err *err)
{
    if (has_journal && w->live) {
        const struct tb_metrics *kept = tb_cache_run(w->live, dir, NULL, err);
        if (kept)
            tb_summary_of(sum, kept);
        return kept != NULL;
    }
    if (w->live)
        tb_cache_drop(w->live, dir);
    struct tb_metrics own;
    bool good = has_journal ? tb_metrics_load(&own, dir, err) : tb_metrics_load_brief(&own, dir, err);
    if (good)
        tb_summary_of(sum, &own);
    tb_metrics_free(&own);
    return good;
}

/* False if the folder is no run. */
static bool read_run(struct tb_index_entry *e, const struct walk *w, const char *id, int64_t dir_ns)
{
    struct tb_err why = { 0 };
    char text[700], *dir = tb_path_join(w->runs_path, id);
    memset(e, 0, sizeof *e);
    e->print = print_of(w, dir, id, dir_ns);
    bool good = read_summary(&e->sum, w, dir, e->print.segment > 0, &why);
    if (!good && why.kind != TB_ERR_NOTFOUND)
        tb_str_copy(e->sum.damage, sizeof e->sum.damage, tb_err_string(&why, text, sizeof text));
    tb_str_copy(e->sum.id, sizeof e->sum.id, id); /* the folder's name is what finds it again */
    free(dir);
    return good || why.kind != TB_ERR_NOTFOUND;
}

/* From here on the cache is written anew: with what is the same up to here. */
static void change(struct walk *w, size_t same_bytes)
{
    if (w->is_changed)
        return;
    w->is_changed = true;
    if (w->old.is_good)
        tb_buf_add(&w->now, w->old.map.p, same_bytes);
    else
        tb_index_begin(&w->now);
}

/* The cached entry of a run, if there is one; entries before it are of runs that are gone. */
static bool find_cached(struct walk *w, const char *id)
{
    while (w->has_cached && strcmp(w->cached.sum.id, id) < 0) {
        change(w, w->old.begin);
        w->has_cached = tb_index_take(&w->old, &w->cached);
    }
    return w->has_cached && strcmp(w->cached.sum.id, id) == 0;
}

static void list_run(struct walk *w, const char *id, int64_t dir_ns)
{
    struct tb_index_entry fresh;
    bool is_known = find_cached(w, id), is_same = is_known && is_current(&w->cached.print, w, id, dir_ns),
         is_run = is_same || read_run(&fresh, w, id, dir_ns);
    const struct tb_index_entry *e = is_same ? &w->cached : &fresh;
    bool is_new = is_run && !is_same && (!is_known || e->print.dir_ns), is_gone = is_known && !is_run;
    if (is_new || is_gone)
        change(w, w->has_cached ? w->old.begin : w->old.at);
    if (is_run && w->is_changed)
        tb_index_put(&w->now, e);
    if (is_run)
        w->fn(w->arg, &e->sum);
    w->n += is_run;
    if (is_known)
        w->has_cached = tb_index_take(&w->old, &w->cached);
}

static int by_id(const void *a, const void *b)
{
    const struct name *x = a, *y = b;
    return strcmp(x->id, y->id);
}

/* What looks like the id of a run, ascending; malloc'ed. NULL if the folder cannot be read. */
static struct name *list_names(int runs, size_t *n)
{
    struct name *all = tb_xcalloc(1, sizeof *all);
    struct dirent *d;
    size_t cap = 1;
    int fd = dup(runs);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    *n = 0;
    while (dir && (d = readdir(dir)) && *n < MAX_RUNS) {
        if (strlen(d->d_name) >= TB_RUN_ID
            || strspn(d->d_name, "0123456789abcdef-") != strlen(d->d_name))
            continue;
        all = tb_grow(all, *n, &cap, sizeof *all);
        tb_str_copy(all[(*n)++].id, TB_RUN_ID, d->d_name);
    }
    if (dir)
        closedir(dir);
    else if (fd >= 0)
        close(fd);
    qsort(all, *n, sizeof *all, by_id);
    return all;
}

/* Whether it is a folder, and when that changed; of a link, which is no run, its own time. */
static bool look_at(int runs, const char *id, int64_t *dir_ns)
{
    struct stat st, behind;
    if (fstatat(runs, id, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    *dir_ns = changed_ns(&st);
    bool is_link = S_ISLNK(st.st_mode) && fstatat(runs, id, &behind, 0) == 0;
    return S_ISDIR(is_link ? behind.st_mode : st.st_mode);
}

static void list_runs(struct walk *w)
{
    size_t n;
    struct name *all = list_names(w->runs, &n);
    int64_t dir_ns;
    w->has_cached = tb_index_take(&w->old, &w->cached);
    for (size_t i = 0; i < n; i++)
        if (look_at(w->runs, all[i].id, &dir_ns))
            list_run(w, all[i].id, dir_ns);
    if (w->has_cached)
        change(w, w->old.begin);
    free(all);
}

bool tb_index_each(const char *root, struct tb_cache *live, tb_index_fn *fn, void *arg, struct tb_err *err)
{
    char *runs = tb_path_join(root, "runs"), *path = tb_path_join(root, "index");
    struct walk *w = tb_xcalloc(1, sizeof *w);
    *w = (struct walk){ .runs_path = runs, .live = live, .fn = fn, .arg = arg };
    w->runs = access(runs, R_OK | X_OK) == 0 ? open(runs, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    bool good = w->runs >= 0 || errno == ENOENT || tb_fail_errno(err, "cannot read %s", runs);
    tb_index_open(&w->old, path);
    if (w->runs >= 0) {
        list_runs(w);
        close(w->runs);
    }
    if (w->is_changed) {
        tb_index_end(&w->now, w->n);
        /* A store that cannot be written to is listed all the same. */
        tb_file_replace(path, w->now.p, w->now.n, NULL);
    }
    tb_index_close(&w->old);
    tb_buf_free(&w->now);
    free(w);
    free(path);
    free(runs);
    return good;
}

struct list {
    struct tb_run_summary *all;
    size_t n, cap;
};

static void keep(void *arg, const struct tb_run_summary *sum)
{
    struct list *l = arg;
    l->all = tb_grow(l->all, l->n, &l->cap, sizeof *l->all);
    l->all[l->n++] = *sum;
}

bool tb_index_read(const char *root, struct tb_run_summary **all, size_t *n, struct tb_err *err)
{
    struct list l = { tb_xcalloc(1, sizeof *l.all), 0, 1 };
    bool good = tb_index_each(root, NULL, keep, &l, err);
    *all = l.all;
    *n = l.n;
    return good;
}

bool tb_index_check(const char *root, char *words, size_t n)
{
    char *path = tb_path_join(root, "index");
    struct tb_index_file x;
    struct tb_index_entry *e = tb_xcalloc(1, sizeof *e);
    bool is_there = tb_file_exists(path);
    size_t n_lost = 0;
    tb_index_open(&x, path);
    while (tb_index_take(&x, e)) {
        char *dir = tb_xasprintf("%s/runs/%s", root, e->sum.id);
        n_lost += !tb_dir_exists(dir);
        free(dir);
    }
    bool is_good = x.is_good && x.n_taken == x.n;
    if (is_there && !is_good)
        snprintf(words, n, "is damaged, or of another version of tunebench");
    else if (n_lost)
        snprintf(words, n, "names %zu run%s without a folder", n_lost, n_lost == 1 ? "" : "s");
    tb_index_close(&x);
    free(e);
    free(path);
    return (!is_there || is_good) && n_lost == 0;
}
