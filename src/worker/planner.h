/* SPDX-License-Identifier: MIT */
/* planner.h - plans worked out one after the other, with base, data and measured speeds kept between them. */
#ifndef TB_WORKER_PLANNER_H
#define TB_WORKER_PLANNER_H

#include "worker/pace.h"

/* The answer of tb_worker_plan on a shelf that stays; its names are looked for where the shelf was turned to. */
struct tb_json *tb_plan_runs(const struct tb_plan *p, struct tb_shelf *shelf, struct tb_pace *pace, const char *store,
                             struct tb_err *err);

#endif
