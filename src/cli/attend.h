/* SPDX-License-Identifier: MIT */
/* attend.h - a client of training: puts runs on the list, sees to it that a worker is there, follows their journals
 * until they are over, and compares them. Shared by run, resume and worker. */
#ifndef TB_CLI_ATTEND_H
#define TB_CLI_ATTEND_H

#include "cli/live.h"

#define TB_ATTEND_FLAGS \
    { "detach", NULL, false, "only put the runs on the list; the worker trains them, 'watch' follows" }, \
    { "foreground", NULL, false, "train in this very process (the rule under a batch system)" }, \
    { "in-flight", "N", false, "runs that take turns (4), for a worker that is started now" }

/* What is to be trained: a plan, or runs of the store as tb_worker_pick takes them. */
struct tb_attend_spec {
    const struct tb_plan *plan; /* NULL: refs */
    const char *const *refs;
    size_t n_refs;
    bool in_foreground; /* whatever the flags say */
};

/* Does it all by the flags of `a`, and compares the runs unless out is NULL; *exit_code as tb_live_exit says. False and
 * *err if it could not be begun. */
bool tb_attend(const struct tb_attend_spec *s, const struct tb_args *a, const struct tb_out *out, int *exit_code,
               struct tb_err *err);

#endif
