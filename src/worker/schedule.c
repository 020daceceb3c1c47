/* SPDX-License-Identifier: MIT */
/* schedule.c - warm-up, then a cosine, a line or a constant rate. */
#include "worker/schedule.h"

#include <math.h>
#include <string.h>

enum tb_schedule_kind tb_schedule_named(const char *name)
{
    if (strcmp(name, "linear") == 0)
        return TB_SCHEDULE_LINEAR;
    return strcmp(name, "constant") == 0 ? TB_SCHEDULE_CONSTANT : TB_SCHEDULE_COSINE;
}

double tb_schedule_factor(const struct tb_schedule *s, int64_t step)
{
    double w = ceil(s->warmup * (double)s->n_steps), at = (double)step;
    if (at < w)
        return (at + 1) / w;
    if (s->kind == TB_SCHEDULE_CONSTANT)
        return 1;
    if (s->kind == TB_SCHEDULE_LINEAR)
        return s->floor + (1 - s->floor) * (1 - (at - w) / fmax(1, (double)s->n_steps - 1 - w));
    return s->floor + (1 - s->floor) / 2 * (1 + cos(M_PI * (at - w) / fmax(1, (double)s->n_steps - 1 - w)));
}
