/* SPDX-License-Identifier: MIT */
/* measured.h - what a run forgot of a general text, and measures of two runs row against row. */
#ifndef TB_VIEW_MEASURED_H
#define TB_VIEW_MEASURED_H

#include "view/paired.h"

/* b against a on the rows that count in both, as tb_paired_make compares losses: the difference is the mean by label
 * tokens. TB_ERR_NOTFOUND if they have no row in common. */
bool tb_measure_pair(struct tb_paired *p, const struct tb_measure *a, const struct tb_measure *b, struct tb_err *err);

/* Nats per label token of the general text, of the base without its adapter and of the run as it was measured last;
 * pair.difference is after - before: above 0 it forgot. The measures are lent. */
struct tb_forgetting {
    double before, after;
    const struct tb_measure *at_first, *at_last;
    struct tb_paired pair;
};
/* False if the run has not measured both. Two runs on one general text: tb_measure_pair of their at_last. */
bool tb_forgetting_of(struct tb_forgetting *f, const struct tb_metrics *m);

#endif
