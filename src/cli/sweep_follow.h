/* SPDX-License-Identifier: MIT */
/* sweep_follow.h - looks on while a worker leads a sweep. */
#ifndef TB_CLI_SWEEP_FOLLOW_H
#define TB_CLI_SWEEP_FOLLOW_H

#include "cli/live.h"
#include "sweep/sweep.h"

/* Tells decisions and the progress of its runs until it is over, paused or stopped; starts a worker again that was
 * killed. SIGINT asks for a stop of the sweep and waits for that. *exit_code: 0; 5 if no trial has a result; 130, 75 as
 * tb_live_exit. */
bool tb_sweep_follow(const char *id, struct tb_live *live, const struct tb_worker_spec *spec, int *exit_code,
                     struct tb_err *err);

#endif
