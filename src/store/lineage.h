/* SPDX-License-Identifier: MIT */
/* lineage.h - where a run comes from, its facts of section "lineage": {parent: id, parent_step, mode: "warm",
 * "weights", "cold" or "rerun", changed: {key: [was, is]}, start, until}. A run with `start` begins from the checkpoint
 * of that step, which lies in its own folder from the first moment on and is never removed; its own rows are those
 * behind that step. A run with `until` ends there, as the one that it repeats did. */
#ifndef TB_STORE_LINEAGE_H
#define TB_STORE_LINEAGE_H

#include "store/metrics.h"

/* Step of the checkpoint that the run begins from; -1 if it begins from start values. */
int64_t tb_lineage_start(const struct tb_metrics *m);
/* Step at which it ends before its budget does; -1 if there is none. */
int64_t tb_lineage_until(const struct tb_metrics *m);
/* Id of the run it was made from, lent; "" if there is none. */
const char *tb_lineage_parent(const struct tb_metrics *m);

#endif
