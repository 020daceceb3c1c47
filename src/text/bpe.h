/* SPDX-License-Identifier: MIT */
/* bpe.h - merges by rank, and merging a piece of text with them. */
#ifndef TB_TEXT_BPE_H
#define TB_TEXT_BPE_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* What two neighbours become. */
struct tb_merge {
    int32_t left, right; /* left -1: an empty slot */
    int32_t made;
    uint32_t rank;
};

struct tb_bpe {
    struct tb_merge *slot;
    uint32_t n_slots, n;      /* n_slots is a power of two, at least 2 n */
    struct tb_bpe_work *work; /* scratch, kept between pieces */
};

void tb_bpe_open(struct tb_bpe *b, uint32_t n_merges); /* room for n_merges; `b` is overwritten */
void tb_bpe_close(struct tb_bpe *b);
/* Adds the next merge; its rank is the number of merges before it. A pair given twice keeps its
 * first rank. */
void tb_bpe_add(struct tb_bpe *b, int32_t left, int32_t right, int32_t made);
/* Merges ids[0 .. n) in place, lowest rank first and from the left among equals; returns how many
 * are left. O(n log n). One thread at a time. */
size_t tb_bpe_run(struct tb_bpe *b, int32_t *ids, size_t n);

#endif
