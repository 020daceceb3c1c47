/* SPDX-License-Identifier: MIT */
/* step_rows_priv.h - losses of training rows in run.h5: /train/rows/loss, float32, those of all steps one after the
 * other, and for each step that has any /train/rows/step and /train/rows/first, the place of its first row there. */
#ifndef TB_STORE_STEP_ROWS_PRIV_H
#define TB_STORE_STEP_ROWS_PRIV_H

#include "store/h5_priv.h"
#include "store/step_rows.h"

void tb_step_rows_write(struct tb_h5_out *h, const struct tb_step_rows *r, enum tb_h5_pack pack);
/* Files of earlier versions have none. */
bool tb_step_rows_read(struct tb_step_rows *r, struct tb_h5_in *h, struct tb_err *err);

#endif
