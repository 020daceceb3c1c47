/* SPDX-License-Identifier: MIT */
/* report_parts.c - the parts of a report in words and tables. Sentences are ours, names are out of files: whoever shows
 * them makes them safe for where they go. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/numeric.h"
#include "base/resample.h"
#include "view/report_priv.h"

enum { MOST_PARTS = 16, MOST_IN_TITLE = 4 };

#define N_OF(a) (sizeof(a) / sizeof *(a))

struct parts {
    const struct tb_report *r;
    struct tb_report_part *at;
    size_t n;
};

static struct tb_report_part *add(struct parts *x, const char *id, const char *title, const char *lead)
{
    struct tb_report_part *p = &x->at[x->n++];
    *p = (struct tb_report_part){ .id = id, .title = title, .lead = tb_xstrdup(lead) };
    return p;
}

static void add_line(struct tb_report_part *p, const char *name, char *words, bool is_bad)
{
    if (!*words) {
        free(words);
        return;
    }
    p->line = tb_grow(p->line, p->n_lines, &p->cap, sizeof *p->line);
    p->line[p->n_lines++] = (struct tb_report_line){ tb_xstrdup(name), words, is_bad };
}

static void open_table(struct tb_report_part *p, const struct tb_table_column *columns, size_t n,
                       const char *const *missed_least)
{
    tb_table_init(&p->table, columns, n);
    p->missed_least = missed_least;
}

static void put_letter(struct tb_table *t, size_t i)
{
    tb_table_text(t, (char[]){ (char)('A' + i), '\0' });
}

static void put_name(const struct parts *x, struct tb_table *t, size_t i)
{
    put_letter(t, i);
    tb_table_text(t, x->r->arms->arm[i].name);
}

/* "1.142 [1.101, 1.180]", with a sign "+0.012 [-0.003, +0.025]" */
static void put_interval(struct tb_table *t, double mean, double low, double high, bool is_signed)
{
    char text[96];
    if (isnan(mean))
        snprintf(text, sizeof text, "-");
    else if (isnan(low))
        snprintf(text, sizeof text, is_signed ? "%+.3f" : "%.3f", mean);
    else
        snprintf(text, sizeof text, is_signed ? "%+.3f [%+.3f, %+.3f]" : "%.3f [%.3f, %.3f]", mean, low, high);
    tb_table_text(t, text);
}

static void put_p(struct tb_table *t, double p)
{
    char text[32];
    snprintf(text, sizeof text, p < 0.0001 ? "%.0e" : p < 0.1 ? "%.4f" : "%.2f", p);
    tb_table_text(t, isnan(p) ? NULL : text);
}

/* ---- verdict */

static const char *not_good(const struct tb_report *r, struct tb_buf *b)
{
    for (size_t i = 0; i < r->n_checks; i++)
        if (!r->check[i].is_good)
            tb_buf_fmt(b, "%s%s", b->n ? ", " : "", r->check[i].name);
    return b->p;
}

enum outcome { BETTER, WORSE, UNCLEAR, N_OUTCOMES };

static enum outcome outcome_of(const struct tb_report_arm *a)
{
    return a->p_holm >= TB_REPORT_LEVEL ? UNCLEAR : a->p.difference < 0 ? BETTER : WORSE;
}

/* What Holm's correction leaves of the comparisons with the reference. */
static char *corrected(const struct tb_report *r)
{
    static const char *const words[] = { [BETTER] = "better", [WORSE] = "worse", [UNCLEAR] = "not told apart from it" };
    struct tb_buf b = { 0 };
    size_t n = 0;
    for (int o = 0; o < N_OUTCOMES; o++) {
        size_t found = 0;
        for (size_t i = 0; i < r->arms->n; i++)
            if (!isnan(r->arm[i].p_holm) && outcome_of(&r->arm[i]) == (enum outcome)o)
                tb_buf_fmt(&b, "%s%c (p %.2g)", found++ ? ", " : n ? "; " : "", (int)('A' + i), r->arm[i].p_holm);
        if (found)
            tb_buf_fmt(&b, " %s", words[o]);
        n += found;
    }
    char *list = tb_buf_take(&b);
    char *all = n ? tb_xasprintf("against %c: %s; p corrected for %zu test%s", (int)('A' + r->reference), list, n,
                                 n == 1 ? "" : "s") : tb_xstrdup("");
    free(list);
    return all;
}

