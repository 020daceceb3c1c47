/* SPDX-License-Identifier: MIT */
/* show_checkpoints.h - the checkpoints of a run, and why each of them stays. */
#ifndef TB_CLI_SHOW_CHECKPOINTS_H
#define TB_CLI_SHOW_CHECKPOINTS_H

#include "cli/out.h"
#include "cli/pick.h"

/* A heading and a table; nothing where there are none. */
void tb_show_checkpoints(const struct tb_out *o, const struct tb_pick *p);
/* [{step, eval, rank, kept ["newest", "best", "asked for", "tagged", "protected"], tags, bytes, path}]; a new list. */
struct tb_json *tb_checkpoints_json(const struct tb_pick *p);

#endif
