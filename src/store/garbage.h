/* SPDX-License-Identifier: MIT */
/* garbage.h - what a store holds that nobody needs any more, and its removal:
 *     checkpoints of runs that are over, but for the newest that can be read and those that stay by store/keeping.h;
 *     damaged files that were moved aside (.bad), files of writes that were never finished;
 *     whole runs that are archived, on request.
 * Runs that a process holds, that are protected, or that cannot be read are left alone, links are not followed. */
#ifndef TB_STORE_GARBAGE_H
#define TB_STORE_GARBAGE_H

#include "store/store.h"

enum tb_garbage_kind {
    TB_GARBAGE_CHECKPOINT,
    TB_GARBAGE_BAD,
    TB_GARBAGE_TEMP,
    TB_GARBAGE_RUN,
    TB_N_GARBAGE,
};

struct tb_garbage {
    enum tb_garbage_kind kind;
    char run[TB_RUN_ID]; /* "": of the store itself */
    char *path;
    int64_t bytes;
    bool is_removed;
};

struct tb_garbage_list {
    struct tb_garbage *at;
    size_t n, cap;
    size_t n_held; /* runs that were passed over since another process has them */
};

/* All there is, by run; `archived`: archived runs as a whole. g must be freed also after a failure. */
bool tb_garbage_find(struct tb_garbage_list *g, struct tb_store *s, bool archived, struct tb_err *err);
/* Removes what is in the list and still is garbage when its run is held here; marks it. The first failure is told,
 * the others are still tried. */
bool tb_garbage_remove(struct tb_garbage_list *g, struct tb_store *s, bool archived, struct tb_err *err);
void tb_garbage_free(struct tb_garbage_list *g);

#endif
