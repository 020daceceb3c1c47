/* SPDX-License-Identifier: MIT */
/* stopping.h - early stopping: a run ends once `stop.patience` evaluations in a row were no improvement, which is a
 * loss below the best so far, and by `stop.min_delta` at least. The evaluation before the first step is the first
 * best. What this knows is part of checkpoints, so that a resumed run ends where the other would have. */
#ifndef TB_WORKER_STOPPING_H
#define TB_WORKER_STOPPING_H

#include "base/json.h"

struct tb_stopping {
    double best;     /* loss of the last improvement, infinite before the first evaluation */
    int64_t best_at; /* its step */
    int64_t at;      /* step of the last evaluation that was taken, -1: none */
    int64_t n_since; /* evaluations since the last improvement */
    bool ends;       /* it was decided that the run ends here */
};

/* Takes the loss of the evaluation after `step`, unless it was taken already. NaN is no improvement. True if
 * `patience` evaluations (0: no number of them) have passed. */
bool tb_stopping_take(struct tb_stopping *s, int64_t patience, double min_delta, int64_t step, double loss);
/* Why it ends. */
void tb_stopping_words(const struct tb_stopping *s, char *words, size_t n);
struct tb_json *tb_stopping_to_json(const struct tb_stopping *s);
/* NULL: before the first evaluation. */
void tb_stopping_from_json(struct tb_stopping *s, const struct tb_json *j);

#endif
