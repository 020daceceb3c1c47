/* SPDX-License-Identifier: MIT */
/* metric.h - what the files of this folder share: the metrics, and helpers with more than one user or a test. */
#ifndef TB_SCORE_METRIC_H
#define TB_SCORE_METRIC_H

#include "score/score.h"
#include "score/words.h"

#define TB_METRIC(name) extern const struct tb_metric tb_metric_##name;
#define TB_MATCHER(name) extern const struct tb_metric tb_matcher_##name;
#include "score/metrics.def"
#undef TB_METRIC
#undef TB_MATCHER

/* sums = { total, rows }: their mean. */
double tb_metric_mean(const double *sums);

/* Tokens of mteval-v13a; b must be empty, holds the text that the words point into. */
void tb_bleu_words(const char *s, struct tb_buf *b, struct tb_words *words);

/* Length of the longest common subsequence of words given as numbers below n_ids. */
size_t tb_rouge_lcs(const uint32_t *a, size_t na, const uint32_t *b, size_t nb, size_t n_ids);

/* The answer in a text: the first number behind its last "####", else its last number, as digits that can be compared:
 * no commas, no zeroes that say nothing. NULL if it has none; malloc'ed. */
char *tb_number_find(const char *s);

#endif
