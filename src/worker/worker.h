/* SPDX-License-Identifier: MIT */
/* worker.h - the runs of a plan put into a store and trained one after the other on one loaded base. */
#ifndef TB_WORKER_WORKER_H
#define TB_WORKER_WORKER_H

#include "base/buf.h"
#include "plan/plan.h"
#include "store/store.h"
#include "worker/train.h"

struct tb_worker_spec {
    const char *store;    /* folder, NULL: $TUNEBENCH_STORE or tunebench.d */
    char *const *argv;    /* of this process, recorded */
    int threads;          /* 0: as the run's config says; changes no bit */
    bool again;           /* runs that are in the store already are made once more under a new id */
    bool measures;        /* plan: anew how fast its bases and methods are, about two seconds each */
    struct tb_train_view view;
    /* A run of the plan that needs no training: it is over already, or somebody else has it. */
    void (*skipped)(void *arg, const char *id, const char *name, enum tb_state state);
};

/* One run of a plan in the store. */
struct tb_worker_run {
    char id[TB_RUN_ID];
    enum tb_state state; /* in which it was left; before its turn, in which it was found */
};
struct tb_worker_result {
    struct tb_worker_run *run; /* in the order of the plan; malloc'ed */
    size_t n;
    size_t n_failed;  /* failed or diverged */
    size_t n_busy;    /* not begun for want of memory */
    size_t n_unfinished; /* stopped, or not begun because of a stop */
};

/* Trains every run of the plan: one that is in the store is not trained again unless spec->again; one that was left
 * unfinished goes on. A run that fails does not end the others. A stop (tb_train_wish) leaves the rest queued. False
 * and *err if the plan cannot be carried out at all; result is to be freed also then. */
bool tb_worker_run(const struct tb_plan *p, const struct tb_worker_spec *spec, struct tb_worker_result *result,
                   struct tb_err *err);
/* Goes on with runs of the store, by the references of tb_store_find; n 0: all that were left unfinished. */
bool tb_worker_resume(const char *const *refs, size_t n, const struct tb_worker_spec *spec,
                      struct tb_worker_result *result, struct tb_err *err);
void tb_worker_result_free(struct tb_worker_result *r);

/* What tb_worker_run would do, trained nothing: {runs: [{id, name, state ("new" if it is not in the store), method,
 * trainable, share, steps, tokens, eval_rows, predicted_bytes, predicted {..}, est_s, est_is_measured, ..}],
 * data: [..]}; a new value. */
struct tb_json *tb_worker_plan(const struct tb_plan *p, const struct tb_worker_spec *spec, struct tb_err *err);

/* The same for many plans in turn: base, data and speeds are kept between them, as long as their files stay as they
 * are. What nobody has measured yet is measured. */
struct tb_planner;
struct tb_planner *tb_planner_open(void);
struct tb_json *tb_planner_plan(struct tb_planner *p, const struct tb_plan *plan, const char *store,
                                struct tb_err *err);
void tb_planner_close(struct tb_planner *p); /* NULL is fine */

/* `--data FILE` as `--data kind:FILE,key=value`, by looking into the file (pairs with || or a tab, jsonl, text);
 * unchanged where a word stands in front or there is no such file. malloc'ed; NULL and *err if it is no text. */
char *tb_worker_sniff(const char *text, struct tb_err *err);

#endif
