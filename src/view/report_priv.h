/* SPDX-License-Identifier: MIT */
/* report_priv.h - what the writers of a report share. */
#ifndef TB_VIEW_REPORT_PRIV_H
#define TB_VIEW_REPORT_PRIV_H

#include "view/report.h"

/* The loss that an arm is judged by: of the rows all its runs have, else of its evaluations. */
double tb_report_loss(const struct tb_report *r, size_t arm);
/* What an arm's own last evaluations said, mean over its runs. */
double tb_report_end(const struct tb_arm *a);
/* "lora, prefix and prompt compared", of many their number; names as they are. malloc'ed. */
char *tb_report_title(const struct tb_report *r);
/* Fills fresh and has_fresh of the arms of a search. */
void tb_report_selection(struct tb_report *r);
/* Fills r->check. */
void tb_report_checks(struct tb_report *r);

#endif
