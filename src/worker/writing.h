/* SPDX-License-Identifier: MIT */
/* writing.h - what a trained run writes behind the prompts of its held-out rows, and what the metrics of eval.metrics
 * say of that. The text is greedy, one for each prompt, at most as long as the longest row; references are all
 * completions of the prompt. It happens once, at the end of the budget, and changes no bit of the run.
 * Recorded: facts "scores" {name: value, name_low, name_high: 95 % by resampled prompts, n_prompts, seconds}, an event
 * "scores", and the texts of the sampled rows (eval.samples) as their outputs at the last step. */
#ifndef TB_WORKER_WRITING_H
#define TB_WORKER_WRITING_H

#include "worker/job.h"

/* Bytes that writing takes beside the run's own, 0 if no metric of the run reads text. */
uint64_t tb_writing_bytes(const struct tb_job *j);

struct tb_training;
/* Writes, scores, records. True and nothing if eval.metrics names only losses. */
bool tb_training_write(struct tb_training *t, struct tb_err *err);

#endif
