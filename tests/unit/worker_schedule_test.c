/* SPDX-License-Identifier: MIT */
/* worker_schedule_test.c - the learning rate of each step against the formula of doc/frozen.md 3, written out once
 * more, and against numbers worked out by hand. */
#include "worker/schedule.h"

#include "tests/tap.h"

/* w = ceil(warmup N); (s+1)/w for s < w, else floor + (1-floor)/2 (1 + cos(pi (s-w)/max(1, N-1-w))) */
static double formula(double warmup, double floor, int64_t n, int64_t s)
{
    int64_t w = (int64_t)ceil(warmup * (double)n), rest = n - 1 - w;
    if (s < w)
        return (double)(s + 1) / (double)w;
    if (rest < 1)
        rest = 1;
    return floor + (1 - floor) * (1 + cos(3.14159265358979323846 * (double)(s - w) / (double)rest)) / 2;
}

/* The straight line between the same ends. */
static double line(double warmup, double floor, int64_t n, int64_t s)
{
    int64_t w = (int64_t)ceil(warmup * (double)n), rest = n - 1 - w;
    if (s < w)
        return (double)(s + 1) / (double)w;
    return rest < 1 ? 1 : floor + (1 - floor) * (double)(n - 1 - s) / (double)rest;
}

static void against_formula(void)
{
    static const int64_t length[] = { 1, 2, 3, 10, 20, 21, 200, 999 };
    static const double warmup[] = { 0, 0.01, 0.05, 0.5, 1 }, floor[] = { 0, 0.1, 1 };
    double worst = 0, worst_line = 0;
    int n = 0;
    for (size_t i = 0; i < sizeof length / sizeof length[0]; i++)
        for (size_t j = 0; j < 15; j++)
            for (int64_t s = 0; s < length[i]; s++, n++) {
                struct tb_schedule t = { .warmup = warmup[j / 3], .floor = floor[j % 3], .n_steps = length[i] };
                double want = formula(t.warmup, t.floor, t.n_steps, s);
                worst = fmax(worst, fabs(tb_schedule_factor(&t, s) - want));
                t.kind = TB_SCHEDULE_LINEAR;
                want = line(t.warmup, t.floor, t.n_steps, s);
                worst_line = fmax(worst_line, fabs(tb_schedule_factor(&t, s) - want));
            }
    ok(worst < 1e-14 && n > 18000, "the formula, over %d steps (off by %.2g)", n, worst);
    ok(worst_line < 1e-14, "and that of the line (off by %.2g)", worst_line);
}

static double factor(double warmup, int64_t n, int64_t s)
{
    return tb_schedule_factor(&(struct tb_schedule){ .warmup = warmup, .floor = 0.1, .n_steps = n }, s);
}

/* What the formula comes to at its ends. */
static void by_hand(void)
{
    near(factor(0.05, 1, 0), 1, 0, "one step, all of it warm-up: the peak");
    near(factor(0, 1, 0), 1, 0, "one step, no warm-up: the peak");
    near(factor(1, 1, 0), 1, 0, "one step, warm-up 1: the peak");
    near(factor(0.05, 2, 0), 1, 0, "two steps: the peak");
    near(factor(0.05, 2, 1), 1, 0, "two steps: the second begins the cosine");
    near(factor(0, 2, 0), 1, 0, "two steps, no warm-up: the peak");
    near(factor(0, 2, 1), 0.1, 1e-15, "two steps, no warm-up: the floor");
    near(factor(0.5, 2, 0), 1, 0, "two steps, half of them warm-up");
    near(factor(1, 2, 0), 0.5, 0, "two steps, warm-up 1: half");
    near(factor(1, 2, 1), 1, 0, "two steps, warm-up 1: the peak");
    near(factor(1, 100, 49), 0.5, 0, "warm-up 1 rises to the end");
    near(factor(1, 100, 99), 1, 0, "where it reaches the peak");
    near(factor(0, 101, 0), 1, 0, "no warm-up begins at the peak");
    near(factor(0, 101, 50), 0.55, 1e-15, "is half way down in the middle");
    near(factor(0, 101, 100), 0.1, 1e-15, "and at the floor with the last step");
    near(factor(0.05, 100, 4), 1, 0, "5 % of 100 steps: the fifth has the peak");
    near(factor(0.05, 100, 5), 1, 0, "and the sixth");
    near(factor(0.05, 100, 99), 0.1, 1e-15, "the last the floor");
    near(factor(0.05, 101, 5), 1, 0, "5 % of 101 steps are 6");
    near(factor(0.05, 101, 0), 1.0 / 6, 1e-16, "which begin at a sixth");
}

static void linear(void)
{
    struct tb_schedule s = { .kind = TB_SCHEDULE_LINEAR, .warmup = 0.1, .n_steps = 50 };
    near(tb_schedule_factor(&s, 3), 0.8, 1e-15, "a line rises like the others");
    near(tb_schedule_factor(&s, 5), 1, 0, "begins at the peak");
    near(tb_schedule_factor(&s, 27), 0.5, 1e-15, "is half way down in the middle");
    near(tb_schedule_factor(&s, 49), 0, 1e-15, "and at the floor with the last step");
    s.floor = 0.2;
    near(tb_schedule_factor(&s, 27), 0.6, 1e-15, "which may be another");
    near(tb_schedule_factor(&s, 49), 0.2, 1e-15, "than zero");
}

static void names(void)
{
    is_int(tb_schedule_named("cosine"), TB_SCHEDULE_COSINE, "cosine");
    is_int(tb_schedule_named("linear"), TB_SCHEDULE_LINEAR, "linear");
    is_int(tb_schedule_named("constant"), TB_SCHEDULE_CONSTANT, "constant");
}

static void constant(void)
{
    struct tb_schedule open = { .kind = TB_SCHEDULE_CONSTANT },
                       warm = { .kind = TB_SCHEDULE_CONSTANT, .warmup = 0.1, .n_steps = 50 };
    bool good = true;
    for (int64_t s = 0; s < 100000; s += 999)
        good = good && tb_schedule_factor(&open, s) == 1;
    ok(good, "a constant rate needs no number of steps");
    good = tb_schedule_factor(&warm, 0) == 0.2 && tb_schedule_factor(&warm, 3) == 0.8;
    for (int64_t s = 4; s < 50; s++)
        good = good && tb_schedule_factor(&warm, s) == 1;
    ok(good, "or rises, and stays");
}

int main(void)
{
    against_formula();
    by_hand();
    linear();
    constant();
    names();
    return done();
}
