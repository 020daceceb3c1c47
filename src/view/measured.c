/* SPDX-License-Identifier: MIT */
/* measured.c - rows of a measure as those of an evaluation, so that one comparison serves for both. */
#include "view/measured.h"

#include <stdlib.h>

#include "base/mem.h"

/* A run that has evaluated these rows and nothing else. */
static struct tb_metrics run_of(const struct tb_measure *x)
{
    struct tb_metrics m = { .step = x->step, .n_rows = x->n_rows };
    m.rows = tb_xcalloc(x->n_rows + 1, sizeof *m.rows);
    for (size_t i = 0; i < x->n_rows; i++)
        m.rows[i] = (struct tb_row_loss){ x->step, x->row[i].row_id, x->row[i].prompt_id, x->row[i].n_tok,
                                          x->row[i].value };
    return m;
}

bool tb_measure_pair(struct tb_paired *p, const struct tb_measure *a, const struct tb_measure *b, struct tb_err *err)
{
    struct tb_metrics x = run_of(a), y = run_of(b);
    bool good = tb_paired_make(p, &x, &y, err);
    free(x.rows);
    free(y.rows);
    return good;
}

bool tb_forgetting_of(struct tb_forgetting *f, const struct tb_metrics *m)
{
    *f = (struct tb_forgetting){ .at_first = tb_measures_at(&m->measures, TB_MEASURE_FORGET, 0),
                                 .at_last = tb_measures_last(&m->measures, TB_MEASURE_FORGET, m->step) };
    if (!f->at_first || f->at_last->step == 0 || !tb_measure_pair(&f->pair, f->at_first, f->at_last, NULL))
        return false;
    f->before = f->at_first->value;
    f->after = f->at_last->value;
    return true;
}
