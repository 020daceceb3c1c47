/* SPDX-License-Identifier: MIT */
/* complete.c - from a draft to a config: every section is checked against its key table and its
 * defaults are filled in; then come the rules that join keys of different tables:
 *   - learning rate, nearest first: a part's own, the arm's (method.lr), optim.lr, the method's
 *     default; the result is optim.lr, or method.<i>.lr in a stack;
 *   - a rate that an arm gives itself is not probed (probe.c);
 *   - full: weight decay 0.01; rate 1e-3 from scratch;
 *   - a batch is counted in rows or in tokens, so one of the two keys goes;
 *   - a budget in minutes has no last step, so its rate must be constant. */
#include "plan/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "plan/keys.h"
#include "plan/plan_priv.h"
#include "plan/probe.h"
#include "plan/schema.h"
#include "score/score.h"

static const double full_decay = 0.01, full_scratch_lr = 1e-3;

/* Entries of from behind "<prefix>." that have no further dot; all undotted ones for "". */
static struct tb_json *pick(const struct tb_json *from, const char *prefix)
{
    struct tb_json *out = tb_json_new_map();
    size_t n = strlen(prefix);
    for (void *it = tb_json_first(from); it; it = tb_json_next(from, it)) {
        const char *key = tb_json_iter_key(it), *rest = n ? key + n + 1 : key;
        if ((n == 0 || (strncmp(key, prefix, n) == 0 && key[n] == '.')) && !strchr(rest, '.'))
            tb_json_set(out, rest, tb_json_copy(tb_json_iter_value(it)));
    }
    return out;
}

static void put(struct tb_json *out, const char *prefix, const char *key, struct tb_json *v)
{
    char *dotted = *prefix ? tb_xasprintf("%s.%s", prefix, key) : tb_xstrdup(key);
    tb_json_set(out, dotted, v);
    free(dotted);
}

/* In the order of the table: Lua hands keys over in any order. */
static void put_all(struct tb_json *out, const char *prefix, const struct tb_key *keys,
                    const struct tb_json *map)
{
    for (; keys->type != TB_KEY_NONE; keys++)
        if (tb_json_get(map, keys->name))
            put(out, prefix, keys->name, tb_json_copy(tb_json_get(map, keys->name)));
}

/* Checks and completes the draft's keys under prefix and puts them into out. */
static bool section(const struct tb_json *draft, const char *prefix, const struct tb_key *keys,
                    const char *who, struct tb_json *out, struct tb_err *err)
{
    struct tb_json *given = pick(draft, prefix);
    struct tb_json *map = tb_key_check(keys, given, who, err);
    bool good = map && tb_key_complete(keys, map, who, err);
    if (good)
        put_all(out, prefix, keys, map);
    tb_json_free(map);
    tb_json_free(given);
    return good;
}

static bool is_word(const struct tb_json *map, const char *key, const char *word)
{
    return strcmp(tb_json_str(tb_json_get(map, key), ""), word) == 0;
}

static bool missing(const struct tb_json *draft, struct tb_err *err)
{
    static const char *const needed[][2] = {
        { "base", "a model: base = t.model \"tiny\", or --base" },
        { "data.kind", "training text: data = t.pairs \"file.txt\", or --data" },
        { "data.path", "the path of its training text: data = t.pairs \"file.txt\"" },
        { "budget.n", "a budget: budget = t.tokens(100e3), or --budget 100k" },
        { "method.kind", "a method: method = t.lora{ r = 8 }, or --method lora:r=8" },
    };
    bool is_mix = is_word(draft, "data.kind", "mix"); /* its sources have paths */
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!tb_json_get(draft, needed[i][0]) && !(is_mix && tb_config_is_path(needed[i][0])))
            return !tb_fail(err, TB_ERR_RECIPE, "a run needs %s", needed[i][1]);
    return false;
}

static bool undotted(const struct tb_json *draft, struct tb_json *out, struct tb_err *err)
{
    return section(draft, "", tb_keys_section(""), "a run", out, err);
}

/* Source i of a mix. */
static bool source(const struct tb_json *draft, int i, struct tb_json *out, struct tb_err *err)
{
    struct tb_key keys[TB_MIX_KEYS];
    char prefix[16], key[32];
    snprintf(prefix, sizeof prefix, "data.%d", i);
    snprintf(key, sizeof key, "data.%d.kind", i);
    const char *kind = tb_json_str(tb_json_get(draft, key), "");
    if (!tb_mix_keys(kind, keys))
        return tb_fail(err, TB_ERR_RECIPE, "%s: there is no data of kind '%.40s' for a mix", prefix, kind);
    return section(draft, prefix, keys, prefix, out, err);
}

