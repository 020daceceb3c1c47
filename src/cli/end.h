/* SPDX-License-Identifier: MIT */
/* end.h - the whole of stop and prune: a run that is trained is asked to end behind a checkpoint; one that waits or was
 * lost is ended here. */
#ifndef TB_CLI_END_H
#define TB_CLI_END_H

#include "cli/steer.h"
#include "store/layout.h"

struct tb_end {
    const char *verb;      /* "stop", which is also the request */
    const char *done;      /* "stopped" */
    enum tb_state state;
    bool spares_protected; /* unless --force */
};
bool tb_end_runs(const struct tb_end *e, const struct tb_args *a, int *exit_code, struct tb_err *err);

#endif
