/* SPDX-License-Identifier: MIT */
/* loss.c - loss in nats per label token, weighted by tokens, and perplexity, which is exp(loss). */
#include <math.h>

#include "score/metric.h"

static bool row(void *own, const struct tb_score_row *r, double *sums)
{
    sums[0] = r->loss * (double)r->n_tok;
    sums[1] = (double)r->n_tok;
    return true;
}

static double perplexity(const double *sums)
{
    return exp(tb_metric_mean(sums));
}

const struct tb_metric tb_metric_loss = {
    .name = "loss", .help = "nats per label token", .needs = TB_NEEDS_LOSS, .is_lower_better = true, .n_sums = 2,
    .row = row, .value = tb_metric_mean,
};

const struct tb_metric tb_metric_perplexity = {
    .name = "perplexity", .help = "exp of the loss", .needs = TB_NEEDS_LOSS, .is_lower_better = true, .n_sums = 2,
    .row = row, .value = perplexity,
};
