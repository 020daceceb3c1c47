/* SPDX-License-Identifier: MIT */
/* plan_priv.h - what the files of this folder share. */
#ifndef TB_PLAN_PLAN_PRIV_H
#define TB_PLAN_PLAN_PRIV_H

#include "plan/plan.h"

/* Gives each run a name of its own (name.c). */
void tb_plan_name_runs(struct tb_plan *p);
/* A source of a mix (mix.c). Its keys: kind, path, weight, and those of its kind that do not belong to the mix as a
 * whole; false if `kind` is no kind of source. */
enum { TB_MIX_KEYS = 32 };
bool tb_mix_keys(const char *kind, struct tb_key keys[TB_MIX_KEYS]);
/* Whether a key belongs to the mix as a whole. */
bool tb_mix_is_shared(const char *name);
/* The table's entry of "<i>.<name>" behind "data.", NULL if this map has no such source or key. */
const struct tb_key *tb_mix_key(const struct tb_json *map, const char *rest);
/* Fails for an override that fitted no run (override.c). */
bool tb_override_check_used(const struct tb_plan *p, const struct tb_overrides *o,
                            struct tb_err *err);

#endif
