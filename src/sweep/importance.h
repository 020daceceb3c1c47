/* SPDX-License-Identifier: MIT */
/* importance.h - how much of the difference between an arm's trials goes with one key of its space. */
#ifndef TB_SWEEP_IMPORTANCE_H
#define TB_SWEEP_IMPORTANCE_H

#include "sweep/sweep.h"

/* 0 .. 1, NaN where nothing can be said: fewer than 6 trials with results, or all with the same value of the key. */
double tb_importance(const struct tb_sweep *s, size_t arm, const char *key);

#endif
