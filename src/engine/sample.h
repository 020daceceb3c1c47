/* SPDX-License-Identifier: MIT */
/* sample.h - the choice of a token from logits. A pure function of logits, settings and the place of the token: a row's
 * text depends on its seed and number, never on its neighbours. */
#ifndef TB_ENGINE_SAMPLE_H
#define TB_ENGINE_SAMPLE_H

#include <stdint.h>

/* Settings, applied in this order as transformers does. */
struct tb_sampling {
    double repeat_penalty; /* logits of tokens that stand in the row: divided if > 0, else multiplied; 1: none */
    double temperature;    /* 0: the largest logit, the first of equals; what follows then has no effect */
    int top_k;             /* only the k most likely; 0: all */
    double top_p;          /* of these the fewest that hold this much probability; 1: all */
    double min_p;          /* and only those with this share of the most likely one's; 0: all */
    uint64_t seed;
};

struct tb_candidate {
    float logit;
    int32_t id;
};

/* A token for place `position` (from 0) of what is made for row `number`. `seen` are the row's tokens so far; scratch
 * holds n candidates. Philox: purpose sample, no name, step = position >> 12, third word = number << 12 | position mod
 * 4096, column 0. */
int32_t tb_sample(const struct tb_sampling *s, const float *logits, int n, const int32_t *seen, int n_seen,
                  uint32_t number, uint32_t position, struct tb_candidate *scratch);

/* The `want` largest logits, largest first, equals by id; scratch holds n. How many there are. */
int tb_sample_top(const float *logits, int n, int want, struct tb_candidate *scratch, struct tb_candidate *top);

#endif
