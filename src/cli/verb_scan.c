/* SPDX-License-Identifier: MIT */
/* verb_scan.c - tunebench scan: what there is to train and to train on. In text a table for each kind of thing; the
 * forms for programs that are tables have all in one. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "cli/choose.h"
#include "cli/out.h"
#include "cli/verb.h"
#include "worker/session.h"

static const char *text(const struct tb_json *map, const char *key)
{
    return tb_json_str(tb_json_get(map, key), "");
}

static void put_int(struct tb_table *t, const struct tb_json *map, const char *key)
{
    if (tb_json_type(tb_json_get(map, key)) == TB_JSON_INT)
        tb_table_int(t, tb_json_int(tb_json_get(map, key), 0));
    else
        tb_table_none(t);
}

static void put_texts(struct tb_table *t, const struct tb_json *map, const char *const *keys)
{
    for (; *keys; keys++)
        tb_table_text(t, text(map, *keys));
}

static bool is_ok(const struct tb_json *map)
{
    return tb_json_bool(tb_json_get(map, "ok"), false);
}

/* ---- text */

static const struct tb_table_column of_models[] = {
    { "name", NULL, TB_UNIT_TEXT, false }, { "arch", NULL, TB_UNIT_TEXT, false },
    { "type", NULL, TB_UNIT_TEXT, false }, { "parameters", "params", TB_UNIT_SHORT, false },
    { "bytes", "size", TB_UNIT_BYTES, false }, { "context", NULL, TB_UNIT_PLAIN, false },
};
static const struct tb_table_column of_data[] = {
    { "path", NULL, TB_UNIT_TEXT, false }, { "kind", NULL, TB_UNIT_TEXT, false },
    { "rows", NULL, TB_UNIT_TEXT, false }, { "bytes", "size", TB_UNIT_BYTES, false },
    { "data", "--data", TB_UNIT_TEXT, false },
};
static const struct tb_table_column of_adapters[] = {
    { "path", NULL, TB_UNIT_TEXT, false }, { "peft_type", NULL, TB_UNIT_TEXT, false },
    { "base", NULL, TB_UNIT_TEXT, false }, { "bytes", "size", TB_UNIT_BYTES, false },
};

static const struct tb_table_column of_recipes[] = {
    { "path", NULL, TB_UNIT_TEXT, false }, { "title", NULL, TB_UNIT_TEXT, false },
};

static void put_model(struct tb_table *t, const struct tb_json *m)
{
    put_texts(t, m, (const char *const[]){ "name", "arch", "type", NULL });
    put_int(t, m, "parameters");
    put_int(t, m, "bytes");
    put_int(t, m, "context");
}

static void put_data(struct tb_table *t, const struct tb_json *d)
{
    char rows[32], words[48];
    struct tb_buf b = { 0 };
    bool is_exact = tb_json_bool(tb_json_get(d, "rows_are_exact"), true);
    tb_fmt_count(rows, sizeof rows, tb_json_int(tb_json_get(d, "rows"), -1));
    snprintf(words, sizeof words, "%s%s", is_exact ? "" : "about ", rows);
    put_texts(t, d, (const char *const[]){ "path", "kind", NULL });
    tb_table_text(t, words);
    put_int(t, d, "bytes");
    if (*text(d, "data"))
        tb_shell_quote(&b, text(d, "data"));
    tb_table_text(t, b.p);
    tb_buf_free(&b);
}

static void put_adapter(struct tb_table *t, const struct tb_json *a)
{
    put_texts(t, a, (const char *const[]){ "path", "peft_type", "base", NULL });
    put_int(t, a, "bytes");
}

static void put_recipe(struct tb_table *t, const struct tb_json *r)
{
    put_texts(t, r, (const char *const[]){ "path", "title", NULL });
}

typedef void put_fn(struct tb_table *t, const struct tb_json *entry);

/* Those that can be used as a table, the others a line each with the reason. */
static void print_kind(const struct tb_out *o, const char *title, const struct tb_json *list,
                       const struct tb_table_column *columns, size_t n, put_fn *put)
{
    static const char *const missed_least[] = { "context", "type", "arch", "kind", "bytes", NULL };
    struct tb_table t;
    size_t len = tb_json_len(list);
    if (!len)
        return;
    tb_out_head(o, title);
    tb_table_init(&t, columns, n);
    for (size_t i = 0; i < len; i++)
        if (is_ok(tb_json_at(list, i)))
            put(&t, tb_json_at(list, i));
    if (tb_table_rows(&t))
        tb_out_table_fit(o, &t, missed_least);
    tb_table_free(&t);
    for (size_t i = 0; i < len; i++) {
        if (is_ok(tb_json_at(list, i)))
            continue;
        tb_out_safe(text(tb_json_at(list, i), "path"));
        tb_out_paint(o, TB_PAINT_WARN, " cannot be used: ");
        tb_out_safe(text(tb_json_at(list, i), "why"));
        putchar('\n');
    }
}

static void print_preview(const struct tb_out *o, const struct tb_json *data)
{
    for (size_t i = 0; i < tb_json_len(data); i++) {
        const struct tb_json *d = tb_json_at(data, i);
        if (!is_ok(d))
            continue;
        tb_out_head(o, "First row of the first file");
        if (*text(d, "prompt"))
            tb_out_pair(o, 10, "prompt", text(d, "prompt"));
        tb_out_pair(o, 10, *text(d, "prompt") ? "completion" : "text", text(d, "completion"));
        return;
    }
}

