/* SPDX-License-Identifier: MIT */
/* plot_arms.h - the lines of a chart: each run alone, or all seeds of an arm as their mean in a band. */
#ifndef TB_CLI_PLOT_ARMS_H
#define TB_CLI_PLOT_ARMS_H

#include "cli/pick.h"
#include "view/plot.h"

/* line_of[i]: the line that run i belongs to; their number. is_band: runs that differ in nothing but their seed have
 * one together. Lines are in the order of their first runs. */
size_t tb_plot_lines(const struct tb_pick *run, size_t n, bool is_band, size_t *line_of);
/* What a line is called: of several runs what their names have in common, where the legend fell back on names. The
 * legend is that of the lines' first runs; names in it are replaced. */
void tb_plot_name_arms(char **legend, const struct tb_pick *run, size_t n, const size_t *line_of);
/* Mean and band of n series in so many parts, into l. Free with tb_series_free. */
void tb_plot_band(struct tb_plot_line *l, const struct tb_series *s, size_t n, size_t parts);

#endif
