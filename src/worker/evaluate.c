/* SPDX-License-Identifier: MIT */
/* evaluate.c - the held-out rows scored: their mean loss per label token, and each row's own, from which runs are
 * compared row against row. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "worker/sampling.h"
#include "worker/train_priv.h"

struct eval_call {
    struct tb_eval_row row;
    struct tb_row_loss *rows;
    size_t n;
    bool has_row, has_rows; /* written already, when a full disk makes it try again */
    const struct tb_job *job;
    int n_samples; /* of these, written already */
};

static bool write_eval(struct tb_run_writer *w, void *arg, struct tb_err *err)
{
    struct eval_call *c = arg;
    c->has_row = c->has_row || tb_run_writer_eval(w, &c->row, err);
    if (!c->has_row)
        return false;
    c->has_rows = c->has_rows || c->n == 0 || tb_run_writer_rows(w, c->rows, c->n, err);
    return c->has_rows && tb_sampling_write(w, c->job, (int64_t)c->row.step, NULL, &c->n_samples, err)
        && tb_run_writer_snapshot(w, err);
}

/* The row whose prompt this one shares: row_id of the first of them among the scored. */
static int64_t prompt_of(const struct tb_job *j, int i)
{
    int group = tb_dataset_group(j->data, j->eval_row[i]);
    for (int k = 0; k < i; k++)
        if (tb_dataset_group(j->data, j->eval_row[k]) == group)
            return j->eval_row[k];
    return j->eval_row[i];
}

static double add_up(const struct tb_training *t, struct eval_call *c)
{
    double sum = 0, n_tok = 0;
    for (int i = 0; i < t->job->n_eval; i++) {
        if (t->eval_labels[i] == 0)
            continue;
        c->rows[c->n++] = (struct tb_row_loss){ .step = t->step, .row_id = t->job->eval_row[i],
                                                .prompt_id = prompt_of(t->job, i), .n_tok = t->eval_labels[i],
                                                .loss = t->eval_loss[i] / t->eval_labels[i] };
        sum += t->eval_loss[i];
        n_tok += t->eval_labels[i];
    }
    c->row.n_tok = n_tok;
    return n_tok > 0 && !isnan(sum) ? sum / n_tok : NAN;
}

bool tb_training_evaluate(struct tb_training *t, struct tb_err *err)
{
    struct eval_call c = { .job = t->job, .row = { .step = (double)t->step, .tokens = (double)t->tokens } };
    if (t->job->n_eval == 0)
        return true;
    /* What evaluation takes is not training: the clock of the run stands. */
    t->wall_s = tb_training_wall(t);
    c.row.wall_s = t->wall_s;
    c.rows = tb_xcalloc((size_t)t->job->n_eval, sizeof *c.rows);
    bool good = tb_engine_evaluate(t->engine, t->eval_rows, t->job->n_eval, t->eval_loss, t->eval_labels, err);
    if (good) {
        t->eval = c.row.loss = add_up(t, &c);
        good = tb_recorder_do(t->recorder, write_eval, &c, err);
    }
    tb_training_go_on(t);
    if (good && c.row.loss < t->best_loss) {
        t->best_loss = c.row.loss;
        t->best_step = t->step;
    }
    if (good && t->view->eval)
        t->view->eval(t->view->arg, t->job, &c.row);
    if (good)
        tb_training_weigh(t, c.row.loss);
    free(c.rows);
    return good;
}
