/* SPDX-License-Identifier: MIT */
/* wire.c - a plan as JSON: what the recipe's child says, what --json prints, what a store keeps.
 *   {"schema": "tunebench.plan", "version": 1, "recipe_path", "recipe", "recipe_sha",
 *    "modules": [{"name", "sha", "text"}], "overrides": ["--set k=v"], "n_same",
 *    "runs": [{key: value}], "sweep"}
 * Reading checks the shape and the hashes. Values of runs are those of the writer; keys that it did
 * not know yet get their neutral value. */
#include "plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

struct tb_json *tb_plan_to_json(const struct tb_plan *p)
{
    struct tb_json *j = tb_json_new_map();
    struct tb_json *modules = tb_json_new_list(), *runs = tb_json_new_list();
    for (size_t i = 0; i < p->n_modules; i++) {
        struct tb_json *m = tb_json_new_map();
        tb_json_set(m, "name", tb_json_new_str(p->modules[i].name));
        tb_json_set(m, "sha", tb_json_new_str(p->modules[i].sha));
        tb_json_set(m, "text", tb_json_new_str(p->modules[i].text));
        tb_json_append(modules, m);
    }
    for (size_t i = 0; i < p->n_runs; i++)
        tb_json_append(runs, tb_json_ref(p->runs[i].map));
    tb_json_set(j, "schema", tb_json_new_str(TB_PLAN_SCHEMA));
    tb_json_set(j, "version", tb_json_new_int(TB_PLAN_VERSION));
    tb_json_set(j, "recipe_path", tb_json_new_str(p->recipe_path));
    tb_json_set(j, "recipe", tb_json_new_str(p->recipe));
    tb_json_set(j, "recipe_sha", tb_json_new_str(p->recipe_sha));
    tb_json_set(j, "modules", modules);
    tb_json_set(j, "overrides", tb_json_ref(p->overrides));
    tb_json_set(j, "n_same", tb_json_new_int((int64_t)p->n_same));
    tb_json_set(j, "runs", runs);
    if (p->sweep)
        tb_json_set(j, "sweep", tb_json_ref(p->sweep));
    return j;
}

static bool is_map_of_numbers(const struct tb_json *v)
{
    for (void *it = tb_json_first(v); it; it = tb_json_next(v, it)) {
        enum tb_json_type t = tb_json_type(tb_json_iter_value(it));
        if (t != TB_JSON_INT && t != TB_JSON_REAL)
            return false;
    }
    return true;
}

static bool is_value(const struct tb_json *v)
{
    enum tb_json_type t = tb_json_type(v);
    for (size_t i = 0; t == TB_JSON_LIST && i < tb_json_len(v); i++) {
        enum tb_json_type e = tb_json_type(tb_json_at(v, i));
        if (e != TB_JSON_STR && e != TB_JSON_INT && e != TB_JSON_REAL)
            return false;
    }
    return t != TB_JSON_NULL && (t != TB_JSON_MAP || is_map_of_numbers(v));
}

static bool take_run(struct tb_plan *p, const struct tb_json *run, size_t i, struct tb_err *err)
{
    if (tb_json_type(run) != TB_JSON_MAP)
        return tb_fail(err, TB_ERR_FORMAT, "plan: run %zu is no map", i);
    for (void *it = tb_json_first(run); it; it = tb_json_next(run, it))
        if (!is_value(tb_json_iter_value(it)))
            return tb_fail(err, TB_ERR_FORMAT,
                           "plan: run %zu, key %.80s has a value of no known kind",
                           i, tb_json_iter_key(it));
    p->runs = tb_grow(p->runs, p->n_runs, &p->cap_runs, sizeof *p->runs);
    struct tb_config *c = &p->runs[p->n_runs++];
    c->map = tb_json_copy(run);
    tb_config_fill(c);
    return true;
}

static const char *text_of(const struct tb_json *j, const char *key)
{
    return tb_json_str(tb_json_get(j, key), "");
}

static bool take_texts(struct tb_plan *p, const struct tb_json *j, struct tb_err *err)
{
    const char *recipe = text_of(j, "recipe"), *sha = text_of(j, "recipe_sha");
    const struct tb_json *modules = tb_json_get(j, "modules"), *said = tb_json_get(j, "overrides");
    if (*recipe || *sha)
        tb_plan_set_recipe(p, text_of(j, "recipe_path"), recipe, strlen(recipe));
    if (strcmp(p->recipe_sha, sha) != 0)
        return tb_fail(err, TB_ERR_FORMAT, "plan: recipe_sha is not the hash of the recipe's text");
    for (size_t i = 0; i < tb_json_len(modules); i++) {
        const struct tb_json *m = tb_json_at(modules, i);
        tb_plan_add_module(p, text_of(m, "name"), text_of(m, "text"), strlen(text_of(m, "text")));
        if (strcmp(p->modules[i].sha, text_of(m, "sha")) != 0)
            return tb_fail(err, TB_ERR_FORMAT,
                           "plan: module %.80s: sha is not the hash of its text",
                           p->modules[i].name);
    }
    for (size_t i = 0; i < tb_json_len(said); i++)
        tb_json_append(p->overrides, tb_json_new_str(tb_json_str(tb_json_at(said, i), "")));
    return true;
}

static bool take(struct tb_plan *p, const struct tb_json *j, struct tb_err *err)
{
    const struct tb_json *runs = tb_json_get(j, "runs");
    if (strcmp(text_of(j, "schema"), TB_PLAN_SCHEMA) != 0)
        return tb_fail(err, TB_ERR_FORMAT, "not a plan: schema is not " TB_PLAN_SCHEMA);
    if (tb_json_int(tb_json_get(j, "version"), -1) != TB_PLAN_VERSION)
        return tb_fail(err, TB_ERR_FORMAT, "this plan has another version than %d",
                       TB_PLAN_VERSION);
    if (tb_json_type(runs) != TB_JSON_LIST || tb_json_len(runs) == 0
        || tb_json_len(runs) > TB_PLAN_MAX_RUNS)
        return tb_fail(err, TB_ERR_FORMAT, "a plan has 1 to %d runs", TB_PLAN_MAX_RUNS);
    for (size_t i = 0; i < tb_json_len(runs); i++)
        if (!take_run(p, tb_json_at(runs, i), i, err))
            return false;
    p->n_same = (size_t)tb_json_int(tb_json_get(j, "n_same"), 0);
    if (tb_json_type(tb_json_get(j, "sweep")) == TB_JSON_MAP)
        p->sweep = tb_json_copy(tb_json_get(j, "sweep"));
    return take_texts(p, j, err);
}

bool tb_plan_from_json(const struct tb_json *j, struct tb_plan **out, struct tb_err *err)
{
    struct tb_plan *p = tb_plan_new();
    bool good = take(p, j, err);
    if (!good) {
        tb_plan_free(p);
        p = NULL;
    }
    *out = p;
    return good;
}
