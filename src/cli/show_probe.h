/* SPDX-License-Identifier: MIT */
/* show_probe.h - how the learning rate of a run was chosen. */
#ifndef TB_CLI_SHOW_PROBE_H
#define TB_CLI_SHOW_PROBE_H

#include "cli/out.h"
#include "store/metrics.h"

/* A heading, the rates that were tried, and what it took; nothing for a run whose rate was not probed. */
void tb_show_probe(const struct tb_out *o, const struct tb_metrics *m);

#endif
