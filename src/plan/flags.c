/* SPDX-License-Identifier: MIT */
/* flags.c - the plan of a command line without a recipe; the same drafts that a recipe makes.
 *   method = kind [":" key=value {"," key=value}] | "stack(" method {";" method} ")" [":lr=" rate]
 *   data   = [word ":"] path {"," key=value}; several are a mix, with keys weight
 * Seeds vary slower than methods, so one seed of every arm is done before the next begins. */
#include "plan/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "plan/keys.h"
#include "plan/plan_priv.h"
#include "plan/schema.h"

enum { MAX_WORDS = 64 };

/* Lists the words of a group, plus one more if given. */
static bool no_such_word(const char *group, const char *name, const char *extra, struct tb_err *err)
{
    const char *list[MAX_WORDS + 2], *what = strcmp(group, "data") == 0 ? "kind of data" : group;
    int n = 0;
    for (; n < MAX_WORDS && tb_schema_at(group, n); n++)
        list[n] = tb_schema_at(group, n)->name;
    if (extra)
        list[n++] = extra;
    list[n] = NULL;
    const char *near = tb_str_nearest(name, list);
    if (near)
        return tb_fail(err, TB_ERR_RECIPE, "there is no %s '%.60s'; did you mean '%s'?", what, name, near);
    struct tb_buf all = { 0 };
    for (int i = 0; i < n; i++)
        tb_buf_fmt(&all, "%s%s", i ? ", " : "", list[i]);
    tb_fail(err, TB_ERR_RECIPE, "there is no %s '%.60s'; there are %s", what, name, all.p ? all.p : "none");
    tb_buf_free(&all);
    return false;
}

/* Sets what is not there yet; takes v over. */
static bool set_once(struct tb_json *draft, const char *dotted, struct tb_json *v, const char *who, const char *name,
                     struct tb_err *err)
{
    if (!tb_json_get(draft, dotted)) {
        tb_json_set(draft, dotted, v);
        return true;
    }
    tb_json_free(v);
    return tb_fail(err, TB_ERR_RECIPE, "%s: %s is given twice", who, name);
}

/* Keys of data that stand on the wrong side of a mix have a message of their own. */
static bool no_such_key(const struct tb_schema *s, const char *name, const char *const *list, struct tb_err *err)
{
    if (strcmp(s->group, "source") == 0 && tb_mix_is_shared(name))
        return tb_fail(err, TB_ERR_RECIPE, "%s belongs to all sources together: --set data.%s=..", name, name);
    if (strcmp(s->group, "data") == 0 && strcmp(name, "weight") == 0)
        return tb_fail(err, TB_ERR_RECIPE, "weight is for a mix: give --data more than once");
    return tb_keys_unknown(s->name, name, list, err);
}

static const struct tb_key rate = { .name = "lr", .type = TB_KEY_REAL, .min = 0, .max = 100 };

/* One "key=value" of a word; lr belongs to every method. */
static bool pair(const struct tb_schema *s, const char *prefix, const char *lr_key, char *text,
                 struct tb_json *draft, struct tb_err *err)
{
    const char *list[130];
    int n = 0;
    char *eq = strchr(text, '=');
    if (!eq)
        return tb_fail(err, TB_ERR_RECIPE, "%s: '%.60s' should be key=value", s->name, text);
    *eq = '\0';
    bool is_rate = lr_key && strcmp(text, "lr") == 0;
    const struct tb_key *key = is_rate ? &rate : tb_key_find(s->keys, text);
    for (; s->keys[n].type != TB_KEY_NONE && n < 128; n++)
        list[n] = s->keys[n].name;
    if (lr_key)
        list[n++] = "lr";
    list[n] = NULL;
    if (!key)
        return no_such_key(s, text, list, err);
    struct tb_json *v = tb_key_parse(key, eq + 1, err);
    if (!v) {
        tb_err_prefix(err, "%s", s->name);
        return false;
    }
    char *dotted = is_rate ? tb_xstrdup(lr_key) : tb_xasprintf("%s%s", prefix, key->name);
    bool good = set_once(draft, dotted, v, s->name, key->name, err);
    free(dotted);
    return good;
}

