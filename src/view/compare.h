/* SPDX-License-Identifier: MIT */
/* compare.h - the arms of a sweep in one table: what each trains, what it reached, how sure that is, what it cost. */
#ifndef TB_VIEW_COMPARE_H
#define TB_VIEW_COMPARE_H

#include "store/store.h"
#include "view/emit.h"

/* Rows in the order of ids[0 .. n-1]; the first is the reference of the differences, which are paired row by row with a
 * 95 % interval from resampled prompts. For people (`how` TEXT) difference and interval are one column and the training
 * loss is a sparkline; for programs each number has its own column. Runs that cannot be read are left out. `t` must be
 * freed also after a failure. */
bool tb_compare_table(struct tb_table *t, struct tb_store *s, const char *const *ids, size_t n, enum tb_emit how,
                      bool is_ascii, struct tb_err *err);

#endif
