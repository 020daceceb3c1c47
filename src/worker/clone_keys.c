/* SPDX-License-Identifier: MIT */
/* clone_keys.c - what is fixed stands in view/clone_rules.h. */
#include "worker/clone_keys.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

enum { MAX_NAME = 90, MAX_VALUE = 16 };

/* ---- the config */

/* Whether its value is the one it has by following another key. */
static bool only_follows(const struct tb_json *config, const char *name)
{
    const struct tb_key *key = tb_config_key(config, name);
    if (!key || !key->follows)
        return false;
    char *other = tb_xasprintf("%.*s%s", (int)(strlen(name) - strlen(key->name)), name, key->follows);
    double v = tb_json_real(tb_json_get(config, name), 0);
    bool same = v == tb_json_real(tb_json_get(config, other), -1) * key->times;
    free(other);
    return same;
}

static struct tb_json *draft_of(const struct tb_json *config)
{
    struct tb_json *draft = tb_json_new_map();
    for (void *it = tb_json_first(config); it; it = tb_json_next(config, it))
        if (!only_follows(config, tb_json_iter_key(it)))
            tb_json_set(draft, tb_json_iter_key(it), tb_json_copy(tb_json_iter_value(it)));
    return draft;
}

struct tb_json *tb_clone_config(const struct tb_json *parent, struct tb_overrides *set, struct tb_json **noted,
                                struct tb_err *err)
{
    struct tb_json *draft = draft_of(parent), *config = NULL;
    struct tb_plan *p = tb_plan_new();
    if (tb_plan_take_overrides(p, set, err) && tb_plan_add(p, draft, set, NULL, NULL, err)
        && tb_plan_finish(p, set, err))
        config = tb_json_ref(p->runs[0].map);
    *noted = tb_json_ref(p->overrides);
    if (config)
        tb_json_set(config, "exec.name", tb_json_copy(tb_json_get(parent, "exec.name")));
    tb_plan_free(p);
    tb_json_free(draft);
    return config;
}

static void add_changed(struct tb_json *out, const char *key, const struct tb_json *was, const struct tb_json *is)
{
    if (strcmp(key, "exec.name") == 0 || (was && is && tb_json_equal(was, is)))
        return;
    struct tb_json *pair = tb_json_new_list();
    tb_json_append(pair, was ? tb_json_copy(was) : tb_json_new_null());
    tb_json_append(pair, is ? tb_json_copy(is) : tb_json_new_null());
    tb_json_set(out, key, pair);
}

struct tb_json *tb_clone_changed(const struct tb_json *was, const struct tb_json *is)
{
    struct tb_json *out = tb_json_new_map();
    for (void *it = tb_json_first(is); it; it = tb_json_next(is, it))
        add_changed(out, tb_json_iter_key(it), tb_json_get(was, tb_json_iter_key(it)), tb_json_iter_value(it));
    for (void *it = tb_json_first(was); it; it = tb_json_next(was, it))
        if (!tb_json_get(is, tb_json_iter_key(it)))
            add_changed(out, tb_json_iter_key(it), tb_json_iter_value(it), NULL);
    return out;
}

/* ---- what is fixed */

bool tb_clone_allows(enum tb_clone_mode m, const struct tb_json *changed, struct tb_err *err)
{
    static const char *const why[] = {
        [TB_CLONE_BY_BASE] = "the weights were trained on that base; --cold trains from step 0",
        [TB_CLONE_BY_PLACE] = "it goes on at its place in the order of the rows; --weights begins the data anew with "
                              "the weights as they are, --cold trains from step 0",
        [TB_CLONE_BY_SHAPE] = "weights and moments are what they are by it; --weights keeps weights whose shapes stay, "
                              "--cold trains from step 0",
    };
    for (void *it = tb_json_first(changed); it; it = tb_json_next(changed, it)) {
        enum tb_clone_fixed by = tb_clone_fixed_by(m, tb_json_iter_key(it));
        if (by != TB_CLONE_FREE)
            return tb_fail(err, TB_ERR_USAGE, "%s is fixed by a %s start: %s", tb_json_iter_key(it),
                           tb_clone_mode_name(m), why[by]);
    }
    return true;
}

struct tb_json *tb_clone_fixed(enum tb_clone_mode m, const struct tb_json *config)
{
    struct tb_json *list = tb_json_new_list();
    for (void *it = tb_json_first(config); it; it = tb_json_next(config, it))
        if (tb_clone_fixed_by(m, tb_json_iter_key(it)) != TB_CLONE_FREE)
            tb_json_append(list, tb_json_new_str(tb_json_iter_key(it)));
    return list;
}

/* ---- the name */

/* Letters that need no quoting in a shell. */
static void put_safe(struct tb_buf *b, const struct tb_json *v)
{
    char *text = tb_json_str(v, NULL) ? tb_xstrdup(tb_json_str(v, "")) : tb_json_text(v, TB_JSON_CANONICAL);
    for (int i = 0; text[i] && i < MAX_VALUE; i++)
        if (isalnum((unsigned char)text[i]) || strchr("._+-", text[i]))
            tb_buf_char(b, text[i]);
        else if (text[i] == ' ')
            tb_buf_char(b, '+');
    free(text);
}

/* The parent's name without "-s<seed>" where the seed is another now. */
static size_t stem(const char *parent, const struct tb_json *seed)
{
    size_t n = strlen(parent);
    char *end = seed ? tb_xasprintf("-s%lld", (long long)tb_json_int(tb_json_at(seed, 0), -1)) : tb_xstrdup("");
    n -= tb_str_ends(parent, end) ? strlen(end) : 0;
    free(end);
    return n;
}

static bool is_named(const struct tb_json *config, const char *key)
{
    return strcmp(key, "seed") != 0 && strcmp(key, "budget.unit") != 0 && !tb_str_starts(key, "exec.")
        && !only_follows(config, key);
}

char *tb_clone_name(const char *parent, enum tb_clone_mode m, int64_t step, const struct tb_json *changed,
                    const struct tb_json *config)
{
    const struct tb_json *seed = tb_json_get(changed, "seed");
    struct tb_buf b = { 0 };
    tb_buf_add(&b, parent, stem(parent, seed));
    for (void *it = tb_json_first(changed); it && b.n < MAX_NAME; it = tb_json_next(changed, it)) {
        const char *key = tb_json_iter_key(it), *dot = strrchr(key, '.');
        if (!is_named(config, key))
            continue;
        tb_buf_fmt(&b, "-%s", strcmp(key, "budget.n") == 0 ? "budget" : dot ? dot + 1 : key);
        put_safe(&b, tb_json_at(tb_json_iter_value(it), 1));
    }
    if (seed)
        tb_buf_fmt(&b, "-s%lld", (long long)tb_json_int(tb_json_at(seed, 1), -1));
    if (tb_json_len(changed) == 0 && m != TB_CLONE_RERUN)
        tb_buf_fmt(&b, "-%s%lld", tb_clone_mode_name(m), (long long)step);
    return tb_buf_take(&b);
}
