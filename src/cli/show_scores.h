/* SPDX-License-Identifier: MIT */
/* show_scores.h - what metrics say of the texts that runs wrote at their end (worker/writing.h). */
#ifndef TB_CLI_SHOW_SCORES_H
#define TB_CLI_SHOW_SCORES_H

#include "cli/out.h"
#include "store/store.h"

/* A heading and a line for each metric with its interval; nothing for a run that has none. */
void tb_show_scores(const struct tb_out *o, const struct tb_metrics *m);
/* A table of those of these runs that have any, a line each, below a comparison, with what they forgot; nothing if none
 * has. */
void tb_scores_print(const struct tb_out *o, const struct tb_store *s, const char *const *ids, size_t n);

#endif
