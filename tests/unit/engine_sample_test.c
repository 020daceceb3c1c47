/* SPDX-License-Identifier: MIT */
/* engine_sample_test.c - what may be drawn under each setting, how often, and that equal places draw alike. */
#include <stdlib.h>

#include "engine/sample.h"
#include "tests/tap.h"

enum { N = 8, DRAWS = 20000 };

/* Probabilities .4 .2 .1 .1 .08 .06 .04 .02, in an order of their own. */
static const float p[N] = { .1f, .02f, .4f, .06f, .1f, .2f, .04f, .08f };
static float logits[N];
static struct tb_candidate scratch[N];

static void count(const struct tb_sampling *s, int *times)
{
    memset(times, 0, N * sizeof *times);
    for (uint32_t i = 0; i < DRAWS; i++)
        times[tb_sample(s, logits, N, NULL, 0, i / 100, i % 100, scratch)]++;
}

/* Tokens that come are exactly those of `may`, with shares near their probabilities to the power 1/T, renormalised. */
static void check(const char *name, struct tb_sampling s, const char *may)
{
    int times[N];
    double total = 0, far = 0;
    bool good = true;
    s.repeat_penalty = 1;
    count(&s, times);
    for (int i = 0; i < N; i++)
        total += strchr(may, '0' + i) ? pow((double)p[i], 1 / s.temperature) : 0;
    for (int i = 0; i < N; i++) {
        double want = strchr(may, '0' + i) ? pow((double)p[i], 1 / s.temperature) / total : 0;
        far = fmax(far, fabs((double)times[i] / DRAWS - want));
        good &= (times[i] > 0) == (want > 0);
    }
    ok(good && far < 0.015, "%s: tokens %s, shares within %.3f", name, may, far);
}

static void penalties(void)
{
    static const int32_t seen[] = { 2, 2, 5 };
    struct tb_sampling s = { .repeat_penalty = 1, .top_p = 1 };
    float l[N] = { 1, 0, 4, 0, 0, 3, 0, 2 }, below[N] = { -2, -3, -1, -3, -3, -3, -3, -3 };
    is_int(tb_sample(&s, l, N, seen, 3, 0, 0, scratch), 2, "greedy: the largest");
    s.repeat_penalty = 1.9;
    is_int(tb_sample(&s, l, N, seen, 3, 0, 0, scratch), 2, "a penalty counts once for a token that is there twice");
    s.repeat_penalty = 2.1;
    is_int(tb_sample(&s, l, N, seen, 3, 0, 0, scratch), 7, "with more of it the third is the largest");
    is_int(tb_sample(&s, below, N, seen, 3, 0, 0, scratch), 0, "negative logits are multiplied");
    ok(l[2] == 4 && below[2] == -1, "the logits themselves stay");
    float equal[N] = { 0 };
    s.repeat_penalty = 1;
    is_int(tb_sample(&s, equal, N, NULL, 0, 0, 0, scratch), 0, "of equals the first");
    equal[0] = NAN;
    s.temperature = 1;
    int32_t id = tb_sample(&s, equal, N, NULL, 0, 0, 0, scratch);
    ok(id >= 0 && id < N, "logits that are no numbers give some token");
}

static void places(void)
{
    struct tb_sampling s = { .repeat_penalty = 1, .temperature = 1, .top_p = 1, .seed = 3 }, other = s;
    int same_seed = 0, same_row = 0, same_place = 0;
    other.seed = 4;
    for (uint32_t i = 0; i < 1000; i++) {
        int32_t id = tb_sample(&s, logits, N, NULL, 0, 1, i, scratch);
        same_place += id == tb_sample(&s, logits, N, NULL, 0, 1, i, scratch);
        same_row += id == tb_sample(&s, logits, N, NULL, 0, 2, i, scratch);
        same_seed += id == tb_sample(&other, logits, N, NULL, 0, 1, i, scratch);
    }
    is_int(same_place, 1000, "equal places draw alike");
    ok(same_row < 400 && same_seed < 400, "other rows and other seeds do not");
    is_int(tb_sample(&s, logits, N, NULL, 0, 0, 0, scratch), 2, "seed 3, row 0, place 0 draws this token for good");
}

static void tops(void)
{
    struct tb_candidate top[N + 2];
    is_int(tb_sample_top(logits, N, 4, scratch, top), 4, "four of the largest");
    ok(top[0].id == 2 && top[1].id == 5 && top[2].id == 0 && top[3].id == 4, "in order, equals by their ids");
    is_int(tb_sample_top(logits, N, N + 2, scratch, top), N, "no more than there are");
}

int main(void)
{
    for (int i = 0; i < N; i++)
        logits[i] = logf(p[i]) + 3;
    check("temperature 1", (struct tb_sampling){ .temperature = 1, .top_p = 1 }, "01234567");
    check("temperature 0.5", (struct tb_sampling){ .temperature = 0.5, .top_p = 1 }, "01234567");
    check("top_k 3, equals by their ids", (struct tb_sampling){ .temperature = 1, .top_k = 3, .top_p = 1 }, "250");
    check("top_k 100", (struct tb_sampling){ .temperature = 1, .top_k = 100, .top_p = 1 }, "01234567");
    check("top_p 0.65", (struct tb_sampling){ .temperature = 1, .top_p = 0.65 }, "250");
    check("top_p 0", (struct tb_sampling){ .temperature = 1, .top_p = 0 }, "2");
    check("top_p of what top_k left", (struct tb_sampling){ .temperature = 1, .top_k = 2, .top_p = 0.6 }, "2");
    check("min_p 0.2", (struct tb_sampling){ .temperature = 1, .top_p = 1, .min_p = 0.19 }, "25047");
    check("all three", (struct tb_sampling){ .temperature = 1, .top_k = 5, .top_p = 0.9, .min_p = 0.3 }, "25");
    penalties();
    places();
    tops();
    return done();
}
