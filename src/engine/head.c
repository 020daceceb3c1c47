/* SPDX-License-Identifier: MIT */
/* head.c - final norm, output projection and cross-entropy, at the labelled rows only and in chunks of LOGIT_ROWS, so
 * that logits of a large vocabulary never exist at once. dlogits overwrite the logits. Where the table is trained,
 * chunks are cut inside each quantum, which fixes the order in which its gradient is summed. */
#include "engine/engine_priv.h"

static void chunk(struct tb_engine *e, int first, int n, float scale)
{
    struct tb_kernels *k = e->k;
    struct tb_mat logits = tb_mat_rows(e->logits, 0, n), rows = tb_mat_rows(e->rows_norm, first, n);
    int64_t flops = 2 * e->head_w.rows * e->head_w.cols * n;

    k->gemm_w(k, logits, rows, &e->head_w, false, 0);
    e->count.head_forward += flops;
    if (e->tap) {
        k->get(k, e->tap_rows, logits.p, (size_t)(n * logits.cols) * sizeof(float));
        e->tap(e->tap_arg, e->first_label + first, n, e->tap_rows);
    }
    k->xent(k, logits, e->label + first, tb_mat_rows(e->loss, first, n), scale);
    if (scale == 0)
        return;
    k->gemm_w(k, tb_mat_rows(e->drows_norm, first, n), logits, &e->head_w, true, 0);
    e->count.head_dx += flops;
    if (e->head) {
        k->gemm_tn(k, e->head->adapter->method->weight_sum(e->head), logits, rows, 1, 1);
        e->count.head_dw += flops;
    }
}

static void chunks(struct tb_engine *e, int first, int n, float scale)
{
    for (int i = 0; i < n; i += LOGIT_ROWS)
        chunk(e, first + i, n - i < LOGIT_ROWS ? n - i : LOGIT_ROWS, scale);
}

/* Adds the micro-batch's losses to their rows, in label order. */
static void collect(struct tb_engine *e)
{
    const struct tb_batch *b = e->batch;
    e->k->get(e->k, e->host_loss, e->loss.p, (size_t)b->n_label * sizeof(float));
    for (int i = 0; i < b->n_label; i++) {
        e->row_loss[b->label_row[i]] += (double)e->host_loss[i];
        e->row_labels[b->label_row[i]]++;
    }
}

static void norm_back(struct tb_engine *e, struct tb_mat gain)
{
    struct tb_kernels *k = e->k;
    int n = e->batch->n_label;
    struct tb_mat drows = tb_mat_rows(e->drows, 0, n), dnorm = tb_mat_rows(e->drows_norm, 0, n);
    struct tb_mat rows = tb_mat_rows(e->rows, 0, n), rstd = tb_mat_rows(e->row_rstd, 0, n);
    for (int i = 0; e->final_norm && i < e->batch->n_quanta; i++) {
        const struct tb_quantum *q = &e->batch->quantum[i];
        k->rmsnorm_gain(k, e->final_norm->adapter->method->vector_sum(e->final_norm),
                        tb_mat_rows(dnorm, q->label, q->n_label), tb_mat_rows(rows, q->label, q->n_label),
                        tb_mat_rows(rstd, q->label, q->n_label));
    }
    k->fill(k, drows, 0);
    k->rmsnorm_back(k, drows, dnorm, rows, gain, rstd);
    k->fill(k, tb_mat_rows(e->dres, 0, e->batch->n_tok), 0);
    k->scatter(k, tb_mat_rows(e->dres, 0, e->batch->n_tok), drows, e->label_at);
}

static struct tb_mat final_gain(const struct tb_engine *e)
{
    return e->final_norm ? e->final_norm->adapter->method->vector(e->final_norm) : e->final_gain;
}

struct tb_mat tb_head_rows(struct tb_engine *e)
{
    struct tb_kernels *k = e->k;
    const struct tb_batch *b = e->batch;
    struct tb_mat rows = tb_mat_rows(e->rows, 0, b->n_label), norm = tb_mat_rows(e->rows_norm, 0, b->n_label);
    k->gather(k, rows, tb_mat_rows(e->x_out, 0, b->n_tok), e->label_at);
    k->rmsnorm(k, norm, rows, final_gain(e), e->model->shape.norm_eps, tb_mat_rows(e->row_rstd, 0, b->n_label));
    return norm;
}

void tb_head(struct tb_engine *e, float scale)
{
    const struct tb_batch *b = e->batch;
    tb_head_rows(e);
    if (!e->head)
        chunks(e, 0, b->n_label, scale);
    for (int i = 0; e->head && i < b->n_quanta; i++)
        chunks(e, b->quantum[i].label, b->quantum[i].n_label, scale);
    collect(e);
    e->first_label += b->n_label;
    e->count.labels += b->n_label;
    if (scale != 0)
        norm_back(e, final_gain(e));
}
