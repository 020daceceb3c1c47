/* SPDX-License-Identifier: MIT */
/* step_rows_h5.c - the losses of training rows to and from run.h5. */
#include "store/step_rows_priv.h"

#include <stdlib.h>

#include "base/mem.h"

#define ROWS "/train/rows/"

void tb_step_rows_write(struct tb_h5_out *h, const struct tb_step_rows *r, enum tb_h5_pack pack)
{
    if (r->n == 0)
        return;
    tb_h5_ints(h, ROWS "step", &r->at->step, r->n, sizeof *r->at, pack);
    tb_h5_ints(h, ROWS "first", &r->at->first, r->n, sizeof *r->at, pack);
    tb_h5_floats(h, ROWS "loss", r->loss, r->n_loss, pack);
    tb_h5_attr_str(h, ROWS "loss", "units", "nat");
    tb_h5_attr_str(h, ROWS "loss", "long_name", "mean loss per label token of a row of the step");
}

/* Whether the index is one of n_loss losses. */
static bool is_index(const int64_t *step, const int64_t *first, size_t n, size_t n_loss)
{
    bool good = n > 0 && step[0] >= 0 && first[0] == 0 && first[n - 1] < (int64_t)n_loss;
    for (size_t i = 1; good && i < n; i++)
        good = step[i] > step[i - 1] && first[i] > first[i - 1];
    return good;
}

/* Takes the losses over. */
static void take(struct tb_step_rows *r, const int64_t *step, const int64_t *first, size_t n, struct tb_array *loss)
{
    r->at = tb_xcalloc(n, sizeof *r->at);
    for (size_t i = 0; i < n; i++)
        r->at[i] = (struct tb_step_place){ step[i], first[i] };
    r->n = r->cap = n;
    r->loss = loss->data;
    r->n_loss = r->cap_loss = (size_t)loss->shape[0];
    loss->data = NULL;
}

bool tb_step_rows_read(struct tb_step_rows *r, struct tb_h5_in *h, struct tb_err *err)
{
    int64_t *step = NULL, *first = NULL;
    struct tb_array loss = { 0 };
    size_t n = 0, n_first = 0;
    if (!tb_h5_has(h, ROWS "step"))
        return true;
    bool good = tb_h5_get_ints(h, ROWS "step", &step, &n, err) && tb_h5_get_ints(h, ROWS "first", &first, &n_first, err)
             && tb_h5_get_tensor(h, ROWS "loss", &loss, err);
    if (good && (loss.type != TB_ARRAY_F32 || loss.rank != 1))
        good = tb_fail_at(err, TB_ERR_FORMAT, h->name, 0, "dataset " ROWS "loss is no column of its type");
    if (good && (n_first != n || !is_index(step, first, n, (size_t)loss.shape[0])))
        good = tb_fail_at(err, TB_ERR_FORMAT, h->name, 0, "/train/rows: steps and first rows are no index of the %lld "
                          "losses", (long long)loss.shape[0]);
    if (good)
        take(r, step, first, n, &loss);
    free(loss.data);
    free(first);
    free(step);
    return good;
}
