/* SPDX-License-Identifier: MIT */
/* diff.c - differing keys, hashes that prove sameness, and paired evaluation losses.
 * Bootstrap: rows that share a prompt are not independent, so whole prompts are drawn
 * with replacement, as many as there are, 2,000 times; a draw's difference is sum(n_tok (b - a)) /
 * sum(n_tok). Draw k, pick j: Philox word j mod 4 of counter (hash of "bootstrap/", k, 0, j / 4)
 * under key 0, scaled to the number of prompts by its high half; so the interval is the same every
 * time. */
#include "view/diff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "kernels/rng.h"

enum { N_DRAWS = 2000, N_TAIL = 50 }; /* 2.5 % on each side */

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
    { "eval rows", "data", "eval_hash" }, { "budget", "config", "budget.n" },
    { "budget unit", "config", "budget.unit" }, { "seed", "config", "seed" },
    { "version", "env", "version" }, { "numeric", "env", "numeric" },
};
enum { N_PROOFS = sizeof proofs / sizeof *proofs };

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

/* Rows of the last evaluation the run has reached. */
static const struct tb_row_loss *last_rows(const struct tb_metrics *m, size_t *n)
{
    size_t end = m->n_rows, first;
    while (end && m->rows[end - 1].step > m->step)
        end--;
    for (first = end; first && m->rows[first - 1].step == m->rows[end - 1].step;)
        first--;
    *n = end - first;
    return m->rows ? m->rows + first : NULL;
}

/* One prompt: what its rows add to both sums of a draw. */
struct cluster {
    int64_t prompt;
    double weighted, tok;
};

static int by_prompt(const void *a, const void *b)
{
    const struct cluster *x = a, *y = b;
    return (x->prompt > y->prompt) - (x->prompt < y->prompt);
}

static int by_row(const void *a, const void *b)
{
    const struct tb_row_loss *x = a, *y = b;
    return (x->row_id > y->row_id) - (x->row_id < y->row_id);
}

static struct tb_row_loss *sorted(const struct tb_row_loss *rows, size_t n)
{
    struct tb_row_loss *copy = tb_xcalloc(n, sizeof *copy);
    memcpy(copy, rows, n * sizeof *copy);
    qsort(copy, n, sizeof *copy, by_row);
    return copy;
}

/* Rows in both, one cluster a row for now; counts go into p. */
static size_t pair(struct tb_paired *p, const struct tb_row_loss *a, size_t na,
                   const struct tb_row_loss *b, size_t nb, struct cluster *out)
{
    size_t n = 0;
    for (size_t i = 0, j = 0; i < na && j < nb;) {
        if (a[i].row_id != b[j].row_id) {
            a[i].row_id < b[j].row_id ? i++ : j++;
            continue;
        }
        double d = b[j].loss - a[i].loss, tok = (double)a[i].n_tok;
        if (isfinite(d) && tok > 0) {
            out[n++] = (struct cluster){ a[i].prompt_id, d * tok, tok };
            p->n_better += d < 0;
            p->n_worse += d > 0;
        } else {
            p->n_left_out++;
        }
        i++;
        j++;
    }
    return n;
}

static size_t merge(struct cluster *c, size_t n)
{
    size_t kept = 0;
    qsort(c, n, sizeof *c, by_prompt);
    for (size_t i = 0; i < n; i++) {
        if (kept && c[kept - 1].prompt == c[i].prompt) {
            c[kept - 1].weighted += c[i].weighted;
            c[kept - 1].tok += c[i].tok;
        } else {
            c[kept++] = c[i];
        }
    }
    return kept;
}

static double draw(const struct cluster *c, size_t n, uint32_t k)
{
    uint32_t hash = tb_rng_hash("bootstrap", ""), word[4] = { 0 };
    double weighted = 0, tok = 0;
    for (size_t j = 0; j < n; j++) {
        if (j % 4 == 0)
            tb_philox(word, (uint32_t[4]){ hash, k, 0, (uint32_t)(j / 4) }, 0);
        size_t i = (size_t)((uint64_t)word[j % 4] * n >> 32);
        weighted += c[i].weighted;
        tok += c[i].tok;
    }
    return weighted / tok;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void interval(struct tb_paired *p, const struct cluster *c, size_t n)
{
    double *draws = tb_xcalloc(N_DRAWS, sizeof *draws);
    for (uint32_t k = 0; k < N_DRAWS; k++)
        draws[k] = draw(c, n, k);
    qsort(draws, N_DRAWS, sizeof *draws, ascending);
    p->low = draws[N_TAIL];
    p->high = draws[N_DRAWS - 1 - N_TAIL];
    free(draws);
}

/* Row numbers mean something within one data set only. */
static bool is_same_data(const struct tb_metrics *a, const struct tb_metrics *b)
{
    char *x = value_text(tb_metrics_fact(a, "data", "id")),
         *y = value_text(tb_metrics_fact(b, "data", "id"));
    bool same = strcmp(x, y) == 0;
    free(y);
    free(x);
    return same;
}

bool tb_paired_make(struct tb_paired *p, const struct tb_metrics *a, const struct tb_metrics *b,
                    struct tb_err *err)
{
    size_t na, nb;
    const struct tb_row_loss *ra = last_rows(a, &na), *rb = last_rows(b, &nb);
    *p = (struct tb_paired){ .low = NAN, .high = NAN, .difference = NAN };
    if (!na || !nb)
        return tb_fail(err, TB_ERR_NOTFOUND, "no per-row evaluation results in one of the runs");
    if (!is_same_data(a, b))
        return tb_fail(err, TB_ERR_NOTFOUND, "the runs were evaluated on different data");
    p->step_a = ra->step;
    p->step_b = rb->step;
    struct tb_row_loss *x = sorted(ra, na), *y = sorted(rb, nb);
    struct cluster *c = tb_xcalloc(na, sizeof *c);
    double weighted = 0, tok = 0;
    p->n_rows = pair(p, x, na, y, nb, c);
    p->n_prompts = p->n_rows ? merge(c, p->n_rows) : 0;
    for (size_t i = 0; i < p->n_prompts; i++) {
        weighted += c[i].weighted;
        tok += c[i].tok;
    }
    if (p->n_rows)
        p->difference = weighted / tok;
    if (p->n_prompts > 1)
        interval(p, c, p->n_prompts);
    free(c);
    free(y);
    free(x);
    return p->n_rows > 0
        || tb_fail(err, TB_ERR_NOTFOUND, "the runs have no evaluated row in common");
}
