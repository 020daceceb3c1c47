/* SPDX-License-Identifier: MIT */
/* cache.c - a run's stamp is made of the sizes and times of run.h5 and its journal's segments: a writer appends to one
 * of these or replaces one whenever it records something. */
#include "tui/cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"

struct entry {
    char *dir; /* NULL: free */
    uint64_t stamp, serial, used;
    bool is_bad;
    struct tb_err err;
    struct tb_metrics m;
};

struct tb_cache {
    struct entry entry[TB_CACHE_RUNS];
    uint64_t clock;
};

struct tb_cache *tb_cache_open(void)
{
    return tb_xcalloc(1, sizeof(struct tb_cache));
}

static void drop(struct entry *e)
{
    if (e->dir)
        tb_metrics_free(&e->m);
    free(e->dir);
    *e = (struct entry){ 0 };
}

void tb_cache_close(struct tb_cache *c)
{
    for (int i = 0; c && i < TB_CACHE_RUNS; i++)
        drop(&c->entry[i]);
    free(c);
}

/* The order in which the system lists files does not matter. */
static uint64_t stamp_of(const char *dir)
{
    uint64_t stamp = 1;
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        struct stat st;
        if ((!tb_str_starts(e->d_name, "journal.") && strcmp(e->d_name, TB_FILE_H5) != 0)
            || fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        uint64_t of[] = { tb_fnv1a32(e->d_name, strlen(e->d_name)), (uint64_t)st.st_size, (uint64_t)st.st_ino,
                          (uint64_t)st.st_mtim.tv_sec, (uint64_t)st.st_mtim.tv_nsec };
        stamp += (uint64_t)tb_crc32(7, of, sizeof of) << 32 | tb_fnv1a32(of, sizeof of);
    }
    if (d)
        closedir(d);
    return stamp;
}

static struct entry *find(const struct tb_cache *c, const char *dir)
{
    for (int i = 0; i < TB_CACHE_RUNS; i++)
        if (c->entry[i].dir && strcmp(c->entry[i].dir, dir) == 0)
            return (struct entry *)&c->entry[i];
    return NULL;
}

bool tb_cache_is_fresh(const struct tb_cache *c, const char *dir)
{
    const struct entry *e = find(c, dir);
    return e && e->stamp == stamp_of(dir);
}

static struct entry *take(struct tb_cache *c)
{
    struct entry *oldest = &c->entry[0];
    for (int i = 1; i < TB_CACHE_RUNS && oldest->dir; i++)
        if (!c->entry[i].dir || c->entry[i].used < oldest->used)
            oldest = &c->entry[i];
    return oldest;
}

static void read_run(struct tb_cache *c, struct entry *e, const char *dir, uint64_t stamp)
{
    drop(e);
    e->dir = tb_xstrdup(dir);
    e->stamp = stamp;
    e->serial = ++c->clock;
    e->is_bad = !tb_metrics_load(&e->m, dir, &e->err);
}

const struct tb_metrics *tb_cache_run(struct tb_cache *c, const char *dir, uint64_t *serial, struct tb_err *err)
{
    uint64_t stamp = stamp_of(dir);
    struct entry *e = find(c, dir);
    if (!e || e->stamp != stamp)
        read_run(c, e = e ? e : take(c), dir, stamp);
    e->used = ++c->clock;
    if (serial)
        *serial = e->serial;
    if (e->is_bad && err)
        *err = e->err;
    return e->is_bad ? NULL : &e->m;
}
