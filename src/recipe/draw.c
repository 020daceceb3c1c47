/* SPDX-License-Identifier: MIT */
/* draw.c - the points of a search. All of them are drawn here, where `where` can be asked, arm by arm in turns, so that
 * the plan is a function of the recipe alone and every arm has as many trials as the others. A point that is refused or
 * was drawn before costs a draw, not a trial.
 *
 * The plan's `sweep`: what search.lua took, with complete keys, and
 *     arms: [{name, templates}]    points: [{arm, point}], one for each run of the plan, in its order */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "plan/schema.h"
#include "plan/objective.h"
#include "recipe/recipe_priv.h"
#include "sweep/search.h"

enum { MOST_MISSES = 200, MOST_POOL = TB_PLAN_MAX_RUNS };

struct drawing {
    lua_State *L;
    struct tb_plan *plan;
    const struct tb_json *arms;
    struct tb_json *points;
    uint64_t seed;
    uint32_t *next; /* draw of each arm; UINT32_MAX: it has no more points */
};

static bool add_template(void *ctx, struct tb_json *draft, struct tb_err *err)
{
    tb_json_append(ctx, tb_json_copy(draft));
    return true;
}

bool tb_draw_take(struct tb_child *c, const struct tb_json *draft, struct tb_err *err)
{
    if (!c->templates)
        c->templates = tb_json_new_list();
    return tb_override_each(draft, &c->overrides, add_template, c->templates, err);
}

/* Complete keys of one word, in the place of those that were given. */
static bool complete(struct tb_json *settings, const char *group, struct tb_err *err)
{
    const struct tb_json *given = tb_json_get(settings, group);
    if (!given)
        return true;
    const char *kind = tb_json_str(tb_json_get(given, "kind"), "");
    const struct tb_schema *s = tb_schema_find(group, kind);
    if (!s)
        return tb_fail(err, TB_ERR_RECIPE, "there is no %s '%.40s'", group, kind);
    struct tb_json *keys = tb_json_copy(given);
    tb_json_del(keys, "kind");
    bool good = tb_key_complete(s->keys, keys, s->name, err);
    tb_json_set(keys, "kind", tb_json_new_str(s->name));
    tb_json_set(settings, group, keys);
    return good;
}

/* --set search.trials=40, --set prune.eta=2: into what the recipe gave. */
static bool override_group(struct tb_json *settings, const char *group, struct tb_override *o, struct tb_err *err)
{
    const struct tb_json *given = tb_json_get(settings, group);
    const struct tb_schema *s = tb_schema_find(group, tb_json_str(tb_json_get(given, "kind"), ""));
    const char *name = o->text + strlen(group) + 1;
    char *key = tb_xstrndup(name, strcspn(name, "="));
    const struct tb_key *k = s && !o->is_grid ? tb_key_find(s->keys, key) : NULL;
    struct tb_json *v = k ? tb_key_parse(k, strchr(name, '=') + 1, err) : NULL;
    if (v) {
        struct tb_json *keys = tb_json_copy(given);
        tb_json_set(keys, key, v);
        tb_json_set(settings, group, keys);
        o->was_used = true;
    }
    free(key);
    return v || !k;
}

static bool override(struct tb_child *c, struct tb_err *err)
{
    bool good = true;
    for (size_t i = 0; good && i < c->overrides.n; i++) {
        struct tb_override *o = &c->overrides.at[i];
        good = !tb_str_starts(o->text, "search.") || override_group(c->search, "search", o, err);
        good = good && (!tb_str_starts(o->text, "prune.") || override_group(c->search, "prune", o, err));
        if (!good)
            tb_err_prefix(err, "--set %.80s", o->text);
    }
    return good;
}

/* Templates by method, or all in one arm. */
static struct tb_json *make_arms(const struct tb_json *templates, bool by_method)
{
    struct tb_json *arms = tb_json_new_list();
    struct tb_json *lists = tb_json_new_map(); /* name -> templates, in the order of the recipe */
    for (size_t i = 0; i < tb_json_len(templates); i++) {
        struct tb_config draft = { tb_json_copy(tb_json_at(templates, i)) };
        char *name = by_method ? tb_config_method(&draft) : tb_xstrdup("all");
        struct tb_json *list = tb_json_get(lists, name) ? tb_json_copy(tb_json_get(lists, name)) : tb_json_new_list();
        tb_json_append(list, draft.map);
        tb_json_set(lists, name, list);
        free(name);
    }
    for (void *it = tb_json_first(lists); it; it = tb_json_next(lists, it)) {
        struct tb_json *arm = tb_json_new_map();
        tb_json_set(arm, "name", tb_json_new_str(tb_json_iter_key(it)));
        tb_json_set(arm, "templates", tb_json_copy(tb_json_iter_value(it)));
        tb_json_append(arms, arm);
    }
    tb_json_free(lists);
    return arms;
}

