/* SPDX-License-Identifier: MIT */
/* objective.h - the series by which trials are judged (plan/objective.h). Inside a sweep a lower value is better, so
 * one of which the highest is looked for changes its sign on the way in, and back on the way out. */
#ifndef TB_SWEEP_OBJECTIVE_H
#define TB_SWEEP_OBJECTIVE_H

#include "store/metrics.h"
#include "sweep/prune.h"

struct tb_objective {
    const char *metric; /* "eval/loss"; lent by the plan */
    double sign;        /* -1: the highest is looked for, else 1 */
    double target;      /* as inside; NaN: none */
};

/* NULL: {"eval/loss", "min"}. */
struct tb_objective tb_objective_read(const struct tb_json *spec);
/* The evaluations of a run anew, without the one before the first step. */
void tb_objective_curve(const struct tb_objective *o, const struct tb_metrics *m, struct tb_curve *c);
/* A value of a curve as it was recorded. */
double tb_objective_shown(const struct tb_objective *o, double v);

#endif
