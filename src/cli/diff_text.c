/* SPDX-License-Identifier: MIT */
/* diff_text.c - a comparison for people. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "cli/diff.h"
#include "cli/lineage.h"
#include "cli/show_votes.h"
#include "view/lines.h"
#include "view/scatter.h"
#include "view/verdict.h"

enum { WIDTH = 12, CONTEXT = 1, CHART_WIDTH = 80, CHART_HEIGHT = 16 };

/* "B prefix20-s0", "B prefix20 (3 seeds)" */
static char *title(const struct tb_diff_job *x, size_t i)
{
    const struct tb_arm *a = &x->arms.arm[i];
    return a->n > 1 ? tb_xasprintf("%c %s (%zu seeds)", (int)('A' + i), a->name, a->n)
                    : tb_xasprintf("%c %s", (int)('A' + i), a->name);
}

void tb_diff_keys(const struct tb_diff_job *x)
{
    struct tb_table t;
    size_t n = x->arms.n;
    struct tb_table_column *head = tb_xcalloc(n + 2, sizeof *head);
    bool is_text = x->out.form == TB_EMIT_TEXT;
    head[0].name = is_text ? "  key" : "key";
    for (size_t i = 0; i < n; i++)
        head[i + 1].name = title(x, i);
    tb_table_init(&t, head, n + 1);
    for (size_t k = 0; k < x->d.n_keys; k++) {
        if (!x->is_all && x->d.key[k].is_equal)
            continue;
        char *name = tb_xasprintf("%s%s", is_text ? "  " : "", x->d.key[k].key);
        tb_table_text(&t, name);
        for (size_t i = 0; i < n; i++)
            tb_table_text(&t, x->d.key[k].value[i]);
        free(name);
    }
    tb_out_table(&x->out, &t);
    tb_table_free(&t);
    for (size_t i = 0; i < n; i++)
        free((char *)head[i + 1].name);
    free(head);
}

/* The keys above are those that the runs began with. */
static void print_changes(const struct tb_diff_job *x)
{
    size_t n = 0;
    for (size_t i = 0; i < x->arms.n; i++)
        n += tb_json_len(tb_json_get(x->m[i]->facts, "changes"));
    if (n)
        tb_out_head(&x->out, "CHANGED UNDER WAY");
    for (size_t i = 0; i < x->arms.n; i++)
        tb_changes_print(&x->out, WIDTH, (char[]){ (char)('A' + i), '\0' }, x->m[i]);
}

static void print_checked(const struct tb_diff_job *x)
{
    tb_out_head(&x->out, "CHECKED");
    for (size_t k = 0; k < x->d.n_same; k++) {
        const struct tb_diff_key *key = &x->d.same[k];
        struct tb_buf b = { 0 };
        tb_buf_fmt(&b, "%s  %s", key->is_equal ? "same " : "OTHER", *key->value[0] ? key->value[0] : "-");
        for (size_t i = 1; !key->is_equal && i < x->arms.n; i++)
            tb_buf_fmt(&b, "  %s", *key->value[i] ? key->value[i] : "-");
        tb_out_pair(&x->out, WIDTH, key->key, b.p);
        tb_buf_free(&b);
    }
}

static bool is_same_recipe(const struct tb_metrics *a, const struct tb_metrics *b)
{
    return a->n_recipe == b->n_recipe && (!a->n_recipe || memcmp(a->recipe, b->recipe, a->n_recipe) == 0);
}

static void print_lines(const struct tb_diff_job *x, const struct tb_lines *l)
{
    for (const char *at = l->text; *at;) {
        size_t n = strcspn(at, "\n");
        struct tb_buf b = { 0 };
        char *line = tb_xasprintf("    %.*s", (int)n, at);
        tb_utf8_safe(&b, line, strlen(line));
        tb_out_paint(&x->out, *at == '-' ? TB_PAINT_BAD : *at == '+' ? TB_PAINT_GOOD : TB_PAINT_DIM, b.p);
        fputc('\n', stdout);
        tb_buf_free(&b);
        free(line);
        at += n + (at[n] == '\n');
    }
}

/* Recipes that are not those of A, line by line; a recipe that several arms share is shown once. */
static void print_recipes(const struct tb_diff_job *x)
{
    bool any = false, differ = false;
    for (size_t i = 0; i < x->arms.n; i++) {
        any |= x->m[i]->n_recipe > 0;
        differ |= !is_same_recipe(x->m[0], x->m[i]);
    }
    if (!any)
        return;
    tb_out_head(&x->out, "RECIPE");
    if (!differ)
        tb_out_pair(&x->out, WIDTH, "text", "the same for all");
    for (size_t i = 1; differ && i < x->arms.n; i++) {
        struct tb_lines l;
        size_t before = 1;
        while (before < i && !is_same_recipe(x->m[before], x->m[i]))
            before++;
        char *name = tb_xasprintf("%c against A", (int)('A' + i));
        tb_lines_diff(&l, x->m[0]->recipe, x->m[i]->recipe, CONTEXT);
        char *words = is_same_recipe(x->m[0], x->m[i]) ? tb_xstrdup("the same text")
                    : before < i ? tb_xasprintf("as %c", (int)('A' + before))
                    : tb_xasprintf("%zu lines less, %zu more", l.n_removed, l.n_added);
        tb_out_pair(&x->out, WIDTH, name, words);
        if (before == i && !is_same_recipe(x->m[0], x->m[i]))
            print_lines(x, &l);
        free(words);
        free(name);
        tb_lines_free(&l);
    }
}

