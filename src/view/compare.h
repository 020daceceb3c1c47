/* SPDX-License-Identifier: MIT */
/* compare.h - the arms of a sweep in one table: what each trains, what it reached, how sure that is, what it cost. */
#ifndef TB_VIEW_COMPARE_H
#define TB_VIEW_COMPARE_H

#include "view/arms.h"
#include "view/emit.h"
#include "view/verdict.h"

struct tb_compare_spec {
    enum tb_emit how;
    bool is_ascii;
    enum tb_arms_by by;
    bool has_runs; /* single runs below the arm they belong to */
};

/* What stands behind the differences. */
struct tb_compare_note {
    size_t n_rows, n_prompts; /* compared row by row, in the smallest comparison; 0: nothing was */
    size_t n_references;      /* one for each order of the training rows, that is for each seed */
    size_t n_seeds;           /* of the smallest comparison of arms; 0: single runs are compared */
    bool is_by_seed;          /* of that comparison: seed by seed */
    struct tb_verdict verdict;
};
void tb_compare_note_free(struct tb_compare_note *note);

/* Arms in the order of ids[0 .. n-1]. The reference of a run is the first one that was trained on the same rows in the
 * same order, that of an arm of several seeds the first arm; differences of the last evaluations are paired row by
 * row, with a 95 % interval from resampled prompts (and seeds). For people (`how` TEXT) difference and interval are one
 * column and the training loss of the first run is a sparkline; for programs each number has its own column. `t` and
 * `note` must be freed also after a failure. */
bool tb_compare_table(struct tb_table *t, struct tb_store *s, const char *const *ids, size_t n,
                      const struct tb_compare_spec *spec, struct tb_compare_note *note, struct tb_err *err);

#endif
