/* SPDX-License-Identifier: MIT */
/* store.c - a folder of runs: opening, listing, and finding one by what a person types. Nothing is
 * held open: every call looks at the folder as it is. */
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"

static const double just_now_s = 5; /* beats come every 2 s */

struct tb_store {
    char *path, *runs;
    struct tb_cache *live; /* NULL: runs are not kept between two lists */
};

struct tb_store *tb_store_open(const char *path, bool create, struct tb_err *err)
{
    const char *env = getenv("TUNEBENCH_STORE");
    if (!path)
        path = env && *env ? env : "tunebench.d";
    if (tb_file_exists(path)) {
        tb_fail_at(err, TB_ERR_NOTFOUND, path, 0, "this is a file, and a store is a folder; --store names another");
        return NULL;
    }
    if (!create && !tb_dir_exists(path)) {
        tb_fail_at(err, TB_ERR_NOTFOUND, path, 0,
                   "no store here; `tunebench run` makes one, --store names another");
        return NULL;
    }
    struct tb_store *s = tb_xcalloc(1, sizeof *s);
    s->path = tb_xstrdup(path);
    s->runs = tb_path_join(path, "runs");
    char *recipes = tb_path_join(path, "recipes");
    bool good = !create || (tb_dir_make(path, 0700, err) && tb_dir_make(s->runs, 0700, err)
                            && tb_dir_make(recipes, 0700, err) && tb_file_is_no_link(recipes, err)
                            && tb_file_is_no_link(s->runs, err));
    free(recipes);
    if (good)
        return s;
    tb_store_close(s);
    return NULL;
}

void tb_store_close(struct tb_store *s)
{
    if (!s)
        return;
    tb_cache_close(s->live);
    free(s->runs);
    free(s->path);
    free(s);
}

void tb_store_follow(struct tb_store *s)
{
    if (!s->live)
        s->live = tb_cache_open();
}

const char *tb_store_path(const struct tb_store *s)
{
    return s->path;
}

const char *tb_store_runs_dir(const struct tb_store *s)
{
    return s->runs;
}

char *tb_store_run_dir(const struct tb_store *s, const char *id)
{
    return tb_path_join(s->runs, id);
}

bool tb_store_has(const struct tb_store *s, const char *id)
{
    char *h5 = tb_xasprintf("%s/%s/" TB_FILE_H5, s->runs, id);
    bool has = tb_file_exists(h5);
    free(h5);
    return has;
}

void tb_store_next_id(const struct tb_store *s, const char *id, char next[TB_RUN_ID])
{
    tb_str_copy(next, TB_RUN_ID, id);
    for (int i = 2; tb_store_has(s, next); i++)
        snprintf(next, TB_RUN_ID, "%.20s-%d", id, i);
}

bool tb_store_save_recipe(struct tb_store *s, const char *text, size_t n, char sha[65],
                          struct tb_err *err)
{
    tb_sha256_hex(text, n, sha);
    char *path = tb_xasprintf("%s/recipes/%.12s.lua", s->path, sha);
    bool good = tb_file_exists(path) || tb_file_replace(path, text, n, err);
    free(path);
    return good;
}

static int by_age(const void *a, const void *b)
{
    const struct tb_run_item *x = a, *y = b;
    int order = (x->sum.serial > y->sum.serial) - (x->sum.serial < y->sum.serial);
    return order ? order : strcmp(x->sum.id, y->sum.id);
}

struct list {
    const struct tb_store *store;
    struct tb_run_item *all;
    size_t n, cap;
};

/* Its owner, alive a moment ago, may have ended it since it was read: what is stored once the lock is free is the last
 * word. */
static void look_again(struct tb_run_item *item, const char *dir)
{
    struct tb_metrics m;
    if (tb_metrics_load(&m, dir, NULL)) {
        tb_summary_of(&item->sum, &m);
        tb_run_look(dir, m.state, &item->sight);
    }
    tb_metrics_free(&m);
}

static void add_item(void *arg, const struct tb_run_summary *sum)
{
    struct list *l = arg;
    l->all = tb_grow(l->all, l->n, &l->cap, sizeof *l->all);
    struct tb_run_item *item = &l->all[l->n++];
    item->sum = *sum;
    item->sight = (struct tb_run_sight){ .state = (enum tb_state)sum->state, .beat_s = -1 };
    if (tb_state_is_over(item->sight.state) || sum->damage[0])
        return;
    char *dir = tb_store_run_dir(l->store, sum->id);
    tb_run_look(dir, item->sight.state, &item->sight);
    if (item->sight.state == TB_STATE_LOST && item->sight.beat_s < just_now_s)
        look_again(item, dir);
    free(dir);
}

