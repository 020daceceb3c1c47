/* SPDX-License-Identifier: MIT */
/* sweep_begin.h - makes a sweep of a plan, or goes on with the one that is there, and sees to it that a worker leads
 * it. */
#ifndef TB_CLI_SWEEP_BEGIN_H
#define TB_CLI_SWEEP_BEGIN_H

#include "cli/live.h"
#include "sweep/sweep.h"

/* Takes the plan over. id: of the sweep. *is_over: there is nothing left to do. */
bool tb_sweep_begin(struct tb_plan *p, const struct tb_args *a, const struct tb_worker_spec *spec,
                    char id[TB_SWEEP_ID], bool *is_over, struct tb_err *err);
/* A worker for the store that knows there is something to do. */
bool tb_sweep_wake(const struct tb_store *store, const struct tb_worker_spec *spec, struct tb_err *err);

#endif
