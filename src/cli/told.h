/* SPDX-License-Identifier: MIT */
/* told.h - a run that is followed and told as it goes: its steps, evaluations and events once each. */
#ifndef TB_CLI_TOLD_H
#define TB_CLI_TOLD_H

#include "cli/follow.h"
#include "cli/live.h"

/* Its address is the key of its line. */
struct tb_told_run {
    struct tb_follow f;
    bool is_open;
    double step, eval; /* told already */
    size_t n_events;
};

/* What came before is not told again: steps and evaluations of an earlier try, and r->n_events events. is_open says
 * whether it worked. */
void tb_told_open(struct tb_told_run *r, struct tb_live *live, const char *dir);
/* What was recorded since the last look. */
bool tb_told_news(struct tb_told_run *r, struct tb_live *live, struct tb_err *err);
void tb_told_close(struct tb_told_run *r); /* also of one that is not open */

#endif
