/* SPDX-License-Identifier: MIT */
/* diff.c - differing keys, and hashes that prove sameness. */
#include "view/diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "plan/plan.h"

static char *value_text(const struct tb_json *v)
{
    return v ? tb_json_text(v, TB_JSON_CANONICAL) : tb_xstrdup("");
}

static int by_key(const void *a, const void *b)
{
    const struct tb_diff_key *x = a, *y = b;
    return strcmp(x->key, y->key);
}

static bool has_key(const struct tb_diff *d, const char *key)
{
    for (size_t i = 0; i < d->n_keys; i++)
        if (strcmp(d->key[i].key, key) == 0)
            return true;
    return false;
}

/* One key of one section of all runs. */
static struct tb_diff_key row_of(const struct tb_metrics *const *m, size_t n, const char *section,
                                 const char *key)
{
    struct tb_diff_key k = { tb_xstrdup(key), tb_xcalloc(n + 1, sizeof *k.value), true };
    for (size_t i = 0; i < n; i++) {
        k.value[i] = value_text(tb_metrics_fact(m[i], section, key));
        k.is_equal = k.is_equal && strcmp(k.value[i], k.value[0]) == 0;
    }
    return k;
}

static void add_keys_of(struct tb_diff *d, size_t *cap, const struct tb_metrics *const *m,
                        size_t run)
{
    const struct tb_json *config = tb_json_get(m[run]->facts, "config");
    for (void *it = tb_json_first(config); it; it = tb_json_next(config, it)) {
        if (has_key(d, tb_json_iter_key(it)))
            continue;
        d->key = tb_grow(d->key, d->n_keys, cap, sizeof *d->key);
        d->key[d->n_keys] = row_of(m, d->n_runs, "config", tb_json_iter_key(it));
        d->n_differ += !d->key[d->n_keys].is_equal;
        d->n_keys++;
    }
}

static const char *const proofs[][3] = {
    { "base", "base", "id" }, { "data", "data", "id" }, { "row order", "data", "order_hash" },
    { "eval rows", "data", "eval_hash" }, { "budget", "config", "budget" }, { "seed", "config", "seed" },
    { "version", "env", "version" }, { "numeric", "env", "numeric" },
};
enum { N_PROOFS = sizeof proofs / sizeof *proofs };

/* "100k tokens" of two keys, as JSON text. */
static char *budget_text(const struct tb_metrics *m)
{
    char *words = tb_budget_words(tb_json_get(m->facts, "config"));
    char *text = words ? tb_xasprintf("\"%s\"", words) : tb_xstrdup("");
    free(words);
    return text;
}

static void put_budgets(struct tb_diff_key *k, const struct tb_metrics *const *m, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(k->value[i]);
        k->value[i] = budget_text(m[i]);
        k->is_equal = i == 0 || (k->is_equal && strcmp(k->value[i], k->value[0]) == 0);
    }
}

static void free_key(struct tb_diff_key *k, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(k->value[i]);
    free(k->value);
    free(k->key);
}

static void add_proofs(struct tb_diff *d, const struct tb_metrics *const *m)
{
    d->same = tb_xcalloc(N_PROOFS, sizeof *d->same);
    for (size_t i = 0; i < N_PROOFS; i++) {
        struct tb_diff_key k = row_of(m, d->n_runs, proofs[i][1], proofs[i][2]);
        bool is_known = false;
        if (strcmp(proofs[i][2], "budget") == 0)
            put_budgets(&k, m, d->n_runs);
        for (size_t r = 0; r < d->n_runs; r++)
            is_known = is_known || k.value[r][0];
        if (!is_known) {
            free_key(&k, d->n_runs);
            continue;
        }
        free(k.key);
        k.key = tb_xstrdup(proofs[i][0]);
        d->same[d->n_same++] = k;
    }
}

void tb_diff_make(struct tb_diff *d, const struct tb_metrics *const *m, size_t n)
{
    size_t cap = 0;
    *d = (struct tb_diff){ .n_runs = n };
    for (size_t run = 0; run < n; run++)
        add_keys_of(d, &cap, m, run);
    d->n_equal = d->n_keys - d->n_differ;
    if (d->n_keys)
        qsort(d->key, d->n_keys, sizeof *d->key, by_key);
    add_proofs(d, m);
}

void tb_diff_free(struct tb_diff *d)
{
    for (size_t i = 0; i < d->n_keys; i++)
        free_key(&d->key[i], d->n_runs);
    for (size_t i = 0; i < d->n_same; i++)
        free_key(&d->same[i], d->n_runs);
    free(d->key);
    free(d->same);
    *d = (struct tb_diff){ 0 };
}
