/* SPDX-License-Identifier: MIT */
/* hold.c - an owner is well if its process is there, is not about to end, and has written its heartbeat lately or does
 * so while we look. Of one that is killed this moment that is seen at the second look. */
#include "worker/hold.h"

#include "base/clock.h"
#include "base/proc.h"

static const double patience_s = 10, look_every_s = 0.05, silence_s = 6; /* silence_s: three beats */

/* moved: whether its heartbeat did since the first look. */
static bool is_well(const struct tb_run_sight *s, bool moved)
{
    return !tb_proc_is_dying((pid_t)s->pid) && (moved || (s->beat_s < silence_s && tb_proc_is_there((pid_t)s->pid)));
}

enum tb_hold tb_hold_settle(struct tb_patience *p, const char *dir, enum tb_state stored)
{
    struct tb_run_sight first, s;
    tb_run_look(dir, stored, &first);
    if (p->until <= 0)
        p->until = tb_clock_mono_s() + patience_s;
    for (s = first; s.pid; tb_run_look(dir, stored, &s)) {
        if (!s.is_here || s.pid == p->alive)
            return TB_HOLD_ALIVE;
        tb_clock_nap(look_every_s);
        if (is_well(&s, s.counter != first.counter)) {
            p->alive = s.pid;
            return TB_HOLD_ALIVE;
        }
        if (tb_clock_mono_s() > p->until)
            return TB_HOLD_STUCK;
    }
    return TB_HOLD_FREE;
}

void tb_hold_tell(const char *dir, struct tb_err *err)
{
    struct tb_run_sight s;
    tb_run_look(dir, TB_STATE_RUNNING, &s);
    tb_fail_at(err, TB_ERR_BUSY, dir, 0, "is not put on the list: process %u holds it, whose heartbeat was %.0f s ago "
               "and stands still; try again when it is gone (kill -9 %u)", s.pid, s.beat_s, s.pid);
}
