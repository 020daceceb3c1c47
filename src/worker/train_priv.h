/* SPDX-License-Identifier: MIT */
/* train_priv.h - a run while it is trained, shared by train.c, evaluate.c, keep.c and finish.c. */
#ifndef TB_WORKER_TRAIN_PRIV_H
#define TB_WORKER_TRAIN_PRIV_H

#include "worker/recorder.h"
#include "worker/train.h"
#include "worker/watch.h"

struct tb_training {
    struct tb_job *job;
    struct tb_kernels *k;
    const char *dir;
    const struct tb_train_view *view;
    struct tb_recorder *recorder;
    struct tb_engine *engine;
    int64_t step;   /* steps done */
    int64_t tokens; /* own tokens of those */
    double wall_s;  /* seconds of training before `since` */
    double since;   /* monotonic time from which on it trains */
    double saved_s; /* wall_s of the last checkpoint */
    struct tb_watch watch;
    double best_loss;
    int64_t best_step; /* -1: none yet */
    int64_t last_kept; /* step of the newest checkpoint, -1: none */
    int64_t best_kept; /* step of the best one, which best_step may have left behind */
    int64_t start;     /* step of the checkpoint the run begins from, which stays; -1: none */
    int64_t until;     /* step at which it ends before its budget does, -1: none */
    struct tb_json *recipe, *changes; /* the config as it was at first, and what was changed under way */
    int64_t followed;  /* changes up to this step are in force */
    bool can_measure_peak;
    bool is_paused;
    bool is_pruned; /* asked to end as that */
    struct tb_row *rows; /* of a step, and of the evaluation */
    struct tb_row *eval_rows;
    double *eval_loss;
    int *eval_labels;
};

/* Seconds of training so far. */
double tb_training_wall(const struct tb_training *t);
void tb_training_note(struct tb_training *t, const char *kind, const char *text);

/* evaluate.c: scores the held-out rows, records them, and says whether this is the best so far. */
bool tb_training_evaluate(struct tb_training *t, struct tb_err *err);

/* keep.c: a checkpoint of this step; removes those that neither are the newest nor the best. And the way back:
 * *found is false if there is none. */
bool tb_training_save(struct tb_training *t, struct tb_err *err);
bool tb_training_load(struct tb_training *t, bool *found, struct tb_err *err);

/* retune.c: changes of the config under way. recall reads what is recorded, before the checkpoint is loaded; follow
 * brings into force what is due at this step; set answers a request, with what was done in note[n]. */
bool tb_training_recall(struct tb_training *t, struct tb_err *err);
void tb_training_forget(struct tb_training *t);
bool tb_training_follow(struct tb_training *t, struct tb_err *err);
bool tb_training_set(struct tb_training *t, const struct tb_json *asked, char *note, size_t n, struct tb_err *err);

/* finish.c: adapter, hash and figures into the run's folder, and its last state. */
bool tb_training_seal(struct tb_training *t, enum tb_state state, const char *ended_by, const char *note,
                      struct tb_err *err);

#endif
