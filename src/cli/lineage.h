/* SPDX-License-Identifier: MIT */
/* lineage.h - where a run comes from and what came out of it, and what was changed while it was under way, for verbs
 * that show runs. */
#ifndef TB_CLI_LINEAGE_H
#define TB_CLI_LINEAGE_H

#include "cli/out.h"
#include "cli/pick.h"

/* The section LINEAGE: parent and children; nothing where there are none. */
void tb_lineage_print(const struct tb_out *o, int width, struct tb_store *s, const struct tb_pick *p);
/* [{id, name, state}] of the children; a new value. */
struct tb_json *tb_lineage_children(struct tb_store *s, const char *id);

/* A line for each change under way, its name "step 488" behind `who`. */
void tb_changes_print(const struct tb_out *o, int width, const char *who, const struct tb_metrics *m);

#endif
