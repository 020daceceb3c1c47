/* SPDX-License-Identifier: MIT */
/* override.c - --set k=v and --grid k=a,b on a draft, in the order of the command line; a later
 * grid varies faster. An override is left out where the draft's method or data have no such key,
 * and is an error if that was so for every run. "lr", "batch", "budget" and "data" stand for
 * optim.lr, batch.rows, budget.{unit,n} and data.path. */
#include "plan/plan_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "plan/keys.h"
#include "plan/schema.h"

struct walk {
    struct tb_overrides *o;
    tb_variant_fn *f;
    void *ctx;
};

static const char *flag_of(const struct tb_override *o)
{
    return o->is_grid ? "--grid" : "--set";
}

/* "k" of "k=v", with the short words spelled out; malloc'ed. */
static char *key_of(const struct tb_override *o)
{
    static const char *const words[][2] = {
        { "lr", "optim.lr" }, { "batch", "batch.rows" }, { "data", "data.path" },
    };
    char *key = tb_xstrdup(o->text);
    char *eq = strchr(key, '=');
    if (eq)
        *eq = '\0';
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(key, words[i][0]) == 0) {
            free(key);
            return tb_xstrdup(words[i][1]);
        }
    return key;
}

/* The arm's and the parts' own rates, and a probe, give way to a rate or a probe that is asked for. */
static void forget_rates(struct tb_json *draft)
{
    static const char *const names[] = { "method.lr",      "probe.n",            "probe.rates",
                                         "method.probe.n", "method.probe.rates", "method.probe.steps" };
    char key[32];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        tb_json_del(draft, names[i]);
    for (int i = 0; i < TB_PLAN_MAX_PARTS; i++) {
        snprintf(key, sizeof key, "method.%d.lr", i);
        tb_json_del(draft, key);
    }
}

static bool set_budget(struct tb_json *draft, const char *text, struct tb_err *err)
{
    struct tb_budget b;
    if (!tb_budget_parse(text, &b, err))
        return false;
    tb_json_set(draft, "budget.unit", tb_json_new_str(tb_budget_unit_name(b.unit)));
    tb_json_set(draft, "budget.n", tb_json_new_int(b.n));
    return true;
}

/* Whether this draft has such a key. Kinds stand for whole tables of keys and are not set alone. */
static bool fits(const struct tb_json *draft, const struct tb_override *o)
{
    char *key = key_of(o);
    bool good = strcmp(key, "budget") == 0
        || (!tb_str_ends(key, ".kind") && tb_config_key(draft, key));
    free(key);
    return good;
}

static bool set(struct tb_json *draft, const char *key, const char *text, struct tb_err *err)
{
    if (strcmp(key, "budget") == 0)
        return set_budget(draft, text, err);
    bool is_path = tb_config_is_path(key); /* one file, whatever its name holds */
    struct tb_json *v = is_path ? tb_json_new_str(text)
                                : tb_key_parse(tb_config_key(draft, key), text, err);
    if (!v)
        return false;
    if (strcmp(key, "optim.lr") == 0 || strcmp(key, "probe.n") == 0 || strcmp(key, "probe.rates") == 0)
        forget_rates(draft);
    if (tb_str_starts(key, "batch."))
        tb_json_del(draft, strcmp(key, "batch.rows") == 0 ? "batch.tokens" : "batch.rows");
    tb_json_set(draft, key, v);
    return true;
}

static bool step(const struct walk *w, struct tb_json *draft, size_t i, struct tb_err *err);

static bool set_and_go_on(const struct walk *w, const struct tb_json *draft, size_t i,
                          const char *text, struct tb_err *err)
{
    struct tb_override *o = &w->o->at[i];
    struct tb_json *copy = tb_json_copy(draft);
    char *key = key_of(o);
    bool good = set(copy, key, text, err);
    if (!good)
        tb_err_prefix(err, "%s %.80s", flag_of(o), o->text);
    o->was_used = true;
    good = good && step(w, copy, i + 1, err);
    free(key);
    tb_json_free(copy);
    return good;
}

/* Overrides from the i-th on. */
static bool step(const struct walk *w, struct tb_json *draft, size_t i, struct tb_err *err)
{
    if (!w->o || i == w->o->n)
        return w->f(w->ctx, draft, err);
    const char *text = strchr(w->o->at[i].text, '=');
    if (!text || !fits(draft, &w->o->at[i]))
        return step(w, draft, i + 1, err);
    if (!w->o->at[i].is_grid)
        return set_and_go_on(w, draft, i, text + 1, err);
    char *values = tb_xstrdup(text + 1), *rest = values;
    bool good = true;
    for (char *v = strsep(&rest, ","); good && v; v = strsep(&rest, ","))
        good = set_and_go_on(w, draft, i, v, err);
    free(values);
    return good;
}

