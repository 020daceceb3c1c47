/* SPDX-License-Identifier: MIT */
/* make_plan.h - the plan of a command line: a recipe, or flags in its place. Shared by run and plan. */
#ifndef TB_CLI_MAKE_PLAN_H
#define TB_CLI_MAKE_PLAN_H

#include "cli/args.h"
#include "plan/plan.h"

/* The flags, for the tables of both verbs. */
#define TB_PLAN_FLAGS \
    { "base", "NAME", false, "the model: a name, a .gguf file or a folder (instead of a recipe)" }, \
    { "data", "FILE", true, "the rows: FILE, or pairs:FILE,eval=0.2 (jsonl:, text:); several mixed: FILE,weight=2" }, \
    { "method", "M", true, "what to train: lora:r=8,targets=q+v, prefix, stack(lora:r=4;prompt)" }, \
    { "budget", "N", false, "how long: 60k or 2M tokens, 300steps, 2epochs" }, \
    { "seed", "N,..", false, "seeds, one run each" }, \
    { "set", "KEY=VALUE", true, "a key of all runs" }, \
    { "grid", "KEY=A,B", true, "one run for each value" }, \
    { "threads", "N", false, "threads; all processors if not given" }

/* NULL and *err if it cannot be made; free with tb_plan_free. `usage` for errors. */
struct tb_plan *tb_make_plan(const struct tb_args *a, const char *usage, struct tb_err *err);

#endif
