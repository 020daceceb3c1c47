/* SPDX-License-Identifier: MIT */
/* help_keys.c - the tables of keys as text, so that what is printed is what is checked: values, default, what for. */
#include "cli/help_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/cli.h"
#include "plan/keys.h"
#include "plan/schema.h"

enum { COLUMN = 22 };

static const char general[] = "keys";

static const struct tb_schema *schema_at(int i)
{
    static const char *const groups[] = { "method", "data", "search", "prune", NULL };
    for (int g = 0; groups[g]; g++) {
        int n = 0;
        while (tb_schema_at(groups[g], n))
            n++;
        if (i < n)
            return tb_schema_at(groups[g], i);
        i -= n;
    }
    return NULL;
}

const char *tb_help_keys_at(int i)
{
    const struct tb_schema *s = i > 0 ? schema_at(i - 1) : NULL;
    return i == 0 ? general : s ? s->name : NULL;
}

/* As it is written on a command line: words without quotes, lists as q+v. */
static void say_value(const struct tb_json *v, struct tb_buf *b)
{
    enum tb_json_type type = tb_json_type(v);
    bool is_many = type == TB_JSON_LIST || type == TB_JSON_MAP;
    if (is_many && tb_json_len(v) == 0) {
        tb_buf_str(b, "none");
    } else if (type == TB_JSON_LIST) {
        for (size_t i = 0; i < tb_json_len(v); i++) {
            tb_buf_str(b, i ? "+" : "");
            say_value(tb_json_at(v, i), b);
        }
    } else if (type == TB_JSON_STR) {
        tb_buf_str(b, *tb_json_str(v, "") ? tb_json_str(v, "") : "empty");
    } else {
        char *text = tb_json_text(v, TB_JSON_CANONICAL);
        tb_buf_str(b, text);
        free(text);
    }
}

static void say_default(const struct tb_key *key, struct tb_buf *b)
{
    char times[32];
    if (key->def) {
        struct tb_json *v = tb_json_parse(key->def, strlen(key->def), key->name, NULL);
        tb_buf_str(b, "; default ");
        say_value(v, b);
        tb_json_free(v);
    } else if (key->follows && key->times == 1) {
        tb_buf_fmt(b, "; default: as %s", key->follows);
    } else if (key->follows) {
        tb_buf_fmt(b, "; default: %s x %s", key->follows, tb_str_shortest(times, sizeof times, key->times));
    } else {
        tb_buf_str(b, "; must be given");
    }
}

static void print_words(const char *name, const char *values, const char *help)
{
    int at = printf("  %s", name);
    at += printf("%*s", at < COLUMN ? COLUMN - at : 1, "");
    tb_cli_wrap(at, COLUMN, values);
    printf("%*s", COLUMN, "");
    tb_cli_wrap(COLUMN, COLUMN, help ? help : "");
}

void tb_help_key_values(const char *name, const struct tb_key *key, struct tb_buf *b)
{
    tb_key_expected(key, b);
    if (strcmp(name, "optim.lr") != 0) /* its zero stands for the method's rate, as its help says */
        say_default(key, b);
}

static void print_key(const char *section, const struct tb_key *key)
{
    struct tb_buf name = { 0 }, values = { 0 };
    tb_buf_fmt(&name, "%s%s%s", section, *section ? "." : "", key->name);
    tb_help_key_values(name.p, key, &values);
    print_words(name.p, values.p, key->help);
    tb_buf_free(&name);
    tb_buf_free(&values);
}

static void print_keys(const char *section, const struct tb_key *keys)
{
    for (; keys->type != TB_KEY_NONE; keys++)
        print_key(section, keys);
}

static void print_general(void)
{
    printf("Keys that every run has; by flags --set KEY=VALUE or --grid KEY=VALUE,..\n");
    for (int i = 0; tb_keys_at(i); i++) {
        const struct tb_keys_section *s = tb_keys_at(i);
        printf("\n%s%s%s\n", s->name, *s->name ? ": " : "", s->help);
        print_keys(s->name, s->keys);
    }
    printf("\nMethods, data and searches have more:");
    for (int i = 0; schema_at(i); i++)
        printf("%s tunebench help %s", i % 3 ? "," : i ? ",\n " : "\n ", schema_at(i)->name);
    putchar('\n');
}

static void print_schema(const struct tb_schema *s)
{
    bool is_method = strcmp(s->group, "method") == 0, is_mix = !is_method && strcmp(s->name, "mix") == 0;
    struct tb_buf rate = { 0 };
    char number[32];
    printf("%s: ", s->name);
    tb_cli_wrap((int)strlen(s->name) + 2, 4, s->help ? s->help : "");
    if (is_method)
        printf("\n  --method %s:KEY=VALUE,..\n  in a recipe: t.%s { KEY = VALUE, .. }\n", s->name, s->name);
    else if (is_mix)
        printf("\n  --data A,weight=N --data KIND:B,KEY=VALUE,..\n"
               "  in a recipe: t.mix { { t.pairs \"A\", N }, t.KIND \"B\", KEY = VALUE, .. }\n");
    else if (strcmp(s->group, "data") != 0)
        printf("\n  in a recipe: %s = t.%s { KEY = VALUE, .. }; led by: tunebench sweep RECIPE\n", s->group, s->name);
    else
        printf("\n  --data %s:FILE,KEY=VALUE,..\n  in a recipe: t.%s { \"FILE\", KEY = VALUE, .. }\n", s->name,
               s->name);
    printf("\nKeys (lists are written q+v on the command line, { \"q\", \"v\" } in a recipe):\n");
    print_keys(is_mix ? "data" : "", s->keys);
    if (is_mix)
        print_keys("data.<i>", tb_keys_section("data.<i>"));
    if (is_method) {
        tb_buf_fmt(&rate, "a number from 0 to 100; default %s", tb_str_shortest(number, sizeof number, s->lr));
        print_words("lr", rate.p, "peak learning rate");
        tb_buf_free(&rate);
    }
    printf("\nKeys that every run has: tunebench help %s\n", general);
}

bool tb_help_keys_print(const char *topic)
{
    if (strcmp(topic, general) == 0) {
        print_general();
        return true;
    }
    for (int i = 0; schema_at(i); i++)
        if (strcmp(schema_at(i)->name, topic) == 0) {
            print_schema(schema_at(i));
            return true;
        }
    return false;
}
