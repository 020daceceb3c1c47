/* SPDX-License-Identifier: MIT */
/* patience.c - a trial is given up when `n` evaluations in a row, from `min` tokens on, brought no better value. It
 * looks at no other trial. */
#include <math.h>
#include <stdio.h>

#include "sweep/prune.h"

static const struct tb_key keys[] = {
    TB_INT_KEY("n", "3", 1, 10000, "evaluations without a better value"),
    TB_INT_KEY("min", "0", 0, 1e15, "tokens before which no trial is given up"),
    TB_END_KEY
};

static void decide(const struct tb_prune_ask *q, struct tb_prune_answer *a)
{
    const struct tb_curve *c = q->curve[q->who];
    size_t look = (size_t)q->n_decided, best = 0, n = (size_t)tb_json_int(tb_json_get(q->keys, "n"), 3);
    *a = (struct tb_prune_answer){ .rung = q->n_decided, .is_decided = look < c->n };
    if (!a->is_decided)
        return;
    for (size_t i = 1; i <= look; i++)
        best = tb_is_better(c->value[i], c->value[best]) ? i : best;
    a->tokens = c->tokens[look];
    a->value = c->value[look];
    a->gives_up = look - best >= n && a->tokens < q->budget_tok
               && a->tokens >= tb_json_real(tb_json_get(q->keys, "min"), 0);
    snprintf(a->reason, sizeof a->reason, "best %.4g at %.0f tokens, %zu evaluations ago",
             q->is_max ? -c->value[best] : c->value[best], c->tokens[best], look - best);
}

static double rung(const struct tb_json *given, double budget_tok, int i)
{
    return 0;
}

const struct tb_prune tb_prune_patience = {
    .name = "patience", .help = "no better value in n evaluations", .keys = keys, .decide = decide, .rung = rung,
};
