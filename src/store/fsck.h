/* SPDX-License-Identifier: MIT */
/* fsck.h - whether a store holds what it should, and the repair of what can be repaired without losing anything: what
 * opening a run for writing recovers, remains of writes that ended half-way, the index, and damaged files moved aside
 * as `.bad`. Nothing is repaired in a run that a process holds. Links are told, never followed. */
#ifndef TB_STORE_FSCK_H
#define TB_STORE_FSCK_H

#include "base/err.h"
#include "store/layout.h"

#include <stddef.h>

struct tb_finding {
    const char *run;    /* id, "" for the store itself */
    const char *file;   /* in the run's folder, or in the store */
    const char *what;
    const char *remedy; /* what repair does about it; "" nothing, it is left to a person */
    bool is_note;       /* nothing is wrong, but somebody may want to know */
    bool is_repaired;
};

struct tb_fsck {
    bool repairs;
    bool is_shallow; /* nothing is given to HDF5: only checksums, names and the journal's frames */
    void (*tell)(void *user, const struct tb_finding *f); /* what f points to is lent */
    /* The file that is looked at next, so that somebody knows it if this process does not come back; may be NULL. */
    void (*begin)(void *user, const char *file);
    void *user;
};

/* Names of the run folders in a store, sorted, malloc'ed; their number. */
size_t tb_fsck_runs(const char *root, char (**ids)[TB_RUN_ID], struct tb_err *err);
/* All but what is in the runs' folders. False only if the store cannot be read. */
bool tb_fsck_store(const struct tb_fsck *k, const char *root, struct tb_err *err);
/* One run's folder. HDF5 reads its files once their checksum is right, and is not safe on files that somebody made to
 * break it: call this in a process of its own. */
void tb_fsck_run(const struct tb_fsck *k, const char *root, const char *id);

#endif
