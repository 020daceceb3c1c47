/* SPDX-License-Identifier: MIT */
/* key.c - checking, normalising, completing and parsing values against key tables.
 * Normal form: INT an integer (8.0 becomes 8), REAL always a real, NAMES, INTS and REALS always a
 * list (one value becomes a list of one), MAP string -> number with whole numbers as integers. Two
 * values that mean the same have the same canonical text then, which the run id relies on.
 * min = max = 0 means that numbers have no bounds. */
#include "plan/key.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "plan/keys.h"

const struct tb_key *tb_key_find(const struct tb_key *keys, const char *name)
{
    for (; keys->type != TB_KEY_NONE; keys++)
        if (strcmp(keys->name, name) == 0)
            return keys;
    return NULL;
}

static void say_range(struct tb_buf *b, const struct tb_key *key)
{
    char lo[32], hi[32];
    if (key->min == 0 && key->max == 0)
        return;
    tb_str_shortest(lo, sizeof lo, key->min);
    if (key->is_above)
        tb_buf_fmt(b, " above %s, at most %s", lo, tb_str_shortest(hi, sizeof hi, key->max));
    else if (key->max >= 9007199254740992.0)
        tb_buf_fmt(b, " from %s to 2^53", lo);
    else
        tb_buf_fmt(b, " from %s to %s", lo, tb_str_shortest(hi, sizeof hi, key->max));
}

void tb_key_expected(const struct tb_key *key, struct tb_buf *b)
{
    static const char *const words[] = {
        [TB_KEY_INT] = "an integer", [TB_KEY_REAL] = "a number", [TB_KEY_BOOL] = "true or false",
        [TB_KEY_STR] = "a string", [TB_KEY_CHOICE] = "one of ",
        [TB_KEY_NAMES] = "a list of strings",
        [TB_KEY_INTS] = "a list of integers",
        [TB_KEY_REALS] = "a list of numbers", [TB_KEY_MAP] = "a table of names and numbers",
    };
    tb_buf_str(b, words[key->type]);
    if (key->type == TB_KEY_CHOICE)
        for (const char *c = key->choices; *c; c++)
            tb_buf_fmt(b, *c == '|' ? ", " : "%c", *c);
    else if (key->type != TB_KEY_STR && key->type != TB_KEY_NAMES)
        say_range(b, key);
}

static bool is_listed(const struct tb_key *key)
{
    return key->type == TB_KEY_NAMES || key->type == TB_KEY_INTS || key->type == TB_KEY_REALS;
}

/* Fills list with pointers into a copy of "a|b|c"; the copy is returned. */
static char *split_choices(const char *choices, const char **list, size_t n_list)
{
    char *copy = tb_xstrdup(choices), *rest = copy;
    size_t n = 0;
    for (char *c = strtok_r(copy, "|", &rest); c && n + 1 < n_list; c = strtok_r(NULL, "|", &rest))
        list[n++] = c;
    list[n] = NULL;
    return copy;
}

/* An empty `who`: the caller says where it is. */
static struct tb_json *wrong(const struct tb_key *key, const struct tb_json *v, const char *who,
                             struct tb_err *err)
{
    const char *colon = *who ? ": " : "";
    struct tb_buf want = { 0 };
    const char *list[64], *near = NULL;
    char *got = tb_json_text(v, TB_JSON_CANONICAL);
    char *choices = split_choices(key->choices ? key->choices : "", list, 64);
    tb_key_expected(key, &want);
    if (key->type == TB_KEY_CHOICE)
        near = tb_str_nearest(tb_json_str(v, ""), list);
    if (near)
        tb_fail(err, TB_ERR_RECIPE, "%s%s%s must be %s, not %.80s; did you mean \"%s\"?", who,
                colon, key->name, want.p, got, near);
    else
        tb_fail(err, TB_ERR_RECIPE, "%s%s%s must be %s, not %.80s%s", who, colon, key->name, want.p, got,
                tb_json_type(v) == TB_JSON_LIST && !is_listed(key)
                    ? "; several values to try are t.grid{..}" : "");
    free(choices);
    free(got);
    tb_buf_free(&want);
    return NULL;
}

static bool in_range(const struct tb_key *key, double v)
{
    return (key->min == 0 && key->max == 0) || (v >= key->min && v <= key->max && !(key->is_above && v == key->min));
}

/* A whole number as such, whether it was written 8 or 8.0. */
static bool whole(const struct tb_json *v, int64_t *out)
{
    double d = tb_json_real(v, NAN);
    if (tb_json_type(v) == TB_JSON_INT) {
        *out = tb_json_int(v, 0);
        return true;
    }
    if (!(fabs(d) <= 9007199254740992.0) || d != floor(d))
        return false;
    *out = (int64_t)d;
    return true;
}

