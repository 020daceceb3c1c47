/* SPDX-License-Identifier: MIT */
/* plan_priv.h - what the files of this folder share. */
#ifndef TB_PLAN_PLAN_PRIV_H
#define TB_PLAN_PLAN_PRIV_H

#include "plan/plan.h"

/* Gives each run a name of its own (name.c). */
void tb_plan_name_runs(struct tb_plan *p);
/* Calls f for each variant that overrides make of the draft (override.c). */
typedef bool tb_variant_fn(void *ctx, struct tb_json *draft, struct tb_err *err);
bool tb_override_each(const struct tb_json *draft, struct tb_overrides *o, tb_variant_fn *f,
                      void *ctx, struct tb_err *err);
/* Fails for an override that fitted no run (override.c). */
bool tb_override_check_used(const struct tb_plan *p, const struct tb_overrides *o,
                            struct tb_err *err);

#endif
