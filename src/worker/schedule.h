/* SPDX-License-Identifier: MIT */
/* schedule.h - the learning rate of a step, as a share of the peak (doc/frozen.md 3). */
#ifndef TB_WORKER_SCHEDULE_H
#define TB_WORKER_SCHEDULE_H

#include <stdint.h>

/* How the rate goes on after the warm-up: down to `floor` with the last step, or not at all. */
enum tb_schedule_kind { TB_SCHEDULE_COSINE, TB_SCHEDULE_LINEAR, TB_SCHEDULE_CONSTANT };

struct tb_schedule {
    enum tb_schedule_kind kind;
    double warmup;    /* share of the steps in which the rate rises */
    double floor;     /* share of the peak that is left at the end */
    int64_t n_steps;  /* 0: not known (a budget in minutes), which wants a constant rate and no warm-up */
};

/* "cosine", "linear", "constant"; the first for any other word. */
enum tb_schedule_kind tb_schedule_named(const char *name);

/* Factor of step `step` (from 0):
 *     w = ceil(warmup n);  (step + 1) / w below w; behind it, with x = (step - w) / max(1, n - 1 - w),
 *     cosine floor + (1 - floor) / 2 (1 + cos(pi x)), linear floor + (1 - floor) (1 - x), constant 1.
 * The library transformers counts x in steps of 1 / (n - w) instead, so that it would meet the floor one step behind
 * the last. */
double tb_schedule_factor(const struct tb_schedule *s, int64_t step);

#endif
