/* SPDX-License-Identifier: MIT */
/* compare.h - the arms of a sweep in one table: what each trains, what it reached, how sure that is, what it cost. */
#ifndef TB_VIEW_COMPARE_H
#define TB_VIEW_COMPARE_H

#include "store/store.h"
#include "view/emit.h"

/* What stands behind the differences. */
struct tb_compare_note {
    size_t n_rows, n_prompts; /* compared row by row, in the smallest comparison; 0: nothing was */
    size_t n_references;      /* one for each order of the training rows, that is for each seed */
};

/* Rows in the order of ids[0 .. n-1]. The reference of a run is the first one that was trained on the same rows in the
 * same order; differences of the last evaluations are paired row by row, with a 95 % interval from resampled
 * prompts. For people (`how` TEXT) difference and interval are one column and the training loss is a sparkline; for
 * programs each number has its own column. `t` must be freed also after a failure. */
bool tb_compare_table(struct tb_table *t, struct tb_store *s, const char *const *ids, size_t n, enum tb_emit how,
                      bool is_ascii, struct tb_compare_note *note, struct tb_err *err);

#endif
