/* SPDX-License-Identifier: MIT */
/* importance.h - how much of the difference between an arm's trials goes with one key of its space. */
#ifndef TB_SWEEP_IMPORTANCE_H
#define TB_SWEEP_IMPORTANCE_H

#include "sweep/sweep.h"

/* In the place of an arm: trials of all arms, and the key TB_KEY_ARM, which says in which arm they are. */
#define TB_ALL_ARMS SIZE_MAX
#define TB_KEY_ARM "method"

/* 0 .. 1, NaN where nothing can be said: fewer than 6 trials with results, or all with the same value of the key. */
double tb_importance(const struct tb_sweep *s, size_t arm, const char *key);
/* Every key that is drawn in some template of the arm, once, and TB_POINT_TEMPLATE where there are several; a new map
 * whose values are null. */
struct tb_json *tb_sweep_keys(const struct tb_sweep *s, size_t arm);

#endif
