/* SPDX-License-Identifier: MIT */
/* legend.c - labels from the keys in which runs differ. Keys of class exec tell nothing about a curve; a key of one
 * method tells something only if several runs have that method, since its name says the rest. */
#include "view/legend.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "plan/plan.h"
#include "view/diff.h"
#include "view/fmt.h"

enum { MAX_WORDS = 4, MAX_LABEL = 60 };

static const char *name_of(const struct tb_metrics *m)
{
    const char *name = tb_json_str(tb_metrics_fact(m, "run", "name"), "");
    return *name ? name : tb_json_str(tb_metrics_fact(m, "run", "run_id"), "?");
}

/* Whether the runs that have this key have different values of it. */
static bool differs_where_it_is(const struct tb_diff_key *k, size_t n)
{
    const char *first = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!*k->value[i])
            continue;
        if (first && strcmp(first, k->value[i]) != 0)
            return true;
        first = k->value[i];
    }
    return false;
}

static bool is_kind(const char *key)
{
    return tb_str_starts(key, "method.") && tb_str_ends(key, ".kind");
}

static bool is_told(const struct tb_diff_key *k, size_t n)
{
    static const char *const silent[] = { "base", "data.kind", NULL };
    if (k->is_equal || tb_str_starts(k->key, "exec.") || tb_str_in(k->key, silent) || tb_config_is_path(k->key))
        return false;
    return strcmp(k->key, "method.kind") == 0 || differs_where_it_is(k, n);
}

/* "q", "v" for ["q","v"]; 5e-4 for 0.0005; text without its quotes. */
static void put_value(struct tb_buf *b, const char *key, const char *json)
{
    char number[32];
    struct tb_json *v = tb_json_parse(json, strlen(json), "value", NULL);
    if (tb_json_type(v) == TB_JSON_STR)
        tb_buf_str(b, tb_json_str(v, ""));
    else if (tb_json_type(v) == TB_JSON_REAL || (tb_str_ends(key, ".lr") && tb_json_real(v, -1) >= 0))
        tb_buf_str(b, tb_fmt_unit(number, sizeof number, TB_UNIT_RATE, tb_json_real(v, 0)));
    else if (tb_json_type(v) == TB_JSON_LIST)
        for (size_t i = 0; i < tb_json_len(v); i++)
            tb_buf_fmt(b, "%s%s", i ? "+" : "", tb_json_str(tb_json_at(v, i), "?"));
    else
        tb_buf_str(b, json);
    tb_json_free(v);
}

static void put_word(struct tb_buf *b, const struct tb_diff_key *k, size_t run)
{
    const char *dot = strrchr(k->key, '.');
    if (!*k->value[run])
        return;
    tb_buf_str(b, b->n ? " " : "");
    if (!is_kind(k->key))
        tb_buf_fmt(b, "%s ", dot ? dot + 1 : k->key);
    put_value(b, k->key, k->value[run]);
}

/* What differs, the method first. NULL if that is nothing or too much. */
static char *words_of(const struct tb_diff *d, size_t run)
{
    struct tb_buf b = { 0 };
    int n = 0;
    for (int pass = 0; pass < 2; pass++)
        for (size_t k = 0; k < d->n_keys; k++) {
            if (is_kind(d->key[k].key) != (pass == 0) || !is_told(&d->key[k], d->n_runs))
                continue;
            n += *d->key[k].value[run] != '\0';
            put_word(&b, &d->key[k], run);
        }
    if (b.n && b.n <= MAX_LABEL && n <= MAX_WORDS)
        return tb_buf_take(&b);
    tb_buf_free(&b);
    return NULL;
}

static bool are_distinct(char *const *label, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            if (!label[i] || !label[j] || (i != j && strcmp(label[i], label[j]) == 0))
                return false;
    return true;
}

static void use_names(char **label, const struct tb_metrics *const *m, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(label[i]);
        label[i] = tb_xstrdup(name_of(m[i]));
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            if (i != j && strcmp(name_of(m[i]), name_of(m[j])) == 0 && strcmp(label[i], name_of(m[i])) == 0) {
                const char *id = tb_json_str(tb_metrics_fact(m[i], "run", "run_id"), "?");
                free(label[i]);
                label[i] = tb_xasprintf("%s %.8s", name_of(m[i]), id);
            }
}

char **tb_legend_make(const struct tb_metrics *const *m, size_t n)
{
    struct tb_diff d;
    char **label = tb_xcalloc(n + 1, sizeof *label);
    tb_diff_make(&d, m, n);
    for (size_t i = 0; i < n; i++)
        label[i] = words_of(&d, i);
    if (!are_distinct(label, n))
        use_names(label, m, n);
    tb_diff_free(&d);
    return label;
}

void tb_legend_free(char **legend, size_t n)
{
    for (size_t i = 0; legend && i < n; i++)
        free(legend[i]);
    free(legend);
}