static void print_text(const struct tb_out *o, const struct tb_json *found)
{
    const struct tb_json *models = tb_json_get(found, "models"), *data = tb_json_get(found, "data"),
                         *adapters = tb_json_get(found, "adapters"), *recipes = tb_json_get(found, "recipes");
    print_kind(o, "Models (--base)", models, of_models, sizeof of_models / sizeof *of_models, put_model);
    print_kind(o, "Data", data, of_data, sizeof of_data / sizeof *of_data, put_data);
    print_preview(o, data);
    print_kind(o, "Adapters", adapters, of_adapters, sizeof of_adapters / sizeof *of_adapters, put_adapter);
    print_kind(o, "Recipes", recipes, of_recipes, sizeof of_recipes / sizeof *of_recipes, put_recipe);
    if (!tb_json_len(models) && !tb_json_len(data) && !tb_json_len(adapters) && !tb_json_len(recipes))
        printf("Nothing found.\n");
}

/* ---- one table */

static void put_all(struct tb_table *t, const char *what, const struct tb_json *list)
{
    for (size_t i = 0; i < tb_json_len(list); i++) {
        const struct tb_json *e = tb_json_at(list, i);
        const char *use = strcmp(what, "model") == 0 ? "name" : strcmp(what, "data") == 0 ? "data" : "path";
        const char *kind = strcmp(what, "adapter") == 0 ? "peft_type" : "kind";
        tb_table_text(t, what);
        put_texts(t, e, (const char *const[]){ "path", use, kind, "arch", "type", NULL });
        put_int(t, e, "parameters");
        put_int(t, e, "context");
        put_int(t, e, "rows");
        put_int(t, e, "bytes");
        tb_table_text(t, is_ok(e) ? "yes" : "no");
        tb_table_text(t, text(e, "why"));
    }
}

static void print_table(const struct tb_out *o, const struct tb_json *found)
{
    static const struct tb_table_column columns[] = {
        { "what", NULL, TB_UNIT_TEXT, false },    { "path", NULL, TB_UNIT_TEXT, false },
        { "use", NULL, TB_UNIT_TEXT, false },     { "kind", NULL, TB_UNIT_TEXT, false },
        { "arch", NULL, TB_UNIT_TEXT, false },    { "type", NULL, TB_UNIT_TEXT, false },
        { "parameters", NULL, TB_UNIT_COUNT, false }, { "context", NULL, TB_UNIT_PLAIN, false },
        { "rows", NULL, TB_UNIT_COUNT, false },   { "bytes", NULL, TB_UNIT_BYTES, false },
        { "ok", NULL, TB_UNIT_TEXT, false },      { "why", NULL, TB_UNIT_TEXT, false },
    };
    struct tb_table t;
    tb_table_init(&t, columns, sizeof columns / sizeof *columns);
    put_all(&t, "model", tb_json_get(found, "models"));
    put_all(&t, "data", tb_json_get(found, "data"));
    put_all(&t, "adapter", tb_json_get(found, "adapters"));
    put_all(&t, "recipe", tb_json_get(found, "recipes"));
    tb_out_table(o, &t);
    tb_table_free(&t);
}

/* What was not looked at is said beside the answer. */
static void tell_missed(const struct tb_json *found)
{
    const struct tb_json *unread = tb_json_get(found, "unread");
    struct tb_buf safe = { 0 };
    fflush(stdout);
    for (size_t i = 0; i < tb_json_len(unread); i++) {
        tb_buf_clear(&safe);
        tb_utf8_safe(&safe, text(tb_json_at(unread, i), "path"), strlen(text(tb_json_at(unread, i), "path")));
        fprintf(stderr, "%s was not looked into: %s\n", safe.p, text(tb_json_at(unread, i), "why"));
    }
    if (tb_json_bool(tb_json_get(found, "is_cut"), false))
        fprintf(stderr, "there is more than is looked at (%lld entries); name a folder farther down\n",
                (long long)tb_json_int(tb_json_get(found, "entries"), 0));
    tb_buf_free(&safe);
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_out o;
    struct tb_json *found = tb_out_open(&o, a, err) ? tb_session_scan(a->pos, a->n_pos, err) : NULL;
    if (!found)
        return false;
    if (o.form == TB_EMIT_JSON)
        tb_out_json(&o, tb_json_ref(found));
    else if (o.form == TB_EMIT_TEXT)
        print_text(&o, found);
    else
        print_table(&o, found);
    tell_missed(found);
    tb_json_free(found);
    return true;
}

static const struct tb_flag flags[] = { TB_FLAG_JSON, TB_FLAG_CSV, TB_FLAG_PLAIN, TB_FLAG_OUTPUT, { 0 } };

const struct tb_verb tb_verb_scan = {
    .name = "scan", .usage = "[DIR..]",
    .help = "Finds models, data, adapters, recipes, and says how to name them.\n"
            "It looks into DIR (the working folder), the folders of $TUNEBENCH_MODELS and the data that come along,\n"
            "three levels deep. Models are opened, data files (.txt .jsonl .csv .tsv) are sniffed by their first 64 "
            "KiB;\n"
            "what cannot be used is listed with the reason. A file in the place\n"
            "of DIR is looked at by itself.",
    .examples = "  tunebench scan\n"
                "  tunebench scan ~/models ~/e2e\n"
                "  tunebench scan --json | jq -r '.data[] | select(.ok) | .data'\n",
    .flags = flags, .is_paged = true, .run = run,
};
