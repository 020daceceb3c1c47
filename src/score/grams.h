/* SPDX-License-Identifier: MIT */
/* grams.h - n-grams that an output shares with references, order by order. */
#ifndef TB_SCORE_GRAMS_H
#define TB_SCORE_GRAMS_H

#include <stddef.h>
#include <stdint.h>

struct tb_grams;

/* Texts of numbers, one after the other in id (copied), n_of[t] each; text 0 is the output, the others references. */
struct tb_grams *tb_grams_open(const uint32_t *id, const size_t *n_of, size_t n_texts);
/* The next order, 1 first. total[t]: grams of text t; match[t]: those of the output that text t has too, each counted
 * at most as often as t has it; match[0]: the same with the text that has it most often. O(n) each. */
void tb_grams_next(struct tb_grams *g, size_t *total, size_t *match);
void tb_grams_close(struct tb_grams *g);

#endif
