/* SPDX-License-Identifier: MIT */
/* plan.c - a plan grows draft by draft: overrides make variants of it, each variant is completed,
 * shown to the filter and kept unless the very same run is there already.
 * Two runs are the same if all their keys are but those of class exec, which change no numbers
 * (paths excepted: data.path and base stand for contents that are not known here). */
#include "plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "plan/plan_priv.h"

struct tb_plan *tb_plan_new(void)
{
    struct tb_plan *p = tb_xcalloc(1, sizeof *p);
    p->recipe_path = tb_xstrdup("");
    p->recipe = tb_xstrdup("");
    p->overrides = tb_json_new_list();
    return p;
}

void tb_plan_free(struct tb_plan *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->n_runs; i++)
        tb_json_free(p->runs[i].map);
    for (size_t i = 0; i < p->n_modules; i++) {
        free(p->modules[i].name);
        free(p->modules[i].text);
    }
    tb_json_free(p->overrides);
    tb_json_free(p->sweep);
    free(p->recipe_path);
    free(p->recipe);
    free(p->modules);
    free(p->runs);
    free(p->seen);
    free(p);
}

void tb_plan_set_recipe(struct tb_plan *p, const char *path, const char *text, size_t n)
{
    free(p->recipe_path);
    free(p->recipe);
    p->recipe_path = tb_xstrdup(path);
    p->recipe = tb_xstrndup(text, n);
    tb_sha256_hex(text, n, p->recipe_sha);
}

void tb_plan_add_module(struct tb_plan *p, const char *name, const char *text, size_t n)
{
    p->modules = tb_grow(p->modules, p->n_modules, &p->cap_modules, sizeof *p->modules);
    struct tb_plan_module *m = &p->modules[p->n_modules++];
    m->name = tb_xstrdup(name);
    m->text = tb_xstrndup(text, n);
    tb_sha256_hex(text, n, m->sha);
}

bool tb_plan_take_overrides(struct tb_plan *p, const struct tb_overrides *o, struct tb_err *err)
{
    for (size_t i = 0; o && i < o->n; i++) {
        const char *flag = o->at[i].is_grid ? "--grid" : "--set", *text = o->at[i].text;
        const char *eq = strchr(text, '=');
        if (!eq || eq == text)
            return tb_fail(err, TB_ERR_USAGE, "%s %.80s: write it as key=value", flag, text);
        char *line = tb_xasprintf("%s %s", flag, text);
        tb_json_append(p->overrides, tb_json_new_str(line));
        free(line);
    }
    return true;
}

static uint64_t hash_of(const struct tb_json *map)
{
    struct tb_json *kept = tb_json_new_map();
    uint8_t digest[32];
    uint64_t h = 0;
    for (void *it = tb_json_first(map); it; it = tb_json_next(map, it))
        if (!tb_str_starts(tb_json_iter_key(it), "exec.") && strcmp(tb_json_iter_key(it), "max_trainable") != 0)
            tb_json_set(kept, tb_json_iter_key(it), tb_json_copy(tb_json_iter_value(it)));
    char *text = tb_json_text(kept, TB_JSON_CANONICAL);
    struct tb_sha256 sha;
    tb_sha256_begin(&sha);
    tb_sha256_add(&sha, text, strlen(text));
    tb_sha256_end(&sha, digest);
    memcpy(&h, digest, sizeof h);
    free(text);
    tb_json_free(kept);
    return h;
}

struct adding {
    struct tb_plan *p;
    tb_plan_filter *keep;
    void *ctx;
};

static bool is_known(const struct tb_plan *p, uint64_t h)
{
    for (size_t i = 0; i < p->n_runs; i++)
        if (p->seen[i] == h)
            return true;
    return false;
}

static bool append(struct tb_plan *p, struct tb_json *map, struct tb_err *err)
{
    uint64_t h = hash_of(map);
    if (is_known(p, h)) {
        p->n_same++;
        tb_json_free(map);
        return true;
    }
    if (p->n_runs == TB_PLAN_MAX_RUNS) {
        tb_json_free(map);
        return tb_fail(err, TB_ERR_RECIPE, "this makes more than %d runs", TB_PLAN_MAX_RUNS);
    }
    p->seen = tb_grow(p->seen, p->n_runs, &p->cap_seen, sizeof *p->seen);
    p->runs = tb_grow(p->runs, p->n_runs, &p->cap_runs, sizeof *p->runs);
    p->seen[p->n_runs] = h;
    p->runs[p->n_runs++].map = map;
    return true;
}

static bool add_variant(void *ctx, struct tb_json *draft, struct tb_err *err)
{
    struct adding *a = ctx;
    if (strlen(tb_json_str(tb_json_get(draft, "exec.name"), "")) > TB_PLAN_MAX_NAME)
        return tb_fail(err, TB_ERR_RECIPE, "exec.name: a name has at most %d bytes", TB_PLAN_MAX_NAME);
    struct tb_config c = { tb_config_complete(draft, err) };
    if (!c.map)
        return false;
    int kept = a->keep ? a->keep(a->ctx, &c, err) : 1;
    if (kept > 0)
        return append(a->p, c.map, err);
    tb_json_free(c.map);
    return kept == 0;
}

bool tb_plan_add(struct tb_plan *p, const struct tb_json *draft, struct tb_overrides *o,
                 tb_plan_filter *keep, void *ctx, struct tb_err *err)
{
    struct adding a = { p, keep, ctx };
    return tb_override_each(draft, o, add_variant, &a, err);
}

bool tb_plan_finish(struct tb_plan *p, struct tb_overrides *o, struct tb_err *err)
{
    if (p->n_runs == 0)
        return tb_fail(err, TB_ERR_RECIPE, "no run is left: `where` refused them all");
    if (o && !tb_override_check_used(p, o, err))
        return false;
    tb_plan_name_runs(p);
    return true;
}