/* "r=8,targets=q+v"; empty is fine. */
static bool pairs(const struct tb_schema *s, const char *prefix, const char *lr_key, char *text,
                  struct tb_json *draft, struct tb_err *err)
{
    bool good = true;
    for (char *p = *text ? strsep(&text, ",") : NULL; good && p; p = strsep(&text, ","))
        good = pair(s, prefix, lr_key, p, draft, err);
    return good;
}

/* One method under `place`: "method" or "method.<i>". */
static bool one(char *text, const char *place, struct tb_json *draft, struct tb_err *err)
{
    char *colon = strchr(text, ':');
    if (colon)
        *colon = '\0';
    const struct tb_schema *s = tb_schema_find("method", text);
    if (!s)
        return no_such_word("method", text, "stack(..)", err);
    char *kind_key = tb_xasprintf("%s.kind", place), *lr_key = tb_xasprintf("%s.lr", place);
    char *prefix = tb_xasprintf("%s.%s.", place, s->name);
    tb_json_set(draft, kind_key, tb_json_new_str(s->name));
    bool good = !colon || pairs(s, prefix, lr_key, colon + 1, draft, err);
    free(kind_key);
    free(lr_key);
    free(prefix);
    return good;
}

static bool stack(char *text, struct tb_json *draft, struct tb_err *err)
{
    static const struct tb_key none[] = { TB_END_KEY };
    static const struct tb_schema self = { .group = "method", .name = "stack", .keys = none };
    char *end = strrchr(text, ')'), *rest = text;
    char place[16];
    int n = 0;
    if (!end || (end[1] && end[1] != ':'))
        return tb_fail(err, TB_ERR_RECIPE, "write a stack as stack(lora:r=4;prompt:tokens=10)");
    *end = '\0';
    tb_json_set(draft, "method.kind", tb_json_new_str("stack"));
    for (char *p = strsep(&rest, ";"); p; p = strsep(&rest, ";")) {
        if (n == TB_PLAN_MAX_PARTS)
            return tb_fail(err, TB_ERR_RECIPE, "a stack has at most %d parts", TB_PLAN_MAX_PARTS);
        snprintf(place, sizeof place, "method.%d", n++);
        if (!one(p, place, draft, err))
            return false;
    }
    return !end[1] || pairs(&self, "method.", "method.lr", end + 2, draft, err);
}

bool tb_plan_method_parse(const char *text, struct tb_json *draft, struct tb_err *err)
{
    char *copy = tb_xstrdup(text);
    bool is_stack = tb_str_starts(copy, "stack(");
    bool good = is_stack ? stack(copy + 6, draft, err) : one(copy, "method", draft, err);
    free(copy);
    return good;
}

/* The word of a data text, and its path with what stands behind the comma cut off as *keys (NULL: nothing). */
static const struct tb_schema *data_word(char *text, char **path, char **keys, struct tb_err *err)
{
    char *colon = strchr(text, ':'), *comma;
    const struct tb_schema *s = NULL;
    *path = text;
    if (colon && !memchr(text, '/', (size_t)(colon - text))) {
        *colon = '\0';
        s = tb_schema_find("data", text);
        if (!s || strcmp(text, "mix") == 0) {
            if (s)
                tb_fail(err, TB_ERR_RECIPE, "a mix is written as several --data, each with its weight=N");
            else
                no_such_word("data", text, NULL, err);
            return NULL;
        }
        *path = colon + 1;
    }
    if ((comma = strchr(*path, ',')))
        *comma = '\0';
    *keys = comma ? comma + 1 : NULL;
    if (!s)
        s = tb_schema_find("data", tb_str_ends(*path, ".jsonl") ? "jsonl" : "pairs");
    if (s && **path)
        return s;
    tb_fail(err, TB_ERR_RECIPE, "--data needs a file: FILE or pairs:FILE,eval=0.2");
    return NULL;
}

