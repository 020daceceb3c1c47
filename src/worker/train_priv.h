/* SPDX-License-Identifier: MIT */
/* train_priv.h - a run while it is trained, shared by train.c, evaluate.c, keep.c and finish.c. */
#ifndef TB_WORKER_TRAIN_PRIV_H
#define TB_WORKER_TRAIN_PRIV_H

#include "worker/probe.h"
#include "worker/recorder.h"
#include "worker/stopping.h"
#include "worker/train.h"
#include "worker/watch.h"

struct tb_training {
    struct tb_job *job;
    struct tb_kernels *k;
    const char *dir;
    const struct tb_train_view *view;
    const struct tb_turn_spec *turn; /* NULL between turns */
    struct tb_recorder *recorder;
    struct tb_engine *engine;
    int64_t step;   /* steps done */
    int64_t tokens; /* own tokens of those */
    double wall_s;  /* seconds of training before `since` */
    double since;   /* time of tb_recorder_clock from which on it trains, while its clock runs */
    bool clock_runs; /* it has its turn */
    enum tb_state state;
    uint64_t peak_bytes; /* of its turns so far, without what other runs held then */
    uint64_t company_bytes; /* that, in this turn */
    double saved_s; /* wall_s of the last checkpoint */
    struct tb_watch watch;
    struct tb_stopping stopping;
    struct tb_probe probe;
    double lr[TB_STACK_PARTS]; /* of each part, at its peak */
    double eval; /* loss of the last evaluation */
    double best_loss;
    int64_t best_step; /* -1: none yet */
    int64_t last_kept; /* step of the newest checkpoint, -1: none */
    int64_t start;     /* step of the checkpoint the run begins from; -1: none */
    int64_t until;     /* step at which it ends before its budget does, -1: none */
    struct tb_json *recipe, *changes; /* the config as it was at first, and what was changed under way */
    int64_t followed;  /* changes up to this step are in force */
    bool can_measure_peak;
    bool is_paused;
    bool is_pruned; /* asked to end as that */
    char why[160];  /* the reason that the request gave, "" */
    bool has_begun, has_started; /* somebody was told; the evaluation before the first step is over */
    struct tb_row *rows; /* of a step, and of the evaluation */
    float *row_loss; /* means of the step's rows */
    struct tb_row *eval_rows;
    double *eval_loss;
    int *eval_labels;
};

/* Seconds of training so far. */
double tb_training_wall(const struct tb_training *t);
/* What was done since its clock was last read is no training. */
void tb_training_go_on(struct tb_training *t);
/* Its peak memory so far, 0 where the system does not tell. */
uint64_t tb_training_peak(struct tb_training *t);
void tb_training_note(struct tb_training *t, const char *kind, const char *text);

/* train.c: start values and an optimiser that has seen nothing; the rows of a step into t->rows, whose tokens are
 * added; what the optimiser is to do, with this share of the peak rates. */
bool tb_training_start(struct tb_training *t, struct tb_err *err);
int tb_training_rows(struct tb_training *t, int64_t step, int64_t *tokens);
struct tb_update tb_training_update(const struct tb_training *t, double factor);

/* probe.c: settles the rates, and whether they are to be probed first (t->probe.is_on); call it once the step is known.
 * Then a step of the probe at a time, until it is over: *diverged with the reason if no rate is left. */
bool tb_training_probe_begin(struct tb_training *t, struct tb_err *err);
bool tb_training_probe_step(struct tb_training *t, bool *diverged, char words[256], struct tb_err *err);

/* evaluate.c: scores the held-out rows, records them, and says whether this is the best so far. */
bool tb_training_evaluate(struct tb_training *t, struct tb_err *err);

/* stopping.c: takes the loss of an evaluation, which may be the last of the run (t->stopping.ends). */
void tb_training_weigh(struct tb_training *t, double loss);
/* Whether a run whose loss has grown goes on all the same, since it is protected. A loss or gradient that is not
 * finite ends any run: there is nothing left to train on. */
bool tb_training_outlives(struct tb_training *t, const struct tb_step_out *out, const char *words);
/* Whether the last evaluation was not finite, with the reason in words[n]. */
bool tb_training_is_broken(const struct tb_training *t, char *words, size_t n);
/* Ends the run for that reason: an event, and the state failed. */
bool tb_training_diverge(struct tb_training *t, const char *words, struct tb_err *err);

/* keep.c: a checkpoint of this step, unless a value in it is not finite; removes those that nothing keeps. And the
 * way back: *found is false if there is none. */
bool tb_training_save(struct tb_training *t, struct tb_err *err);
bool tb_training_load(struct tb_training *t, bool *found, struct tb_err *err);

/* leave.c: the end that was asked for from outside; a full disk does not keep it from that. */
bool tb_training_leave(struct tb_training *t, struct tb_err *err);
/* Behind which checkpoint it ends, since a newer one could not be written, in words[n]. */
void tb_training_behind(const struct tb_training *t, const struct tb_err *why, char *words, size_t n);

/* retune.c: changes of the config under way. recall reads what is recorded, before the checkpoint is loaded; follow
 * brings into force what is due at this step; set answers a request, with what was done in note[n]. */
bool tb_training_recall(struct tb_training *t, struct tb_err *err);
void tb_training_forget(struct tb_training *t);
bool tb_training_follow(struct tb_training *t, struct tb_err *err);
bool tb_training_set(struct tb_training *t, const struct tb_json *asked, char *note, size_t n, struct tb_err *err);
/* The peak rate of a part in force: as it was changed to, else its own. */
double tb_training_lr(const struct tb_training *t, int part);

/* finish.c: adapter, hash and figures into the run's folder, and its last state. */
bool tb_training_seal(struct tb_training *t, enum tb_state state, const char *ended_by, const char *note,
                      struct tb_err *err);

#endif