static struct tb_json *number(const struct tb_key *key, const struct tb_json *v)
{
    int64_t i;
    double d = tb_json_real(v, NAN);
    if (!isfinite(d) || !in_range(key, d))
        return NULL;
    if (key->type == TB_KEY_REAL || key->type == TB_KEY_REALS)
        return tb_json_new_real(d + 0.0); /* -0 and 0 are one value */
    if (whole(v, &i))
        return tb_json_new_int(i);
    return key->type == TB_KEY_MAP ? tb_json_new_real(d) : NULL;
}

static struct tb_json *string(const struct tb_key *key, const struct tb_json *v)
{
    const char *s = tb_json_str(v, NULL), *list[64];
    if (!s || strlen(s) != tb_json_str_len(v))
        return NULL;
    if (key->type == TB_KEY_CHOICE) {
        char *choices = split_choices(key->choices, list, 64);
        bool good = tb_str_in(s, list);
        free(choices);
        if (!good)
            return NULL;
    }
    return tb_json_new_str(s);
}

static struct tb_json *element(const struct tb_key *key, const struct tb_json *v)
{
    return key->type == TB_KEY_NAMES ? string(key, v) : number(key, v);
}

static struct tb_json *list_of(const struct tb_key *key, const struct tb_json *v)
{
    bool is_one = tb_json_type(v) != TB_JSON_LIST;
    size_t n = is_one ? 1 : tb_json_len(v);
    struct tb_json *list = tb_json_new_list();
    if (tb_json_type(v) == TB_JSON_MAP && tb_json_len(v) == 0)
        n = 0;
    for (size_t i = 0; i < n; i++) {
        struct tb_json *e = element(key, is_one ? v : tb_json_at(v, i));
        if (!e) {
            tb_json_free(list);
            return NULL;
        }
        tb_json_append(list, e);
    }
    return list;
}

/* The same map with its keys sorted: Lua hands them over in any order. */
static struct tb_json *sorted(const struct tb_json *map)
{
    char *text = tb_json_text(map, TB_JSON_CANONICAL);
    struct tb_json *copy = tb_json_parse(text, strlen(text), "map", NULL);
    free(text);
    return copy;
}

static struct tb_json *map_of(const struct tb_key *key, const struct tb_json *v)
{
    bool is_none = tb_json_type(v) == TB_JSON_LIST && tb_json_len(v) == 0;
    if (!is_none && tb_json_type(v) != TB_JSON_MAP)
        return NULL;
    struct tb_json *map = tb_json_new_map(), *from = is_none ? tb_json_new_map() : sorted(v);
    bool good = true;
    for (void *it = tb_json_first(from); good && it; it = tb_json_next(from, it)) {
        struct tb_json *e = number(key, tb_json_iter_value(it));
        good = e != NULL;
        if (good)
            tb_json_set(map, tb_json_iter_key(it), e);
    }
    tb_json_free(from);
    if (good)
        return map;
    tb_json_free(map);
    return NULL;
}

static struct tb_json *normal(const struct tb_key *key, const struct tb_json *v, const char *who,
                              struct tb_err *err)
{
    struct tb_json *out = NULL;
    switch (key->type) {
    case TB_KEY_INT:
    case TB_KEY_REAL: out = number(key, v); break;
    case TB_KEY_BOOL:
        out = tb_json_type(v) == TB_JSON_BOOL ? tb_json_new_bool(tb_json_bool(v, false)) : NULL;
        break;
    case TB_KEY_STR:
    case TB_KEY_CHOICE: out = string(key, v); break;
    case TB_KEY_NAMES:
    case TB_KEY_REALS:
    case TB_KEY_INTS: out = list_of(key, v); break;
    case TB_KEY_MAP: out = map_of(key, v); break;
    case TB_KEY_NONE: break;
    }
    return out ? out : wrong(key, v, who, err);
}

static bool unknown(const struct tb_key *keys, const char *name, const char *who,
                    struct tb_err *err)
{
    const char *valid[128];
    size_t n = 0;
    for (; keys[n].type != TB_KEY_NONE && n + 1 < 128; n++)
        valid[n] = keys[n].name;
    valid[n] = NULL;
    return tb_keys_unknown(who, name, valid, err);
}

