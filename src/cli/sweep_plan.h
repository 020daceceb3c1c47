/* SPDX-License-Identifier: MIT */
/* sweep_plan.h - what the plan of a search says beside its runs: rungs and how many trials are expected there, tokens,
 * time, memory, disk, what the store has already, and what is doubtful about it. */
#ifndef TB_CLI_SWEEP_PLAN_H
#define TB_CLI_SWEEP_PLAN_H

#include "plan/plan.h"

/* The part of a plan that is known before any result: a search by results chooses the others. Lends all of p. */
struct tb_plan tb_sweep_known(const struct tb_plan *p);

/* Adds to what tb_worker_plan said of that part:
 *     sweep  the search as the recipe wrote it, without its points
 *     search {arms: [{name, trials, more_seeds, budget_tok, rungs: [{tokens, come}], expected_tok, doubt_tok, est_s,
 *            n_done, n_begun}], expected_tok, doubt_tok, full_tok, est_s, predicted_bytes, disk_bytes, warnings: [..]}
 * full_tok: if nothing were pruned; predicted_bytes: of the largest run. */
void tb_sweep_plan_add(struct tb_json *plan, const struct tb_plan *p);
/* The same in words, on stdout. */
void tb_sweep_plan_print(const struct tb_json *plan, const struct tb_plan *p);

#endif
