/* SPDX-License-Identifier: MIT */
/* verb_score.c - tunebench score: metrics of texts that stand in files, whoever wrote them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/out.h"
#include "cli/score_rows.h"
#include "cli/verb.h"

enum { MAX_METRICS = TB_ARGS_MAX };

/* Without --metric: what these rows have the means for. */
static size_t usual(const struct tb_score_rows *r, const char **name)
{
    static const char *const compared[] = { "bleu", "chrf", "rougeL", "exact" };
    bool has_refs = r->n > 0, has_loss = r->n > 0, has_prompts = true, has_slots = false;
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++) {
        has_refs = has_refs && r->row[i].n_refs;
        has_loss = has_loss && r->row[i].n_tok > 0;
        has_prompts = has_prompts && r->row[i].prompt;
        has_slots = has_prompts && (has_slots || tb_slots_has(r->row[i].prompt));
    }
    for (size_t i = 0; has_refs && i < sizeof compared / sizeof *compared; i++)
        name[n++] = compared[i];
    if (has_slots) {
        name[n++] = "slots";
        name[n++] = "slots_all";
    }
    if (has_loss)
        name[n++] = "perplexity";
    return n;
}

static struct tb_scorer *choose(const struct tb_args *a, const struct tb_score_rows *r, struct tb_err *err)
{
    const char *name[MAX_METRICS];
    int given;
    if (!tb_args_list(a, "metric", name, MAX_METRICS, &given, err))
        return NULL;
    size_t n = given ? (size_t)given : usual(r, name);
    if (!n) {
        tb_fail(err, TB_ERR_USAGE, "these rows have neither references nor slots in their prompts; --metric says what "
                "to measure");
        return NULL;
    }
    struct tb_scorer *s = tb_scorer_open(name, n, err);
    if (!s && err->kind == TB_ERR_RECIPE)
        err->kind = TB_ERR_USAGE;
    return s;
}

static void print_values(const struct tb_out *o, const struct tb_scorer *s, const struct tb_scores *x)
{
    static const struct tb_table_column columns[] = {
        { .name = "metric" }, { .name = "value", .unit = TB_UNIT_LOSS },
        { .name = "low", .title = "95 % from", .unit = TB_UNIT_LOSS }, { .name = "high", .title = "to",
          .unit = TB_UNIT_LOSS }, { .name = "rows", .unit = TB_UNIT_COUNT }, { .name = "better" },
    };
    struct tb_table t;
    tb_table_init(&t, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < x->n_metrics; i++) {
        tb_table_text(&t, tb_scorer_name(s, i));
        tb_table_real(&t, x->value[i]);
        tb_table_real(&t, x->low[i]);
        tb_table_real(&t, x->high[i]);
        tb_table_int(&t, (int64_t)x->n_counted[i]);
        tb_table_text(&t, tb_scorer_metric(s, i)->is_lower_better ? "lower" : "higher");
    }
    tb_out_table(o, &t);
    tb_table_free(&t);
}

static void print_rows(const struct tb_out *o, const struct tb_scorer *s, const struct tb_scores *x)
{
    struct tb_table t;
    struct tb_table_column *columns = tb_xcalloc(x->n_metrics + 1, sizeof *columns);
    columns[0] = (struct tb_table_column){ .name = "row", .unit = TB_UNIT_PLAIN };
    for (size_t i = 0; i < x->n_metrics; i++)
        columns[i + 1] = (struct tb_table_column){ .name = tb_scorer_name(s, i), .unit = TB_UNIT_LOSS };
    tb_table_init(&t, columns, x->n_metrics + 1);
    for (size_t i = 0; i < x->n_rows; i++) {
        tb_table_int(&t, (int64_t)i + 1);
        for (size_t k = 0; k < x->n_metrics; k++)
            tb_table_real(&t, x->row_value[i * x->n_metrics + k]);
    }
    tb_out_table(o, &t);
    tb_table_free(&t);
    free(columns);
}

static struct tb_json *rows_json(const struct tb_scorer *s, const struct tb_scores *x)
{
    struct tb_json *list = tb_json_new_list();
    for (size_t i = 0; i < x->n_rows; i++) {
        struct tb_json *row = tb_json_new_map();
        tb_json_set(row, "row", tb_json_new_int((int64_t)i + 1));
        for (size_t k = 0; k < x->n_metrics; k++)
            tb_json_set(row, tb_scorer_name(s, k), tb_json_new_real(x->row_value[i * x->n_metrics + k]));
        tb_json_append(list, row);
    }
    return list;
}

static struct tb_json *scores_json(const struct tb_scorer *s, const struct tb_scores *x)
{
    struct tb_json *out = tb_json_new_map(), *metrics = tb_json_new_map();
    for (size_t i = 0; i < x->n_metrics; i++) {
        struct tb_json *m = tb_json_new_map();
        tb_json_set(m, "value", tb_json_new_real(x->value[i]));
        tb_json_set(m, "low", tb_json_new_real(x->low[i]));
        tb_json_set(m, "high", tb_json_new_real(x->high[i]));
        tb_json_set(m, "n_rows", tb_json_new_int((int64_t)x->n_counted[i]));
        tb_json_set(m, "better", tb_json_new_str(tb_scorer_metric(s, i)->is_lower_better ? "lower" : "higher"));
        tb_json_set(metrics, tb_scorer_name(s, i), m);
    }
    tb_json_set(out, "metrics", metrics);
    tb_json_set(out, "n_rows", tb_json_new_int((int64_t)x->n_rows));
    tb_json_set(out, "n_prompts", tb_json_new_int((int64_t)x->n_prompts));
    return out;
}

