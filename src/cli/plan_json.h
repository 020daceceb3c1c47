/* SPDX-License-Identifier: MIT */
/* plan_json.h - what plan --json and plan --serve say of a search beside its runs. */
#ifndef TB_CLI_PLAN_JSON_H
#define TB_CLI_PLAN_JSON_H

#include "plan/plan.h"

/* The part of a plan whose runs are known: of a search that goes by results only its first trials. What it points to
 * belongs to p. */
struct tb_plan tb_plan_known(const struct tb_plan *p);
/* Puts the sweep of p, if it has one, into an answer. */
void tb_plan_put_sweep(struct tb_json *answer, const struct tb_plan *p);

#endif
