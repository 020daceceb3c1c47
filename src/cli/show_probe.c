/* SPDX-License-Identifier: MIT */
/* show_probe.c - the facts "probe" as a table: each rate (in a stack: factor of all rates) with its loss. */
#include "cli/show_probe.h"

#include <math.h>
#include <stdio.h>

static double number(const struct tb_metrics *m, const char *key)
{
    return tb_json_real(tb_metrics_fact(m, "probe", key), NAN);
}

static void print_cost(const struct tb_out *o, const struct tb_metrics *m)
{
    char text[160], tokens[32], seconds[32];
    snprintf(text, sizeof text, "%.0f steps with each; %s tokens in %s, which are not in the run's", number(m, "steps"),
             tb_fmt_unit(tokens, sizeof tokens, TB_UNIT_COUNT, number(m, "tokens")),
             tb_fmt_unit(seconds, sizeof seconds, TB_UNIT_SECONDS, number(m, "seconds")));
    tb_out_pair(o, 24, "took", text);
}

void tb_show_probe(const struct tb_out *o, const struct tb_metrics *m)
{
    const struct tb_json *tried = tb_metrics_fact(m, "probe", "tried");
    bool is_stack = tb_json_get(tb_json_at(tried, 0), "factor") != NULL;
    const struct tb_table_column columns[] = { { is_stack ? "  factor" : "  rate", NULL, TB_UNIT_RATE, false },
                                               { "loss", NULL, TB_UNIT_LOSS, false },
                                               { "", NULL, TB_UNIT_TEXT, false } };
    struct tb_table t;
    tb_table_init(&t, columns, 3);
    for (size_t i = 0; i < tb_json_len(tried); i++) {
        const struct tb_json *one = tb_json_at(tried, i);
        double loss = tb_json_real(tb_json_get(one, "loss"), NAN);
        bool is_taken = tb_json_bool(tb_json_get(one, "taken"), false);
        tb_table_real(&t, tb_json_real(tb_json_get(one, is_stack ? "factor" : "rate"), NAN));
        tb_table_real(&t, loss);
        tb_table_text(&t, is_taken ? "taken" : isnan(loss) ? "diverged" : " ");
    }
    if (tb_json_len(tried)) {
        tb_out_head(o, "PROBE OF THE RATE");
        tb_out_table(o, &t);
        print_cost(o, m);
    }
    tb_table_free(&t);
}
