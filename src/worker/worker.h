/* SPDX-License-Identifier: MIT */
/* worker.h - runs put on a store's list, and the process that trains what is on it: several at a time, turn by turn, on
 * one loaded base. The list is the store: a run whose state is queued is on it. */
#ifndef TB_WORKER_WORKER_H
#define TB_WORKER_WORKER_H

#include "base/buf.h"
#include "plan/plan.h"
#include "store/store.h"
#include "worker/train.h"

enum { TB_WORKER_IN_FLIGHT = 4, TB_WORKER_MOST_IN_FLIGHT = 64 };

struct tb_worker_spec {
    const char *store;    /* folder, NULL: $TUNEBENCH_STORE or tunebench.d */
    char *const *argv;    /* of this process, recorded */
    int threads;          /* 0: as each run's config says; changes no bit */
    const char *memory;   /* exec.memory of all runs; NULL: as their configs say; changes no bit */
    int in_flight;        /* runs that take turns; 0: TB_WORKER_IN_FLIGHT */
    bool again;           /* runs that are in the store already are made once more under a new id */
    bool is_detached;     /* waits for more work, and for memory */
    double idle_s;        /* so long, when there is none */
    bool measures;        /* plan: anew how fast its bases and methods are, about two seconds each */
    struct tb_train_view view;
    /* A run that needs no training: it is over already, or somebody else has it. */
    void (*skipped)(void *arg, const char *id, const char *name, enum tb_state state);
    /* A run that goes on: what had happened to it, in words. */
    void (*put_back)(void *arg, const char *id, const char *name, const char *words);
};

/* One run in the store. */
struct tb_worker_run {
    char id[TB_RUN_ID];
    enum tb_state state; /* in which it was left; before its turn, in which it was found */
    bool was_busy;       /* memory did not suffice */
    size_t n_events;     /* that were recorded when it was put on the list */
};
struct tb_worker_result {
    struct tb_worker_run *run; /* in the order of the plan; malloc'ed */
    size_t n;
    size_t n_failed;     /* failed or diverged */
    size_t n_busy;       /* not begun for want of memory, or held by a process that does not move */
    size_t n_unfinished; /* stopped, or not begun because of a stop */
    size_t n_of[TB_N_STATES]; /* of all runs of the store: those that tb_worker_pick left alone */
};

struct tb_worker;

/* Opens the store, `create`: makes it. recipe_path: "" where there is none. The spec must outlive it. */
struct tb_worker *tb_worker_open(const struct tb_worker_spec *spec, const char *recipe_path, bool create,
                                 struct tb_err *err);
void tb_worker_close(struct tb_worker *w); /* NULL is fine */

/* Puts every run of the plan into the store and on the list: one that is there already is not made again unless
 * spec->again; one that is over stays over, one that was left unfinished goes on. False and *err if the plan cannot be
 * carried out at all; result is to be freed also then. */
bool tb_worker_put(struct tb_worker *w, const struct tb_plan *p, struct tb_worker_result *result, struct tb_err *err);
/* The same for runs of the store, by the references of tb_store_find, also if they failed; n 0: all that were left
 * unfinished. */
bool tb_worker_pick(struct tb_worker *w, const char *const *refs, size_t n, struct tb_worker_result *result,
                    struct tb_err *err);
/* Trains what is on the list of this store, `mine` first, until all of mine are over; NULL: until nothing is left and
 * nothing comes for spec->idle_s. A run that fails does not end the others. A stop (tb_train_wish) leaves the rest on
 * the list. TB_ERR_BUSY if another process on this host does that for this store. */
bool tb_worker_serve(struct tb_worker *w, struct tb_worker_result *mine, struct tb_err *err);
/* How the runs stand in the store: their states and the counts, but n_busy. */
void tb_worker_tally(const char *store, struct tb_worker_result *r);
void tb_worker_result_free(struct tb_worker_result *r);

/* Starts a detached process that serves the store, with the spec's threads, memory and in_flight, and waits until it is
 * on duty; fine if one is already. */
bool tb_worker_start(const char *store, const struct tb_worker_spec *spec, struct tb_err *err);

/* What training a plan would take, trained nothing: {runs: [{id, name, state ("new" if it is not in the store), method,
 * trainable, share, steps, tokens, eval_rows, predicted_bytes, predicted {..}, est_s, est_is_measured, pace {..}, ..}],
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
