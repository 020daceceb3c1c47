/* SPDX-License-Identifier: MIT */
/* find.c - the sweeps of a store: its folders sweeps/<12 hex digits>/ with a plan in them. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/str.h"
#include "sweep/sweep.h"

struct found {
    char id[TB_SWEEP_ID];
    struct timespec made;
};

static bool stat_in(const char *store, const char *id, const char *file, struct stat *st)
{
    char *path = tb_xasprintf("%s/sweeps/%.64s/%s", store, id, file);
    bool good = stat(path, st) == 0;
    free(path);
    return good;
}

static int by_age(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    if (x->made.tv_sec != y->made.tv_sec)
        return x->made.tv_sec > y->made.tv_sec ? -1 : 1;
    if (x->made.tv_nsec != y->made.tv_nsec)
        return x->made.tv_nsec > y->made.tv_nsec ? -1 : 1;
    return strcmp(x->id, y->id);
}

/* When it was made: a plan may be written anew, its lock is made once. */
static bool look(const char *store, const char *id, struct found *f)
{
    struct stat st;
    if (strlen(id) != TB_SWEEP_ID - 1 || strspn(id, "0123456789abcdef") != TB_SWEEP_ID - 1
        || !stat_in(store, id, TB_SWEEP_PLAN, &st))
        return false;
    tb_str_copy(f->id, sizeof f->id, id);
    f->made = st.st_mtim;
    if (stat_in(store, id, TB_FILE_LOCK, &st))
        f->made = st.st_mtim;
    return true;
}

size_t tb_sweep_list(const char *store, bool only_wanted, char (**ids)[TB_SWEEP_ID])
{
    char *path = tb_xasprintf("%s/sweeps", store);
    struct found *all = NULL;
    struct stat st;
    size_t n = 0, cap = 0;
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        all = tb_grow(all, n, &cap, sizeof *all);
        n += look(store, e->d_name, &all[n]) && (!only_wanted || stat_in(store, e->d_name, TB_SWEEP_WANTED, &st));
    }
    if (d)
        closedir(d);
    if (n > 1)
        qsort(all, n, sizeof *all, by_age);
    *ids = tb_xcalloc(n + 1, sizeof **ids);
    for (size_t i = 0; i < n; i++)
        memcpy((*ids)[i], all[i].id, TB_SWEEP_ID);
    free(all);
    free(path);
    return n;
}

bool tb_sweep_find(const char *store, const char *ref, char id[TB_SWEEP_ID], struct tb_err *err)
{
    char (*all)[TB_SWEEP_ID];
    size_t n = tb_sweep_list(store, false, &all), fits = 0;
    bool is_last = strcmp(ref, "@last") == 0;
    for (size_t i = n; i-- > 0;)
        if (is_last || tb_str_starts(all[i], ref)) {
            memcpy(id, all[i], TB_SWEEP_ID);
            fits++;
        }
    free(all);
    if (fits == 0)
        return tb_fail(err, TB_ERR_NOTFOUND, "there is no sweep '%.80s' in %s", ref, store);
    return fits == 1 || is_last || tb_fail(err, TB_ERR_NOTFOUND, "'%.80s' means %zu sweeps", ref, fits);
}
