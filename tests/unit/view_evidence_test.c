/* SPDX-License-Identifier: MIT */
/* Tests of two arms against scipy 1.x (stats.t, ttest_rel, ttest_ind, permutation_test) and numbers worked by hand; how
 * often they are wrong where nothing differs. */
#include "view/evidence.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tests/tap.h"
#include "view/student.h"

static void student(void)
{
    static const struct { double t, df, p; } known[] = {
        { 2.0, 2, 0.18350341907227397 },    { 4.303, 2, 0.0499925249852145 },    { 0.5, 1.5, 0.68056711066994 },
        { -3.1, 7.3, 0.016430118131617166 }, { 12.7, 1, 0.050024327689344165 }, { 1.96, 1e6, 0.04999606758526985 },
        { 40, 3, 3.4380680789158506e-05 },  { 0, 5, 1.0 },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        near(tb_student_p(known[i].t, known[i].df) / known[i].p, 1, 1e-9, "p of a t, relatively");
    near(tb_student_t95(1), 12.706204736174694, 1e-9, "half of a 95 % interval, 1 degree of freedom");
    near(tb_student_t95(2), 4.302652729749462, 1e-9, "2");
    near(tb_student_t95(30), 2.0422724563012378, 1e-9, "30");
    ok(isnan(tb_student_p(NAN, 3)) && isnan(tb_student_p(1, 0)) && tb_student_p(INFINITY, 3) == 0, "no numbers");
    near(tb_student_half((double[]){ 1, 2, 3 }, 3), 4.302652729749462 / sqrt(3), 1e-9, "interval of a mean");
    ok(isnan(tb_student_half((double[]){ 1 }, 1)), "of one value there is none");
}

static void holm(void)
{
    double p[] = { 0.04, NAN, 0.01, 0.03, 0.5 };
    tb_holm(p, p, 5);
    near(p[2], 0.04, 1e-12, "the smallest of four times four");
    near(p[3], 0.09, 1e-12, "the next times three");
    near(p[0], 0.09, 1e-12, "never below the one before: 0.08 becomes 0.09");
    ok(p[4] == 0.5 && isnan(p[1]), "the last once; unknown stays unknown");
    double big[] = { 0.9, 0.8 };
    tb_holm(big, big, 2);
    ok(big[0] == 1 && big[1] == 1, "none is above 1");
}

/* Sums of one prompt a row, one token each. */
static struct tb_paired_sums sums_of(size_t na, size_t nb, size_t n, bool is_by_seed, const double *value)
{
    struct tb_paired_sums s = { na, nb, n, is_by_seed, tb_xcalloc(n, sizeof(double)),
                                tb_xcalloc(n * (na + nb), sizeof(double)) };
    for (size_t i = 0; i < n; i++)
        s.tok[i] = 1;
    for (size_t i = 0; i < n * (na + nb); i++)
        s.sum[i] = value[i];
    return s;
}

static void prompts(void)
{
    static const double d[] = { 0, .3, 0, -.1, 0, .2, 0, .5, 0, .4, 0, .05, 0, -.2, 0, .6 };
    struct tb_paired_sums s = sums_of(1, 1, 8, true, d);
    struct tb_evidence e;
    tb_evidence_of(&e, &s);
    ok(e.is_exact && e.n_prompts == 8, "all patterns of 8 signs");
    near(e.p_prompts, 0.0859375, 1e-12, "permutation_test(samples): 22 of 256");
    ok(isnan(e.p_seeds) && e.p == e.p_prompts, "one seed says nothing of seeds");
    tb_paired_sums_free(&s);
    s = sums_of(1, 1, 1, true, (double[]){ 0, 1 });
    tb_evidence_of(&e, &s);
    ok(e.p == 1, "one prompt proves nothing");
    tb_paired_sums_free(&s);
}

static void seeds(void)
{
    static const double v[] = { 2.0, 2.1, 2.3, 2.5, 2.45, 2.9 };
    struct tb_paired_sums s = sums_of(3, 3, 1, true, v);
    struct tb_evidence e;
    tb_evidence_of(&e, &s);
    near(e.p_seeds, 0.021854276835417037, 1e-9, "ttest_rel");
    ok(e.p == 1, "the larger of both counts");
    tb_paired_sums_free(&s);
    s = sums_of(3, 3, 1, false, v);
    tb_evidence_of(&e, &s);
    near(e.p_seeds, 0.05563285763201711, 1e-9, "ttest_ind, equal_var=False");
    tb_paired_sums_free(&s);
    s = sums_of(2, 2, 1, true, (double[]){ 1, 1, 1, 1 });
    tb_evidence_of(&e, &s);
    ok(e.p_seeds == 1 && e.p_prompts == 1, "equal arms");
    tb_paired_sums_free(&s);
}

/* 40 prompts and 3 seeds with noise of both, and no difference: at 5 % about one in twenty may be called one. */
static void error_rate(void)
{
    enum { N = 40, ROUNDS = 200 };
    uint32_t state = 1;
    int wrong = 0;
    double v[N * 6];
    for (int round = 0; round < ROUNDS; round++) {
        double seed[6];
        for (int i = 0; i < N * 6 + 6; i++) {
            double sum = 0;
            for (int k = 0; k < 12; k++) {
                state = state * 1664525 + 1013904223;
                sum += (double)(state >> 8) / 0x1p24;
            }
            *(i < 6 ? &seed[i] : &v[i - 6]) = sum - 6;
        }
        for (int i = 0; i < N * 6; i++)
            v[i] += seed[i % 6];
        struct tb_paired_sums s = sums_of(3, 3, N, true, v);
        struct tb_evidence e;
        tb_evidence_of(&e, &s);
        wrong += e.p < 0.05;
        tb_paired_sums_free(&s);
    }
    ok(wrong <= ROUNDS / 10, "%d of %d equal arms are told apart", wrong, ROUNDS);
}

static void level(void)
{
    struct tb_metrics m[2];
    struct tb_level l;
    struct tb_err err = { 0 };
    const struct tb_metrics *both[] = { &m[0], &m[1] };
    for (int i = 0; i < 2; i++) {
        tb_metrics_init(&m[i]);
        m[i].rows = tb_xcalloc(2, sizeof *m[i].rows);
        m[i].n_rows = 2;
        m[i].rows[0] = (struct tb_row_loss){ 0, 0, 0, 3, 1 + i };
        m[i].rows[1] = (struct tb_row_loss){ 0, 1, 1, 1, 3 + i };
    }
    ok(tb_level_make(&l, both, 1, &err) && l.mean == 1.5 && l.low == 1 && l.high == 3,
       "one run: between its two prompts");
    ok(tb_level_make(&l, both, 2, &err) && l.mean == 2 && l.n_seeds == 2 && l.n_prompts == 2, "two seeds: their mean");
    ok(l.low < 1 && l.high > 4, "and wider than either, for there are two only");
    m[0].n_rows = 0;
    ok(!tb_level_make(&l, both, 2, &err) && isnan(l.mean), "a run without rows");
    for (int i = 0; i < 2; i++)
        tb_metrics_free(&m[i]);
}

int main(void)
{
    student();
    holm();
    prompts();
    seeds();
    error_rate();
    level();
    return done();
}