/* Trials of each arm such that with the finalists' other seeds there are at most run_cap runs; they replace what was
 * asked for. */
static bool fit_cap(struct tb_json *settings, int64_t n_arms, struct tb_err *err)
{
    int64_t n_seeds = (int64_t)tb_json_len(tb_json_get(settings, "seeds"));
    int64_t finalists = tb_json_int(tb_json_get(settings, "finalists"), n_seeds > 1);
    int64_t cap = tb_json_int(tb_json_get(settings, "run_cap"), 0), more = finalists * (n_seeds - 1);
    struct tb_json *search = tb_json_copy(tb_json_get(settings, "search"));
    tb_json_set(settings, "finalists", tb_json_new_int(finalists));
    tb_json_set(settings, "run_cap", tb_json_new_int(cap));
    if (cap && tb_json_int(tb_json_get(search, "trials"), 1) > cap / n_arms - more)
        tb_json_set(search, "trials", tb_json_new_int(cap / n_arms - more));
    bool good = tb_json_int(tb_json_get(search, "trials"), 1) > 0;
    tb_json_set(settings, "search", search);
    return good || tb_fail(err, TB_ERR_RECIPE, "run_cap = %lld leaves no trial: there are %lld arms, and each has %lld "
                           "runs of finalists with other seeds", (long long)cap, (long long)n_arms, (long long)more);
}

/* One more point of an arm, if there is one. */
static bool draw_one(struct drawing *d, size_t i, struct tb_err *err)
{
    const struct tb_json *arm = tb_json_at(d->arms, i);
    size_t before = d->plan->n_runs;
    bool good = true;
    for (int miss = 0; good && d->plan->n_runs == before && d->next[i] != UINT32_MAX; miss++) {
        struct tb_json *point = tb_space_draw(arm, d->seed, d->next[i]);
        struct tb_json *draft = tb_space_draft(arm, point);
        d->next[i] = miss < MOST_MISSES ? d->next[i] + 1 : UINT32_MAX;
        good = tb_plan_add(d->plan, draft, NULL, tb_bind_keep, d->L, err);
        tb_json_free(draft);
        if (d->plan->n_runs == before) {
            tb_json_free(point);
            continue;
        }
        struct tb_json *entry = tb_json_new_map();
        tb_json_set(entry, "arm", tb_json_new_int((int64_t)i));
        tb_json_set(entry, "point", point);
        tb_json_append(d->points, entry);
    }
    return good;
}

static bool draw(struct drawing *d, const struct tb_json *search, struct tb_err *err)
{
    const struct tb_search *s = tb_search_find(tb_json_str(tb_json_get(search, "kind"), ""));
    int64_t n_arms = (int64_t)tb_json_len(d->arms), pool = s ? s->pool(search) : 0;
    bool good = true;
    d->seed = (uint64_t)tb_json_int(tb_json_get(search, "seed"), 0);
    d->next = tb_xcalloc((size_t)n_arms, sizeof *d->next);
    if (pool > MOST_POOL / n_arms)
        pool = MOST_POOL / n_arms;
    for (int64_t k = 0; good && k < pool; k++)
        for (int64_t i = 0; good && i < n_arms; i++)
            good = draw_one(d, (size_t)i, err);
    free(d->next);
    return good;
}

/* Every run must produce what is looked for. */
static bool check_objective(const struct tb_child *c, struct tb_err *err)
{
    const struct tb_json *objective = tb_json_get(c->search, "objective");
    bool good = true;
    for (size_t i = 0; good && i < c->plan->n_runs; i++)
        good = tb_objective_check(objective, &c->plan->runs[i], tb_json_get(c->search, "prune") != NULL, err);
    return good;
}

int tb_draw_all(lua_State *L)
{
    struct tb_child *c = tb_child_of(L);
    struct tb_err err = { 0 };
    int top = lua_gettop(L);
    struct tb_json *arms = make_arms(c->templates, tb_json_get(c->search, "per") != NULL);
    struct tb_json *points = tb_json_new_list();
    struct drawing d = { .L = L, .plan = c->plan, .arms = arms, .points = points };
    tb_json_set(c->search, "arms", arms);
    tb_json_set(c->search, "points", points);
    bool good = override(c, &err) && complete(c->search, "search", &err) && complete(c->search, "prune", &err)
             && fit_cap(c->search, (int64_t)tb_json_len(arms), &err)
             && draw(&d, tb_json_get(c->search, "search"), &err) && check_objective(c, &err);
    if (!good)
        return tb_bind_raise(L, top, &err);
    c->plan->n_same = 0;
    c->plan->sweep = tb_json_copy(c->search);
    return 0;
}
