/* SPDX-License-Identifier: MIT */
/* show_measures.h - what a run measured beside the loss (store/measure.h): its curves, and what it forgot. */
#ifndef TB_CLI_SHOW_MEASURES_H
#define TB_CLI_SHOW_MEASURES_H

#include "cli/out.h"
#include "store/metrics.h"

/* Headings with a table of the measures by step, where there are several steps, and with what was forgotten; nothing
 * for a run that measured nothing. */
void tb_show_measures(const struct tb_out *o, const struct tb_metrics *m);
/* "+0.047 [+0.039, +0.054]", the change of the loss of the general text; "" if it is not known. */
char *tb_forgot_text(const struct tb_metrics *m, char *text, size_t n);
/* {name: {step, value, low, high: lists, rows: {row_id, prompt_id, n_tok, value: lists} of the last}}; a new map. */
struct tb_json *tb_measures_json(const struct tb_metrics *m);

#endif
