/* SPDX-License-Identifier: MIT */
/* setup_text.c - the two notations of what a run is made of. Keys that have their default are written only where
 * somebody wrote them; the draft knows. */
#include "view/setup_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "plan/plan.h"
#include "plan/schema.h"

struct tb_json *tb_setup_method_draft(const char *text, struct tb_err *err)
{
    struct tb_json *draft = tb_json_new_map();
    if (tb_plan_method_parse(text, draft, err))
        return draft;
    tb_json_free(draft);
    return NULL;
}

struct tb_json *tb_setup_data_draft(const char *text, struct tb_err *err)
{
    struct tb_json *draft = tb_json_new_map();
    if (tb_plan_data_parse(text, draft, err))
        return draft;
    tb_json_free(draft);
    return NULL;
}

/* ---- values */

static void put_number(struct tb_buf *b, const struct tb_json *v)
{
    char text[32];
    if (tb_json_type(v) == TB_JSON_INT)
        tb_buf_fmt(b, "%lld", (long long)tb_json_int(v, 0));
    else
        tb_buf_str(b, tb_str_shortest(text, sizeof text, tb_json_real(v, 0)));
}

void tb_setup_put_typed(struct tb_buf *b, const struct tb_json *v)
{
    switch (tb_json_type(v)) {
    case TB_JSON_INT:
    case TB_JSON_REAL: put_number(b, v); return;
    case TB_JSON_BOOL: tb_buf_str(b, tb_json_bool(v, false) ? "true" : "false"); return;
    case TB_JSON_STR: tb_buf_str(b, tb_json_str(v, "")); return;
    case TB_JSON_LIST:
        for (size_t i = 0; i < tb_json_len(v); i++) {
            tb_buf_str(b, i ? "+" : "");
            tb_setup_put_typed(b, tb_json_at(v, i));
        }
        return;
    case TB_JSON_MAP:
        for (void *it = tb_json_first(v); it; it = tb_json_next(v, it)) {
            tb_buf_fmt(b, "%s%s=", it == tb_json_first(v) ? "" : "+", tb_json_iter_key(it));
            put_number(b, tb_json_iter_value(it));
        }
        return;
    default: return;
    }
}

static void put_quoted(struct tb_buf *b, const char *s)
{
    tb_buf_char(b, '"');
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            tb_buf_fmt(b, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            tb_buf_fmt(b, "\\%03d", c);
        else
            tb_buf_char(b, *s);
    }
    tb_buf_char(b, '"');
}

static void put_entries(struct tb_buf *b, const struct tb_json *map)
{
    for (void *it = tb_json_first(map); it; it = tb_json_next(map, it)) {
        tb_buf_str(b, it == tb_json_first(map) ? " [" : ", [");
        put_quoted(b, tb_json_iter_key(it));
        tb_buf_str(b, "] = ");
        tb_setup_put_lua(b, tb_json_iter_value(it));
    }
}

void tb_setup_put_lua(struct tb_buf *b, const struct tb_json *v)
{
    switch (tb_json_type(v)) {
    case TB_JSON_STR: put_quoted(b, tb_json_str(v, "")); return;
    case TB_JSON_LIST:
        tb_buf_char(b, '{');
        for (size_t i = 0; i < tb_json_len(v); i++) {
            tb_buf_str(b, i ? ", " : " ");
            tb_setup_put_lua(b, tb_json_at(v, i));
        }
        tb_buf_str(b, " }");
        return;
    case TB_JSON_MAP:
        tb_buf_char(b, '{');
        put_entries(b, v);
        tb_buf_str(b, " }");
        return;
    default: tb_setup_put_typed(b, v); return;
    }
}

/* A multiple of a thousand is written as people write it: 100e3. */
static void put_count(struct tb_buf *b, int64_t n)
{
    if (n >= 1000000 && n % 1000000 == 0)
        tb_buf_fmt(b, "%llde6", (long long)(n / 1000000));
    else if (n >= 1000 && n % 1000 == 0)
        tb_buf_fmt(b, "%llde3", (long long)(n / 1000));
    else
        tb_buf_fmt(b, "%lld", (long long)n);
}

bool tb_setup_put_amount(struct tb_buf *b, const char *text, struct tb_err *err)
{
    struct tb_budget amount;
    if (!tb_budget_parse(text, &amount, err))
        return false;
    tb_buf_fmt(b, "t.%s(", tb_budget_unit_name(amount.unit));
    put_count(b, amount.n);
    tb_buf_char(b, ')');
    return true;
}

/* ---- methods */

/* Keys of a draft that begin with prefix, and the rate: one notation or the other. */
struct keys {
    const struct tb_json *draft;
    char prefix[96], rate[64];
};

static struct keys keys_of(const struct tb_json *draft, const char *place, const char *kind)
{
    struct keys k = { .draft = draft };
    snprintf(k.prefix, sizeof k.prefix, "%s.%.60s.", place, kind);
    snprintf(k.rate, sizeof k.rate, "%s.lr", place);
    return k;
}

/* The name of an entry behind the prefix, "lr" of the rate; NULL if it is no key of these. */
static const char *name_of(const struct keys *k, const char *dotted)
{
    if (strcmp(dotted, k->rate) == 0)
        return "lr";
    return tb_str_starts(dotted, k->prefix) ? dotted + strlen(k->prefix) : NULL;
}

