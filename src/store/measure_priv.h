/* SPDX-License-Identifier: MIT */
/* measure_priv.h - measures in run.h5: /eval/measures, a line each (step, name, value, low, high, n_rows), and
 * /eval/measure_rows, the rows of all of them one after the other (row_id, prompt_id, n_tok, value). A copy for viewers
 * stands beside the loss: /metrics/eval/<name>, a value for each evaluation, NaN where it was not measured. */
#ifndef TB_STORE_MEASURE_PRIV_H
#define TB_STORE_MEASURE_PRIV_H

#include "store/h5_priv.h"
#include "store/metrics.h"

void tb_measures_write(struct tb_h5_out *h, const struct tb_metrics *m, enum tb_h5_pack pack);
/* Files of earlier versions have none. */
bool tb_measures_read(struct tb_metrics *m, struct tb_h5_in *h, struct tb_err *err);

#endif
