/* SPDX-License-Identifier: MIT */
/* serve.h - one process that stays and answers plans, for a screen that asks with every key. */
#ifndef TB_CLI_SERVE_H
#define TB_CLI_SERVE_H

#include "cli/args.h"

/* Reads requests from stdin until it ends, a line each: a list of the words behind `plan`, or {"id": .., "args":
 * [..]}. Answers each with a line on stdout: what `plan --json` prints, or {"error": {kind, text, where, line}},
 * and the id. What is wrong with a request fails no other. `a`: of the serving process, for --store; flags: those
 * of plan. */
bool tb_serve_plans(const struct tb_args *a, const struct tb_flag *flags, struct tb_err *err);

#endif
