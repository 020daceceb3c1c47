/* SPDX-License-Identifier: MIT */
/* follow.h - a run as it grows: loaded once, then only the new records of its journal; and the interrupt that ends
 * verbs which look until something happens. */
#ifndef TB_CLI_FOLLOW_H
#define TB_CLI_FOLLOW_H

#include "store/run.h"
#include "store/tail.h"

struct tb_follow {
    struct tb_tail tail;
    struct tb_metrics m;
    struct tb_run_sight sight;
};

/* f must be closed also after a failure. */
bool tb_follow_open(struct tb_follow *f, const char *dir, struct tb_err *err);
/* What was recorded since. Never writes, takes no lock for longer than a look. */
bool tb_follow_poll(struct tb_follow *f, struct tb_err *err);
void tb_follow_close(struct tb_follow *f);
/* Somebody has it or may take it up: queued, running or paused, and not lost. */
bool tb_follow_goes_on(const struct tb_follow *f);

/* From now on SIGINT only ends tb_follow_wait. */
void tb_follow_catch(void);
/* Sleeps; false if SIGINT came, then or before. */
bool tb_follow_wait(double seconds);

#endif