static bool mix(const struct tb_json *draft, struct tb_json *out, struct tb_err *err)
{
    const struct tb_schema *s = tb_schema_find("data", "mix");
    struct tb_config c = { (struct tb_json *)draft };
    int n = tb_config_sources(&c);
    char key[64];
    bool good = n >= 2 && !tb_json_get(draft, tb_config_source_key(&c, n, "kind", key));
    if (!good)
        return tb_fail(err, TB_ERR_RECIPE, "a mix has 2 to %d sources", TB_PLAN_MAX_SOURCES);
    struct tb_json *given = pick(draft, "data");
    put(out, "data", "kind", tb_json_new_str("mix"));
    tb_json_del(given, "kind");
    struct tb_json *map = tb_key_check(s->keys, given, "t.mix", err);
    good = map && tb_key_complete(s->keys, map, "t.mix", err);
    if (good)
        put_all(out, "data", s->keys, map);
    for (int i = 0; good && i < n; i++)
        good = source(draft, i, out, err);
    tb_json_free(map);
    tb_json_free(given);
    return good;
}

static bool data(const struct tb_json *draft, struct tb_json *out, struct tb_err *err)
{
    const char *kind = tb_json_str(tb_json_get(draft, "data.kind"), "");
    const struct tb_schema *s = tb_schema_find("data", kind);
    char who[64];
    if (!s)
        return tb_fail(err, TB_ERR_RECIPE, "there is no data of kind '%.40s'", kind);
    if (strcmp(kind, "mix") == 0)
        return mix(draft, out, err);
    snprintf(who, sizeof who, "t.%.40s", kind);
    struct tb_json *given = pick(draft, "data");
    put(out, "data", "kind", tb_json_new_str(kind));
    tb_json_del(given, "kind");
    struct tb_json *path = tb_json_new_map();
    tb_json_set(path, "path", tb_json_copy(tb_json_get(given, "path")));
    struct tb_json *paths = tb_key_check(tb_keys_section("data"), path, who, err);
    if (!tb_key_find(s->keys, "path"))
        tb_json_del(given, "path");
    struct tb_json *map = paths ? tb_key_check(s->keys, given, who, err) : NULL;
    bool good = map && tb_key_complete(s->keys, map, who, err);
    if (good) {
        put_all(out, "data", tb_keys_section("data"), paths);
        put_all(out, "data", s->keys, map);
    }
    tb_json_free(path);
    tb_json_free(paths);
    tb_json_free(map);
    tb_json_free(given);
    return good;
}

static double first_rate(const struct tb_json *draft, const char *own, double otherwise)
{
    const char *const names[] = { own, "method.lr", "optim.lr" };
    for (int i = 0; i < 3; i++)
        if (tb_json_get(draft, names[i]))
            return tb_json_real(tb_json_get(draft, names[i]), 0);
    return otherwise;
}

/* One method under prefix "method" or "method.<i>"; *lr is its rate. */
static bool part(const struct tb_json *draft, const char *prefix, struct tb_json *out, double *lr,
                 struct tb_err *err)
{
    char path[128], who[64];
    snprintf(path, sizeof path, "%s.kind", prefix);
    const char *kind = tb_json_str(tb_json_get(draft, path), "");
    const struct tb_schema *s = tb_schema_find("method", kind);
    if (!s)
        return tb_fail(err, TB_ERR_RECIPE, "there is no method '%.40s'", kind);
    bool is_new = strcmp(kind, "full") == 0 && is_word(draft, "base", "scratch");
    tb_json_set(out, path, tb_json_new_str(kind));
    snprintf(path, sizeof path, "%s.lr", prefix);
    *lr = first_rate(draft, path, is_new ? full_scratch_lr : s->lr);
    snprintf(path, sizeof path, "%s.%.40s", prefix, kind);
    snprintf(who, sizeof who, "t.%.40s", kind);
    if (!(*lr > 0 && *lr <= 100))
        return tb_fail(err, TB_ERR_RECIPE, "%s: lr must be a number above 0, at most 100", who);
    return section(draft, path, s->keys, who, out, err);
}

