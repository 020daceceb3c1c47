/* SPDX-License-Identifier: MIT */
/* show_rows.h - the rows behind a point of a curve: those a step was trained on, or those it was evaluated on. */
#ifndef TB_CLI_SHOW_ROWS_H
#define TB_CLI_SHOW_ROWS_H

#include "cli/out.h"
#include "cli/pick.h"

/* Rows of the batch of a step, the highest loss first, as text, as a table, or as JSON {id, name, step, epoch, loss,
 * grad_norm, has_row_losses, rows: [{row_id, loss, difference (loss - the step's), tokens, prompt_tokens, prompt,
 * completion}]}; where losses of rows were not recorded, without them and in the order of the step. The data are read
 * from where the run had them, out of the store of `a`. */
bool tb_show_batch(const struct tb_out *o, const struct tb_pick *p, const struct tb_args *a, int64_t step,
                   struct tb_err *err);
/* Held-out rows of the evaluation after a step, the highest loss first: rows: [{row_id, loss, n_tok, prompt,
 * completion}]. Where the data are not there any more, without their texts. */
bool tb_show_rows(const struct tb_out *o, const struct tb_pick *p, const char *store, int64_t step,
                  struct tb_err *err);

#endif
