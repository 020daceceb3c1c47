/* SPDX-License-Identifier: MIT */
/* targets.c - which linears a method sits at. Short names are ours (q k v o gate up down); a list entry of PEFT is a
 * whole module name or its end after a dot; one entry with regular-expression signs is matched against the whole
 * name, as PEFT does with a string. */
#include "method/method.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/regex.h"
#include "base/str.h"

static const struct {
    const char *name, *suffix;
} short_names[] = {
    { "q", "q_proj" },       { "k", "k_proj" },   { "v", "v_proj" },       { "o", "o_proj" },
    { "gate", "gate_proj" }, { "up", "up_proj" }, { "down", "down_proj" },
};

enum { N_SHORT = sizeof short_names / sizeof short_names[0] };

static const char *long_name(const char *target)
{
    for (int i = 0; i < N_SHORT; i++)
        if (strcmp(short_names[i].name, target) == 0)
            return short_names[i].suffix;
    return target;
}

static bool is_all(const char *target)
{
    return strcmp(target, "all") == 0 || strcmp(target, "all-linear") == 0;
}

static bool is_regex(const char *target)
{
    return strpbrk(target, "*+?[]()|\\^$") != NULL;
}

/* True if name is `suffix` or ends in "." suffix. */
static bool ends_after_dot(const char *name, const char *suffix)
{
    size_t n = strlen(name), m = strlen(suffix);
    return n >= m && strcmp(name + n - m, suffix) == 0 && (n == m || name[n - m - 1] == '.');
}

static bool regex_takes(const char *pattern, const char *name)
{
    struct tb_regex *r = tb_regex_open(pattern, true, NULL);
    bool hit = r && tb_regex_matches(r, name);
    tb_regex_close(r);
    return hit;
}

static bool layer_taken(const struct tb_json *layers, int layer)
{
    size_t n = tb_json_len(layers);
    for (size_t i = 0; i < n; i++)
        if (tb_json_int(tb_json_at(layers, i), -1) == layer)
            return true;
    return n == 0;
}

bool tb_targets_take(const struct tb_json *targets, const struct tb_json *layers, const struct tb_site *site)
{
    if (!layer_taken(layers, site->layer))
        return false;
    for (size_t i = 0; i < tb_json_len(targets); i++) {
        const char *t = long_name(tb_json_str(tb_json_at(targets, i), ""));
        if (is_all(t) || (is_regex(t) ? regex_takes(t, site->name) : ends_after_dot(site->name, t)))
            return true;
    }
    return false;
}

static bool takes_some(const struct tb_adapter *a, const struct tb_json *targets, const struct tb_json *layers)
{
    for (int i = 0; i < a->model->n_sites; i++)
        if ((a->method->sites & a->model->sites[i].kind) && tb_targets_take(targets, layers, &a->model->sites[i]))
            return true;
    return false;
}

static struct tb_json *list_of(const struct tb_json *entry)
{
    struct tb_json *list = tb_json_new_list();
    tb_json_append(list, tb_json_copy(entry));
    return list;
}

/* As PEFT reads a pattern: what a module's name, or its end after a dot, is. */
static struct tb_regex *open_pattern(const char *text, struct tb_err *err)
{
    char *pattern = tb_xasprintf("(?:.*\\.)?(?:%s)", text);
    struct tb_regex *r = tb_regex_open(pattern, true, err);
    free(pattern);
    return r;
}

static bool takes_seat(const struct tb_adapter *a, struct tb_regex *r)
{
    for (int i = 0; i < a->n_seats; i++)
        if (tb_regex_matches(r, a->seats[i].site->name))
            return true;
    return false;
}

static bool check_pattern(const struct tb_adapter *a, const char *key, const char *text, bool must_match,
                          struct tb_err *err)
{
    struct tb_err why = { 0 };
    struct tb_regex *r = tb_regex_open(text, true, &why); /* alone, so that the byte of a fault is that of the text */
    tb_regex_close(r);
    r = r ? open_pattern(text, &why) : NULL;
    bool good = r || tb_fail(err, TB_ERR_RECIPE, "%s: %s: '%.80s' cannot be read: %s", a->method->name, key,
                             text, why.text);
    if (good && must_match && !takes_seat(a, r))
        good = tb_fail(err, TB_ERR_RECIPE, "%s: %s: '%.80s' matches none of its modules; a pattern is the end of a "
                       "name after a dot, as q_proj, or layers.0.self_attn.q_proj", a->method->name, key, text);
    tb_regex_close(r);
    return good;
}

bool tb_patterns_check(const struct tb_adapter *a, bool must_match, struct tb_err *err)
{
    for (const struct tb_key *k = a->method->keys; k->type != TB_KEY_NONE; k++) {
        const struct tb_json *map = k->type == TB_KEY_MAP ? tb_adapter_json(a, k->name) : NULL;
        for (void *it = tb_json_first(map); it; it = tb_json_next(map, it))
            if (!check_pattern(a, k->name, tb_json_iter_key(it), must_match, err))
                return false;
    }
    return true;
}

bool tb_targets_check(const struct tb_adapter *a, struct tb_err *err)
{
    const struct tb_json *targets = tb_adapter_json(a, "targets"), *layers = tb_adapter_json(a, "layers");
    bool good = true;
    for (size_t i = 0; good && i < tb_json_len(targets); i++) {
        struct tb_json *one = list_of(tb_json_at(targets, i));
        good = takes_some(a, one, layers)
            || tb_fail(err, TB_ERR_RECIPE, "%s: its target '%.80s' is no module %s; linears are q k v o gate up down, "
                       "or all-linear", a->method->name, tb_json_str(tb_json_at(targets, i), ""),
                       tb_json_len(layers) ? "of its layers" : "of this model");
        tb_json_free(one);
    }
    for (size_t i = 0; good && i < tb_json_len(layers); i++) {
        struct tb_json *one = list_of(tb_json_at(layers, i));
        good = takes_some(a, targets, one)
            || tb_fail(err, TB_ERR_RECIPE, "%s: layer %lld has none of its targets; this model's layers are 0 to %d",
                       a->method->name, (long long)tb_json_int(tb_json_at(layers, i), -1),
                       a->model->shape.n_layers - 1);
        tb_json_free(one);
    }
    return good && tb_patterns_check(a, true, err);
}

struct tb_json *tb_targets_to_peft(const struct tb_json *targets)
{
    struct tb_json *list = tb_json_new_list();
    for (size_t i = 0; i < tb_json_len(targets); i++) {
        const char *t = long_name(tb_json_str(tb_json_at(targets, i), ""));
        if (is_regex(t) && tb_json_len(targets) == 1) {
            tb_json_free(list);
            return tb_json_new_str(t);
        }
        if (!is_all(t)) {
            tb_json_append(list, tb_json_new_str(t));
            continue;
        }
        for (int j = 0; j < N_SHORT; j++)
            tb_json_append(list, tb_json_new_str(short_names[j].suffix));
    }
    return list;
}

double tb_seat_pattern(const struct tb_seat *s, const char *key, const char *pattern_key)
{
    const struct tb_json *map = tb_adapter_json(s->adapter, pattern_key);
    double value = tb_adapter_real(s->adapter, key);
    for (void *it = tb_json_first(map); it; it = tb_json_next(map, it)) {
        struct tb_regex *r = open_pattern(tb_json_iter_key(it), NULL);
        bool hit = r && tb_regex_matches(r, s->site->name);
        tb_regex_close(r);
        if (hit)
            return tb_json_real(tb_json_iter_value(it), value);
    }
    return value;
}
