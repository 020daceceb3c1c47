/* SPDX-License-Identifier: MIT */
/* name.c - what runs are called: method, its size, keys that differ, seed: "lora-r8-s0",
 * "prefix20-q+v-s1", "lora-r4+prompt10-s0".
 * The size is the first key of a method's table where that is an integer; it is always shown. A key
 * differs if two runs with the same method have different values; one that only follows another
 * (alpha = 2 r) is not shown. Names are unique within a plan: the second of two gets "-2". */
#include "plan/plan_priv.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "plan/schema.h"

enum { MAX_VALUE = 16, MAX_NAME = 96 };

/* Letters that need no quoting in a shell or a file name. */
static void safe(struct tb_buf *b, const char *s, int most)
{
    for (int n = 0; *s && n < most; s++, n++)
        tb_buf_char(b, isalnum((unsigned char)*s) || strchr("._+-", *s) ? *s : '_');
}

static void count(struct tb_buf *b, int64_t n)
{
    if (n >= 1000000 && n % 1000000 == 0)
        tb_buf_fmt(b, "%lldM", (long long)(n / 1000000));
    else if (n >= 10000 && n % 1000 == 0)
        tb_buf_fmt(b, "%lldk", (long long)(n / 1000));
    else
        tb_buf_fmt(b, "%lld", (long long)n);
}

static void put_value(struct tb_buf *b, const struct tb_json *v)
{
    char text[32];
    switch (tb_json_type(v)) {
    case TB_JSON_INT: count(b, tb_json_int(v, 0)); return;
    case TB_JSON_REAL:
        tb_buf_str(b, tb_str_shortest(text, sizeof text, tb_json_real(v, 0)));
        return;
    case TB_JSON_STR: safe(b, tb_json_str(v, ""), MAX_VALUE); return;
    case TB_JSON_LIST:
        for (size_t i = 0; i < tb_json_len(v) && i < 8; i++) {
            tb_buf_str(b, i ? "+" : "");
            put_value(b, tb_json_at(v, i));
        }
        return;
    default: break;
    }
    char *json = tb_json_text(v, TB_JSON_CANONICAL);
    safe(b, json, MAX_VALUE);
    free(json);
}

/* Table of part i and the dotted prefix of its keys; NULL if the method is not known. */
static const struct tb_key *part_table(const struct tb_config *c, int i, char prefix[128])
{
    const char *kind = tb_config_part_kind(c, i);
    const struct tb_schema *s = tb_schema_find("method", kind);
    if (tb_config_parts(c) > 1)
        snprintf(prefix, 128, "method.%d.%.60s.", i, kind);
    else
        snprintf(prefix, 128, "method.%.60s.", kind);
    return s ? s->keys : NULL;
}

static void put_part(struct tb_buf *b, const struct tb_config *c, int i)
{
    char prefix[128], key[256];
    const struct tb_key *keys = part_table(c, i, prefix);
    tb_buf_str(b, tb_config_part_kind(c, i));
    if (!keys || keys->type != TB_KEY_INT)
        return;
    snprintf(key, sizeof key, "%s%s", prefix, keys->name);
    if (strcmp(keys->name, "tokens") != 0)
        tb_buf_fmt(b, "-%s", keys->name);
    tb_buf_fmt(b, "%lld", (long long)tb_config_int(c, key));
}

/* Keys that put_part shows, that the seed shows, or that say nothing about this run. */
static bool is_shown_already(const struct tb_config *c, const char *name)
{
    static const char *const never[] = { "seed", "budget.unit", "exec.name", NULL };
    char prefix[128];
    for (int i = 0; i < tb_config_parts(c); i++) {
        const struct tb_key *keys = part_table(c, i, prefix);
        size_t n = strlen(prefix);
        if (keys && keys->type == TB_KEY_INT && strncmp(name, prefix, n) == 0
            && strcmp(name + n, keys->name) == 0)
            return true;
    }
    if (strcmp(name, "data.kind") == 0) /* of other kinds than a mix the path says enough */
        return strcmp(tb_config_str(c, name), "mix") != 0;
    return tb_str_in(name, never) || tb_str_ends(name, ".kind");
}

/* The rate in the middle of a probe, and the keys of one that a run has not. */
static bool is_no_rate(const struct tb_config *c, const char *name, const struct tb_json *v)
{
    bool probes = tb_config_int(c, "probe.n") > 0 || tb_json_len(tb_config_get(c, "probe.rates")) > 0;
    return probes ? strcmp(name, "optim.lr") == 0
                  : tb_str_starts(name, "probe.") && tb_json_real(v, (double)tb_json_len(v)) == 0;
}

static bool only_follows(const struct tb_config *c, const char *name)
{
    const struct tb_key *key = tb_config_key(c->map, name);
    if (!key || !key->follows)
        return false;
    char *other = tb_xasprintf("%.*s%s", (int)(strlen(name) - strlen(key->name)), name,
                               key->follows);
    bool same = tb_config_real(c, name) == tb_config_real(c, other) * key->times;
    free(other);
    return same;
}