/* Arms whose interval says more than their test does. */
static char *left_open(const struct tb_report *r)
{
    struct tb_buf b = { 0 };
    bool is_small = false;
    for (size_t i = 0; i < r->arms->n; i++) {
        const struct tb_report_arm *a = &r->arm[i];
        bool is_clear = a->is_paired && (a->p.low > 0 || a->p.high < 0);
        if (!is_clear || !(a->p_holm >= TB_REPORT_LEVEL))
            continue;
        tb_buf_fmt(&b, "%s%c", b.n ? ", " : "", (int)('A' + i));
        is_small = is_small || (a->e.is_exact && a->e.p_prompts <= ldexp(2, -(int)a->e.n_prompts));
    }
    if (b.n)
        tb_buf_fmt(&b, ": the interval does not hold zero, but the test is not passed: take it as open%s",
                   is_small ? "; so few prompts cannot pass it, evaluate more rows (eval.rows)" : "");
    return tb_buf_take(&b);
}

static void part_verdict(struct parts *x)
{
    const struct tb_report *r = x->r;
    struct tb_report_part *p = add(x, "verdict", "VERDICT", "");
    struct tb_buf b = { 0 };
    add_line(p, "verdict", tb_xstrdup(r->verdict.result), false);
    add_line(p, "tests", corrected(r), false);
    add_line(p, "open", left_open(r), true);
    add_line(p, "cost", tb_xstrdup(r->verdict.cost), false);
    add_line(p, "but", tb_xstrdup(r->verdict.but), true);
    add_line(p, "doubt", tb_xstrdup(r->verdict.doubt), true);
    if (not_good(r, &b))
        add_line(p, "unfair", tb_xasprintf("not shown to be fair, see CHECKS: %s", b.p), true);
    add_line(p, "settle", tb_xstrdup(r->verdict.settle), false);
    tb_buf_free(&b);
}

/* ---- results */

static const struct tb_table_column result_columns[] = {
    { "arm", "", TB_UNIT_TEXT, false },
    { "name", NULL, TB_UNIT_TEXT, false },
    { "seeds", NULL, TB_UNIT_PLAIN, false },
    { "loss", NULL, TB_UNIT_TEXT, false },
    { "difference", NULL, TB_UNIT_TEXT, false },
    { "better", "rows lower", TB_UNIT_PLAIN, false },
    { "worse", "higher", TB_UNIT_PLAIN, false },
    { "p", NULL, TB_UNIT_TEXT, false },
    { "holm", "p Holm", TB_UNIT_TEXT, false },
};
static const char *const result_missed[] = { "better", "worse", "p", "seeds", NULL };

static char *result_lead(const struct tb_report *r)
{
    const struct tb_report_arm *a = &r->arm[r->reference];
    if (r->text)
        return tb_xasprintf("Loss on the %zu rows of %s, nats per token, mean over seeds with a 95 %% interval (%zu "
                            "prompts and the seeds resampled together); the difference from %c, row against row. The "
                            "base without an adapter: %.3f.", r->text->n_rows, tb_path_base(r->text->path),
                            a->level.n_prompts, (int)('A' + r->reference), r->text->base_loss);
    return tb_xasprintf("Loss on the held-out rows at the end, nats per token, mean over seeds with a 95 %% interval "
                        "(%zu prompts and the seeds resampled together); the difference from %c, row against row%s.",
                        a->level.n_prompts, (int)('A' + r->reference),
                        tb_report_is_partial(r) ? ", over the seeds that both have" : "");
}

static void put_result(const struct parts *x, struct tb_table *t, size_t i)
{
    const struct tb_report_arm *a = &x->r->arm[i];
    put_name(x, t, i);
    tb_table_int(t, (int64_t)x->r->arms->arm[i].n);
    put_interval(t, tb_report_loss(x->r, i), a->has_level ? a->level.low : NAN, a->level.high, false);
    if (i == x->r->reference)
        tb_table_text(t, "(reference)");
    else if (a->is_paired)
        put_interval(t, a->p.difference, a->p.low, a->p.high, true);
    else
        tb_table_none(t);
    if (a->is_paired) {
        tb_table_int(t, (int64_t)a->p.n_better);
        tb_table_int(t, (int64_t)a->p.n_worse);
    } else {
        tb_table_none(t);
        tb_table_none(t);
    }
    put_p(t, a->e.p);
    put_p(t, a->p_holm);
}

