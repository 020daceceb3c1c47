/* SPDX-License-Identifier: MIT */
/* legend.h - a few words for each of several runs: only what tells them apart. */
#ifndef TB_VIEW_LEGEND_H
#define TB_VIEW_LEGEND_H

#include "store/metrics.h"

/* "lora r 16 lr 5e-4", "prefix lr 5e-3": the method if it differs, then keys with different values. The runs' names
 * where that says nothing, is too much, or is the same for two of them. n strings; free with tb_legend_free. */
char **tb_legend_make(const struct tb_metrics *const *m, size_t n);
void tb_legend_free(char **legend, size_t n);

#endif
