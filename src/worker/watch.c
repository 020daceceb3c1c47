/* SPDX-License-Identifier: MIT */
/* watch.c - the rule of divergence. */
#include "worker/watch.h"

#include <math.h>
#include <stdio.h>

enum { CALM = 50 };
static const double keep = 0.98, times = 3, nats = 1;

bool tb_watch_diverged(struct tb_watch *w, double loss, char *words, size_t n)
{
    if (!isfinite(loss)) {
        snprintf(words, n, "the loss is %s", isnan(loss) ? "NaN" : "infinite");
        return true;
    }
    w->sum = keep * w->sum + (1 - keep) * loss;
    w->weight = keep * w->weight + (1 - keep);
    w->n++;
    double mean = w->sum / w->weight;
    w->least = w->n == 1 ? mean : fmin(w->least, mean);
    w->n_above = w->n > CALM && mean > times * w->least + nats ? w->n_above + 1 : 0;
    if (w->n_above < CALM)
        return false;
    snprintf(words, n, "the mean loss %.3f was above %g x its lowest %.3f + %g nat for %d steps", mean, times,
             w->least, nats, CALM);
    return true;
}

bool tb_watch_is_first(const struct tb_watch *w)
{
    return w->n_above == CALM;
}

struct tb_json *tb_watch_to_json(const struct tb_watch *w)
{
    struct tb_json *j = tb_json_new_map();
    tb_json_set(j, "sum", tb_json_new_real(w->sum));
    tb_json_set(j, "weight", tb_json_new_real(w->weight));
    tb_json_set(j, "least", tb_json_new_real(w->least));
    tb_json_set(j, "n", tb_json_new_int(w->n));
    tb_json_set(j, "n_above", tb_json_new_int(w->n_above));
    return j;
}

void tb_watch_from_json(struct tb_watch *w, const struct tb_json *j)
{
    *w = (struct tb_watch){ .sum = tb_json_real(tb_json_get(j, "sum"), 0),
                            .weight = tb_json_real(tb_json_get(j, "weight"), 0),
                            .least = tb_json_real(tb_json_get(j, "least"), 0),
                            .n = tb_json_int(tb_json_get(j, "n"), 0),
                            .n_above = tb_json_int(tb_json_get(j, "n_above"), 0) };
}
