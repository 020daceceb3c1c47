/* SPDX-License-Identifier: MIT */
/* watch.h - has a run gone wrong? NaN or inf at once; otherwise the debiased mean of the loss (weight 0.98) above 3
 * times its minimum + 1 nat for 50 steps on end, watched after 50 steps (doc/frozen.md 3). Its state is part of
 * checkpoints, so that a resumed run stops where the other would have. */
#ifndef TB_WORKER_WATCH_H
#define TB_WORKER_WATCH_H

#include "base/json.h"

struct tb_watch {
    double sum, weight; /* of the mean before debiasing */
    double least;       /* lowest debiased mean so far */
    int64_t n, n_above;
};

/* Takes the loss of the next step; true if the run has diverged, with the reason in words[n]. */
bool tb_watch_diverged(struct tb_watch *w, double loss, char *words, size_t n);
/* Whether it said so for the first time since the loss went up. */
bool tb_watch_is_first(const struct tb_watch *w);
struct tb_json *tb_watch_to_json(const struct tb_watch *w);
void tb_watch_from_json(struct tb_watch *w, const struct tb_json *j);

#endif
