/* SPDX-License-Identifier: MIT */
/* writing.h - what a run writes behind the prompts of its held-out rows, and what the metrics of eval.metrics say of
 * that. The text is greedy, one for each prompt, at most as long as the longest row; references are all completions of
 * the prompt. It happens at the end of the budget, for all prompts, and with eval.when = "each" at the other
 * evaluations too, for the first eval.texts of them; the measure of the end is then of those as well, so that a curve
 * is of the same prompts throughout. It changes no bit of the run.
 * Recorded: each metric as a measure (store/measure.h), a row a prompt; the texts of the sampled rows (eval.samples) as
 * their outputs; at the end also facts "scores" {name: value, name_low, name_high: 95 % by resampled prompts,
 * n_prompts, seconds} and an event "scores". */
#ifndef TB_WORKER_WRITING_H
#define TB_WORKER_WRITING_H

#include "worker/job.h"

/* Bytes that writing takes beside the run's own, 0 if no metric of the run reads text. */
uint64_t tb_writing_bytes(const struct tb_job *j);

/* TB_ERR_RECIPE if some metric reads text and no held-out row has a prompt to write behind. */
bool tb_writing_check(const struct tb_job *j, struct tb_err *err);
/* Whether eval.when asks for it at each evaluation. */
bool tb_writing_is_each(const struct tb_job *j);

struct tb_training;
/* Writes, scores, records. True and nothing if eval.metrics names only losses. */
bool tb_training_write(struct tb_training *t, bool is_end, struct tb_err *err);
/* Tokens that it writes over the whole run, if texts are as long as their references. */
int64_t tb_writing_tokens(const struct tb_job *j);

#endif
