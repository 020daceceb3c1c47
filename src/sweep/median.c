/* SPDX-License-Identifier: MIT */
/* median.c - the median rule.  Golovin et al. 2017 (Vizier), section 3.2.2
 * At each evaluation from `min` tokens on, a trial is given up if its best value so far is worse than the median over
 * the other trials of the mean of their values up to the same tokens. Trials that have not come as far say nothing;
 * with fewer than `least` others that have there is no decision. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "sweep/prune.h"

static const struct tb_key keys[] = {
    TB_INT_KEY("min", "0", 0, 1e15, "tokens before which no trial is given up"),
    TB_INT_KEY("least", "4", 1, 10000, "other trials that must have come as far"),
    TB_END_KEY
};

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return tb_is_better(x, y) ? -1 : tb_is_better(y, x);
}

static double mean_until(const struct tb_curve *c, ptrdiff_t last)
{
    double sum = 0;
    for (ptrdiff_t i = 0; i <= last; i++)
        sum += c->value[i];
    return sum / (double)(last + 1);
}

static double median_of(double *v, size_t n)
{
    qsort(v, n, sizeof *v, by_size);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static void decide(const struct tb_prune_ask *q, struct tb_prune_answer *a)
{
    const struct tb_curve *mine = q->curve[q->who];
    size_t look = (size_t)q->n_decided, n = 0;
    *a = (struct tb_prune_answer){ .rung = q->n_decided, .is_decided = look < mine->n };
    if (!a->is_decided)
        return;
    double *others = tb_xcalloc(q->n + 1, sizeof *others);
    a->tokens = mine->tokens[look];
    a->value = tb_curve_best(mine, look + 1);
    for (size_t i = 0; i < q->n; i++) {
        ptrdiff_t there = tb_curve_at(q->curve[i], a->tokens);
        if (i != q->who && there >= 0)
            others[n++] = mean_until(q->curve[i], there);
    }
    double median = n ? median_of(others, n) : NAN;
    bool may = a->tokens >= tb_json_real(tb_json_get(q->keys, "min"), 0) && a->tokens < q->budget_tok
            && n >= (size_t)tb_json_int(tb_json_get(q->keys, "least"), 4);
    a->gives_up = may && tb_is_better(median, a->value);
    snprintf(a->reason, sizeof a->reason, "best %.4g at %.0f tokens, median of %zu others %.4g",
             q->is_max ? -a->value : a->value, a->tokens, n, q->is_max ? -median : median);
    free(others);
}

static double rung(const struct tb_json *given, double budget_tok, int i)
{
    return 0;
}

const struct tb_prune tb_prune_median = {
    .name = "median", .help = "worse than the median of the others at the same tokens", .paper = "Golovin et al. 2017",
    .keys = keys, .decide = decide, .rung = rung,
};
