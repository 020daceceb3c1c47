/* SPDX-License-Identifier: MIT */
/* step.c - one optimiser step: derive, micro-batches forward and backward, settle, norm, clip, update; and
 * evaluation. */
#include <math.h>
#include <string.h>

#include "engine/engine_priv.h"

void tb_engine_derive(struct tb_engine *e)
{
    for (int i = 0; i < e->n_routes; i++) {
        struct tb_stack *s = e->route[i].stack;
        for (int p = 0; s && p < s->n; p++)
            if (s->part[p]->method->derive)
                s->part[p]->method->derive(s->part[p]);
    }
}

static double settle(struct tb_engine *e)
{
    double penalty = 0;
    for (int i = 0; i < e->stack->n; i++)
        if (e->stack->part[i]->method->settle)
            penalty += e->stack->part[i]->method->settle(e->stack->part[i]);
    return penalty;
}

static double gradient_norm(struct tb_engine *e)
{
    double sum = 0;
    for (int i = 0; i < e->stack->n; i++) {
        struct tb_adapter *a = e->stack->part[i];
        e->k->sumsq(e->k, tb_mat_of(a->arena[1], 1, a->arena_floats[0]), &sum);
    }
    return sqrt(sum);
}

static void begin_rows(struct tb_engine *e, int n_rows)
{
    memset(e->row_loss, 0, (size_t)n_rows * sizeof *e->row_loss);
    memset(e->row_labels, 0, (size_t)n_rows * sizeof *e->row_labels);
    e->first_label = 0;
}

static bool too_many(const struct tb_engine *e, const struct tb_row *rows, int n_rows, struct tb_err *err)
{
    if (n_rows > e->spec.step_rows)
        return !tb_fail(err, TB_ERR_LIMIT, "%d rows in a step; the engine was opened for %d", n_rows,
                        e->spec.step_rows);
    for (int i = 0; i < n_rows; i++)
        if (rows[i].n > e->spec.row_tok)
            return !tb_fail(err, TB_ERR_LIMIT, "row %d has %d tokens; the engine was opened for %d", i, rows[i].n,
                            e->spec.row_tok);
    return false;
}

static bool check_ids(const struct tb_engine *e, const struct tb_row *rows, int n_rows, struct tb_err *err)
{
    for (int i = 0; i < n_rows; i++)
        for (int j = 0; j < rows[i].n; j++)
            if (rows[i].ids[j] < 0 || rows[i].ids[j] >= e->model->shape.vocab)
                return tb_fail(err, TB_ERR_LIMIT, "row %d, token %d: id %d is outside the vocabulary of %d", i, j,
                               rows[i].ids[j], e->model->shape.vocab);
    return true;
}

static bool begin(struct tb_engine *e, const struct tb_row *rows, int n_rows, struct tb_err *err)
{
    if (too_many(e, rows, n_rows, err) || !check_ids(e, rows, n_rows, err))
        return false;
    begin_rows(e, n_rows);
    return tb_packer_begin(e->packer, rows, n_rows, err);
}

static double sum_rows(const struct tb_engine *e, int n_rows)
{
    double sum = 0;
    for (int i = 0; i < n_rows; i++)
        sum += e->row_loss[i];
    return sum;
}

bool tb_engine_gradient(struct tb_engine *e, const struct tb_row *rows, int n_rows, uint64_t seed, int64_t step,
                        struct tb_step_out *out, struct tb_err *err)
{
    const struct tb_batch *b;
    if (!begin(e, rows, n_rows, err))
        return false;
    *out = (struct tb_step_out){ .n_labels = tb_packer_labels(e->packer) };
    if (out->n_labels == 0)
        return tb_fail(err, TB_ERR_LIMIT, "no row of this step has a label");
    e->seed = seed;
    e->step = step;
    e->dropout_on = true;
    tb_engine_derive(e);
    for (int i = 0; i < e->stack->n; i++)
        tb_adapter_zero(e->stack->part[i]);
    while ((b = tb_packer_next(e->packer))) {
        tb_pass_forward(e, b);
        tb_head(e, 1.0f / (float)out->n_labels);
        tb_pass_back(e);
    }
    out->cross_entropy = sum_rows(e, n_rows) / out->n_labels;
    out->loss = out->cross_entropy + settle(e);
    out->loss = isnan(out->loss) ? NAN : out->loss; /* without the sign that processors give it */
    out->grad_norm = gradient_norm(e);
    out->is_finite = isfinite(out->loss) && isfinite(out->grad_norm);
    e->count.steps++;
    return true;
}

void tb_engine_update(struct tb_engine *e, const struct tb_update *u, const struct tb_step_out *out)
{
    if (!out->is_finite)
        return;
    double factor = u->clip > 0 ? fmin(1, u->clip / (out->grad_norm + 1e-6)) : 1;
    for (int i = 0; i < e->stack->n; i++) {
        struct tb_adapter *a = e->stack->part[i];
        struct tb_adamw w = { .lr = (float)u->lr[i], .beta1 = (float)u->beta1, .beta2 = (float)u->beta2,
                              .eps = (float)u->eps, .decay = (float)u->decay, .step = u->step + 1,
                              .grad_scale = (float)factor };
        int64_t n = a->arena_floats[0];
        e->k->adamw(e->k, tb_mat_of(a->arena[0], 1, n), tb_mat_of(a->arena[1], 1, n), tb_mat_of(a->arena[2], 1, n),
                    tb_mat_of(a->arena[3], 1, n), &w);
        if (a->method->adapt)
            a->method->adapt(a, u->step);
    }
}

bool tb_engine_evaluate(struct tb_engine *e, const struct tb_row *rows, int n_rows, double *row_loss, int *row_labels,
                        struct tb_err *err)
{
    e->dropout_on = false;
    tb_engine_derive(e);
    for (int at = 0; at < n_rows; at += e->spec.step_rows) {
        int n = n_rows - at < e->spec.step_rows ? n_rows - at : e->spec.step_rows;
        const struct tb_batch *b;
        if (!begin(e, rows + at, n, err))
            return false;
        while ((b = tb_packer_next(e->packer))) {
            tb_pass_forward(e, b);
            tb_head(e, 0);
        }
        tb_engine_row_losses(e, row_loss + at, row_labels + at, n);
    }
    return true;
}

void tb_engine_row_losses(const struct tb_engine *e, double *row_loss, int *row_labels, int n_rows)
{
    memcpy(row_loss, e->row_loss, (size_t)n_rows * sizeof *row_loss);
    memcpy(row_labels, e->row_labels, (size_t)n_rows * sizeof *row_labels);
}

void tb_engine_row_means(const struct tb_engine *e, float *mean, int n_rows)
{
    for (int i = 0; i < n_rows; i++)
        mean[i] = e->row_labels[i] ? (float)(e->row_loss[i] / e->row_labels[i]) : NAN;
}
