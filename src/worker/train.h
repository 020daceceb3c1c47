/* SPDX-License-Identifier: MIT */
/* train.h - one run from its plan to a sealed run folder: the loop of step, log, requests, evaluation, checkpoint. */
#ifndef TB_WORKER_TRAIN_H
#define TB_WORKER_TRAIN_H

#include "kernels/kernels.h"
#include "store/metrics.h"
#include "worker/job.h"

/* What somebody outside wants of all runs of this process; set from signal handlers. */
enum tb_wish {
    TB_WISH_NONE,
    TB_WISH_STOP,
    TB_WISH_YIELD
}; /* stop: checkpoint, "stopped"; yield: checkpoint, "queued" */
void tb_train_wish(enum tb_wish wish);
enum tb_wish tb_train_wished(void);

/* Who looks on; all members may be NULL. Called on the step thread, but for `trouble` (store thread). */
struct tb_train_view {
    void *arg;
    void (*begin)(void *arg, const struct tb_job *j, const char *dir, int64_t from_step);
    void (*step)(void *arg, const struct tb_job *j, const struct tb_train_row *row);
    void (*eval)(void *arg, const struct tb_job *j, const struct tb_eval_row *row);
    void (*note)(void *arg, const struct tb_job *j, int64_t step, const char *kind, const char *text);
    void (*end)(void *arg, const struct tb_job *j, enum tb_state state); /* given back, whatever the state */
    void (*trouble)(void *arg, const char *words);
};

/* A run in the hands of this process, trained a turn at a time, so that several may share a worker. Which of them has
 * its turn when changes no bit of any. */
struct tb_training;

/* Takes the run whose folder is `dir` and makes it ready to go on from its newest checkpoint, or its start values, on
 * back end k. All that is given must outlive it. `seen`: the state in which it was found. NULL and *err if it could not
 * begin; TB_ERR_BUSY if another process has it or ended it since, or memory does not suffice now. */
struct tb_training *tb_training_begin(struct tb_job *j, struct tb_kernels *k, const char *dir,
                                      const struct tb_train_view *view, enum tb_state seen, struct tb_err *err);
/* Gives the run back. NULL is fine. */
void tb_training_end(struct tb_training *t);

enum tb_turn {
    TB_TURN_ON,   /* there is more to do */
    TB_TURN_IDLE, /* paused: only a request can change that */
    TB_TURN_OVER, /* it has come to its end, or was asked to leave; see tb_training_state */
};
/* Asked between two steps; true ends the turn. */
typedef bool tb_enough_fn(void *arg);

/* Answers what was asked and trains for about `seconds`: at least a step, evaluation or checkpoint. company_bytes: what
 * other runs of this process hold in memory, for this run's own peak. False and *err if it could not go on; what is
 * journalled stays. */
struct tb_turn_spec {
    double seconds;
    uint64_t company_bytes;
    tb_enough_fn *enough; /* NULL: never */
    void *arg;
    /* Told when the run has to wait in the middle of its turn until its folder can be written again, and behind that;
     * may be NULL. */
    void (*stall)(void *lane, bool waits);
    void *lane;
};
bool tb_training_turn(struct tb_training *t, const struct tb_turn_spec *spec, enum tb_turn *turn, struct tb_err *err);
/* Somebody asked something of this run. */
bool tb_training_is_asked(const struct tb_training *t);
/* What was asked before this call is carried out before the next step. */
void tb_training_look(struct tb_training *t);
/* Running, paused; in the end done, stopped, pruned, failed (divergence), queued (yielded). */
enum tb_state tb_training_state(const struct tb_training *t);

#endif
