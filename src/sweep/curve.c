/* SPDX-License-Identifier: MIT */
/* curve.c - what the rules of pruning ask of a curve. */
#include <math.h>

#include "base/mem.h"
#include "sweep/prune.h"

ptrdiff_t tb_curve_at(const struct tb_curve *c, double tokens)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->tokens[i] >= tokens)
            return (ptrdiff_t)i;
    return -1;
}

void tb_curve_add(struct tb_curve *c, double tokens, double value)
{
    while (c->n && c->tokens[c->n - 1] >= tokens)
        c->n--;
    if (c->n == c->cap) {
        c->cap = c->cap ? 2 * c->cap : 8;
        c->tokens = tb_xrealloc(c->tokens, c->cap, sizeof *c->tokens);
        c->value = tb_xrealloc(c->value, c->cap, sizeof *c->value);
    }
    c->tokens[c->n] = tokens;
    c->value[c->n++] = value;
}

double tb_curve_best(const struct tb_curve *c, size_t n)
{
    double best = NAN;
    for (size_t i = 0; i < n && i < c->n; i++)
        best = tb_is_better(c->value[i], best) ? c->value[i] : best;
    return best;
}

bool tb_is_better(double a, double b)
{
    return !isnan(a) && (isnan(b) || a < b);
}
