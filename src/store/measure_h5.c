/* SPDX-License-Identifier: MIT */
/* measure_h5.c - the tables of measures to and from run.h5. */
#include "store/measure_priv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define MEASURES "/eval/measures/"
#define ROWS "/eval/measure_rows/"

static bool is_first(const struct tb_measures *m, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(m->at[k].name, m->at[i].name) == 0)
            return false;
    return true;
}

/* Not where a column of the table of evaluations has that name. */
static void write_column(struct tb_h5_out *h, const struct tb_metrics *m, const char *name, enum tb_h5_pack pack)
{
    double *v = tb_xcalloc(m->n_eval + 1, sizeof *v);
    char *path = tb_xasprintf("/metrics/eval/%s", name);
    for (size_t i = 0; i < m->n_eval; i++) {
        const struct tb_measure *one = tb_measures_at(&m->measures, name, (int64_t)m->eval[i].step);
        v[i] = one ? one->value : NAN;
    }
    if (tb_column_find(tb_eval_columns, TB_N_EVAL, name) < 0)
        tb_h5_reals(h, path, v, m->n_eval, sizeof *v, pack);
    free(path);
    free(v);
}

static void write_rows(struct tb_h5_out *h, const struct tb_measures *m, enum tb_h5_pack pack)
{
    size_t n = 0, size = sizeof(struct tb_measure_row);
    for (size_t i = 0; i < m->n; i++)
        n += m->at[i].n_rows;
    struct tb_measure_row *all = tb_xcalloc(n + 1, sizeof *all), *to = all;
    for (size_t i = 0; i < m->n; i++) {
        memcpy(to, m->at[i].row, m->at[i].n_rows * size);
        to += m->at[i].n_rows;
    }
    tb_h5_ints(h, ROWS "row_id", &all->row_id, n, size, pack);
    tb_h5_ints(h, ROWS "prompt_id", &all->prompt_id, n, size, pack);
    tb_h5_ints(h, ROWS "n_tok", &all->n_tok, n, size, pack);
    tb_h5_reals(h, ROWS "value", &all->value, n, size, pack);
    free(all);
}

void tb_measures_write(struct tb_h5_out *h, const struct tb_metrics *m, enum tb_h5_pack pack)
{
    const struct tb_measures *x = &m->measures;
    const struct tb_measure *at = x->at;
    size_t size = sizeof *at;
    if (x->n == 0)
        return;
    const char **name = tb_xcalloc(x->n, sizeof *name);
    int64_t *n_rows = tb_xcalloc(x->n, sizeof *n_rows);
    for (size_t i = 0; i < x->n; i++) {
        name[i] = at[i].name;
        n_rows[i] = (int64_t)at[i].n_rows;
        if (is_first(x, i))
            write_column(h, m, name[i], pack);
    }
    tb_h5_ints(h, MEASURES "step", &at->step, x->n, size, pack);
    tb_h5_strs(h, MEASURES "name", name, x->n);
    tb_h5_reals(h, MEASURES "value", &at->value, x->n, size, pack);
    tb_h5_reals(h, MEASURES "low", &at->low, x->n, size, pack);
    tb_h5_reals(h, MEASURES "high", &at->high, x->n, size, pack);
    tb_h5_ints(h, MEASURES "n_rows", n_rows, x->n, sizeof *n_rows, pack);
    write_rows(h, x, pack);
    free(n_rows);
    free(name);
}

/* The columns as they lie in the file. */
struct columns {
    int64_t *step, *n_rows, *row[3]; /* row_id, prompt_id, n_tok */
    double *real[3], *value;         /* value, low, high */
    char *name;
    size_t width, n, n_all; /* lines, rows of all */
};

static bool is_length(const struct tb_h5_in *h, const char *path, size_t n, size_t want, struct tb_err *err)
{
    return n == want
        || tb_fail_at(err, TB_ERR_FORMAT, h->name, 0, "%s has %zu rows; its neighbours %zu", path, n, want);
}

static bool get_ints(struct tb_h5_in *h, const char *path, int64_t **v, size_t want, struct tb_err *err)
{
    size_t n = 0;
    return tb_h5_get_ints(h, path, v, &n, err) && is_length(h, path, n, want, err);
}

static bool get_reals(struct tb_h5_in *h, const char *path, double **v, size_t want, struct tb_err *err)
{
    size_t n = 0;
    return tb_h5_get_reals(h, path, v, &n, err) && is_length(h, path, n, want, err);
}

static bool get_columns(struct tb_h5_in *h, struct columns *c, struct tb_err *err)
{
    static const char *const reals[] = { MEASURES "value", MEASURES "low", MEASURES "high" };
    size_t n_names = 0;
    bool good = tb_h5_get_ints(h, MEASURES "step", &c->step, &c->n, err)
             && get_ints(h, MEASURES "n_rows", &c->n_rows, c->n, err)
             && tb_h5_get_strs(h, MEASURES "name", &c->name, &c->width, &n_names, err)
             && is_length(h, MEASURES "name", n_names, c->n, err)
             && tb_h5_get_reals(h, ROWS "value", &c->value, &c->n_all, err)
             && get_ints(h, ROWS "row_id", &c->row[0], c->n_all, err)
             && get_ints(h, ROWS "prompt_id", &c->row[1], c->n_all, err)
             && get_ints(h, ROWS "n_tok", &c->row[2], c->n_all, err);
    for (int i = 0; good && i < 3; i++)
        good = get_reals(h, reals[i], &c->real[i], c->n, err);
    return good;
}

/* Line i, whose rows begin at `first`. */
static bool take(struct tb_measures *m, const struct columns *c, size_t i, size_t first)
{
    struct tb_measure one = { .step = c->step[i], .value = c->real[0][i], .low = c->real[1][i], .high = c->real[2][i] };
    const char *name = c->name + i * (c->width + 1);
    if (c->n_rows[i] < 0 || (uint64_t)c->n_rows[i] > c->n_all - first || !*name || strlen(name) >= sizeof one.name)
        return false;
    one.n_rows = (size_t)c->n_rows[i];
    one.row = tb_xcalloc(one.n_rows + 1, sizeof *one.row);
    tb_str_copy(one.name, sizeof one.name, name);
    for (size_t k = 0; k < one.n_rows; k++)
        one.row[k] = (struct tb_measure_row){ c->row[0][first + k], c->row[1][first + k], c->row[2][first + k],
                                              c->value[first + k] };
    tb_measures_put(m, &one);
    return true;
}

bool tb_measures_read(struct tb_metrics *m, struct tb_h5_in *h, struct tb_err *err)
{
    struct columns c = { 0 };
    if (!tb_h5_has(h, "/eval/measures/step"))
        return true;
    bool good = get_columns(h, &c, err);
    for (size_t i = 0, first = 0; good && i < c.n; i++) {
        good = take(&m->measures, &c, i, first)
            || tb_fail_at(err, TB_ERR_FORMAT, h->name, 0, "/eval/measures: line %zu names rows that are not there", i);
        first += (size_t)c.n_rows[i];
    }
    for (int i = 0; i < 3; i++) {
        free(c.row[i]);
        free(c.real[i]);
    }
    free(c.value);
    free(c.name);
    free(c.n_rows);
    free(c.step);
    return good;
}