bool tb_store_list(struct tb_store *s, struct tb_run_item **all, size_t *n, struct tb_err *err)
{
    struct list l = { s, tb_xcalloc(1, sizeof *l.all), 0, 1 };
    bool good = tb_index_each(s->path, s->live, add_item, &l, err);
    if (l.n)
        qsort(l.all, l.n, sizeof *l.all, by_age);
    *all = l.all;
    *n = l.n;
    return good;
}

static int64_t best_of(const struct tb_run_item *all, size_t n)
{
    int64_t best = -1;
    for (size_t i = 0; i < n; i++)
        if (all[i].sum.best_step >= 0 && !all[i].sum.damage[0]
            && (best < 0 || all[i].sum.best_eval < all[best].sum.best_eval))
            best = (int64_t)i;
    return best;
}

struct match {
    int64_t first;
    size_t n;
    struct tb_buf list;
};

enum { MAX_NAMED = 5 }; /* what the text of an error holds */

static void add_match(struct match *m, const struct tb_run_item *all, size_t i)
{
    m->first = m->n ? m->first : (int64_t)i;
    const struct tb_run_summary *s = &all[i].sum;
    if (m->n < MAX_NAMED)
        tb_buf_fmt(&m->list, "%s%s", m->n ? ", " : "", s->id);
    if (m->n < MAX_NAMED && s->budget >= 0 && s->created[0])
        tb_buf_fmt(&m->list, " (%lld %s, %s)", (long long)s->budget, s->budget_unit, s->created);
    else if (m->n < MAX_NAMED && s->created[0])
        tb_buf_fmt(&m->list, " (%s)", s->created);
    m->n++;
}

static void match_all(struct match *m, const struct tb_run_item *all, size_t n, const char *ref)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(all[i].sum.id, ref) == 0) {
            add_match(m, all, i);
            return;
        }
    for (size_t i = 0; i < n; i++)
        if (strcmp(all[i].sum.name, ref) == 0)
            add_match(m, all, i);
    if (m->n)
        return;
    for (size_t i = 0; i < n; i++)
        if (tb_str_starts(all[i].sum.id, ref))
            add_match(m, all, i);
}

static void not_found(const struct tb_run_item *all, size_t n, const char *ref, struct tb_err *err)
{
    const char **names = tb_xcalloc(n + 1, sizeof *names);
    for (size_t i = 0; i < n; i++)
        names[i] = all[i].sum.name;
    const char *near = tb_str_nearest(ref, names);
    if (near)
        tb_fail(err, TB_ERR_NOTFOUND, "no run '%s'; did you mean '%s'?", ref, near);
    else
        tb_fail(err, TB_ERR_NOTFOUND, "no run '%s'; `tunebench ls` lists the %zu there are", ref,
                n);
    free(names);
}

int64_t tb_run_find(const struct tb_run_item *all, size_t n, const char *ref, struct tb_err *err)
{
    char name[160];
    struct match m = { .first = -1 };
    snprintf(name, sizeof name, "%.*s", (int)strcspn(ref, ":"), ref);
    if (strcmp(name, "@last") == 0)
        m.first = (int64_t)n - 1;
    else if (strcmp(name, "@best") == 0)
        m.first = best_of(all, n);
    else if (name[0])
        match_all(&m, all, n, name);
    if (m.n > 1) {
        tb_fail(err, TB_ERR_NOTFOUND, "'%.60s' is %zu runs: %s%s; give an id", name, m.n, m.list.p,
                m.n > MAX_NAMED ? ", .." : "");
        m.first = -1;
    } else if (m.first < 0) {
        not_found(all, n, name, err);
    }
    tb_buf_free(&m.list);
    return m.first;
}

bool tb_store_find(struct tb_store *s, const char *ref, char id[TB_RUN_ID], struct tb_err *err)
{
    struct tb_run_item *all;
    size_t n;
    bool good = tb_store_list(s, &all, &n, err);
    int64_t i = good ? tb_run_find(all, n, ref, err) : -1;
    if (i >= 0)
        tb_str_copy(id, TB_RUN_ID, all[i].sum.id);
    free(all);
    return i >= 0;
}

bool tb_run_ref_step(const char *ref, int64_t *step, struct tb_err *err)
{
    const char *colon = strchr(ref, ':');
    *step = TB_REF_NONE;
    if (!colon)
        return true;
    if (strcmp(colon, ":best") == 0)
        *step = TB_REF_BEST;
    else if (strcmp(colon, ":last") == 0)
        *step = TB_REF_LAST;
    else if (!tb_str_int(colon + 1, step) || *step < 0)
        return tb_fail(err, TB_ERR_USAGE, "'%s': expected RUN:STEP, RUN:best or RUN:last", ref);
    return true;
}