/* One line of results a run. */
static const char *const results[] = {
    "name", "state", "method", "trainable", "share", "lr", "tokens", "loss", "first_eval", "eval_loss", "best_eval",
    "best_step", "tok_s", "adapter", "peak", "duration", "forgot", NULL
};
static const char *const missed_least[] = { "share", "loss", "first_eval", "tokens", "best_step", "adapter", "tok_s",
                                            "state", "method", "peak", "duration", NULL };

static bool has_forgetting(const struct tb_diff_job *x)
{
    for (size_t i = 0; i < x->n; i++)
        if (!isnan(x->run[i].item.sum.forget_after))
            return true;
    return false;
}

/* What was forgotten is the last column, which only those have who asked for it. */
static void print_results(const struct tb_diff_job *x)
{
    struct tb_table t;
    struct tb_table_column head[32] = { { "run", "", TB_UNIT_TEXT, false } };
    size_t n = 1;
    for (; results[n - 1]; n++) {
        const struct tb_run_column *c = tb_run_column_at((size_t)tb_run_column_named(results[n - 1]));
        head[n] = (struct tb_table_column){ c->name, c->title, c->unit, false };
    }
    n -= !has_forgetting(x);
    tb_table_init(&t, head, n);
    for (size_t i = 0; i < x->arms.n; i++)
        for (size_t k = 0; k < x->arms.arm[i].n; k++) {
            tb_table_text(&t, (char[]){ ' ', ' ', (char)('A' + i), '\0' });
            for (size_t c = 1; c < n; c++) {
                struct tb_cell cell = tb_run_cell(x->arms.arm[i].item[k], tb_run_column_named(results[c - 1]));
                tb_table_cell(&t, &cell);
            }
        }
    tb_out_table_fit(&x->out, &t, missed_least);
    tb_table_free(&t);
}

static void print_means(const struct tb_diff_job *x)
{
    static const struct tb_table_column head[] = {
        { "arm", "", TB_UNIT_TEXT, false }, { "name", NULL, TB_UNIT_TEXT, false },
        { "seeds", NULL, TB_UNIT_PLAIN, false }, { "eval@0", NULL, TB_UNIT_LOSS, false },
        { "eval", NULL, TB_UNIT_LOSS, false },
        { "+-", NULL, TB_UNIT_LOSS, false }, { "best", NULL, TB_UNIT_LOSS, false },
        { "tok/s", NULL, TB_UNIT_PLAIN, false }, { "took", NULL, TB_UNIT_SECONDS, false },
    };
    struct tb_table t;
    if (!x->arms.is_grouped)
        return;
    tb_out_head(&x->out, "MEAN OVER SEEDS");
    tb_table_init(&t, head, sizeof head / sizeof *head);
    for (size_t i = 0; i < x->arms.n; i++) {
        const struct tb_arm *a = &x->arms.arm[i];
        tb_table_text(&t, (char[]){ ' ', ' ', (char)('A' + i), '\0' });
        tb_table_text(&t, a->name);
        tb_table_int(&t, (int64_t)a->n);
        tb_table_real(&t, a->first_eval);
        tb_table_real(&t, a->eval);
        tb_table_real(&t, a->eval_sd);
        tb_table_real(&t, a->best);
        tb_table_real(&t, a->tok_s);
        tb_table_real(&t, a->wall_s);
    }
    tb_out_table(&x->out, &t);
    tb_table_free(&t);
}

static void print_front(const struct tb_diff_job *x)
{
    struct tb_plot look = { .width = x->out.columns > 20 ? x->out.columns : CHART_WIDTH, .height = CHART_HEIGHT,
                            .glyphs = x->out.is_ascii ? TB_GLYPHS_ASCII : TB_GLYPHS_BRAILLE };
    const struct tb_run_item **item = tb_xcalloc(x->n + 1, sizeof *item);
    const char **label = tb_xcalloc(x->n + 1, sizeof *label);
    struct tb_buf b = { 0 };
    tb_out_head(&x->out, "PARETO");
    for (size_t i = 0; i < x->n; i++) {
        item[i] = &x->run[i].item;
        label[i] = x->run[i].item.sum.name;
        if (x->is_front[i])
            tb_buf_fmt(&b, "%s%s", b.n ? ", " : "", label[i]);
    }
    struct tb_scatter s = { .item = item, .n = x->n, .x = x->pareto.column[1], .y = x->pareto.column[0], .label = label,
                            .is_front = x->is_front };
    char *text = tb_scatter_draw(&s, &look, false);
    tb_out_bytes(&x->out, text, strlen(text));
    tb_out_pair(&x->out, WIDTH, "beaten by none", b.n ? b.p : "no run has all these numbers");
    free(text);
    tb_buf_free(&b);
    free(label);
    free(item);
}