static bool stack(const struct tb_json *draft, struct tb_json *out, struct tb_err *err)
{
    char prefix[16], key[32];
    int n = 0;
    tb_json_set(out, "method.kind", tb_json_new_str("stack"));
    for (;; n++) {
        double lr;
        snprintf(prefix, sizeof prefix, "method.%d", n);
        snprintf(key, sizeof key, "method.%d.kind", n);
        if (!tb_json_get(draft, key) || n == TB_PLAN_MAX_PARTS)
            break;
        if (!part(draft, prefix, out, &lr, err))
            return false;
        const char *kind = tb_json_str(tb_json_get(draft, key), "");
        if (!tb_schema_find("method", kind)->can_stack)
            return tb_fail(err, TB_ERR_RECIPE, "%s cannot be part of a stack", kind);
        snprintf(key, sizeof key, "method.%d.lr", n);
        tb_json_set(out, key, tb_json_new_real(lr));
    }
    if (n < 2 || tb_json_get(draft, key))
        return tb_fail(err, TB_ERR_RECIPE, "a stack has 2 to %d parts", TB_PLAN_MAX_PARTS);
    return true;
}

static bool method(const struct tb_json *draft, struct tb_json *out, struct tb_err *err)
{
    double lr;
    if (is_word(draft, "method.kind", "stack"))
        return stack(draft, out, err);
    if (!part(draft, "method", out, &lr, err))
        return false;
    tb_json_set(out, "optim.lr", tb_json_new_real(lr));
    return true;
}

/* optim.lr was set by the method and must survive the section's default; a stack has none. */
static bool optim(const struct tb_json *draft, struct tb_json *out, struct tb_err *err)
{
    const struct tb_json *lr = tb_json_get(out, "optim.lr");
    struct tb_json *kept = lr ? tb_json_copy(lr) : NULL;
    bool good = section(draft, "optim", tb_keys_section("optim"), "optim", out, err);
    tb_json_del(out, "optim.lr");
    if (kept)
        tb_json_set(out, "optim.lr", kept);
    if (good && is_word(out, "method.kind", "full") && !tb_json_get(draft, "optim.decay"))
        tb_json_set(out, "optim.decay", tb_json_new_real(full_decay));
    return good;
}

static bool batch(const struct tb_json *draft, struct tb_json *out, struct tb_err *err)
{
    if (!section(draft, "batch", tb_keys_section("batch"), "batch", out, err))
        return false;
    bool by_tokens = tb_json_int(tb_json_get(out, "batch.tokens"), 0) > 0;
    if (by_tokens && tb_json_get(draft, "batch.rows"))
        return tb_fail(err, TB_ERR_RECIPE, "batch is counted in rows or in tokens, not in both");
    tb_json_del(out, by_tokens ? "batch.rows" : "batch.tokens");
    return true;
}

static bool schedule(const struct tb_json *draft, struct tb_json *out, struct tb_err *err)
{
    if (!section(draft, "schedule", tb_keys_section("schedule"), "schedule", out, err))
        return false;
    if (is_word(out, "budget.unit", "minutes") && !is_word(out, "schedule.name", "constant"))
        return tb_fail(err, TB_ERR_RECIPE, "a budget in minutes has no known last step; it needs "
                       "schedule = { name = \"constant\" }, or --set schedule.name=constant");
    return true;
}

/* What eval.metrics names must be there, and its patterns be usable. */
static bool metrics(const struct tb_json *names, struct tb_err *err)
{
    struct tb_scorer *s = tb_scorer_of(names, err);
    if (!s)
        tb_err_prefix(err, "eval.metrics");
    tb_scorer_close(s);
    return s != NULL;
}

static bool eval(const struct tb_json *draft, struct tb_json *out, struct tb_err *err)
{
    struct tb_budget b;
    if (!section(draft, "eval", tb_keys_section("eval"), "eval", out, err)
        || !metrics(tb_json_get(out, "eval.metrics"), err))
        return false;
    const char *every = tb_json_str(tb_json_get(out, "eval.every"), "");
    if (!*every)
        return true;
    if (!tb_budget_parse(every, &b, err)) {
        tb_err_prefix(err, "eval.every");
        return false;
    }
    char *text = tb_xasprintf("%lld%s", (long long)b.n, tb_budget_unit_name(b.unit));
    tb_json_set(out, "eval.every", tb_json_new_str(text));
    free(text);
    return true;
}

static bool scratch(const struct tb_json *draft, struct tb_json *out, struct tb_err *err)
{
    if (!is_word(draft, "base", "scratch"))
        return true;
    if (!section(draft, "scratch", tb_keys_section("scratch"), "t.scratch", out, err))
        return false;
    int64_t d = tb_json_int(tb_json_get(out, "scratch.d"), 1);
    int64_t heads = tb_json_int(tb_json_get(out, "scratch.heads"), 1);
    int64_t kv = tb_json_int(tb_json_get(out, "scratch.kv_heads"), 1);
    if (d % heads || (d / heads) % 2)
        return tb_fail(err, TB_ERR_RECIPE, "t.scratch: d = %lld must be heads = %lld times an even "
                       "number", (long long)d, (long long)heads);
    if (heads % kv)
        return tb_fail(err, TB_ERR_RECIPE, "t.scratch: kv_heads = %lld must divide heads = %lld",
                       (long long)kv, (long long)heads);
    return true;
}