static void print(const struct tb_out *o, const struct tb_scorer *s, const struct tb_scores *x, bool wants_rows)
{
    if (o->form == TB_EMIT_JSON) {
        struct tb_json *j = scores_json(s, x);
        if (wants_rows)
            tb_json_set(j, "rows", rows_json(s, x));
        tb_out_json(o, j);
    } else if (wants_rows) {
        print_rows(o, s, x);
    } else {
        print_values(o, s, x);
    }
    if (o->form == TB_EMIT_TEXT && !wants_rows)
        printf("\n%zu rows of %zu prompts; the interval is that of resampled prompts\n", x->n_rows, x->n_prompts);
}

static bool list_metrics(const struct tb_out *o)
{
    static const struct tb_table_column columns[] = { { .name = "metric" }, { .name = "better" }, { .name = "what" } };
    struct tb_table t;
    tb_table_init(&t, columns, 3);
    for (size_t i = 0; tb_metric_at(i); i++) {
        tb_table_text(&t, tb_metric_at(i)->name);
        tb_table_text(&t, tb_metric_at(i)->is_lower_better ? "lower" : "higher");
        tb_table_text(&t, tb_metric_at(i)->help);
    }
    for (size_t i = 0; tb_matcher_at(i); i++) {
        char *name = tb_xasprintf("%s:PATTERN", tb_matcher_at(i)->name);
        tb_table_text(&t, name);
        tb_table_text(&t, "higher");
        tb_table_text(&t, tb_matcher_at(i)->help);
        free(name);
    }
    tb_out_table(o, &t);
    tb_table_free(&t);
    return true;
}

static bool load(struct tb_score_rows *r, const struct tb_args *a, struct tb_err *err)
{
    bool has_lines = tb_args_has(a, "references") || tb_args_has(a, "prompts");
    if (a->n_pos > 1)
        return tb_fail(err, TB_ERR_USAGE, "%s: score takes one file of rows", a->pos[1]);
    if (a->n_pos && (has_lines || tb_args_has(a, "outputs")))
        return tb_fail(err, TB_ERR_USAGE, "%s holds whole rows; --outputs, --references and --prompts are files of "
                       "lines instead", a->pos[0]);
    if (!a->n_pos && !tb_args_has(a, "outputs"))
        return tb_fail(err, TB_ERR_USAGE, "score what? ROWS.jsonl, or --outputs FILE --references FILE");
    return a->n_pos ? tb_score_rows_load(r, a->pos[0], err) : tb_score_rows_join(r, a, err);
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_out o;
    struct tb_score_rows r = { 0 };
    struct tb_scores x = { 0 };
    struct tb_scorer *s = NULL;
    if (!tb_out_open(&o, a, err))
        return false;
    if (tb_args_has(a, "list"))
        return list_metrics(&o);
    bool good = load(&r, a, err)
        && (r.n || tb_fail(err, TB_ERR_FORMAT, "no rows in %.300s", a->n_pos ? a->pos[0] : tb_args_get(a, "outputs")))
        && (s = choose(a, &r, err)) && tb_score_rows(s, r.row, r.n, &x, err);
    if (good) {
        tb_scores_resample(&x, s, r.row);
        print(&o, s, &x, tb_args_has(a, "rows"));
    }
    tb_scores_free(&x);
    tb_scorer_close(s);
    tb_score_rows_free(&r);
    return good;
}

static const struct tb_flag flags[] = {
    { "metric", "METRIC", true, "bleu, rougeL, slots ..; contains:TEXT, exact:TEXT, regex:RE or number:N; "
      "NAME=regex:RE names it (bleu, chrf, rougeL, exact, and slots where prompts have some)" },
    { "outputs", "FILE", false, "a text a line, instead of ROWS" },
    { "references", "FILE", true, "a reference a line; several files: several references for each output" },
    { "prompts", "FILE", false, "a prompt a line" },
    { "rows", NULL, false, "the values of each row" },
    { "list", NULL, false, "all metrics, and what they are" },
    TB_FLAG_JSON, TB_FLAG_CSV, TB_FLAG_PLAIN, { 0 }
};

const struct tb_verb tb_verb_score = {
    .name = "score", .usage = "ROWS.jsonl | --outputs FILE [--references FILE ..] [--prompts FILE]",
    .help = "Measures texts against references or their prompts.\n"
            "A line of ROWS.jsonl is {\"prompt\": .., \"output\": .., \"references\": [..]}. BLEU and chrF are those "
            "of sacrebleu, ROUGE that of rouge-score. Intervals (95 %) come from resampled prompts.",
    .examples = "  tunebench score rows.jsonl\n"
                "  tunebench score --outputs out.txt --references ref1.txt --references ref2.txt --metric bleu\n"
                "  tunebench score rows.jsonl --metric slots --metric 'polite=regex:(?i)please' --rows --csv\n"
                "  tunebench score --list\n",
    .flags = flags, .run = run,
};
