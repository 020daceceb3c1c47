/* SPDX-License-Identifier: MIT */
/* reach.h - how far a run had to go for a loss: what equal quality costs. */
#ifndef TB_VIEW_REACH_H
#define TB_VIEW_REACH_H

#include "store/metrics.h"

/* Tokens at which its evaluations first come down to `loss`, in a straight line between two of them; NaN: never. */
double tb_tokens_until(const struct tb_metrics *m, double loss);

#endif
