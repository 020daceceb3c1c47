/* SPDX-License-Identifier: MIT */
/* schedule.c - warm-up, then a cosine or a constant rate. */
#include "worker/schedule.h"

#include <math.h>

double tb_schedule_factor(const struct tb_schedule *s, int64_t step)
{
    double w = ceil(s->warmup * (double)s->n_steps), at = (double)step;
    if (at < w)
        return (at + 1) / w;
    if (s->is_constant)
        return 1;
    return s->floor + (1 - s->floor) / 2 * (1 + cos(M_PI * (at - w) / fmax(1, (double)s->n_steps - 1 - w)));
}
