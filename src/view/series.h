/* SPDX-License-Identifier: MIT */
/* series.h - one column of a run against another, and what a plot needs of it. */
#ifndef TB_VIEW_SERIES_H
#define TB_VIEW_SERIES_H

#include "store/metrics.h"

/* n points in the order of their steps; y may be NaN (a gap). */
struct tb_series {
    double *x, *y;
    size_t n;
};

/* metric: "train/loss", "eval/loss", "grad_norm" (train if there is no slash), a measure of evaluations ("eval/bleu",
 * "forget/loss", which begins with the base alone); x: "step", "tokens" or "wall_s". TB_ERR_USAGE with the columns
 * there are. Rows of steps that a resumed run has not reached again are left out. */
bool tb_series_of(struct tb_series *s, const struct tb_metrics *m, const char *metric,
                  const char *x, struct tb_err *err);
void tb_series_free(struct tb_series *s);

/* At most 2 * buckets points that keep the lowest and the highest y of each of `buckets` equal
 * spans of x, in the order of x. NaN is kept only where a span holds nothing else. */
void tb_series_decimate(const struct tb_series *s, size_t buckets, struct tb_series *out);

/* Which of `buckets` equal parts of from .. to an x belongs to; one outside, or NaN, to the first or last. */
size_t tb_series_bucket(double from, double to, double x, size_t buckets);

/* Debiased exponential mean, as TensorBoard: weight 0 leaves y as it is, towards 1 is smoother; NaN
 * stays NaN and is not counted. In place. */
void tb_series_smooth(struct tb_series *s, double weight);
/* The same for a series that grows: begin with { .weight = w }, then point by point. */
struct tb_ema {
    double weight, mean, left;
    bool is_begun;
};
double tb_ema_next(struct tb_ema *e, double y);

/* `width` cells of ▁..█ over the span of y (ASCII: "_.-~=+*#" rising), malloc'ed; a cell is the
 * mean of its points, or as the one before where it has none; a gap is a blank. */
char *tb_series_spark(const struct tb_series *s, size_t width, bool is_ascii);

#endif
