/* SPDX-License-Identifier: MIT */
/* made.h - telling of runs that were made out of another one: what they are, what they cost, what takes them away. */
#ifndef TB_CLI_MADE_H
#define TB_CLI_MADE_H

#include <stdio.h>

#include "cli/out.h"
#include "worker/clone.h"

/* The facts of a clone as lines on `to`. is_done: it is in the store, and the command that undoes that is told too. */
void tb_made_print(FILE *to, const struct tb_args *a, const struct tb_json *facts, bool is_done);
/* As an entry of an answer in JSON; a new value: {id, name, text, inverse, keys: what was changed, ..}. */
struct tb_json *tb_made_json(const struct tb_args *a, const struct tb_json *facts, bool is_done);

#endif
