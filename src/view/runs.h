/* SPDX-License-Identifier: MIT */
/* runs.h - the table of runs: one list of columns for `ls`, filters, sorting and exports. */
#ifndef TB_VIEW_RUNS_H
#define TB_VIEW_RUNS_H

#include "store/store.h"
#include "view/emit.h"

/* A column of the table of runs. */
struct tb_run_column {
    const char *name, *title;
    enum tb_unit unit;
    const char *help;
};
/* All there are: id name letter state ended_by method trainable params share seed lr rates step
 * steps tokens budget budget_unit loss first_eval eval_loss best_eval best_step tok_s predicted peak
 * adapter base data created age duration pid beat final_hash arm tags note protected archived
 * damage. NULL behind the last. */
const struct tb_run_column *tb_run_column_at(size_t i);
/* Index by name or alias (status = state; eval, eval/loss, last eval/loss = eval_loss; ..), -1 if
 * there is none. */
int tb_run_column_named(const char *name);
/* The same; TB_ERR_USAGE that names the nearest one, with `what` before it ("filter: "). */
int tb_run_column_find(const char *name, const char *what, struct tb_err *err);
/* One value; its text is lent by item or static. TB_CELL_NONE if unknown. The learning rate of a stack is
 * unknown and its s holds those of the parts. */
struct tb_cell tb_run_cell(const struct tb_run_item *item, int column);

/* The columns of a table of runs unless others are asked for, as tb_runs_table takes them. */
extern const char tb_runs_usual[];

/* Rows `order[0 .. n-1]` of items (order NULL: all n as they are) with columns "name,method,eval as
 * loss" (NULL: the usual ones) into t. TB_ERR_USAGE naming an unknown column and the nearest one. t
 * must be freed also then. */
bool tb_runs_table(struct tb_table *t, const struct tb_run_item *items, const size_t *order,
                   size_t n, const char *columns, struct tb_err *err);

/* Seconds of training, up to the last step that was recorded; NaN before the first. */
double tb_run_duration_s(const struct tb_run_item *item);
/* Own tokens over these seconds, to the whole: the mean, where a row's rate is that of one step. NaN before the
 * first. */
double tb_run_tok_s(const struct tb_run_item *item);
/* Seconds that are left if it goes on as it did; NaN if that is not known. */
double tb_run_left_s(const struct tb_run_summary *sum);

#endif
