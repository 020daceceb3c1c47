/* SPDX-License-Identifier: MIT */
/* sweep_prune_test.c - the rules of pruning on recorded curves: decisions equal to those written out beside them. */
#include "sweep/prune.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/tap.h"

enum { MOST = 12 };

static struct tb_curve curve[MOST];
static const struct tb_curve *all[MOST];

static struct tb_json *keys_of(const char *text)
{
    return tb_json_parse(text, strlen(text), "keys", NULL);
}

static void clear(void)
{
    for (int i = 0; i < MOST; i++) {
        curve[i].n = 0;
        all[i] = &curve[i];
    }
}

static struct tb_prune_answer decide(const char *rule, const char *keys, size_t n, size_t who, int n_decided)
{
    struct tb_prune_answer a;
    struct tb_json *j = keys_of(keys);
    struct tb_prune_ask q = { .keys = j, .curve = all, .n = n, .who = who, .budget_tok = 1000, .n_decided = n_decided };
    tb_prune_find(rule)->decide(&q, &a);
    tb_json_free(j);
    return a;
}

/* Values of trials in the order in which they reach the first rung, and by hand, for eta = 3: with n there the best
 * max(1, n / 3) go on.
 *   n    1    2    3    4    5    6    7    8    9
 *   v   2.0  1.8  1.9  2.5  1.7  1.75 1.6  1.65 1.5
 *  rank  1    1    2    4    1    2    1    2    1
 *  most  1    1    1    1    1    2    2    2    3    */
static void asha(void)
{
    static const double v[] = { 2.0, 1.8, 1.9, 2.5, 1.7, 1.75, 1.6, 1.65, 1.5 };
    static const bool goes_on[] = { true, true, false, false, true, true, true, true, true };
    static const char keys[] = "{\"min\": 100, \"eta\": 3}";
    clear();
    for (int i = 0; i < 9; i++) {
        tb_curve_add(&curve[i], 50, 3);
        ok(!decide("asha", keys, MOST, (size_t)i, 0).is_decided, "%d: nothing is decided below the rung", i + 1);
        tb_curve_add(&curve[i], 110, v[i]);
        struct tb_prune_answer a = decide("asha", keys, MOST, (size_t)i, 0);
        ok(a.is_decided && a.gives_up == !goes_on[i], "%d: as written out (%s)", i + 1, a.reason);
        near(a.tokens, 110, 0, "judged by the first evaluation at the rung");
    }
    ok(!decide("asha", keys, MOST, 8, 1).is_decided, "the second rung is at 300");
    tb_curve_add(&curve[8], 299, 0.1);
    tb_curve_add(&curve[8], 300, 1.4);
    tb_curve_add(&curve[7], 310, 1.3);
    struct tb_prune_answer a = decide("asha", keys, MOST, 8, 1);
    ok(a.is_decided && a.gives_up && a.rung == 1, "there it is second of two");
    is_str(a.reason, "rung 2 (300 tokens): rank 2 of 2, 1 goes on", "and the reason says so");
    tb_curve_add(&curve[8], 900, 1.3);
    ok(decide("asha", keys, MOST, 8, 2).is_decided, "the third is at 900");
    tb_curve_add(&curve[8], 1000, 1.3);
    ok(!decide("asha", keys, MOST, 8, 3).is_decided, "the next would lie behind the budget");
    tb_curve_add(&curve[10], 100, NAN);
    ok(decide("asha", keys, MOST, 10, 0).gives_up, "a loss that is no number is given up");
}

static void rungs(void)
{
    struct tb_json *keys = keys_of("{\"min\": 100, \"eta\": 2}");
    const struct tb_prune *p = tb_prune_find("asha");
    near(p->rung(keys, 500, 0), 100, 0, "first rung");
    near(p->rung(keys, 500, 2), 400, 0, "third");
    near(p->rung(keys, 400, 2), 0, 0, "none at the budget itself");
    near(p->rung(keys, 100, 0), 0, 0, "a budget too small for one");
    tb_json_free(keys);
}

/* Means of the others up to 200 tokens: (3 + 2) / 2 = 2.5, (3 + 1) / 2 = 2, (4 + 4) / 2 = 4: their median is 2.5. */
static void median(void)
{
    static const char keys[] = "{\"min\": 150, \"least\": 3}";
    static const double v[3][2] = { { 3, 2 }, { 3, 1 }, { 4, 4 } };
    clear();
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 2; k++)
            tb_curve_add(&curve[i], 100 * (k + 1), v[i][k]);
    tb_curve_add(&curve[3], 100, 9);
    ok(!decide("median", keys, 4, 3, 0).gives_up, "not before min");
    tb_curve_add(&curve[3], 200, 2.6);
    ok(decide("median", keys, 4, 3, 1).gives_up, "2.6 is worse than the median of means 2.5");
    tb_curve_add(&curve[3], 200, 2.4);
    ok(!decide("median", keys, 4, 3, 1).gives_up, "2.4 is not");
    tb_curve_add(&curve[3], 200, 2.6);
    ok(!decide("median", "{\"min\": 0, \"least\": 4}", 4, 3, 1).gives_up, "with fewer than least nothing is said");
    tb_curve_add(&curve[3], 250, 2.6);
    ok(!decide("median", keys, 4, 3, 2).gives_up, "others that have not come as far do not count");
    ok(!decide("median", keys, 4, 3, 3).is_decided, "an evaluation is judged once");
}

static void patience(void)
{
    static const char keys[] = "{\"n\": 2, \"min\": 0}";
    static const double v[] = { 3, 2, 2, 2.5, 1 };
    static const bool gives_up[] = { false, false, false, true, false };
    clear();
    for (int i = 0; i < 5; i++) {
        tb_curve_add(&curve[0], 100 * (i + 1), v[i]);
        ok(decide("patience", keys, 1, 0, i).gives_up == gives_up[i], "evaluation %d", i + 1);
    }
    ok(!decide("patience", "{\"n\": 2, \"min\": 500}", 1, 0, 3).gives_up, "not before min");
}

static void curves(void)
{
    clear();
    tb_curve_add(&curve[0], 10, 3);
    tb_curve_add(&curve[0], 20, NAN);
    tb_curve_add(&curve[0], 30, 2);
    near(tb_curve_best(&curve[0], 3), 2, 0, "the best passes over what is no number");
    ok(isnan(tb_curve_best(&curve[0], 0)), "of nothing it is none");
    tb_curve_add(&curve[0], 20, 2.5);
    is_int((long long)curve[0].n, 2, "steps that are repeated replace what was behind them");
    is_int(tb_curve_at(&curve[0], 15), 1, "first at so many tokens or more");
    is_int(tb_curve_at(&curve[0], 21), -1, "or none");
}

int main(void)
{
    asha();
    rungs();
    median();
    patience();
    curves();
    for (int i = 0; i < MOST; i++) {
        free(curve[i].tokens);
        free(curve[i].value);
    }
    return done();
}
