/* SPDX-License-Identifier: MIT */
/* reach.c - only evaluations up to the run's step are looked at: behind it lie those that a resumed run has not reached
 * again. */
#include "view/reach.h"

#include <math.h>

double tb_tokens_until(const struct tb_metrics *m, double loss)
{
    for (size_t i = 0; i < m->n_eval && m->eval[i].step <= (double)m->step; i++) {
        const struct tb_eval_row *now = &m->eval[i], *before = i ? now - 1 : NULL;
        if (!(now->loss <= loss))
            continue;
        if (!before || !(before->loss > loss))
            return now->tokens;
        return before->tokens + (now->tokens - before->tokens) * (before->loss - loss) / (before->loss - now->loss);
    }
    return NAN;
}