static void put_difference(struct tb_buf *b, const struct tb_config *c, const char *name)
{
    const struct tb_json *v = tb_config_get(c, name);
    const char *dot = strrchr(name, '.'), *word = dot ? dot + 1 : name;
    bool is_path = strcmp(name, "base") == 0 || strcmp(word, "path") == 0;
    bool is_text = tb_json_type(v) == TB_JSON_STR;
    if (!v || is_shown_already(c, name) || only_follows(c, name) || is_no_rate(c, name, v)
        || (is_text && tb_json_str_len(v) == 0))
        return;
    if (tb_json_type(v) == TB_JSON_BOOL) {
        tb_buf_fmt(b, "-%s%s", tb_json_bool(v, false) ? "" : "no_", word);
        return;
    }
    tb_buf_char(b, '-');
    if (is_path) {
        const struct tb_json *one = is_text ? v : tb_json_at(v, 0);
        char *stem = tb_xstrdup(tb_path_base(tb_json_str(one, "")));
        char *end = strrchr(stem, '.');
        if (end && end > stem)
            *end = '\0';
        safe(b, stem, MAX_VALUE);
        free(stem);
        return;
    }
    if (!is_text && strcmp(name, "budget.n") != 0 && strcmp(word, "targets") != 0)
        tb_buf_str(b, strcmp(name, "probe.n") == 0 ? "probe" : word);
    put_value(b, v);
}

/* Runs of one method: the first value that was seen of each key, and the keys that had another. */
struct group {
    char *method;
    struct tb_json *seen, *differs;
};
struct groups {
    struct group *at;
    size_t n, cap;
};

/* A key that only some runs have is of another table of keys and says nothing; but a batch is
 * counted by one key or by the other. */
static void mark(struct group *g, const struct tb_json *run)
{
    bool is_first = tb_json_len(g->seen) == 0;
    for (void *it = tb_json_first(run); it; it = tb_json_next(run, it)) {
        const char *key = tb_json_iter_key(it);
        const struct tb_json *v = tb_json_iter_value(it), *seen = tb_json_get(g->seen, key);
        bool is_other = seen ? !tb_json_equal(v, seen)
                             : !is_first && tb_str_starts(key, "batch.");
        if (!seen)
            tb_json_set(g->seen, key, tb_json_copy(v));
        if (is_other)
            tb_json_set(g->differs, key, tb_json_new_bool(true));
    }
}

/* The group of a run; a new one if it is the first of its method. */
static struct group *group_of(struct groups *g, const struct tb_config *c)
{
    char *method = tb_config_method(c);
    for (size_t i = 0; i < g->n; i++)
        if (strcmp(g->at[i].method, method) == 0) {
            free(method);
            return &g->at[i];
        }
    g->at = tb_grow(g->at, g->n, &g->cap, sizeof *g->at);
    g->at[g->n] = (struct group){ method, tb_json_new_map(), tb_json_new_map() };
    return &g->at[g->n++];
}

static void groups_free(struct groups *g)
{
    for (size_t i = 0; i < g->n; i++) {
        free(g->at[i].method);
        tb_json_free(g->at[i].seen);
        tb_json_free(g->at[i].differs);
    }
    free(g->at);
}

static char *name_of(const struct tb_config *c, const struct tb_json *differs, bool is_alone)
{
    struct tb_buf b = { 0 };
    const char *given = tb_config_name(c);
    safe(&b, given, TB_PLAN_MAX_NAME);
    if (*given && is_alone)
        return tb_buf_take(&b);
    for (int i = 0; !*given && i < tb_config_parts(c); i++) {
        tb_buf_str(&b, i ? "+" : "");
        put_part(&b, c, i);
    }
    for (void *it = tb_json_first(c->map); it; it = tb_json_next(c->map, it))
        if (tb_json_get(differs, tb_json_iter_key(it)) && b.n < MAX_NAME)
            put_difference(&b, c, tb_json_iter_key(it));
    tb_buf_fmt(&b, "-s%lld", (long long)tb_config_int(c, "seed"));
    return tb_buf_take(&b);
}

static void take_name(struct tb_json *used, struct tb_config *c, char *name)
{
    char *free_name = tb_xstrdup(name);
    for (int n = 2; tb_json_get(used, free_name); n++) {
        free(free_name);
        free_name = tb_xasprintf("%s-%d", name, n);
    }
    tb_json_set(used, free_name, tb_json_new_bool(true));
    tb_json_set(c->map, "exec.name", tb_json_new_str(free_name));
    free(free_name);
}

void tb_plan_name_runs(struct tb_plan *p)
{
    struct groups groups = { 0 };
    struct tb_json *used = tb_json_new_map();
    for (size_t i = 0; i < p->n_runs; i++)
        mark(group_of(&groups, &p->runs[i]), p->runs[i].map);
    for (size_t i = 0; i < p->n_runs; i++) {
        struct tb_json *differs = group_of(&groups, &p->runs[i])->differs;
        char *name = name_of(&p->runs[i], differs, p->n_runs == 1);
        take_name(used, &p->runs[i], name);
        free(name);
    }
    tb_json_free(used);
    groups_free(&groups);
}
