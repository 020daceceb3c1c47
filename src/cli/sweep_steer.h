/* SPDX-License-Identifier: MIT */
/* sweep_steer.h - what people ask of a sweep as a whole. */
#ifndef TB_CLI_SWEEP_STEER_H
#define TB_CLI_SWEEP_STEER_H

#include "cli/live.h"
#include "sweep/sweep.h"

/* Whether the flags ask for something: --stop, --pause, --resume, --more N, --budget N. */
bool tb_sweep_is_steered(const struct tb_args *a);
/* Asks it of the one that leads the sweep, or does it if nobody does; says what was done and what undoes it. */
bool tb_sweep_steer(const char *ref, const struct tb_args *a, const struct tb_out *out,
                    const struct tb_worker_spec *spec, int *exit_code, struct tb_err *err);

#endif
