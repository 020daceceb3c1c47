/* SPDX-License-Identifier: MIT */
/* csv_out.h - what a run has recorded as CSV (RFC 4180): exact numbers under a line of names. */
#ifndef TB_EXCHANGE_CSV_OUT_H
#define TB_EXCHANGE_CSV_OUT_H

#include "base/buf.h"
#include "store/metrics.h"

/* Appends one table: "train" (a line a step), "eval" (a line an evaluation), "rows" (a line a held-out row and
 * evaluation). Integers without a point, reals with %.17g, nan where nothing is known. TB_ERR_USAGE on another
 * table. */
bool tb_csv_write(const struct tb_metrics *m, const char *table, struct tb_buf *out, struct tb_err *err);

#endif
