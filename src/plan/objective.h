/* SPDX-License-Identifier: MIT */
/* objective.h - what a search looks for: a series that the evaluations of its runs produce, "eval/loss", a metric of
 * eval.metrics as "eval/slots", or "forget/loss" where eval.forget names a text; its lowest value ("min") or its
 * highest. */
#ifndef TB_PLAN_OBJECTIVE_H
#define TB_PLAN_OBJECTIVE_H

#include "plan/plan.h"

/* objective: {metric, goal, target}, NULL: {"eval/loss", "min"}. TB_ERR_RECIPE with the nearest name if no evaluation
 * of this run produces the metric, if its better end is the other one, or if rungs are to read (is_pruned) what is only
 * measured at the end. */
bool tb_objective_check(const struct tb_json *objective, const struct tb_config *c, bool is_pruned, struct tb_err *err);

#endif