static bool budget(const struct tb_json *draft, struct tb_json *out, struct tb_err *err)
{
    return section(draft, "budget", tb_keys_section("budget"), "budget", out, err);
}

static bool probe(const struct tb_json *draft, struct tb_json *out, struct tb_err *err)
{
    struct tb_json *nearest = tb_probe_nearest(draft);
    bool good = section(nearest, "probe", tb_keys_section("probe"), "t.probe", out, err)
             && tb_probe_settle(draft, out, err);
    tb_json_free(nearest);
    return good;
}

static bool stop(const struct tb_json *draft, struct tb_json *out, struct tb_err *err)
{
    return section(draft, "stop", tb_keys_section("stop"), "stop", out, err);
}

static bool exec(const struct tb_json *draft, struct tb_json *out, struct tb_err *err)
{
    return section(draft, "exec", tb_keys_section("exec"), "exec", out, err);
}

/* What was written must have gone somewhere: a key of another method is an error. */
static bool all_taken(const struct tb_json *draft, const struct tb_json *out, struct tb_err *err)
{
    for (void *it = tb_json_first(draft); it; it = tb_json_next(draft, it)) {
        const char *key = tb_json_iter_key(it);
        bool is_input = strcmp(key, "method.lr") == 0 || strcmp(key, "optim.lr") == 0
            || strncmp(key, "batch.", 6) == 0 || strncmp(key, "method.probe.", 13) == 0;
        if (!is_input && !tb_json_get(out, key))
            return tb_fail(err, TB_ERR_RECIPE, "this run has no key '%.80s'", key);
    }
    return true;
}

struct tb_json *tb_config_complete(const struct tb_json *draft, struct tb_err *err)
{
    struct tb_json *out = tb_json_new_map();
    bool good = !missing(draft, err) && undotted(draft, out, err) && scratch(draft, out, err)
        && data(draft, out, err) && budget(draft, out, err) && batch(draft, out, err)
        && method(draft, out, err) && optim(draft, out, err) && schedule(draft, out, err)
        && probe(draft, out, err) && eval(draft, out, err) && stop(draft, out, err) && exec(draft, out, err)
        && all_taken(draft, out, err);
    if (good)
        return out;
    tb_json_free(out);
    return NULL;
}

static void fill_neutral(struct tb_json *map, const char *prefix, const struct tb_key *keys)
{
    for (; keys->type != TB_KEY_NONE; keys++) {
        char *dotted = tb_xasprintf("%s.%s", prefix, keys->name);
        if (keys->neutral && !tb_json_get(map, dotted))
            tb_json_set(map, dotted, tb_json_parse(keys->neutral, strlen(keys->neutral), dotted,
                                                   NULL));
        free(dotted);
    }
}

static void fill_sources(struct tb_config *c)
{
    struct tb_key keys[TB_MIX_KEYS];
    char key[64];
    for (int i = 0; i < tb_config_sources(c); i++) {
        bool is_known = tb_mix_keys(tb_config_str(c, tb_config_source_key(c, i, "kind", key)), keys);
        snprintf(key, sizeof key, "data.%d", i);
        if (is_known)
            fill_neutral(c->map, key, keys);
    }
}

void tb_config_fill(struct tb_config *c)
{
    const struct tb_schema *data_words = tb_schema_find("data", tb_config_str(c, "data.kind"));
    bool is_stack = strcmp(tb_config_str(c, "method.kind"), "stack") == 0;
    for (int i = 0; tb_keys_at(i); i++) {
        const char *name = tb_keys_at(i)->name;
        if (*name && !strchr(name, '<') && (strcmp(name, "scratch") != 0 || is_word(c->map, "base", "scratch")))
            fill_neutral(c->map, name, tb_keys_at(i)->keys);
    }
    if (data_words)
        fill_neutral(c->map, "data", data_words->keys);
    if (is_word(c->map, "data.kind", "mix"))
        fill_sources(c);
    for (int i = 0; i < tb_config_parts(c); i++) {
        const char *kind = tb_config_part_kind(c, i);
        const struct tb_schema *s = tb_schema_find("method", kind);
        char *prefix = is_stack ? tb_xasprintf("method.%d.%s", i, kind)
                                : tb_xasprintf("method.%s", kind);
        if (s)
            fill_neutral(c->map, prefix, s->keys);
        free(prefix);
    }
}
