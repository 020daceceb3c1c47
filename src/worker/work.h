/* SPDX-License-Identifier: MIT */
/* work.h - the work of a run in floating point operations, told by packing its rows as the engine will: virtual rows,
 * shared prompts, labels, how far down gradients go. What the engine counts comes out as the engine counts it. */
#ifndef TB_WORKER_WORK_H
#define TB_WORKER_WORK_H

#include "worker/job.h"

/* Adds what the engine's counters will say of one step on these rows, or of scoring them; at most j->spec.step_rows of
 * them at a time. */
bool tb_work_step(struct tb_counters *c, const struct tb_job *j, const struct tb_row *rows, int n, struct tb_err *err);
bool tb_work_score(struct tb_counters *c, const struct tb_job *j, const struct tb_row *rows, int n,
                   struct tb_err *err);
/* All of that as FLOP, with what is not counted: the adapters' own products, weights that are unpacked, values and
 * moments that are moved, as the operations that would take as long. */
double tb_work_flop(const struct tb_counters *c, const struct tb_job *j);

/* Of a whole run. */
struct tb_work {
    double training;  /* with the probe of a rate; 0 for a budget in minutes */
    double scoring;   /* all evaluations */
    double measuring; /* texts that are read and written beside the loss */
};
bool tb_work_of(struct tb_work *w, const struct tb_job *j, struct tb_err *err);
/* Rows of the first step, malloc'ed. */
struct tb_row *tb_work_first_rows(const struct tb_job *j, int *n);

#endif
