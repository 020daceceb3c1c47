/* SPDX-License-Identifier: MIT */
/* cache.c - each run is read behind its writer (store/tail.h), so one that trains costs what it recorded since. */
#include "store/cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/tail.h"

struct entry {
    struct tb_tail tail; /* dir NULL: free */
    uint64_t serial, used, opened;
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
    if (e->tail.dir)
        tb_metrics_free(&e->m);
    tb_tail_close(&e->tail);
    *e = (struct entry){ 0 };
}

void tb_cache_close(struct tb_cache *c)
{
    for (int i = 0; c && i < TB_CACHE_RUNS; i++)
        drop(&c->entry[i]);
    free(c);
}

static struct entry *find(const struct tb_cache *c, const char *dir)
{
    for (int i = 0; i < TB_CACHE_RUNS; i++)
        if (c->entry[i].tail.dir && strcmp(c->entry[i].tail.dir, dir) == 0)
            return (struct entry *)&c->entry[i];
    return NULL;
}

bool tb_cache_is_fresh(const struct tb_cache *c, const char *dir)
{
    const struct entry *e = find(c, dir);
    return e && tb_tail_is_fresh(&e->tail);
}

static struct entry *take(struct tb_cache *c)
{
    struct entry *oldest = &c->entry[0];
    for (int i = 1; i < TB_CACHE_RUNS && oldest->tail.dir; i++)
        if (!c->entry[i].tail.dir || c->entry[i].used < oldest->used)
            oldest = &c->entry[i];
    return oldest;
}

static struct entry *open(struct tb_cache *c, const char *dir)
{
    struct entry *e = take(c);
    drop(e);
    e->opened = e->serial = ++c->clock;
    e->is_bad = !tb_tail_open(&e->tail, &e->m, dir, &e->err);
    return e;
}

static void look(struct tb_cache *c, struct entry *e)
{
    bool is_news, was_bad = e->is_bad, is_fresh = tb_tail_is_fresh(&e->tail);
    if (is_fresh)
        return;
    e->is_bad = !tb_tail_poll(&e->tail, &e->m, &is_news, &e->err);
    if (is_news || e->is_bad != was_bad)
        e->serial = ++c->clock;
}

const struct tb_metrics *tb_cache_run(struct tb_cache *c, const char *dir, uint64_t *serial, struct tb_err *err)
{
    struct entry *e = find(c, dir);
    if (e)
        look(c, e);
    else
        e = open(c, dir);
    e->used = ++c->clock;
    if (serial)
        *serial = e->serial;
    if (e->is_bad && err)
        *err = e->err;
    return e->is_bad ? NULL : &e->m;
}

void tb_cache_drop(struct tb_cache *c, const char *dir)
{
    struct entry *e = find(c, dir);
    if (e)
        drop(e);
}

uint64_t tb_cache_reading(const struct tb_cache *c, const char *dir)
{
    const struct entry *e = find(c, dir);
    return e ? e->opened << 32 | e->tail.n_whole : 0;
}
