/* SPDX-License-Identifier: MIT */
/* resample.h - the bootstrap's draws: the same ones every time, whoever asks (doc/frozen.md 4, purpose bootstrap). */
#ifndef TB_BASE_RESAMPLE_H
#define TB_BASE_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

enum { TB_RESAMPLE_DRAWS = 2000 };

/* n picks of 0 .. of - 1 with replacement, those of draw k. `what` tells things that are drawn side by side apart:
 * 0 for prompts. */
void tb_resample_pick(size_t *out, size_t n, size_t of, uint32_t k, uint32_t what);
/* The middle 95 % of TB_RESAMPLE_DRAWS values, which get sorted. */
void tb_resample_interval(double *draws, double *low, double *high);

#endif
