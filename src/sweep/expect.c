/* SPDX-License-Identifier: MIT */
/* expect.c - trials flow from rung to rung. Where all orders of results are as likely, the rank of the k-th to come is
 * any of 1 .. k whatever the ranks before were; so whether it goes on is a coin of its own with the chance that the
 * rule says for k, and their sum has the sum of p (1 - p) as variance. That those who come to a later rung are the
 * better ones of those before is left out. */
#include "sweep/expect.h"

#include <math.h>

/* Of n trials (not a whole number where it is itself expected) that come behind n_seen others: how many go on. */
static double let_through(const struct tb_expect_ask *q, size_t n_seen, double n, double *variance)
{
    double sum = 0;
    for (double left = n; left > 0; left -= 1) {
        double p = q->prune->pass(q->keys, ++n_seen), part = fmin(left, 1);
        sum += p * part;
        *variance += p * (1 - p) * part;
    }
    return sum;
}

static double starting_at(const struct tb_expect_ask *q, size_t rung)
{
    double n = 0;
    for (size_t i = 0; i < q->n; i++)
        n += (size_t)q->n_decided[i] == rung;
    return n;
}

static size_t list_rungs(const struct tb_expect_ask *q, double rung[TB_EXPECT_RUNGS + 1])
{
    size_t n = 0;
    while (q->prune && q->prune->pass && n < TB_EXPECT_RUNGS
           && (rung[n] = q->prune->rung(q->keys, q->budget_tok, (int)n)) > 0)
        n++;
    rung[n] = q->budget_tok;
    return n;
}

/* No rung: each takes what others took. */
static void expect_share(const struct tb_expect_ask *q, struct tb_expect *e)
{
    double share = isnan(q->share) || !q->prune ? 1 : q->share, n = 0;
    for (size_t i = 0; i < q->n; i++) {
        e->tokens += fmax(0, share * q->budget_tok - q->trained_tok[i]);
        n++;
    }
    e->sd = q->prune && !isnan(q->share_sd) ? sqrt(n) * q->share_sd * q->budget_tok : 0;
    e->come[0] = n * share;
}

void tb_expect(const struct tb_expect_ask *q, struct tb_expect *e)
{
    double rung[TB_EXPECT_RUNGS + 1], variance[TB_EXPECT_RUNGS + 1] = { 0 }, pass[TB_EXPECT_RUNGS + 1] = { 0 };
    *e = (struct tb_expect){ .n_rungs = list_rungs(q, rung) };
    if (e->n_rungs == 0) {
        expect_share(q, e);
        return;
    }
    double flow = 0, behind = 0, squares = 0;
    for (size_t r = 0; r <= e->n_rungs; r++) {
        flow += starting_at(q, r);
        e->come[r] = flow + (r < e->n_rungs ? (double)q->n_seen[r] : 0);
        e->tokens += flow * (rung[r] - (r ? rung[r - 1] : 0));
        if (r < e->n_rungs) {
            double on = let_through(q, q->n_seen[r], flow, &variance[r]);
            pass[r] = flow > 0 ? on / flow : 0;
            flow = on;
        }
    }
    for (size_t i = 0; i < q->n; i++) {
        size_t at = (size_t)q->n_decided[i] < e->n_rungs ? (size_t)q->n_decided[i] : e->n_rungs;
        e->tokens -= fmin(fmax(0, q->trained_tok[i] - (at ? rung[at - 1] : 0)), rung[at] - (at ? rung[at - 1] : 0));
    }
    for (size_t r = e->n_rungs; r-- > 0;) { /* what one that is let through at r still takes */
        behind = rung[r + 1] - rung[r] + (r + 1 < e->n_rungs ? pass[r + 1] * behind : 0);
        squares += variance[r] * behind * behind;
    }
    e->sd = sqrt(squares);
}