static struct tb_json *default_of(const struct tb_key *keys, const struct tb_key *key,
                                  const struct tb_json *map, const char *who, struct tb_err *err)
{
    if (key->def) {
        struct tb_key open = *key;
        open.is_above = false;
        struct tb_json *raw = tb_json_parse(key->def, strlen(key->def), key->name, err);
        struct tb_json *v = raw ? normal(&open, raw, who, err) : NULL;
        tb_json_free(raw);
        return v;
    }
    if (!key->follows) {
        tb_fail(err, TB_ERR_RECIPE, "%s needs '%s': %s", who, key->name,
                key->help ? key->help : "");
        return NULL;
    }
    struct tb_json *other = tb_key_value(keys, map, key->follows, err);
    if (!other)
        return NULL;
    struct tb_json *scaled = tb_json_new_real(tb_json_real(other, 0) * key->times);
    struct tb_json *v = normal(key, scaled, who, err);
    tb_json_free(scaled);
    tb_json_free(other);
    return v;
}

struct tb_json *tb_key_value(const struct tb_key *keys, const struct tb_json *map, const char *name,
                             struct tb_err *err)
{
    const struct tb_key *key = tb_key_find(keys, name);
    const struct tb_json *given = tb_json_get(map, name);
    if (!key) {
        unknown(keys, name, "this table", err);
        return NULL;
    }
    return given ? normal(key, given, "", err) : default_of(keys, key, map, "table", err);
}

struct tb_json *tb_key_check(const struct tb_key *keys, const struct tb_json *map, const char *who,
                             struct tb_err *err)
{
    struct tb_json *out = tb_json_new_map();
    for (void *it = tb_json_first(map); it; it = tb_json_next(map, it)) {
        const struct tb_key *key = tb_key_find(keys, tb_json_iter_key(it));
        struct tb_json *v = NULL;
        if (key)
            v = normal(key, tb_json_iter_value(it), who, err);
        else
            unknown(keys, tb_json_iter_key(it), who, err);
        if (!v) {
            tb_json_free(out);
            return NULL;
        }
        tb_json_set(out, key->name, v);
    }
    return out;
}

bool tb_key_complete(const struct tb_key *keys, struct tb_json *map, const char *who,
                     struct tb_err *err)
{
    for (const struct tb_key *key = keys; key->type != TB_KEY_NONE; key++) {
        if (tb_json_get(map, key->name))
            continue;
        struct tb_json *v = default_of(keys, key, map, who, err);
        if (!v)
            return false;
        tb_json_set(map, key->name, v);
    }
    return true;
}

static struct tb_json *scalar(const struct tb_key *key, const char *text)
{
    int64_t i;
    double d;
    bool is_int = key->type == TB_KEY_INT || key->type == TB_KEY_INTS;
    if (is_int && (tb_str_int(text, &i) || tb_str_count(text, &i)))
        return tb_json_new_int(i);
    if (key->type == TB_KEY_BOOL && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0))
        return tb_json_new_bool(*text == 't');
    bool is_number = is_int || key->type == TB_KEY_REAL || key->type == TB_KEY_REALS || key->type == TB_KEY_MAP;
    if (is_number && tb_str_real(text, &d))
        return tb_json_new_real(d);
    return tb_json_new_str(text);
}

/* One "name=number" of a MAP, or one element of a list. */
static void take_piece(const struct tb_key *key, char *piece, struct tb_json *out)
{
    char *eq = key->type == TB_KEY_MAP ? strrchr(piece, '=') : NULL;
    if (eq)
        *eq = '\0';
    if (key->type == TB_KEY_MAP)
        tb_json_set(out, piece, eq ? scalar(key, eq + 1) : tb_json_new_null());
    else
        tb_json_append(out, scalar(key, piece));
}

/* A '+' separates, but not inside a regular expression. */
static struct tb_json *pieces(const struct tb_key *key, const char *text)
{
    bool is_regex = key->type == TB_KEY_NAMES && strpbrk(text, "([\\*^$");
    struct tb_json *out = key->type == TB_KEY_MAP ? tb_json_new_map() : tb_json_new_list();
    char *copy = tb_xstrdup(text), *rest = copy;
    for (char *p = strtok_r(copy, is_regex ? "" : "+", &rest); p;
         p = strtok_r(NULL, is_regex ? "" : "+", &rest))
        take_piece(key, p, out);
    free(copy);
    return out;
}

struct tb_json *tb_key_parse(const struct tb_key *key, const char *text, struct tb_err *err)
{
    bool is_many = is_listed(key) || key->type == TB_KEY_MAP;
    struct tb_json *raw = is_many ? pieces(key, text) : scalar(key, text);
    struct tb_json *v = normal(key, raw, "", err);
    tb_json_free(raw);
    return v;
}
