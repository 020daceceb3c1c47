/* SPDX-License-Identifier: MIT */
/* session_batch.c - which rows a step of a run was trained on: the order is a function of seed and step, so it is
 * worked out again, and its hash tells whether the text is still the same. */
#include <string.h>

#include "dataset/dataset.h"
#include "worker/job.h"
#include "worker/session_priv.h"

static struct tb_json *row_json(const struct tb_dataset *d, int row)
{
    size_t n;
    struct tb_row r = tb_dataset_row(d, row);
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "row_id", tb_json_new_int(row));
    tb_json_set(map, "tokens", tb_json_new_int(r.n));
    tb_json_set(map, "prompt_tokens", tb_json_new_int(r.n_prompt));
    const char *text = tb_dataset_prompt(d, row, &n);
    tb_json_set(map, "prompt", tb_json_new_strn(text, n));
    text = tb_dataset_completion(d, row, &n);
    tb_json_set(map, "completion", tb_json_new_strn(text, n));
    return map;
}

/* Step 1 is the first, as recorded; the order counts from 0. */
static struct tb_json *batch_json(struct tb_job *j, int64_t step)
{
    int n, n_train;
    const int *train = tb_dataset_train(j->data, &n_train), *at = tb_order_step(j->order, step - 1, &n);
    struct tb_json *map = tb_json_new_map(), *rows = tb_json_new_list();
    tb_json_set(map, "step", tb_json_new_int(step));
    tb_json_set(map, "epoch", tb_json_new_int(tb_order_epoch_of(j->order, step - 1)));
    for (int i = 0; i < n; i++)
        tb_json_append(rows, row_json(j->data, train[at[i]]));
    tb_json_set(map, "rows", rows);
    return map;
}

/* A checkpoint of another step is no hindrance: weights are not looked at. */
struct tb_json *tb_session_batch(const char *store, const char *run, int64_t step, struct tb_err *err)
{
    struct tb_session_run r;
    struct tb_job job = { 0 };
    struct tb_json *out = NULL;
    if (tb_session_run_open(&r, store, run, err)) {
        const char *was = tb_json_str(tb_metrics_fact(&r.metrics, "data", "order_hash"), "");
        int max_tok = (int)tb_json_int(tb_metrics_fact(&r.metrics, "data", "max_tok"), 0);
        if (!tb_job_open(&job, r.shelf, &r.config, 0, max_tok, err))
            out = NULL;
        else if (*was && strcmp(was, job.order_hash) != 0)
            tb_fail(err, TB_ERR_FORMAT, "the text that run %s was trained on has changed", r.id);
        else
            out = batch_json(&job, step);
        tb_job_close(&job);
    }
    tb_session_run_close(&r);
    return out;
}
