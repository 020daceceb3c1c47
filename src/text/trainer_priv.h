/* SPDX-License-Identifier: MIT */
/* trainer_priv.h - what was learned, and writing it down. */
#ifndef TB_TEXT_TRAINER_PRIV_H
#define TB_TEXT_TRAINER_PRIV_H

#include "base/err.h"

#include <stdint.h>

struct tb_learned_merge {
    int32_t left, right;
};

struct tb_learned {
    const char *const *specials;
    int n_specials;
    const char *pattern;
    struct tb_learned_merge *merge; /* the i-th makes id n_specials + 256 + i */
    int n_merges;
};

bool tb_learned_write(const struct tb_learned *l, const char *folder, struct tb_err *err);

#endif
