/* SPDX-License-Identifier: MIT */
/* losses.h - rows of a data set scored by an engine, and their losses as a measure, so that they can be set against
 * those of another model. */
#ifndef TB_WORKER_LOSSES_H
#define TB_WORKER_LOSSES_H

#include "dataset/dataset.h"
#include "engine/engine.h"
#include "store/measure.h"

struct tb_losses {
    const struct tb_dataset *data; /* lent, like row */
    const int *row;
    int n, longest; /* longest: tokens of a row */
    struct tb_row *rows;
    double *loss; /* nats of each, by the engine that took them last; 0 before */
    int *labels;
};

void tb_losses_open(struct tb_losses *l, const struct tb_dataset *d, const int *row, int n);
void tb_losses_close(struct tb_losses *l);
/* The spec of an engine that scores them for a verb; what it leaves at 0 tb_session_open fills in. */
struct tb_engine_spec tb_losses_spec(const struct tb_losses *l);
bool tb_losses_take(struct tb_losses *l, struct tb_engine *e, struct tb_err *err);
/* Rows without a label are left out. The value is the mean by label token, NaN without any; its interval is not known.
 * Rows are malloc'ed. */
struct tb_measure tb_losses_measure(const struct tb_losses *l);

#endif
