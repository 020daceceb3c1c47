/* SPDX-License-Identifier: MIT */
/* trace_rows.h - rows of token ids out of a JSON file: {"rows": [row, ..]} (the same at every step) or
 * {"steps": [[row, ..], ..]}, a row being {"input_ids": [..], "n_prompt": k}. Other members are ignored. */
#ifndef TB_WORKER_TRACE_ROWS_H
#define TB_WORKER_TRACE_ROWS_H

#include "dataset/batch.h"

struct tb_trace_rows {
    struct tb_row *row; /* of all steps, one after the other */
    int32_t *ids;
    size_t n_rows;
    int *first; /* [n_steps + 1] where each step's rows begin */
    int n_steps;
    bool is_steps; /* {"steps"} */
    int most_rows, longest; /* of a step; of all rows */
};

/* Ids are checked to be whole numbers below `vocab`, rows to have 1 to 4,095 of them. r must be freed also after a
 * failure. */
bool tb_trace_rows_open(struct tb_trace_rows *r, const char *path, int vocab, struct tb_err *err);
void tb_trace_rows_free(struct tb_trace_rows *r);
/* The rows of step i; {"rows"} has the same at each. */
const struct tb_row *tb_trace_rows_at(const struct tb_trace_rows *r, int i, int *n);

#endif