static void print_said(const struct tb_diff_job *x, const char *name, const char *words)
{
    if (*words)
        tb_out_words(&x->out, WIDTH, name, words);
}

static void print_paired(const struct tb_diff_job *x, size_t i)
{
    struct tb_paired p;
    struct tb_err why = { 0 };
    struct tb_verdict v;
    char rows[300];
    char *name = tb_xasprintf("%c against A", (int)('A' + i));
    bool is_paired = tb_arms_pair(&p, &x->arms.arm[0], &x->arms.arm[i], &why);
    tb_verdict_pair(&v, &x->arms.arm[0], &x->arms.arm[i], is_paired ? &p : NULL, why.text);
    print_said(x, name, v.result);
    snprintf(rows, sizeof rows, "%zu rows of %zu prompts: lower loss on %zu, higher on %zu%s; steps %lld and %lld",
             p.n_rows, p.n_prompts, p.n_better, p.n_worse, p.n_left_out ? ", some not finite" : "", (long long)p.step_a,
             (long long)p.step_b);
    if (is_paired)
        print_said(x, "", rows);
    print_said(x, "", v.cost);
    print_said(x, "but", v.but);
    if (x->arms.n == 2) {
        print_said(x, "doubt", v.doubt);
        print_said(x, "settle", v.settle);
    }
    tb_verdict_free(&v);
    free(name);
}

static void print_verdict(const struct tb_diff_job *x)
{
    struct tb_verdict v;
    tb_out_head(&x->out, "VERDICT");
    for (size_t i = 1; i < x->arms.n; i++)
        print_paired(x, i);
    if (x->arms.n < 3)
        return;
    tb_verdict_all(&v, &x->arms);
    print_said(x, "all", v.result);
    print_said(x, "doubt", v.doubt);
    print_said(x, "settle", v.settle);
    tb_verdict_free(&v);
}

static void print_row(const struct tb_diff_job *x, size_t i)
{
    const struct tb_row_across *r = &x->row[i];
    const struct tb_json *text = tb_json_at(x->texts, i);
    struct tb_buf b = { 0 };
    char name[32], number[32];
    for (size_t k = 0; k < x->arms.n; k++) {
        tb_fmt_unit(number, sizeof number, TB_UNIT_LOSS, r->loss[k]);
        tb_buf_fmt(&b, "%s%c %s", k ? "  " : "", (int)('A' + k), number);
        if (k && isfinite(r->loss[k]))
            tb_buf_fmt(&b, " (%+.3f)", r->loss[k] - r->loss[0]);
    }
    tb_buf_fmt(&b, "  %lld tokens", (long long)r->n_tok);
    snprintf(name, sizeof name, "row %lld", (long long)r->row_id);
    tb_out_pair(&x->out, WIDTH, name, b.p);
    if (*tb_json_str(tb_json_get(text, "prompt"), ""))
        tb_out_words(&x->out, WIDTH, "", tb_json_str(tb_json_get(text, "prompt"), ""));
    if (text)
        tb_out_words(&x->out, WIDTH, "  =>", tb_json_str(tb_json_get(text, "completion"), ""));
    tb_buf_free(&b);
}

static void print_rows(const struct tb_diff_job *x)
{
    if (!x->row)
        return;
    tb_out_head(&x->out, x->arms.is_grouped ? "ROWS THAT DIFFER MOST (first seed of each)" : "ROWS THAT DIFFER MOST");
    for (size_t i = 0; i < x->n_rows; i++)
        print_row(x, i);
    if (!x->n_rows)
        tb_out_pair(&x->out, WIDTH, "none", "the runs have no evaluated row in common");
    if (x->n_rows && !x->texts)
        tb_out_pair(&x->out, WIDTH, "no texts", x->why.text);
}

void tb_diff_text(const struct tb_diff_job *x)
{
    tb_out_paint(&x->out, TB_PAINT_HEAD, x->is_all ? "ALL KEYS" : "DIFFERENT");
    fputc('\n', stdout);
    if (x->is_all || x->d.n_differ)
        tb_diff_keys(x);
    if (!x->is_all)
        printf("  %zu of %zu keys differ; --all shows the rest\n", x->d.n_differ, x->d.n_keys);
    print_changes(x);
    print_checked(x);
    print_recipes(x);
    tb_out_head(&x->out, "RESULTS");
    print_results(x);
    print_means(x);
    if (x->pareto.n)
        print_front(x);
    print_verdict(x);
    tb_votes_compare(x, WIDTH);
    print_rows(x);
}