bool tb_override_each(const struct tb_json *draft, struct tb_overrides *o, tb_variant_fn *f,
                      void *ctx, struct tb_err *err)
{
    struct walk w = { o, f, ctx };
    struct tb_json *copy = tb_json_copy(draft);
    bool good = step(&w, copy, 0, err);
    tb_json_free(copy);
    return good;
}

/* Every key of every run that can be set, for did-you-mean. */
static struct tb_json *all_keys(const struct tb_plan *p)
{
    static const char *const words[] = { "lr", "batch", "budget", "data" };
    struct tb_json *keys = tb_json_new_map();
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        tb_json_set(keys, words[i], tb_json_new_null());
    for (size_t i = 0; i < p->n_runs; i++)
        for (void *it = tb_json_first(p->runs[i].map); it; it = tb_json_next(p->runs[i].map, it))
            if (!tb_json_get(keys, tb_json_iter_key(it)) && !tb_str_ends(tb_json_iter_key(it), ".kind"))
                tb_json_set(keys, tb_json_iter_key(it), tb_json_new_null());
    return keys;
}

/* "method.prefix.tokens" when no arm is a prefix. */
static bool is_of_absent_method(const char *key)
{
    char kind[64];
    const char *dot = tb_str_starts(key, "method.") ? strchr(key + 7, '.') : NULL;
    if (!dot || (size_t)(dot - key - 7) >= sizeof kind)
        return false;
    memcpy(kind, key + 7, (size_t)(dot - key - 7));
    kind[dot - key - 7] = '\0';
    const struct tb_schema *s = tb_schema_find("method", kind);
    return s && tb_key_find(s->keys, dot + 1);
}

/* Whether `whole` is meant by a key with words left out: "method.r" and "r" by method.lora.r, "eval" by data.eval
 * and by what stands in the section eval. */
static bool is_short_for(const char *key, const char *whole)
{
    const char *last = strrchr(key, '.'), *end = strrchr(whole, '.');
    size_t n = last ? strcspn(key, ".") + 1 : 0, n_key = strlen(key);
    if (!end)
        return false;
    if (!last && strncmp(whole, key, n_key) == 0 && whole[n_key] == '.')
        return true;
    return strncmp(key, whole, n) == 0 && strcmp(last ? last + 1 : key, end + 1) == 0;
}

/* "; did you mean 'a', 'b' or 'c'?" with the whole names of a short key, else the nearest; empty if none is near. */
static char *hint_of(const char *key, const char *const *list)
{
    enum { MOST = 4 };
    const char *found[MOST];
    struct tb_buf b = { 0 };
    size_t n = 0;
    for (size_t i = 0; *key && list[i] && n < MOST; i++)
        if (is_short_for(key, list[i]))
            found[n++] = list[i];
    if (n == 0 && (found[0] = tb_str_nearest(key, list)))
        n = 1;
    for (size_t i = 0; i < n; i++)
        tb_buf_fmt(&b, "%s'%s'", i == 0 ? "; did you mean " : i + 1 < n ? ", " : " or ", found[i]);
    tb_buf_str(&b, n ? "?" : "");
    return tb_buf_take(&b);
}

static bool unused(const struct tb_plan *p, const struct tb_override *o, struct tb_err *err)
{
    struct tb_json *keys = all_keys(p);
    const char **list = tb_xcalloc(tb_json_len(keys) + 1, sizeof *list);
    char *key = key_of(o);
    size_t n = 0;
    for (void *it = tb_json_first(keys); it; it = tb_json_next(keys, it))
        list[n++] = tb_json_iter_key(it);
    char *hint = hint_of(key, list);
    if (strcmp(key, "method") == 0 || strcmp(key, "method.kind") == 0)
        tb_fail_at(err, TB_ERR_RECIPE, flag_of(o), 0, "%.80s: a method is no key; write it in the "
                   "recipe, or give --method", o->text);
    else if (is_of_absent_method(key))
        tb_fail_at(err, TB_ERR_RECIPE, flag_of(o), 0, "%.80s: no arm of this plan has "
                   "'%.60s'%.300s", o->text, key, hint);
    else
        tb_fail_at(err, TB_ERR_RECIPE, flag_of(o), 0, "%.80s: there is no key '%.60s'%.300s", o->text, key, hint);
    free(hint);
    free(key);
    free(list);
    tb_json_free(keys);
    return false;
}

bool tb_override_check_used(const struct tb_plan *p, const struct tb_overrides *o,
                            struct tb_err *err)
{
    for (size_t i = 0; i < o->n; i++)
        if (!o->at[i].was_used)
            return unused(p, &o->at[i], err);
    return true;
}
