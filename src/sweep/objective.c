/* SPDX-License-Identifier: MIT */
/* objective.c - a run's evaluations, or its measures by the tokens of their steps, as a curve. */
#include "sweep/objective.h"

#include <math.h>
#include <string.h>

#include "base/str.h"

struct tb_objective tb_objective_read(const struct tb_json *spec)
{
    double sign = strcmp(tb_json_str(tb_json_get(spec, "goal"), "min"), "max") == 0 ? -1 : 1;
    return (struct tb_objective){ .metric = tb_json_str(tb_json_get(spec, "metric"), "eval/loss"), .sign = sign,
                                  .target = sign * tb_json_real(tb_json_get(spec, "target"), NAN) };
}

double tb_objective_shown(const struct tb_objective *o, double v)
{
    return o->sign * v + 0.0; /* no -0 */
}

void tb_objective_curve(const struct tb_objective *o, const struct tb_metrics *m, struct tb_curve *c)
{
    const char *name = tb_str_starts(o->metric, "eval/") ? o->metric + 5 : o->metric;
    c->n = 0;
    for (size_t i = 0; i < m->n_eval; i++) {
        const struct tb_eval_row *row = &m->eval[i];
        bool is_loss = strcmp(o->metric, "eval/loss") == 0;
        const struct tb_measure *one = is_loss ? NULL : tb_measures_at(&m->measures, name, (int64_t)row->step);
        if (row->step > 0 && (is_loss || one))
            tb_curve_add(c, row->tokens, o->sign * (is_loss ? row->loss : one->value));
    }
}