/* One text under "data", or "data.<i>" of a mix. */
static bool data_with(const char *text, const char *place, bool is_source, struct tb_json *draft, struct tb_err *err)
{
    struct tb_key table[TB_MIX_KEYS];
    char *copy = tb_xstrdup(text), *path, *keys;
    const struct tb_schema *word = data_word(copy, &path, &keys, err);
    bool good = word != NULL;
    if (good) {
        struct tb_schema source = { .group = "source", .name = word->name, .keys = table };
        char *kind_key = tb_xasprintf("%s.kind", place), *path_key = tb_xasprintf("%s.path", place),
             *prefix = tb_xasprintf("%s.", place);
        tb_json_set(draft, kind_key, tb_json_new_str(word->name));
        tb_json_set(draft, path_key, tb_json_new_str(path));
        if (is_source)
            tb_mix_keys(word->name, table);
        good = !keys || pairs(is_source ? &source : word, prefix, NULL, keys, draft, err);
        free(kind_key);
        free(path_key);
        free(prefix);
    }
    free(copy);
    return good;
}

bool tb_plan_data_parse(const char *text, struct tb_json *draft, struct tb_err *err)
{
    return data_with(text, "data", false, draft, err);
}

bool tb_plan_mix_parse(const char *const *texts, size_t n, struct tb_json *draft, struct tb_err *err)
{
    char place[32];
    if (n > TB_PLAN_MAX_SOURCES)
        return tb_fail(err, TB_ERR_RECIPE, "a mix has 2 to %d sources, not %zu", TB_PLAN_MAX_SOURCES, n);
    tb_json_set(draft, "data.kind", tb_json_new_str("mix"));
    for (size_t i = 0; i < n; i++) {
        snprintf(place, sizeof place, "data.%zu", i);
        if (data_with(texts[i], place, true, draft, err))
            continue;
        tb_err_prefix(err, "--data %.80s", texts[i]);
        return false;
    }
    return true;
}

static bool add_arm(struct tb_plan *p, const struct tb_plan_flags *f, const struct tb_json *common,
                    const char *method, struct tb_err *err)
{
    struct tb_json *draft = tb_json_copy(common);
    bool good = tb_plan_method_parse(method, draft, err);
    if (!good)
        tb_err_prefix(err, "--method %.80s", method);
    good = good && tb_plan_add(p, draft, f->overrides, NULL, NULL, err);
    tb_json_free(draft);
    return good;
}

static bool add_seed(struct tb_plan *p, const struct tb_plan_flags *f, struct tb_json *common,
                     const char *seed, struct tb_err *err)
{
    struct tb_json *v = tb_key_parse(tb_key_find(tb_keys_section(""), "seed"), seed, err);
    if (!v)
        return false;
    tb_json_set(common, "seed", v);
    for (size_t i = 0; i < f->n_methods; i++)
        if (!add_arm(p, f, common, f->methods[i], err))
            return false;
    return true;
}

/* What all runs have in common. */
static bool commons(const struct tb_plan_flags *f, struct tb_json *draft, struct tb_err *err)
{
    struct tb_budget b;
    if (f->n_methods == 0)
        return tb_fail(err, TB_ERR_USAGE, "give at least one --method, as --method lora:r=8");
    if (!f->base || (!f->data && !f->n_sources) || !f->budget)
        return tb_fail(err, TB_ERR_USAGE,
                       "without a recipe a run needs --base, --data and --budget");
    if (!tb_budget_parse(f->budget, &b, err)) {
        tb_err_prefix(err, "--budget");
        return false;
    }
    tb_json_set(draft, "base", tb_json_new_str(f->base));
    tb_json_set(draft, "budget.unit", tb_json_new_str(tb_budget_unit_name(b.unit)));
    tb_json_set(draft, "budget.n", tb_json_new_int(b.n));
    return f->data ? tb_plan_data_parse(f->data, draft, err)
                   : tb_plan_mix_parse(f->sources, f->n_sources, draft, err);
}

bool tb_plan_from_flags(const struct tb_plan_flags *f, struct tb_plan **out, struct tb_err *err)
{
    struct tb_json *common = tb_json_new_map();
    struct tb_plan *p = tb_plan_new();
    char *seeds = tb_xstrdup(f->seeds ? f->seeds : "0"), *rest = seeds;
    bool good = commons(f, common, err) && tb_plan_take_overrides(p, f->overrides, err);
    for (char *s = strsep(&rest, ","); good && s; s = strsep(&rest, ","))
        good = add_seed(p, f, common, s, err);
    good = good && tb_plan_finish(p, f->overrides, err);
    if (!good) {
        tb_plan_free(p);
        p = NULL;
    }
    *out = p;
    free(seeds);
    tb_json_free(common);
    return good;
}
