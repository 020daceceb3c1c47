/* SPDX-License-Identifier: MIT */
/* asha.c - asynchronous successive halving.  Li et al. 2018, arXiv:1810.05934, in its stopping form
 * Rungs stand at min, min eta, min eta^2 .. tokens below the budget. A trial that reaches a rung (with its first
 * evaluation there or beyond) is ranked among all that have reached it so far, and goes on if its rank is at most
 * max(1, floor(n / eta)); else it is given up. It never waits for others, so the first to come is always let through:
 * the price of asking nobody to wait, which the paper weighs. Where the paper pauses a trial that is not in the best
 * share and may promote it later, this form ends it: half-trained adapters need not be kept. */
#include <math.h>
#include <stdio.h>

#include "sweep/prune.h"

static const struct tb_key keys[] = {
    TB_INT_KEY("min", "20000", 1, 1e15, "tokens of the first rung"),
    TB_INT_KEY("eta", "3", 2, 100, "one of so many goes on from each rung"),
    TB_END_KEY
};

static double rung(const struct tb_json *given, double budget_tok, int i)
{
    double tokens = tb_json_real(tb_json_get(given, "min"), 1);
    for (int k = 0; k < i; k++)
        tokens *= tb_json_real(tb_json_get(given, "eta"), 3);
    return tokens < budget_tok ? tokens : 0;
}

static size_t most_of(size_t n, size_t eta)
{
    return n / eta > 1 ? n / eta : 1;
}

static double pass(const struct tb_json *given, size_t k)
{
    return (double)most_of(k, (size_t)tb_json_int(tb_json_get(given, "eta"), 3)) / (double)k;
}

static void decide(const struct tb_prune_ask *q, struct tb_prune_answer *a)
{
    const struct tb_curve *mine = q->curve[q->who];
    double tokens = rung(q->keys, q->budget_tok, q->n_decided);
    ptrdiff_t here = tokens > 0 ? tb_curve_at(mine, tokens) : -1;
    int n = 0, rank = 1, eta = (int)tb_json_int(tb_json_get(q->keys, "eta"), 3);
    *a = (struct tb_prune_answer){ .rung = q->n_decided, .is_decided = here >= 0 };
    if (here < 0)
        return;
    for (size_t i = 0; i < q->n; i++) {
        ptrdiff_t there = tb_curve_at(q->curve[i], tokens);
        n += there >= 0;
        rank += there >= 0 && i != q->who && tb_is_better(q->curve[i]->value[there], mine->value[here]);
    }
    int most = (int)most_of((size_t)n, (size_t)eta);
    a->tokens = mine->tokens[here];
    a->value = mine->value[here];
    a->gives_up = rank > most || isnan(a->value);
    snprintf(a->reason, sizeof a->reason, "rung %d (%.0f tokens): rank %d of %d, %d go%s on", a->rung + 1, tokens, rank,
             n, most, most == 1 ? "es" : "");
}

const struct tb_prune tb_prune_asha = {
    .name = "asha", .help = "at each rung of tokens one trial of eta goes on", .paper = "arXiv:1810.05934",
    .keys = keys, .decide = decide, .rung = rung,
    .pass = pass,
};
