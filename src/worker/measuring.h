/* SPDX-License-Identifier: MIT */
/* measuring.h - what a run measures beside the loss of its held-out rows: metrics of texts (writing.h), and what it
 * forgets (forgetting.h). */
#ifndef TB_WORKER_MEASURING_H
#define TB_WORKER_MEASURING_H

#include "worker/job.h"

struct tb_training;
/* At the end of the budget, or after an evaluation before it, where eval.when says so. Not training: the clock of the
 * run stands, and no bit of the run depends on it. */
bool tb_training_measure(struct tb_training *t, bool is_end, struct tb_err *err);

/* Tokens that all of that takes: read in one pass, and written one after the other. */
int64_t tb_measuring_reads(const struct tb_job *j);
int64_t tb_measuring_writes(const struct tb_job *j);

#endif
