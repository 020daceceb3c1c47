/* SPDX-License-Identifier: MIT */
/* worker_watch_test.c - the rule of divergence: what is not a number at once, a loss that stays high after exactly 50
 * steps, nothing else; and the same step after the state went through JSON. */
#include "worker/watch.h"

#include <stdlib.h>

#include "tests/tap.h"

static char words[256];

/* Step (from 1) at which a run with these losses is stopped, 0 if it is not. */
static int stops_at(double (*loss)(int step), int n)
{
    struct tb_watch w = { 0 };
    for (int s = 1; s <= n; s++)
        if (tb_watch_diverged(&w, loss(s), words, sizeof words))
            return s;
    return 0;
}

/* The same, with the state written and read again before each step. */
static int stops_at_resumed(double (*loss)(int step), int n)
{
    struct tb_watch w = { 0 };
    for (int s = 1; s <= n; s++) {
        struct tb_json *j = tb_watch_to_json(&w);
        char *text = tb_json_text(j, TB_JSON_LINE);
        struct tb_json *back = tb_json_parse(text, strlen(text), "watch", NULL);
        memset(&w, 0xff, sizeof w);
        tb_watch_from_json(&w, back);
        tb_json_free(j);
        tb_json_free(back);
        free(text);
        if (tb_watch_diverged(&w, loss(s), words, sizeof words))
            return s;
    }
    return 0;
}

/* The rule once more: debiased mean of weight 0.98, three times its least + 1 nat, 50 steps on end, after the 50th. */
static int rule(double (*loss)(int step), int n)
{
    double mean = 0, least = INFINITY;
    int above = 0;
    for (int s = 1; s <= n; s++) {
        mean = 0.98 * mean + 0.02 * loss(s);
        double debiased = mean / (1 - pow(0.98, s));
        least = fmin(least, debiased);
        above = s > 50 && debiased > 3 * least + 1 ? above + 1 : 0;
        if (above == 50)
            return s;
    }
    return 0;
}

static double nan_at_7(int s)
{
    return s == 7 ? NAN : 2;
}
static double inf_at_1(int s)
{
    return s == 1 ? INFINITY : 2;
}
static double falls(int s)
{
    return 4 * exp(-s / 100.0) + 0.5 * (s % 3);
}
/* Twice its least at the end. */
static double drifts(int s)
{
    return 2 + s / 500.0;
}
/* Far up from the first step: there was never less. */
static double starts_high(int s)
{
    return 50;
}
static double blows_up(int s)
{
    return s <= 200 ? 1 : 100;
}
/* Above the bound before anything is watched. */
static double blows_up_early(int s)
{
    return s <= 5 ? 1 : 100;
}
/* Lifts the mean to 7.2, where the bound is 4, and is below it again after 43 steps. */
static double recovers(int s)
{
    return s > 200 && s <= 212 ? 30 : 1;
}
static double below_zero(int s)
{
    return s < 100 ? -1 : -INFINITY;
}

static void at_once(void)
{
    is_int(stops_at(nan_at_7, 100), 7, "NaN ends a run at once");
    ok(strstr(words, "NaN") != NULL, "and says so: %s", words);
    is_int(stops_at(inf_at_1, 100), 1, "so does infinity, in the first step");
    ok(strstr(words, "infinite") != NULL, "and says so: %s", words);
    is_int(stops_at(below_zero, 200), 100, "below zero as well");
}

static void slowly(void)
{
    is_int(stops_at(falls, 1000), 0, "a loss that falls, with noise");
    is_int(stops_at(drifts, 1000), 0, "a slow drift is no divergence");
    is_int(stops_at(starts_high, 1000), 0, "a loss that was never low is none");
    is_int(stops_at(recovers, 1000), 0, "nor is one that comes back in time");
}

/* With 1 for 200 steps the mean is 1 and the bound 4; at 100 a step the mean passes it at once: 0.98^k < 96 / 99 for k
 * = 2. Fifty steps above it are the second to the 51st. */
static void too_high(void)
{
    is_int(stops_at(blows_up, 1000), 200 + 51, "a loss that stays high ends a run after 50 steps above the bound");
    ok(strstr(words, "50 steps") != NULL, "and says so: %s", words);
    is_int(stops_at(blows_up_early, 1000), 100, "nothing is watched in the first 50 steps");
    is_int(stops_at(blows_up, 1000), rule(blows_up, 1000), "as the rule says");
    is_int(stops_at(blows_up_early, 1000), rule(blows_up_early, 1000), "as the rule says, early");
    is_int(rule(recovers, 1000) + rule(drifts, 1000) + rule(falls, 1000) + rule(starts_high, 1000), 0,
           "and for those that go on");
}

static void resumed(void)
{
    double (*const all[])(int) = { nan_at_7, falls, drifts, blows_up, blows_up_early, recovers };
    bool good = true;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        good = good && stops_at(all[i], 600) == stops_at_resumed(all[i], 600);
    ok(good, "the same step where every step is resumed from JSON");
}

int main(void)
{
    at_once();
    slowly();
    too_high();
    resumed();
    return done();
}