static void put_pairs(struct tb_buf *b, const struct keys *k)
{
    int n = 0;
    for (void *it = tb_json_first(k->draft); it; it = tb_json_next(k->draft, it)) {
        const char *name = name_of(k, tb_json_iter_key(it));
        if (!name)
            continue;
        tb_buf_fmt(b, "%s%s=", n++ ? "," : ":", name);
        tb_setup_put_typed(b, tb_json_iter_value(it));
    }
}

/* The fields of a Lua table; their number, with n that stand there already. */
static int put_fields(struct tb_buf *b, const struct keys *k, int n)
{
    for (void *it = tb_json_first(k->draft); it; it = tb_json_next(k->draft, it)) {
        const char *name = name_of(k, tb_json_iter_key(it));
        if (!name)
            continue;
        tb_buf_fmt(b, "%s%s = ", n++ ? ", " : " ", name);
        tb_setup_put_lua(b, tb_json_iter_value(it));
    }
    return n;
}

static const char *text_of(const struct tb_json *draft, const char *key)
{
    return tb_json_str(tb_json_get(draft, key), "");
}

/* Kind and keys of part i of a stack; false behind the last. */
static bool part_of(const struct tb_json *draft, int i, const char **kind, struct keys *k)
{
    char place[24], key[32];
    snprintf(place, sizeof place, "method.%d", i);
    snprintf(key, sizeof key, "%s.kind", place);
    *kind = text_of(draft, key);
    *k = keys_of(draft, place, *kind);
    return **kind != '\0';
}

static bool is_stack(const struct tb_json *draft)
{
    return strcmp(text_of(draft, "method.kind"), "stack") == 0;
}

void tb_setup_put_method(struct tb_buf *b, const struct tb_json *draft)
{
    const char *kind = text_of(draft, "method.kind");
    struct keys k = keys_of(draft, "method", kind);
    tb_buf_str(b, kind);
    if (is_stack(draft)) {
        struct keys part;
        for (int i = 0; part_of(draft, i, &kind, &part); i++) {
            tb_buf_fmt(b, "%s%s", i ? ";" : "(", kind);
            put_pairs(b, &part);
        }
        tb_buf_char(b, ')');
    }
    put_pairs(b, &k);
}

static void put_one_lua(struct tb_buf *b, const char *kind, const struct keys *k)
{
    tb_buf_fmt(b, "t.%s {", kind);
    tb_buf_str(b, put_fields(b, k, 0) ? " }" : "}");
}

void tb_setup_put_method_lua(struct tb_buf *b, const struct tb_json *draft)
{
    const char *kind = text_of(draft, "method.kind");
    struct keys k = keys_of(draft, "method", kind), part;
    int n = 0;
    if (!is_stack(draft)) {
        put_one_lua(b, kind, &k);
        return;
    }
    tb_buf_str(b, "t.stack {");
    for (; part_of(draft, n, &kind, &part); n++) {
        tb_buf_str(b, n ? ", " : " ");
        put_one_lua(b, kind, &part);
    }
    put_fields(b, &k, n);
    tb_buf_str(b, " }");
}

/* ---- data */

static bool is_data_key(const struct tb_json *draft, const char *dotted, const struct tb_json *v)
{
    const struct tb_schema *word = tb_schema_find("data", text_of(draft, "data.kind"));
    const char *name = tb_str_starts(dotted, "data.") ? dotted + 5 : "";
    const struct tb_key *key = word ? tb_key_find(word->keys, name) : NULL;
    if (!key || strcmp(name, "path") == 0 || strcmp(name, "kind") == 0)
        return false;
    struct tb_json *def = key->def ? tb_json_parse(key->def, strlen(key->def), name, NULL) : NULL;
    bool is_default = def && tb_json_equal(def, v);
    tb_json_free(def);
    return !is_default;
}

static bool is_usual_kind(const char *kind, const char *path)
{
    return strcmp(kind, tb_str_ends(path, ".jsonl") ? "jsonl" : "pairs") == 0;
}

void tb_setup_put_data(struct tb_buf *b, const struct tb_json *draft)
{
    const char *kind = text_of(draft, "data.kind"), *path = text_of(draft, "data.path");
    if (!is_usual_kind(kind, path))
        tb_buf_fmt(b, "%s:", kind);
    tb_buf_str(b, path);
    for (void *it = tb_json_first(draft); it; it = tb_json_next(draft, it)) {
        if (!is_data_key(draft, tb_json_iter_key(it), tb_json_iter_value(it)))
            continue;
        tb_buf_fmt(b, ",%s=", tb_json_iter_key(it) + 5);
        tb_setup_put_typed(b, tb_json_iter_value(it));
    }
}

void tb_setup_put_data_lua(struct tb_buf *b, const struct tb_json *draft)
{
    tb_buf_fmt(b, "t.%s { ", text_of(draft, "data.kind"));
    put_quoted(b, text_of(draft, "data.path"));
    for (void *it = tb_json_first(draft); it; it = tb_json_next(draft, it)) {
        if (!is_data_key(draft, tb_json_iter_key(it), tb_json_iter_value(it)))
            continue;
        tb_buf_fmt(b, ", %s = ", tb_json_iter_key(it) + 5);
        tb_setup_put_lua(b, tb_json_iter_value(it));
    }
    tb_buf_str(b, " }");
}
