/* SPDX-License-Identifier: MIT */
/* keys.h - the key tables that every run has, whatever its method and data: budget, batch,
 * optimiser, schedule, evaluation, execution, a base from scratch. Methods and data bring theirs
 * through plan/schema. */
#ifndef TB_PLAN_KEYS_H
#define TB_PLAN_KEYS_H

#include "plan/key.h"

#include <stddef.h>

/* One section: keys "<name>.<key>"; the section with the empty name holds base and seed. */
struct tb_keys_section {
    const char *name, *help;
    const struct tb_key *keys;
};

/* The i-th section in the order of a config, NULL behind the last. */
const struct tb_keys_section *tb_keys_at(int i);
/* Keys of a section, NULL if there is none of that name. */
const struct tb_key *tb_keys_section(const char *name);

/* Fails with "<who> has no '<name>'; did you mean '..'?", or the list of valid names if none is
 * near. `valid` ends with NULL. */
bool tb_keys_unknown(const char *who, const char *name, const char *const *valid,
                     struct tb_err *err);

#endif
