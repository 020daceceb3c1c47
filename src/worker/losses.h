/* SPDX-License-Identifier: MIT */
/* losses.h - the losses of rows of a data set as a measure, so that they can be set against those of another model. */
#ifndef TB_WORKER_LOSSES_H
#define TB_WORKER_LOSSES_H

#include "dataset/dataset.h"
#include "store/measure.h"

/* Nats and label tokens of n rows as tb_engine_evaluate gives them; rows without a label are left out. The value is the
 * mean by label token, NaN without any; its interval is not known. Rows are malloc'ed. */
struct tb_measure tb_losses_measure(const struct tb_dataset *d, const int *row, int n, const double *loss,
                                    const int *labels);

#endif
