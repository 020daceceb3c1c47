/* SPDX-License-Identifier: MIT */
/* forgetting.h - what training makes a model forget of a general text (eval.forget; general.h). */
#ifndef TB_WORKER_FORGETTING_H
#define TB_WORKER_FORGETTING_H

#include "base/err.h"

#include <stdbool.h>

struct tb_training;
/* The base without its adapter, unless that is recorded already. Before anything else of the run. */
bool tb_training_general_before(struct tb_training *t, struct tb_err *err);
/* The run as it is now, and the change; at the end also as an event. Nothing at step 0. */
bool tb_training_general_after(struct tb_training *t, bool is_end, struct tb_err *err);

#endif
