/* SPDX-License-Identifier: MIT */
/* lane.h - work that is done a turn at a time, on a thread of its own, so that it can wait in the middle of a turn
 * while others have theirs. Whoever gives a turn waits until it is over, so only one lane works at a time, and what
 * they share needs no lock. */
#ifndef TB_WORKER_LANE_H
#define TB_WORKER_LANE_H

#include "base/err.h"

struct tb_lane;
typedef void tb_lane_fn(void *arg);

/* Each turn calls fn. TB_ERR_LIMIT if the system gives no thread. */
struct tb_lane *tb_lane_open(tb_lane_fn *fn, void *arg, struct tb_err *err);
/* Not in the middle of a turn. NULL is fine. */
void tb_lane_close(struct tb_lane *l);
/* Gives it a turn: fn is called, or goes on where it waited. True once fn has returned, false if it waits. */
bool tb_lane_turn(struct tb_lane *l);
/* Waits in the middle of a turn, and cannot go on yet. */
bool tb_lane_is_waiting(struct tb_lane *l);
/* For fn: true, before it waits for what needs no turn; false, behind that, which takes until the next turn. */
void tb_lane_wait(struct tb_lane *l, bool waits);

#endif
