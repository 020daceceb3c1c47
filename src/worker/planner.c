/* SPDX-License-Identifier: MIT */
/* planner.c - one plan, or many from one process: a screen asks for one with every key that is pressed. */
#include "worker/planner.h"

#include <stdlib.h>

#include "base/mem.h"
#include "worker/session.h"
#include "worker/worker.h"

struct tb_planner {
    struct tb_shelf *shelf;
    struct tb_pace *pace;
};

static struct tb_planner *open_planner(enum tb_pace_when when)
{
    struct tb_planner *p = tb_xcalloc(1, sizeof *p);
    p->shelf = tb_shelf_open("", tb_session_data_dir());
    p->pace = tb_pace_open(when);
    return p;
}

struct tb_planner *tb_planner_open(void)
{
    return open_planner(TB_PACE_MISSING);
}

void tb_planner_close(struct tb_planner *p)
{
    if (!p)
        return;
    tb_pace_close(p->pace);
    tb_shelf_close(p->shelf);
    free(p);
}

struct tb_json *tb_planner_plan(struct tb_planner *p, const struct tb_plan *plan, const char *store, struct tb_err *err)
{
    tb_shelf_turn(p->shelf, plan->recipe_path);
    return tb_plan_runs(plan, p->shelf, p->pace, store, err);
}

struct tb_json *tb_worker_plan(const struct tb_plan *plan, const struct tb_worker_spec *spec, struct tb_err *err)
{
    struct tb_planner *p = open_planner(spec->measures ? TB_PACE_ANEW : TB_PACE_NEVER);
    struct tb_json *out = tb_planner_plan(p, plan, spec->store, err);
    tb_planner_close(p);
    return out;
}
