/* SPDX-License-Identifier: MIT */
/* show_votes.h - what people preferred, in show and diff. */
#ifndef TB_CLI_SHOW_VOTES_H
#define TB_CLI_SHOW_VOTES_H

#include "cli/diff.h"

/* A run's votes by opponent; nothing where there are none. */
void tb_votes_print(const struct tb_out *o, int width, const struct tb_metrics *m);
/* The reference's votes against each of the other arms; nothing where there are none. And as a list of {run, against,
 * won, lost, tied, blind} by runs, a new value. */
void tb_votes_compare(const struct tb_diff_job *x, int width);
struct tb_json *tb_votes_json(const struct tb_diff_job *x);

#endif
