/* SPDX-License-Identifier: MIT */
/* worker_priv.h - a worker's insides, shared by worker.c (putting runs on the list) and serve.c (training them). */
#ifndef TB_WORKER_WORKER_PRIV_H
#define TB_WORKER_WORKER_PRIV_H

#include "worker/hold.h"
#include "worker/worker.h"

enum { TB_WORKER_BACK_ENDS = 8 };

struct tb_worker {
    const struct tb_worker_spec *spec;
    struct tb_store *store;
    struct tb_shelf *shelf;
    /* A back end for each number of threads that a run asked for: runs in flight may differ. */
    struct tb_kernels *k[TB_WORKER_BACK_ENDS];
    int n_threads[TB_WORKER_BACK_ENDS], n_k;
    struct tb_patience patience; /* with processes that hold runs which are to go on */
    const struct tb_json *env; /* of new runs, lent; NULL: of this process */
};

/* The back end with so many threads, lent. */
struct tb_kernels *tb_worker_kernels(struct tb_worker *w, int n_threads, struct tb_err *err);
/* As it is stored now; queued if that cannot be read. */
enum tb_state tb_worker_state_now(const struct tb_worker *w, const char *id);
void tb_worker_tell_skipped(const struct tb_worker *w, const char *id, const char *name, enum tb_state state);
void tb_worker_tell_failure(const char *id, const struct tb_err *why);

#endif
