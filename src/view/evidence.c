/* SPDX-License-Identifier: MIT */
/* evidence.c - the two tests.
 * Prompts: if the arms were equal, each prompt's difference might as well have had the other sign (Fisher's
 * randomisation test, token-weighted like the loss itself). p is the share of sign patterns whose sum is at least as
 * far from zero; drawn patterns count themselves in, so p is never 0. Signs are pick 3 of base/resample.h.
 * Seeds: few, so a t-test of whole-run differences; pairs of one seed saw the same rows in the same order.
 * Each test takes the other's unit as given, so a difference counts only if it passes both: the larger p is reported
 * (an intersection-union test, Berger 1982: its level is that of the single test, no correction is needed). */
#include "view/evidence.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/resample.h"
#include "view/groups.h"
#include "view/student.h"

enum { SIGNS = 3 };

static double mean(const double *v, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += v[i];
    return sum / (double)n;
}

/* ---- prompts */

static double signed_sum(const double *d, size_t n, const size_t *sign)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += sign[i] ? d[i] : -d[i];
    return fabs(sum);
}

static void signs_of(size_t *sign, size_t n, uint32_t k, bool is_exact)
{
    for (size_t i = 0; is_exact && i < n; i++)
        sign[i] = k >> i & 1;
    if (!is_exact)
        tb_resample_pick(sign, n, 2, k, SIGNS);
}

static void test_prompts(struct tb_evidence *e, const double *d, size_t n)
{
    size_t *sign = tb_xcalloc(n + 1, sizeof *sign);
    double seen = 0, size = 0;
    for (size_t i = 0; i < n; i++) {
        seen += d[i];
        size += fabs(d[i]);
    }
    e->is_exact = n <= TB_EVIDENCE_EXACT;
    uint32_t all = e->is_exact ? 1u << n : TB_EVIDENCE_DRAWS, as_far = 0;
    for (uint32_t k = 0; k < all; k++) {
        signs_of(sign, n, k, e->is_exact);
        as_far += signed_sum(d, n, sign) >= fabs(seen) - 1e-12 * size;
    }
    e->p_prompts = e->is_exact ? (double)as_far / all : (1.0 + as_far) / (1.0 + all);
    free(sign);
}

/* ---- seeds */

static double variance_of_mean(const double *v, size_t n)
{
    double m, sd;
    tb_spread(v, n, &m, &sd);
    return sd * sd / (double)n;
}

static double p_of(double difference, double variance, double df)
{
    if (variance == 0)
        return difference == 0 ? 1 : 0;
    return tb_student_p(difference / sqrt(variance), df);
}

static double paired_t(const double *a, const double *b, size_t n)
{
    double *d = tb_xcalloc(n + 1, sizeof *d);
    for (size_t i = 0; i < n; i++)
        d[i] = b[i] - a[i];
    double p = p_of(mean(d, n), variance_of_mean(d, n), (double)n - 1);
    free(d);
    return p;
}

static double welch_t(const double *a, size_t na, const double *b, size_t nb)
{
    double va = variance_of_mean(a, na), vb = variance_of_mean(b, nb), sum = va + vb;
    double df = sum * sum / (va * va / ((double)na - 1) + vb * vb / ((double)nb - 1));
    return p_of(mean(b, nb) - mean(a, na), sum, df);
}

static void test_seeds(struct tb_evidence *e, const struct tb_paired_sums *s)
{
    size_t width = s->na + s->nb;
    double *run = tb_xcalloc(width + 1, sizeof *run), tok = 0;
    for (size_t j = 0; j < s->n; j++) {
        tok += s->tok[j];
        for (size_t i = 0; i < width; i++)
            run[i] += s->sum[j * width + i];
    }
    for (size_t i = 0; i < width; i++)
        run[i] /= tok;
    if (s->na > 1 && s->nb > 1)
        e->p_seeds = s->is_by_seed ? paired_t(run, run + s->na, s->na) : welch_t(run, s->na, run + s->na, s->nb);
    free(run);
}

void tb_evidence_of(struct tb_evidence *e, const struct tb_paired_sums *s)
{
    size_t width = s->na + s->nb;
    double *d = tb_xcalloc(s->n + 1, sizeof *d);
    *e = (struct tb_evidence){ .p_seeds = NAN, .n_prompts = s->n, .is_by_seed = s->is_by_seed };
    for (size_t j = 0; j < s->n; j++)
        d[j] = mean(s->sum + j * width + s->na, s->nb) - mean(s->sum + j * width, s->na);
    test_prompts(e, d, s->n);
    test_seeds(e, s);
    e->p = e->p_seeds > e->p_prompts ? e->p_seeds : e->p_prompts;
    free(d);
}

bool tb_evidence_make(struct tb_evidence *e, const struct tb_metrics *const *a, size_t na,
                      const struct tb_metrics *const *b, size_t nb, struct tb_err *err)
{
    struct tb_paired_sums s;
    *e = (struct tb_evidence){ .p_prompts = NAN, .p_seeds = NAN, .p = NAN };
    bool good = tb_paired_sums(&s, a, na, b, nb, err);
    if (good)
        tb_evidence_of(e, &s);
    tb_paired_sums_free(&s);
    return good;
}

struct test {
    double p;
    size_t place;
};

static int by_p(const void *a, const void *b)
{
    const struct test *x = a, *y = b;
    if (x->p != y->p)
        return x->p < y->p ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

/* Holm 1979: the k-th smallest of m times m - k, never below the one before. */
void tb_holm(const double *p, double *adjusted, size_t n)
{
    struct test *t = tb_xcalloc(n + 1, sizeof *t);
    size_t m = 0;
    double least = 0;
    for (size_t i = 0; i < n; i++)
        if (isnan(p[i]))
            adjusted[i] = NAN;
        else
            t[m++] = (struct test){ p[i], i };
    qsort(t, m, sizeof *t, by_p);
    for (size_t k = 0; k < m; k++) {
        least = fmax(least, t[k].p * (double)(m - k));
        adjusted[t[k].place] = fmin(1, least);
    }
    free(t);
}

double tb_student_half(const double *v, size_t n)
{
    return n < 2 ? NAN : tb_student_t95((double)n - 1) * sqrt(variance_of_mean(v, n));
}
