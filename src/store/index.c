/* SPDX-License-Identifier: MIT */
/* index.c - the cache of summaries. File: 'TBI1', u32 bytes of an entry, u32 entries, u32 CRC-32 of
 * the entries, the entries in the order of their ids, as they lie in memory: it is read only by the
 * program that wrote it, since another size or a bad CRC means: build it anew.
 * An entry is believed while the times and sizes of its run folder are those it was made from; the
 * folder's own time changes with every rename in it (snapshots, new segments), a growing journal by
 * its size. Times that were younger than two seconds when they were read are not believed: a file
 * system clock ticks in steps, and a second change in the same tick would go unseen. */
#include "store/index.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/journal_priv.h"

enum { HEAD = 16, MAX_RUNS = 1 << 20 };

struct print {
    int64_t dir_ns, h5_ns, h5_bytes, segment, segment_bytes; /* dir_ns 0: not to be believed */
};

struct entry {
    struct print print;
    struct tb_run_summary sum;
};

struct index {
    struct entry *entry;
    size_t n;
    bool is_good; /* the file could be used */
};

static int64_t changed_ns(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

static bool stat_in(const char *dir, const char *name, struct stat *st)
{
    char *path = tb_path_join(dir, name);
    bool there = stat(path, st) == 0;
    free(path);
    return there;
}

static void print_files(struct print *p, const char *dir)
{
    struct stat st;
    if (lstat(dir, &st) == 0) /* of a link, which is no run, its own time */
        p->dir_ns = changed_ns(&st);
    if (stat_in(dir, TB_FILE_H5, &st)) {
        p->h5_ns = changed_ns(&st);
        p->h5_bytes = st.st_size;
    }
}

static int64_t segment_bytes(const char *dir, int64_t segment)
{
    char *path = tb_segment_path(dir, (unsigned)segment);
    int64_t n = segment > 0 ? tb_file_size(path) : 0;
    free(path);
    return n;
}

static struct print print_of(const char *dir)
{
    struct print p = { 0 };
    struct tb_segment *seg;
    print_files(&p, dir);
    size_t n = tb_segment_list(dir, &seg);
    p.segment = n ? seg[n - 1].number : 0;
    p.segment_bytes = segment_bytes(dir, p.segment);
    free(seg);
    return p;
}

/* Two or three stat calls: a new segment would have changed the folder. */
static bool is_current(const struct entry *e, const char *dir)
{
    struct print p = { 0 };
    print_files(&p, dir);
    return e->print.dir_ns && p.dir_ns == e->print.dir_ns && p.h5_ns == e->print.h5_ns
        && p.h5_bytes == e->print.h5_bytes
        && segment_bytes(dir, e->print.segment) == e->print.segment_bytes;
}

/* Also a journal that grows: its run is read again anyway, and the cache need not be written for
 * it. */
static void forget_young(struct print *p, const char *dir)
{
    struct timespec now;
    struct stat st;
    char *path = tb_segment_path(dir, (unsigned)p->segment);
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t limit = ((int64_t)now.tv_sec - 2) * 1000000000 + now.tv_nsec;
    bool grows = p->segment > 0 && stat(path, &st) == 0 && changed_ns(&st) > limit;
    if (p->dir_ns > limit || p->h5_ns > limit || grows)
        p->dir_ns = 0;
    free(path);
}

static void terminate(struct tb_run_summary *s)
{
    s->id[sizeof s->id - 1] = s->name[sizeof s->name - 1] = s->ended_by[sizeof s->ended_by - 1] = 0;
    s->note[sizeof s->note - 1] = s->created[sizeof s->created - 1] = 0;
    s->changed[sizeof s->changed - 1] = s->method[sizeof s->method - 1] = 0;
    s->base[sizeof s->base - 1] = s->base_id[sizeof s->base_id - 1] = 0;
    s->data[sizeof s->data - 1] = s->data_id[sizeof s->data_id - 1] = 0;
    s->tags[sizeof s->tags - 1] = s->budget_unit[sizeof s->budget_unit - 1] = 0;
    s->final_hash[sizeof s->final_hash - 1] = s->damage[sizeof s->damage - 1] = 0;
    s->parent[sizeof s->parent - 1] = 0;
}

static uint32_t word(const char *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}

/* The cache as it is on disk; empty if it cannot be used. */
static struct index load_cache(const char *path)
{
    struct index x = { 0 };
    size_t n = 0;
    char *p = tb_file_is_plain(path, NULL) ? tb_file_read(path, (size_t)1 << 30, &n, NULL) : NULL;
    bool good = p && n >= HEAD && memcmp(p, "TBI1", 4) == 0 && word(p + 4) == sizeof(struct entry)
             && word(p + 8) <= MAX_RUNS && n - HEAD == word(p + 8) * sizeof(struct entry)
             && word(p + 12) == tb_crc32(0, p + HEAD, n - HEAD);
    x.is_good = good;
    if (good) {
        x.n = word(p + 8);
        x.entry = tb_xcalloc(x.n + 1, sizeof *x.entry);
        memcpy(x.entry, p + HEAD, n - HEAD);
    }
    for (size_t i = 0; i < x.n; i++)
        terminate(&x.entry[i].sum);
    free(p);
    return x;
}

static void save_cache(const char *path, const struct index *x)
{
    struct tb_buf b = { 0 };
    size_t bytes = x->n * sizeof *x->entry;
    tb_buf_str(&b, "TBI1");
    tb_buf_u32(&b, sizeof *x->entry);
    tb_buf_u32(&b, (uint32_t)x->n);
    tb_buf_u32(&b, bytes ? tb_crc32(0, x->entry, bytes) : 0);
    tb_buf_add(&b, x->entry, bytes);
    /* A store that cannot be written to is listed all the same. */
    tb_file_replace(path, b.p, b.n, NULL);
    tb_buf_free(&b);
}

static int by_id(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return strcmp(x->sum.id, y->sum.id);
}

static bool read_run(struct entry *e, const char *dir, const char *id)
{
    struct tb_metrics m;
    struct tb_err why = { 0 };
    char text[700];
    memset(e, 0, sizeof *e);
    e->print = print_of(dir);
    bool good = tb_metrics_load(&m, dir, &why);
    if (good)
        tb_summary_of(&e->sum, &m);
    else if (why.kind != TB_ERR_NOTFOUND)
        tb_str_copy(e->sum.damage, sizeof e->sum.damage, tb_err_string(&why, text, sizeof text));
    tb_metrics_free(&m);
    tb_str_copy(e->sum.id, sizeof e->sum.id, id); /* the folder's name is what finds it again */
    forget_young(&e->print, dir);
    return good || why.kind != TB_ERR_NOTFOUND;
}

/* Entry of one run, from the cache or read; *is_new if it was read. */
static bool entry_of(struct entry *e, const struct index *old, const char *dir, const char *id,
                     bool *is_new)
{
    struct entry key = { 0 };
    const struct entry *known = NULL;
    tb_str_copy(key.sum.id, sizeof key.sum.id, id);
    if (old->n)
        known = bsearch(&key, old->entry, old->n, sizeof key, by_id);
    *is_new = !known || !is_current(known, dir);
    if (*is_new)
        return read_run(e, dir, id);
    *e = *known;
    return true;
}

/* All run folders of `runs`; *changed if the cache does not say the same. */
static bool collect(const char *runs, const struct index *old, struct index *x, bool *changed,
                    struct tb_err *err)
{
    size_t cap = 0;
    struct dirent *d;
    DIR *all = access(runs, R_OK | X_OK) == 0 ? opendir(runs) : NULL;
    if (!all)
        return errno == ENOENT || tb_fail_errno(err, "cannot read %s", runs);
    while ((d = readdir(all)) && x->n < MAX_RUNS) {
        bool is_new = false;
        if (strlen(d->d_name) >= TB_RUN_ID
            || strspn(d->d_name, "0123456789abcdef-") != strlen(d->d_name))
            continue;
        char *dir = tb_path_join(runs, d->d_name);
        x->entry = tb_grow(x->entry, x->n, &cap, sizeof *x->entry);
        if (tb_dir_exists(dir) && entry_of(&x->entry[x->n], old, dir, d->d_name, &is_new)) {
            *changed |= is_new && x->entry[x->n].print.dir_ns != 0;
            x->n++;
        }
        free(dir);
    }
    closedir(all);
    *changed |= x->n != old->n;
    if (x->n)
        qsort(x->entry, x->n, sizeof *x->entry, by_id);
    return true;
}

bool tb_index_read(const char *root, struct tb_run_summary **all, size_t *n, struct tb_err *err)
{
    char *runs = tb_path_join(root, "runs"), *path = tb_path_join(root, "index");
    struct index old = load_cache(path), now = { 0 };
    bool changed = false, good = collect(runs, &old, &now, &changed, err);
    if (good && changed)
        save_cache(path, &now);
    *all = tb_xcalloc(now.n + 1, sizeof **all);
    *n = now.n;
    for (size_t i = 0; i < now.n; i++)
        (*all)[i] = now.entry[i].sum;
    free(now.entry);
    free(old.entry);
    free(path);
    free(runs);
    return good;
}

bool tb_index_check(const char *root, char *words, size_t n)
{
    char *path = tb_path_join(root, "index");
    struct index x = load_cache(path);
    bool is_there = tb_file_exists(path);
    size_t n_lost = 0;
    for (size_t i = 0; i < x.n; i++) {
        char *dir = tb_xasprintf("%s/runs/%s", root, x.entry[i].sum.id);
        n_lost += !tb_dir_exists(dir);
        free(dir);
    }
    if (is_there && !x.is_good)
        snprintf(words, n, "is damaged, or of another version of tunebench");
    else if (n_lost)
        snprintf(words, n, "names %zu run%s without a folder", n_lost, n_lost == 1 ? "" : "s");
    free(x.entry);
    free(path);
    return (!is_there || x.is_good) && n_lost == 0;
}
