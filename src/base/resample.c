/* SPDX-License-Identifier: MIT */
/* resample.c - draw k, pick j: Philox word j mod 4 of counter (hash of "bootstrap/", k, what, j / 4) under key 0,
 * scaled to their number by its high half; so an interval is the same every time. */
#include "base/resample.h"

#include <stdlib.h>

#include "kernels/rng.h"

enum { N_TAIL = 50 }; /* 2.5 % on each side */

void tb_resample_pick(size_t *out, size_t n, size_t of, uint32_t k, uint32_t what)
{
    uint32_t hash = tb_rng_hash("bootstrap", ""), word[4] = { 0 };
    for (size_t j = 0; j < n; j++) {
        if (j % 4 == 0)
            tb_philox(word, (uint32_t[4]){ hash, k, what, (uint32_t)(j / 4) }, 0);
        out[j] = (size_t)((uint64_t)word[j % 4] * of >> 32);
    }
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void tb_resample_interval(double *draws, double *low, double *high)
{
    qsort(draws, TB_RESAMPLE_DRAWS, sizeof *draws, ascending);
    *low = draws[N_TAIL];
    *high = draws[TB_RESAMPLE_DRAWS - 1 - N_TAIL];
}
