/* SPDX-License-Identifier: MIT */
/* at_work.h - the runs of a store that somebody trains now, and what each is at. The list of all runs is looked at
 * seldom if it is long; in between only the journals of those that live are read on. */
#ifndef TB_CLI_AT_WORK_H
#define TB_CLI_AT_WORK_H

#include "base/usage.h"
#include "cli/follow.h"
#include "store/store.h"

/* One run that lives: running or paused, and not lost. */
struct tb_at_work_run {
    struct tb_run_item item; /* as it is now */
    struct tb_follow f;
    char host[33];           /* of its worker */
    double memory;           /* bytes of the worker, NaN if not known */
    double cpu;              /* processors its worker keeps busy; NaN for one on another host */
    struct tb_usage used;    /* at the last look */
    double used_at;          /* monotonic; negative: never */
    bool is_listed;
};

struct tb_at_work {
    struct tb_store *store; /* lent */
    struct tb_at_work_run **run; /* in the order in which they were made */
    size_t n, cap;
    size_t n_all, n_waiting, n_lost; /* as of the last list */
    double listed_at, list_s;        /* when, and how long it took */
};

void tb_at_work_open(struct tb_at_work *w, struct tb_store *s);
/* Looks again. False only if the store cannot be read. */
bool tb_at_work_look(struct tb_at_work *w, struct tb_err *err);
void tb_at_work_close(struct tb_at_work *w);

#endif
