/* SPDX-License-Identifier: MIT */
/* hold.h - whether a run that somebody holds is really in somebody's hands. A process that was killed takes a while to
 * give its locks back, and one that hangs never does. */
#ifndef TB_WORKER_HOLD_H
#define TB_WORKER_HOLD_H

#include "store/run.h"

enum tb_hold {
    TB_HOLD_FREE,
    TB_HOLD_ALIVE, /* a process has it that is well, or is on another machine */
    TB_HOLD_STUCK, /* a process has it that dies, or whose heartbeat stands still, for longer than we wait */
};

/* What is known of all runs that are looked at one after the other; zero before the first. */
struct tb_patience {
    double until;   /* nobody is waited for longer than that */
    uint32_t alive; /* a process that is well */
};

/* Waits until one or the other is sure, all in all for some seconds. `stored`: the state of the run in `dir`. */
enum tb_hold tb_hold_settle(struct tb_patience *p, const char *dir, enum tb_state stored);
/* TB_ERR_BUSY: who holds the run and does not move. */
void tb_hold_tell(const char *dir, struct tb_err *err);

#endif