static void part_results(struct parts *x)
{
    struct tb_report_part *p = add(x, "results", "RESULTS", "");
    free(p->lead);
    p->lead = result_lead(x->r);
    open_table(p, result_columns, N_OF(result_columns), result_missed);
    for (size_t i = 0; i < x->r->arms->n; i++)
        put_result(x, &p->table, i);
    for (size_t i = 0; i < x->r->arms->n; i++)
        if (i != x->r->reference && !x->r->arm[i].is_paired)
            add_line(p, (char[]){ (char)('A' + i), '\0' }, tb_xasprintf("not compared: %s", x->r->arm[i].why.text),
                     true);
}

/* ---- metrics of texts */

/* The base without an adapter, below the arms. */
static void put_base_scores(const struct tb_report *r, struct tb_table *t)
{
    tb_table_text(t, "-");
    tb_table_text(t, "base");
    for (size_t k = 0; k < r->n_scores; k++) {
        double v[3];
        for (int e = 0; e < 3; e++) {
            char key[112];
            snprintf(key, sizeof key, "%.90s%s", r->score[k], (const char *const[]){ "", "_low", "_high" }[e]);
            v[e] = tb_json_real(tb_json_get(r->text->base_scores, key), NAN);
        }
        put_interval(t, v[0], v[1], v[2], false);
    }
}

static void part_scores(struct parts *x)
{
    const struct tb_report *r = x->r;
    struct tb_table_column head[TB_REPORT_SCORES + 2] = { result_columns[0], result_columns[1] };
    if (!r->n_scores)
        return;
    struct tb_report_part *p = add(x, "texts", "TEXTS", "");
    bool is_measured = r->text && r->text->base_scores;
    free(p->lead);
    p->lead = tb_xasprintf("Metrics of what each arm writes, greedily, behind the prompts of %s: mean over seeds, and "
                           "an interval of prompts (of each run's) and seeds (Student's t) added in squares.",
                           is_measured ? tb_path_base(r->text->path) : "the held-out rows");
    for (size_t k = 0; k < r->n_scores; k++)
        head[k + 2] = (struct tb_table_column){ r->score[k], NULL, TB_UNIT_TEXT, false };
    open_table(p, head, r->n_scores + 2, NULL);
    for (size_t i = 0; i < r->arms->n; i++) {
        put_name(x, &p->table, i);
        for (size_t k = 0; k < r->n_scores; k++) {
            const struct tb_report_score *s = &r->arm[i].score[k];
            put_interval(&p->table, s->mean, s->low, s->high, false);
        }
    }
    if (is_measured)
        put_base_scores(r, &p->table);
}

/* ---- costs */

static const struct tb_table_column cost_columns[] = {
    { "arm", "", TB_UNIT_TEXT, false },
    { "name", NULL, TB_UNIT_TEXT, false },
    { "trainable", NULL, TB_UNIT_COUNT, false },
    { "share", "of base", TB_UNIT_SHARE, false },
    { "adapter", NULL, TB_UNIT_BYTES, false },
    { "memory", "peak", TB_UNIT_BYTES, false },
    { "time", NULL, TB_UNIT_SECONDS, false },
    { "tok_s", "tok/s", TB_UNIT_PLAIN, false },
    { "reach", "to reach it", TB_UNIT_SHORT, false },
    { "reached", NULL, TB_UNIT_TEXT, false },
    { "front", NULL, TB_UNIT_TEXT, false },
};
static const char *const cost_missed[] = { "tok_s", "share", "reached", "time", NULL };

/* "trainable, memory": the costs in which nobody has both less of it and the lower loss. */
static char *fronts(const struct tb_report_arm *a)
{
    struct tb_buf b = { 0 };
    size_t n = 0;
    for (int c = 0; c < TB_N_COSTS; c++)
        if (a->is_front[c])
            tb_buf_fmt(&b, "%s%s", n++ ? ", " : "", tb_report_costs[c].name);
    if (n == TB_N_COSTS) {
        tb_buf_free(&b);
        tb_buf_str(&b, "all");
    }
    return tb_buf_take(&b);
}

/* "weights 4.51 MiB, activations 26.0 MiB, .." as planned: what a peak hides. */
static char *memory_words(const struct tb_arm *a)
{
    const struct tb_json *parts = tb_metrics_fact(a->m[0], "plan", "predicted");
    struct tb_buf b = { 0 };
    char v[32];
    for (void *it = tb_json_first(parts); it; it = tb_json_next(parts, it))
        tb_buf_fmt(&b, "%s%s %s", b.n ? ", " : "memory as planned: ", tb_json_iter_key(it),
                   tb_fmt_unit(v, sizeof v, TB_UNIT_BYTES, tb_json_real(tb_json_iter_value(it), NAN)));
    return tb_buf_take(&b);
}

