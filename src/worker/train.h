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
    void (*trouble)(void *arg, const char *words);
};

/* Trains the run whose folder is `dir` from its newest checkpoint (or its start values) to its end, on back end k.
 * *state: as it was seen, then done, stopped, failed (divergence), queued (yielded). False and *err if it could not go
 * on for another reason; what is journalled stays. TB_ERR_BUSY if another process has it, or ended it since. */
bool tb_train(struct tb_job *j, struct tb_kernels *k, const char *dir, const struct tb_train_view *view,
              enum tb_state *state, struct tb_err *err);

#endif
