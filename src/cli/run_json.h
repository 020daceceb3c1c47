/* SPDX-License-Identifier: MIT */
/* run_json.h - one run as JSON. */
#ifndef TB_CLI_RUN_JSON_H
#define TB_CLI_RUN_JSON_H

#include "cli/pick.h"

/* {id, name, state, .. (the columns of ls), config, changed {key: its default}, overrides, base, data, plan,
 * lineage, env, result, train {column: [..]}, evals, events, checkpoints, samples}; a new map. */
struct tb_json *tb_run_json(const struct tb_pick *p);

/* A value of a column of the table of runs as JSON, null if unknown. */
struct tb_json *tb_run_value(const struct tb_run_item *item, int column);

#endif
