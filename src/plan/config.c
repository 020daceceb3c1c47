/* SPDX-License-Identifier: MIT */
/* config.c - reading one run: typed getters, the key behind a dotted name, the run id.
 * id = first 16 hex digits of SHA-256 over canonical JSON {key: value} of the keys of class model
 * and report whose value is not their neutral one; "base" and "data" hold the hashes of what was
 * resolved, a general text (eval.forget) in "data"; data.path (data.<i>.path of a mix), eval.forget
 * and all keys of class exec stay out. A key that no table knows (a store of a newer program) is
 * hashed as it is, so two ids never meet by ignorance. */
#include "plan/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "plan/keys.h"
#include "plan/plan_priv.h"
#include "plan/schema.h"

static const struct tb_key kind_key = {
    .name = "kind", .type = TB_KEY_STR, .help = "which method"
};
static const struct tb_key rate_key = {
    .name = "lr", .type = TB_KEY_REAL, .max = 100, .in_flight = true, .help = "peak learning rate of this part"
};

/* Key `rest` = "<kind>.<name>" of the method whose kind the map holds under prefix ".kind". */
static const struct tb_key *method_key(const struct tb_json *map, const char *prefix,
                                       const char *rest)
{
    char path[64];
    snprintf(path, sizeof path, "%s.kind", prefix);
    const char *kind = tb_json_str(tb_json_get(map, path), "");
    size_t n = strlen(kind);
    const struct tb_schema *s = tb_schema_find("method", kind);
    if (strcmp(rest, "kind") == 0)
        return *kind ? &kind_key : NULL;
    if (!s || strncmp(rest, kind, n) != 0 || rest[n] != '.')
        return NULL;
    return tb_key_find(s->keys, rest + n + 1);
}

static const struct tb_key *part_key(const struct tb_json *map, const char *rest)
{
    char prefix[16];
    if (rest[0] < '0' || rest[0] > '9' || rest[1] != '.')
        return method_key(map, "method", rest);
    snprintf(prefix, sizeof prefix, "method.%c", rest[0]);
    const struct tb_key *key = method_key(map, prefix, rest + 2);
    if (!key && strcmp(rest + 2, "lr") == 0 && method_key(map, prefix, "kind"))
        return &rate_key;
    return key;
}

static const struct tb_key *data_key(const struct tb_json *map, const char *rest)
{
    const char *kind = tb_json_str(tb_json_get(map, "data.kind"), "");
    const struct tb_schema *s = tb_schema_find("data", kind);
    const struct tb_key *own = tb_key_find(tb_keys_section("data"), rest);
    if (strchr(rest, '.'))
        return tb_mix_key(map, rest);
    return own ? own : s ? tb_key_find(s->keys, rest) : NULL;
}

const struct tb_key *tb_config_key(const struct tb_json *map, const char *dotted)
{
    char head[32];
    const char *dot = strchr(dotted, '.');
    size_t n = dot ? (size_t)(dot - dotted) : 0;
    if (n >= sizeof head)
        return NULL;
    memcpy(head, dotted, n);
    head[n] = '\0';
    if (strcmp(head, "method") == 0)
        return part_key(map, dot + 1);
    if (strcmp(head, "data") == 0)
        return data_key(map, dot + 1);
    const struct tb_key *keys = tb_keys_section(head);
    return keys ? tb_key_find(keys, dot ? dot + 1 : dotted) : NULL;
}

const struct tb_json *tb_config_get(const struct tb_config *c, const char *key)
{
    return tb_json_get(c->map, key);
}

int64_t tb_config_int(const struct tb_config *c, const char *key)
{
    return tb_json_int(tb_json_get(c->map, key), 0);
}

double tb_config_real(const struct tb_config *c, const char *key)
{
    return tb_json_real(tb_json_get(c->map, key), 0);
}

bool tb_config_bool(const struct tb_config *c, const char *key)
{
    return tb_json_bool(tb_json_get(c->map, key), false);
}

const char *tb_config_str(const struct tb_config *c, const char *key)
{
    return tb_json_str(tb_json_get(c->map, key), "");
}

const char *tb_config_name(const struct tb_config *c)
{
    return tb_config_str(c, "exec.name");
}

