/* SPDX-License-Identifier: MIT */
/* schema.h - key lists by group and name, filled at start: methods, optimisers and the rest put their tables here, so
 * that recipe, command line, forms and man pages read one table and none of them includes method/. */
#ifndef TB_PLAN_SCHEMA_H
#define TB_PLAN_SCHEMA_H

#include "plan/key.h"

/* One word of the language: group "method", name "lora". */
struct tb_schema {
    const char *group, *name, *help;
    const struct tb_key *keys;
    double lr; /* a method's default learning rate, else 0 */
    bool can_stack; /* a method that may be part of a stack */
};

/* Adds an entry (the pointed-to memory must stay). At start only. */
void tb_schema_add(const struct tb_schema *s);
const struct tb_schema *tb_schema_find(const char *group, const char *name); /* NULL if none */
const struct tb_schema *tb_schema_at(const char *group, int i); /* i-th of the group, NULL behind the last */

#endif
