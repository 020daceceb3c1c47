/* SPDX-License-Identifier: MIT */
/* sampling.h - rows whose text is kept with each evaluation: the first eval.samples of those that are scored, so they
 * are the same ones each time. Their losses stand in the results of all rows. */
#ifndef TB_WORKER_SAMPLING_H
#define TB_WORKER_SAMPLING_H

#include "store/writer.h"
#include "worker/job.h"

/* Records the samples of the evaluation after `step`, from the *n-th on; *n grows with each, so that it may be called
 * again after a failure. output: a text for each scored row; NULL: its own completion. */
bool tb_sampling_write(struct tb_run_writer *w, const struct tb_job *j, int64_t step, const char *const *output, int *n,
                       struct tb_err *err);

#endif
