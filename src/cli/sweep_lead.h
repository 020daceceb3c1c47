/* SPDX-License-Identifier: MIT */
/* sweep_lead.h - leads a sweep until it is over: puts its trials on the list, looks at what they record, prunes. */
#ifndef TB_CLI_SWEEP_LEAD_H
#define TB_CLI_SWEEP_LEAD_H

#include "cli/args.h"
#include "plan/plan.h"

/* Takes the plan over. *exit_code: 0 if it came to its end, 130 or 75 as tb_live_exit, 5 if no trial has a result.
 * id: of the sweep, also if it was interrupted. */
bool tb_sweep_lead(struct tb_plan *p, const struct tb_args *a, char id[16], int *exit_code, struct tb_err *err);

#endif
