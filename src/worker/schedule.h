/* SPDX-License-Identifier: MIT */
/* schedule.h - the learning rate of a step, as a share of the peak (doc/frozen.md 3). */
#ifndef TB_WORKER_SCHEDULE_H
#define TB_WORKER_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

struct tb_schedule {
    bool is_constant; /* after the warm-up; else a cosine down to `floor` */
    double warmup;    /* share of the steps in which the rate rises */
    double floor;     /* share of the peak that is left at the end */
    int64_t n_steps;  /* 0: not known (a budget in minutes), which wants a constant rate and no warm-up */
};

/* Factor of step `step` (from 0):
 *     w = ceil(warmup n);  (step + 1) / w below w, else floor + (1 - floor) / 2 (1 + cos(pi (step - w) / max(1, n -
 *     1 - w))) */
double tb_schedule_factor(const struct tb_schedule *s, int64_t step);

#endif
