/* SPDX-License-Identifier: MIT */
/* bound.h - the largest share of the base that a run may train, and ranks that are too large. */
#ifndef TB_WORKER_BOUND_H
#define TB_WORKER_BOUND_H

#include "method/adapter.h"
#include "plan/plan.h"

/* Whether the stack keeps the config's max_trainable (0: no bound). TB_ERR_RECIPE with the share, the bound and the
 * keys that make it smaller. */
bool tb_bound_check(const struct tb_config *c, const struct tb_stack *s, int64_t n_params, struct tb_err *err);
/* Words about the seat whose rank exceeds the smaller side of its matrix most, malloc'ed; NULL if none does. */
char *tb_bound_excess(const struct tb_stack *s);

#endif