static void part_costs(struct parts *x)
{
    const struct tb_report *r = x->r;
    struct tb_report_part *p = add(x, "cost", "COST", "");
    free(p->lead);
    p->lead = tb_xasprintf("front: no arm has both a lower loss and less of it. To reach it: tokens until the loss "
                           "that %c ended with (%.3f), and how many seeds did. Time is that of a run's own turns.",
                           (int)('A' + r->reference), tb_report_end(&r->arms->arm[r->reference]));
    open_table(p, cost_columns, N_OF(cost_columns), cost_missed);
    for (size_t i = 0; i < r->arms->n; i++) {
        const struct tb_arm *a = &r->arms->arm[i];
        char *front = fronts(&r->arm[i]), *reached = tb_xasprintf("%zu of %zu", r->arm[i].n_reached, a->n);
        put_name(x, &p->table, i);
        tb_table_int(&p->table, a->n_trainable);
        tb_table_real(&p->table, a->share);
        tb_table_int(&p->table, a->adapter_bytes);
        tb_table_int(&p->table, a->peak_bytes);
        tb_table_real(&p->table, a->wall_s);
        tb_table_real(&p->table, a->tok_s);
        tb_table_real(&p->table, r->arm[i].reach_tok);
        tb_table_text(&p->table, reached);
        tb_table_text(&p->table, front);
        add_line(p, (char[]){ (char)('A' + i), '\0' }, memory_words(a), false);
        free(reached);
        free(front);
    }
}

/* ---- forgetting */

static void part_forgetting(struct parts *x)
{
    static const struct tb_table_column head[] = {
        { "arm", "", TB_UNIT_TEXT, false }, { "name", NULL, TB_UNIT_TEXT, false },
        { "before", NULL, TB_UNIT_LOSS, false }, { "after", NULL, TB_UNIT_LOSS, false },
        { "change", NULL, TB_UNIT_TEXT, false },
    };
    bool any = false;
    for (size_t i = 0; i < x->r->arms->n; i++)
        any = any || isfinite(x->r->arm[i].forget_after);
    if (!any)
        return;
    struct tb_report_part *p = add(x, "forgetting", "FORGETTING",
        "Loss on a general text before training and after it, mean over seeds: what learning the task cost. The "
        "interval is of that text's rows (as each run recorded it) and of seeds (Student's t), added in squares.");
    open_table(p, head, N_OF(head), NULL);
    for (size_t i = 0; i < x->r->arms->n; i++) {
        const struct tb_report_arm *a = &x->r->arm[i];
        put_name(x, &p->table, i);
        tb_table_real(&p->table, a->forget_before);
        tb_table_real(&p->table, a->forget_after);
        put_interval(&p->table, a->forget, a->forget_low, a->forget_high, true);
    }
}

/* ---- the search */

static void part_search(struct parts *x)
{
    static const struct tb_table_column head[] = {
        { "arm", "", TB_UNIT_TEXT, false }, { "name", NULL, TB_UNIT_TEXT, false },
        { "trials", NULL, TB_UNIT_PLAIN, false }, { "pruned", NULL, TB_UNIT_PLAIN, false },
        { "failed", NULL, TB_UNIT_PLAIN, false }, { "open", NULL, TB_UNIT_PLAIN, false },
        { "search_tok", "tokens searched", TB_UNIT_SHORT, false },
        { "seeds_tok", "other seeds", TB_UNIT_SHORT, false },
    };
    static const char *const missed[] = { "open", "failed", "seeds_tok", NULL };
    const struct tb_report_sweep *s = x->r->sweep;
    char spent[32], saved[32];
    if (!s)
        return;
    struct tb_report_part *p = add(x, "search", "SEARCH", "");
    free(p->lead);
    p->lead = tb_xasprintf("%s. %s tokens were trained in all, pruning saved %s. The first seed of each arm is the "
                           "best of its trials, so it was lucky, too; the others were not chosen, but have its "
                           "settings (selection in CHECKS).", s->plan,
                           tb_fmt_unit(spent, sizeof spent, TB_UNIT_SHORT, s->spent_tok),
                           tb_fmt_unit(saved, sizeof saved, TB_UNIT_SHORT, s->saved_tok));
    open_table(p, head, N_OF(head), missed);
    for (size_t i = 0; i < x->r->arms->n; i++) {
        const struct tb_report_search *a = &s->arm[i];
        put_name(x, &p->table, i);
        tb_table_int(&p->table, a->n_trials);
        tb_table_int(&p->table, a->n_pruned);
        tb_table_int(&p->table, a->n_failed);
        tb_table_int(&p->table, a->n_open);
        tb_table_real(&p->table, a->search_tok);
        tb_table_real(&p->table, a->seeds_tok);
        add_line(p, (char[]){ (char)('A' + i), '\0' }, tb_xstrdup(a->chosen), false);
    }
}

