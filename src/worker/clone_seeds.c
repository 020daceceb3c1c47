/* SPDX-License-Identifier: MIT */
/* clone_seeds.c - which seeds a config has been trained with already. Two runs have the same config if their ids would
 * be the same but for the seed; only those whose summaries agree are read. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/lineage.h"
#include "store/store.h"
#include "worker/change.h"
#include "worker/clone.h"

struct family {
    struct tb_store *store;
    const struct tb_run_summary *own;
    char *text; /* of the config without its seed */
    int64_t *seed;
    size_t n, cap;
};

/* What is hashed of the run's config but for its seed, with what was changed under way; malloc'ed, NULL if it has none
 * that can be read. */
static char *text_of(const struct tb_metrics *m)
{
    const struct tb_json *config = tb_json_get(m->facts, "config");
    struct tb_config c = { config ? tb_changes_config(config, tb_changes_of(m), INT64_MAX, NULL) : NULL };
    if (!c.map)
        return NULL;
    tb_json_del(c.map, "seed");
    char *text = tb_config_text(&c, "", "");
    tb_json_free(c.map);
    return text;
}

static void add(struct family *f, int64_t seed)
{
    f->seed = tb_grow(f->seed, f->n, &f->cap, sizeof *f->seed);
    f->seed[f->n++] = seed;
}

static bool has(const struct family *f, int64_t seed)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->seed[i] == seed)
            return true;
    return false;
}

/* A run that began from another one's checkpoint, or was changed under way, is not what its seed alone would give. */
static bool is_of(const struct family *f, const struct tb_run_summary *s)
{
    struct tb_metrics m;
    bool is_scratch = strcmp(s->base, "scratch") == 0; /* such a base is made by the seed */
    if (s->damage[0] || strcmp(s->method, f->own->method) != 0 || strcmp(s->base, f->own->base) != 0
        || (!is_scratch && strcmp(s->base_id, f->own->base_id) != 0)
        || strcmp(s->data_id, f->own->data_id) != 0 || s->budget != f->own->budget)
        return false;
    char *dir = tb_store_run_dir(f->store, s->id);
    bool good = tb_metrics_load(&m, dir, NULL) && !tb_changes_of(&m) && tb_lineage_start(&m) < 0;
    char *text = good ? text_of(&m) : NULL;
    bool same = text && strcmp(text, f->text) == 0;
    free(text);
    tb_metrics_free(&m);
    free(dir);
    return same;
}

static bool collect(struct family *f, const char *id, struct tb_run_item *all, size_t n, struct tb_err *err)
{
    struct tb_metrics m;
    int64_t at = tb_run_find(all, n, id, err);
    if (at < 0)
        return false;
    f->own = &all[at].sum;
    char *dir = tb_store_run_dir(f->store, id);
    bool good = tb_metrics_load(&m, dir, err);
    f->text = good ? text_of(&m) : NULL;
    tb_metrics_free(&m);
    free(dir);
    if (good && !f->text)
        good = tb_fail(err, TB_ERR_FORMAT, "run %s has no config", id);
    for (size_t i = 0; good && i < n; i++)
        if (is_of(f, &all[i].sum))
            add(f, all[i].sum.seed);
    return good;
}

bool tb_clone_seeds(const char *store, const char *id, int n, int64_t *seeds, struct tb_err *err)
{
    struct family f = { .store = tb_store_open(store, false, err) };
    struct tb_run_item *all = NULL;
    size_t n_all = 0;
    bool good = f.store && tb_store_list(f.store, &all, &n_all, err) && collect(&f, id, all, n_all, err);
    int64_t next = good ? f.own->seed : 0;
    for (int i = 0; good && i < n; i++) {
        do
            next++;
        while (has(&f, next));
        seeds[i] = next;
    }
    free(f.seed);
    free(f.text);
    free(all);
    tb_store_close(f.store);
    return good;
}