struct tb_json *tb_config_section(const struct tb_config *c, const char *section)
{
    struct tb_json *out = tb_json_new_map();
    size_t n = strlen(section);
    for (void *it = tb_json_first(c->map); it; it = tb_json_next(c->map, it)) {
        const char *key = tb_json_iter_key(it);
        if (strncmp(key, section, n) == 0 && key[n] == '.')
            tb_json_set(out, key + n + 1, tb_json_copy(tb_json_iter_value(it)));
    }
    return out;
}

static bool is_stack(const struct tb_config *c)
{
    return strcmp(tb_config_str(c, "method.kind"), "stack") == 0;
}

int tb_config_parts(const struct tb_config *c)
{
    char key[32];
    int n = 0;
    if (!is_stack(c))
        return 1;
    for (; n < TB_PLAN_MAX_PARTS; n++) {
        snprintf(key, sizeof key, "method.%d.kind", n);
        if (!tb_json_get(c->map, key))
            break;
    }
    return n;
}

static char *part_prefix(const struct tb_config *c, int i, char dst[64])
{
    if (is_stack(c))
        snprintf(dst, 64, "method.%d", i);
    else
        snprintf(dst, 64, "method");
    return dst;
}

const char *tb_config_part_kind(const struct tb_config *c, int i)
{
    char prefix[64], key[80];
    snprintf(key, sizeof key, "%s.kind", part_prefix(c, i, prefix));
    return tb_config_str(c, key);
}

struct tb_json *tb_config_part_keys(const struct tb_config *c, int i)
{
    char prefix[64], section[160];
    snprintf(section, sizeof section, "%s.%.60s", part_prefix(c, i, prefix),
             tb_config_part_kind(c, i));
    return tb_config_section(c, section);
}

double tb_config_part_lr(const struct tb_config *c, int i)
{
    char key[32];
    snprintf(key, sizeof key, "method.%d.lr", i);
    return tb_config_real(c, is_stack(c) ? key : "optim.lr");
}

char *tb_config_method(const struct tb_config *c)
{
    struct tb_buf b = { 0 };
    for (int i = 0; i < tb_config_parts(c); i++)
        tb_buf_fmt(&b, "%s%s", i ? "+" : "", tb_config_part_kind(c, i));
    return tb_buf_take(&b);
}

struct tb_budget tb_config_budget(const struct tb_config *c)
{
    struct tb_budget b = { TB_BUDGET_TOKENS, tb_config_int(c, "budget.n") };
    const char *unit = tb_config_str(c, "budget.unit");
    for (int u = TB_BUDGET_TOKENS; u <= TB_BUDGET_MINUTES; u++)
        if (strcmp(unit, tb_budget_unit_name((enum tb_budget_unit)u)) == 0)
            b.unit = (enum tb_budget_unit)u;
    return b;
}

static bool is_neutral(const struct tb_key *key, const struct tb_json *v)
{
    if (!key || !key->neutral)
        return false;
    struct tb_json *neutral = tb_json_parse(key->neutral, strlen(key->neutral), key->name, NULL);
    char *a = tb_json_text(neutral, TB_JSON_CANONICAL), *b = tb_json_text(v, TB_JSON_CANONICAL);
    bool same = strcmp(a, b) == 0;
    free(a);
    free(b);
    tb_json_free(neutral);
    return same;
}

char *tb_config_text(const struct tb_config *c, const char *data_hash, const char *base_id)
{
    struct tb_json *out = tb_json_new_map();
    for (void *it = tb_json_first(c->map); it; it = tb_json_next(c->map, it)) {
        const char *name = tb_json_iter_key(it);
        const struct tb_key *key = tb_config_key(c->map, name);
        bool is_place = tb_config_is_path(name) || strcmp(name, "eval.forget") == 0;
        bool is_out = is_place || (key && key->klass == TB_CLASS_EXEC);
        if (!is_out && !is_neutral(key, tb_json_iter_value(it)))
            tb_json_set(out, name, tb_json_copy(tb_json_iter_value(it)));
    }
    tb_json_set(out, "base", tb_json_new_str(base_id));
    tb_json_set(out, "data", tb_json_new_str(data_hash));
    char *text = tb_json_text(out, TB_JSON_CANONICAL);
    tb_json_free(out);
    return text;
}

void tb_config_id(const struct tb_config *c, const char *data_hash, const char *base_id,
                  char id[17])
{
    char hex[65], *text = tb_config_text(c, data_hash, base_id);
    tb_sha256_hex(text, strlen(text), hex);
    memcpy(id, hex, 16);
    id[16] = '\0';
    free(text);
}