static void part_pruned(struct parts *x)
{
    const struct tb_report_sweep *s = x->r->sweep;
    size_t n = 0;
    for (size_t i = 0; s && i < s->n; i++)
        n += *s->trial[i].reason != '\0';
    if (!n)
        return;
    struct tb_report_part *p = add(x, "pruned", "PRUNED", "Trials that were given up, and why.");
    for (size_t i = 0; i < s->n; i++)
        if (*s->trial[i].reason)
            add_line(p, s->trial[i].name, tb_xstrdup(s->trial[i].reason), false);
}

/* ---- checks */

static void part_checks(struct parts *x)
{
    struct tb_report_part *p = add(x, "checks", "CHECKS", "What a fair comparison needs; each was looked at.");
    for (size_t i = 0; i < x->r->n_checks; i++) {
        const struct tb_report_check *c = &x->r->check[i];
        add_line(p, c->name, tb_xasprintf("%s %s", c->is_good ? "yes:" : "NO:", c->words), !c->is_good);
    }
}

static void part_merged(struct parts *x)
{
    if (!x->r->merged) {
        add(x, "merged", "MERGED", "Not looked at: compare --merge folds the first run of each arm into its base, "
                                   "reads that back and compares logits.");
        return;
    }
    struct tb_report_part *p = add(x, "merged", "MERGED",
        "Each arm's first run, folded into its base, written as a model, read back: how far its logits are from "
        "those of base and adapter.");
    for (size_t i = 0; i < x->r->arms->n; i++)
        add_line(p, (char[]){ (char)('A' + i), '\0' }, tb_xstrdup(x->r->merged[i]), false);
}

/* ---- how it was done, and how to do it again */

static void part_method(struct parts *x)
{
    struct tb_report_part *p = add(x, "method", "METHOD", "");
    const struct tb_report *r = x->r;
    add_line(p, "interval", tb_xasprintf("middle 95 %% of %d bootstrap draws; a draw takes prompts (with all their "
        "rows) and seeds, each with replacement; what seeds add is stretched by Student's t for how few there are",
        TB_RESAMPLE_DRAWS), false);
    add_line(p, "prompts", tb_xasprintf("paired permutation test: the sign of each prompt's difference (mean over "
        "seeds, weighted by tokens) is turned at random, all patterns up to %d prompts, else %d drawn ones",
        TB_EVIDENCE_EXACT, TB_EVIDENCE_DRAWS), false);
    add_line(p, "seeds", tb_xstrdup("t-test of the differences of whole runs, paired where arms have the same seeds, "
        "else Welch's"), false);
    add_line(p, "p", tb_xstrdup("the larger of these two: a difference must hold for other prompts and for other "
        "seeds; two-sided"), false);
    add_line(p, "p Holm", tb_xasprintf("Holm's correction over the comparisons with %c", (int)('A' + r->reference)),
             false);
    add_line(p, "limits", tb_xstrdup("one base and one task: nothing is known of others; quality is the loss on "
        "rows that were not trained on unless metrics of texts stand beside it; time per generated token is not "
        "measured here (tunebench bench decode)"), false);
}

static const char *fact(const struct tb_metrics *m, const char *section, const char *key)
{
    return tb_json_str(tb_metrics_fact(m, section, key), "-");
}

static void add_fact(struct tb_report_part *p, const char *name, const struct tb_metrics *m, const char *section,
                     const char *path, const char *id)
{
    add_line(p, name, tb_xasprintf("%s  %.16s", fact(m, section, path), fact(m, section, id)), false);
}

static void add_machine(struct tb_report_part *p, const struct tb_metrics *m)
{
    add_line(p, "machine", tb_xasprintf("%s, %s, %s %s, threads: %lld", fact(m, "env", "host"), fact(m, "env", "os"),
                                        fact(m, "env", "device"), fact(m, "env", "isa"),
                                        (long long)tb_json_int(tb_metrics_fact(m, "env", "threads"), 0)), false);
    add_line(p, "versions", tb_xasprintf("runs by tunebench %s (numbers of version %lld), %s, HDF5 %s, commit %.12s; "
                                         "this report by %s", fact(m, "env", "version"),
                                         (long long)tb_json_int(tb_metrics_fact(m, "env", "numeric"), 0),
                                         fact(m, "env", "compiler"), fact(m, "env", "hdf5"), fact(m, "env", "git"),
                                         TB_VERSION), false);
}

