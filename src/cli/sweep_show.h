/* SPDX-License-Identifier: MIT */
/* sweep_show.h - a sweep as it stands: arms, best trials, importance of keys, decisions with their reasons. */
#ifndef TB_CLI_SWEEP_SHOW_H
#define TB_CLI_SWEEP_SHOW_H

#include "cli/out.h"
#include "sweep/sweep.h"

/* most: decisions to print, the last ones; JSON has all. */
void tb_sweep_show(const struct tb_sweep *s, const struct tb_out *o, size_t most);

#endif
