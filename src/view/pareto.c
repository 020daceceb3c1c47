/* SPDX-License-Identifier: MIT */
/* pareto.c - rows sorted by their first value, then the second, and so on: nothing that comes later can beat what came
 * before, so a row is compared with the front so far only; of two columns with the best second value so far. */
#include "view/pareto.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static bool is_better_high(int column)
{
    return strcmp(tb_run_column_at((size_t)column)->name, "tok_s") == 0;
}

static bool add_column(struct tb_pareto *p, char *word, struct tb_err *err)
{
    char *colon = strrchr(word, ':');
    if (p->n == TB_PARETO_MOST)
        return tb_fail(err, TB_ERR_USAGE, "pareto: more than %d columns", TB_PARETO_MOST);
    if (colon && strcmp(colon, ":min") != 0 && strcmp(colon, ":max") != 0)
        return tb_fail(err, TB_ERR_USAGE, "pareto: '%.40s' ends in neither :min nor :max", word);
    if (colon)
        *colon = '\0';
    int column = tb_run_column_find(word, "pareto: ", err);
    if (column < 0)
        return false;
    if (tb_run_column_at((size_t)column)->unit == TB_UNIT_TEXT)
        return tb_fail(err, TB_ERR_USAGE, "pareto: column '%.40s' holds no numbers", word);
    p->column[p->n] = column;
    p->is_max[p->n++] = colon ? colon[2] == 'a' : is_better_high(column);
    return true;
}

bool tb_pareto_open(struct tb_pareto *p, const char *text, struct tb_err *err)
{
    char *copy = tb_xstrdup(text), *rest = copy;
    bool good = true;
    *p = (struct tb_pareto){ 0 };
    for (char *word; good && (word = strsep(&rest, ","));)
        good = add_column(p, word + strspn(word, " "), err);
    free(copy);
    if (good && p->n < 2)
        good = tb_fail(err, TB_ERR_USAGE, "pareto: two columns at least, as in 'eval/loss,adapter_bytes'");
    return good;
}

double tb_pareto_value(const struct tb_pareto *p, size_t k, const struct tb_run_item *item)
{
    struct tb_cell c = tb_run_cell(item, p->column[k]);
    double v = c.type == TB_CELL_INT ? (double)c.i : c.type == TB_CELL_REAL ? c.r : NAN;
    return p->is_max[k] ? -v : v;
}

struct row {
    const double *v;
    size_t k, at;
};

static int by_values(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    for (size_t i = 0; i < x->k; i++)
        if (x->v[i] != y->v[i])
            return x->v[i] < y->v[i] ? -1 : 1;
    return 0;
}

static bool is_known(const double *v, size_t k)
{
    for (size_t i = 0; i < k; i++)
        if (!isfinite(v[i]))
            return false;
    return true;
}

static bool beats(const double *a, const double *b, size_t k)
{
    bool is_better = false;
    for (size_t i = 0; i < k; i++) {
        if (a[i] > b[i])
            return false;
        is_better |= a[i] < b[i];
    }
    return is_better;
}

/* Whether something of the front beats the row; with two columns that could only be its last member, which has the
 * least second value of all. */
static bool is_beaten(const struct row *row, const struct row *front, size_t n)
{
    for (size_t i = row->k == 2 && n ? n - 1 : 0; i < n; i++)
        if (beats(front[i].v, row->v, row->k))
            return true;
    return false;
}

size_t tb_pareto_front(const double *v, size_t n, size_t k, bool *is_front)
{
    struct row *row = tb_xcalloc(n + 1, sizeof *row), *front = tb_xcalloc(n + 1, sizeof *front);
    size_t n_known = 0, n_front = 0;
    for (size_t i = 0; i < n; i++) {
        is_front[i] = false;
        if (is_known(v + i * k, k))
            row[n_known++] = (struct row){ v + i * k, k, i };
    }
    qsort(row, n_known, sizeof *row, by_values);
    for (size_t i = 0; i < n_known; i++) {
        if (is_beaten(&row[i], front, n_front))
            continue;
        is_front[row[i].at] = true;
        front[n_front++] = row[i];
    }
    free(front);
    free(row);
    return n_front;
}

size_t tb_pareto_mark(const struct tb_pareto *p, const struct tb_run_item *items, const size_t *order, size_t n,
                      bool *is_front)
{
    double *v = tb_xcalloc(n * p->n + 1, sizeof *v);
    for (size_t i = 0; i < n * p->n; i++)
        v[i] = tb_pareto_value(p, i % p->n, &items[order[i / p->n]]);
    size_t n_front = tb_pareto_front(v, n, p->n, is_front);
    free(v);
    return n_front;
}