static void add_runs(struct tb_report_part *p, const struct tb_arm *a, size_t i)
{
    struct tb_buf b = { 0 };
    for (size_t k = 0; k < a->n; k++)
        tb_buf_fmt(&b, "%s%s (seed %lld, adapter %.12s)", k ? ", " : "", a->item[k]->sum.id,
                   (long long)a->item[k]->sum.seed, *a->item[k]->sum.final_hash ? a->item[k]->sum.final_hash : "-");
    add_line(p, (char[]){ (char)('A' + i), '\0' }, tb_buf_take(&b), false);
}

static char *command_of(const struct tb_metrics *m)
{
    const struct tb_json *argv = tb_metrics_fact(m, "env", "argv");
    struct tb_buf b = { 0 };
    bool has_name = strcmp(tb_json_str(tb_json_at(argv, 0), ""), "tunebench") == 0;
    for (size_t i = has_name; i < tb_json_len(argv); i++) {
        tb_buf_str(&b, b.n ? " " : "tunebench ");
        tb_shell_quote(&b, tb_json_str(tb_json_at(argv, i), ""));
    }
    return tb_buf_take(&b);
}

static void part_reproduce(struct parts *x)
{
    const struct tb_report *r = x->r;
    const struct tb_metrics *m = r->arms->arm[0].m[0];
    struct tb_report_part *p = add(x, "reproduce", "REPRODUCE", "");
    add_line(p, "command", command_of(m), false);
    if (r->sweep)
        add_line(p, "sweep", tb_xasprintf("%s of %s", r->sweep->id, r->sweep->recipe_path), false);
    add_fact(p, "base", m, "base", "path", "id");
    add_fact(p, "data", m, "data", "path", "id");
    if (r->text)
        add_line(p, "rows", tb_xasprintf("%s  %.16s", r->text->path, r->text->id), false);
    else
        add_fact(p, "eval rows", m, "data", "path", "eval_hash");
    add_machine(p, m);
    for (size_t i = 0; i < r->arms->n; i++)
        add_runs(p, &r->arms->arm[i], i);
}

/* Recipes that differ from those of the arms before. */
static void part_recipe(struct parts *x)
{
    const struct tb_arms *a = x->r->arms;
    struct tb_report_part *p = NULL;
    for (size_t i = 0; i < a->n; i++) {
        const char *text = a->arm[i].m[0]->recipe;
        size_t before = 0;
        while (before < i && (!a->arm[before].m[0]->recipe || !text || strcmp(a->arm[before].m[0]->recipe, text) != 0))
            before++;
        if (!text || before < i)
            continue;
        p = p ? p : add(x, "recipe", "RECIPE", "");
        p->is_literal = true;
        add_line(p, (char[]){ (char)('A' + i), '\0' }, tb_xstrdup(text), false);
    }
}

char *tb_report_title(const struct tb_report *r)
{
    struct tb_buf b = { 0 };
    size_t n = r->arms->n;
    if (n > MOST_IN_TITLE)
        tb_buf_fmt(&b, "%zu arms", n);
    for (size_t i = 0; n <= MOST_IN_TITLE && i < n; i++)
        tb_buf_fmt(&b, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " and ", r->arms->arm[i].name);
    tb_buf_str(&b, " compared");
    return tb_buf_take(&b);
}

struct tb_report_part *tb_report_parts(const struct tb_report *r, size_t *n)
{
    struct parts x = { r, tb_xcalloc(MOST_PARTS, sizeof *x.at), 0 };
    part_verdict(&x);
    part_results(&x);
    part_scores(&x);
    part_costs(&x);
    part_forgetting(&x);
    part_checks(&x);
    part_search(&x);
    part_pruned(&x);
    part_merged(&x);
    part_method(&x);
    part_reproduce(&x);
    part_recipe(&x);
    *n = x.n;
    return x.at;
}

void tb_report_parts_free(struct tb_report_part *part, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(part[i].lead);
        tb_table_free(&part[i].table);
        for (size_t k = 0; k < part[i].n_lines; k++) {
            free(part[i].line[k].name);
            free(part[i].line[k].words);
        }
        free(part[i].line);
    }
    free(part);
}
