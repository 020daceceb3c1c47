/* SPDX-License-Identifier: MIT */
/* show_measures.c - measures as a table with a line for each step and a column for each name. */
#include "cli/show_measures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 26, MOST = 12 };

/* Different names in their order, lent; their number. */
static int names_of(const struct tb_measures *m, const char *name[MOST])
{
    int n = 0;
    for (size_t i = 0; i < m->n && n < MOST; i++) {
        int k = 0;
        while (k < n && strcmp(name[k], m->at[i].name) != 0)
            k++;
        if (k == n)
            name[n++] = m->at[i].name;
    }
    return n;
}

/* At one step there is no curve to show: the end is told by itself. */
static void print_curves(const struct tb_out *o, const struct tb_metrics *m)
{
    const struct tb_measures *all = &m->measures;
    struct tb_table_column head[MOST + 1] = { { "  step", NULL, TB_UNIT_PLAIN, false } };
    const char *name[MOST];
    struct tb_table t;
    int n = names_of(all, name);
    for (int k = 0; k < n; k++)
        head[k + 1] = (struct tb_table_column){ name[k], NULL, TB_UNIT_LOSS, false };
    tb_table_init(&t, head, (size_t)n + 1);
    for (size_t i = 0; i < all->n; i++) {
        if (i && all->at[i].step == all->at[i - 1].step)
            continue;
        tb_table_int(&t, all->at[i].step);
        for (int k = 0; k < n; k++) {
            const struct tb_measure *one = tb_measures_at(all, name[k], all->at[i].step);
            if (one)
                tb_table_real(&t, one->value);
            else
                tb_table_none(&t);
        }
    }
    if (tb_table_rows(&t) > 1) {
        tb_out_head(o, "MEASURED BY STEP");
        tb_out_table(o, &t);
    }
    tb_table_free(&t);
}

static double fact(const struct tb_metrics *m, const char *key)
{
    return tb_json_real(tb_metrics_fact(m, "forget", key), NAN);
}

char *tb_forgot_text(const struct tb_metrics *m, char *text, size_t n)
{
    double change = fact(m, "change"), low = fact(m, "low");
    text[0] = '\0';
    if (!isnan(change) && isnan(low))
        snprintf(text, n, "%+.3f", change);
    else if (!isnan(change))
        snprintf(text, n, "%+.3f [%+.3f, %+.3f]", change, low, fact(m, "high"));
    return text;
}

static void pair(const struct tb_out *o, const char *name, double v)
{
    char text[40];
    tb_out_pair(o, WIDTH, name, tb_fmt_unit(text, sizeof text, TB_UNIT_LOSS, v));
}

static void print_forgot(const struct tb_out *o, const struct tb_metrics *m)
{
    char text[96], rows[32], tok[32];
    if (isnan(fact(m, "before")))
        return;
    tb_out_head(o, "FORGETTING (loss of a general text)");
    tb_out_pair(o, WIDTH, "text", tb_json_str(tb_metrics_fact(m, "forget", "path"), ""));
    snprintf(text, sizeof text, "%s with %s label tokens",
             tb_fmt_unit(rows, sizeof rows, TB_UNIT_COUNT, fact(m, "n_rows")),
             tb_fmt_unit(tok, sizeof tok, TB_UNIT_COUNT, fact(m, "n_tok")));
    tb_out_pair(o, WIDTH, "rows", text);
    pair(o, "before, the base alone", fact(m, "before"));
    pair(o, "after", fact(m, "after"));
    if (*tb_forgot_text(m, text, sizeof text))
        tb_out_pair(o, WIDTH, "change", text);
}

void tb_show_measures(const struct tb_out *o, const struct tb_metrics *m)
{
    print_curves(o, m);
    print_forgot(o, m);
}

static struct tb_json *rows_json(const struct tb_measure *one)
{
    static const char *const names[] = { "row_id", "prompt_id", "n_tok", "value" };
    struct tb_json *out = tb_json_new_map(), *list[4];
    for (int c = 0; c < 4; c++)
        list[c] = tb_json_new_list();
    for (size_t i = 0; i < one->n_rows; i++) {
        tb_json_append(list[0], tb_json_new_int(one->row[i].row_id));
        tb_json_append(list[1], tb_json_new_int(one->row[i].prompt_id));
        tb_json_append(list[2], tb_json_new_int(one->row[i].n_tok));
        tb_json_append(list[3], tb_json_new_real(one->row[i].value));
    }
    for (int c = 0; c < 4; c++)
        tb_json_set(out, names[c], list[c]);
    return out;
}

static struct tb_json *curve_json(const struct tb_measures *m, const char *name)
{
    static const char *const names[] = { "step", "value", "low", "high" };
    struct tb_json *out = tb_json_new_map(), *list[4];
    const struct tb_measure *last = NULL;
    for (int c = 0; c < 4; c++)
        list[c] = tb_json_new_list();
    for (size_t i = 0; i < m->n; i++) {
        if (strcmp(m->at[i].name, name) != 0)
            continue;
        last = &m->at[i];
        tb_json_append(list[0], tb_json_new_int(last->step));
        tb_json_append(list[1], tb_json_new_real(last->value));
        tb_json_append(list[2], tb_json_new_real(last->low));
        tb_json_append(list[3], tb_json_new_real(last->high));
    }
    for (int c = 0; c < 4; c++)
        tb_json_set(out, names[c], list[c]);
    if (last)
        tb_json_set(out, "rows", rows_json(last));
    return out;
}

struct tb_json *tb_measures_json(const struct tb_metrics *m)
{
    struct tb_json *out = tb_json_new_map();
    for (size_t i = 0; i < m->measures.n; i++)
        if (!tb_json_get(out, m->measures.at[i].name))
            tb_json_set(out, m->measures.at[i].name, curve_json(&m->measures, m->measures.at[i].name));
    return out;
}
