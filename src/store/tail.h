/* SPDX-License-Identifier: MIT */
/* tail.h - a run read behind its writer: whole at first, then only the records that its journal gained since. A look at
 * a run that has not moved costs one stat call a file. */
#ifndef TB_STORE_TAIL_H
#define TB_STORE_TAIL_H

#include "store/metrics.h"

struct tb_tail {
    char *dir;
    uint64_t n_whole; /* how often all of it was read: rows behind the last of these were only added to */
    /* For tail.c. */
    struct tb_journal_place place;
    uint64_t stamp;
};

/* Reads the run into m, which is initialised here; both are to be closed and freed also after a failure. Then poll may
 * be tried again. */
bool tb_tail_open(struct tb_tail *t, struct tb_metrics *m, const char *dir, struct tb_err *err);
/* Adds to m what was recorded since; *is_news (may be NULL): that was something. Where the journal does not continue,
 * because a snapshot swept segments away or the run was sealed, all is read again; as long as it does, run.h5 is not
 * looked into. m stays as it was on failure. Never writes, takes no lock. */
bool tb_tail_poll(struct tb_tail *t, struct tb_metrics *m, bool *is_news, struct tb_err *err);
/* Whether no file has changed since the last look. */
bool tb_tail_is_fresh(const struct tb_tail *t);
void tb_tail_close(struct tb_tail *t);

#endif
