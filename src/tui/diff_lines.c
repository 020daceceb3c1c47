/* SPDX-License-Identifier: MIT */
/* diff_lines.c - the comparison as lines: keys that differ, what proves that the rest is the same, results, rows. A
 * number stands with its difference from A behind it. */
#include "tui/diff_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "plan/plan.h"
#include "view/defaults.h"
#include "view/fmt.h"

enum { NAME_LEAST = 20, ARM_LEAST = 18, CELL = 96, HASH = 12, HEADING_MOST = 150 };

/* ---- lines */

void tb_diff_free_lines(struct diff_state *st)
{
    for (int i = 0; i < st->n_lines; i++) {
        for (size_t k = 0; st->line[i].cell[k]; k++)
            free(st->line[i].cell[k]);
        free(st->line[i].cell);
        free(st->line[i].style);
    }
    free(st->line);
    st->line = NULL;
    st->n_lines = st->cap_lines = 0;
}

/* A line with room for all arms; texts are empty. */
static struct diff_line *add_line(struct diff_state *st, const char *id, const char *name)
{
    size_t n = st->arms.n, cap = (size_t)st->cap_lines;
    st->line = tb_grow(st->line, (size_t)st->n_lines, &cap, sizeof *st->line);
    st->cap_lines = (int)cap;
    struct diff_line *l = &st->line[st->n_lines++];
    *l = (struct diff_line){ .cell = tb_xcalloc(n + 2, sizeof *l->cell), .style = tb_xcalloc(n + 2, sizeof *l->style),
                             .row_id = -1 };
    tb_str_copy(l->id, sizeof l->id, id);
    l->cell[0] = tb_xstrdup(name);
    for (size_t i = 0; i < n; i++)
        l->cell[i + 1] = tb_xstrdup("");
    return l;
}

static void put(struct diff_line *l, size_t arm, unsigned style, const char *text)
{
    free(l->cell[arm + 1]);
    l->cell[arm + 1] = tb_xstrdup(text);
    l->style[arm + 1] = style;
}

/* Headings of one line each, broken between words. */
static void add_heading(struct diff_state *st, unsigned style, const char *text)
{
    int width = st->made_width < HEADING_MOST ? st->made_width - 2 : HEADING_MOST;
    while (*text) {
        size_t skip, n = tb_text_line(text, strlen(text), width, &skip);
        char *one = tb_xstrndup(text, n);
        add_line(st, "", one)->style[0] = style;
        free(one);
        text += n + skip;
        text += strspn(text, " ");
    }
}

/* ---- keys */

/* JSON text as people read it. */
static char *bare(const char *json)
{
    size_t n = strlen(json);
    if (!n)
        return tb_xstrdup(".");
    return n >= 2 && json[0] == '"' ? tb_xstrndup(json + 1, n - 2) : tb_xstrdup(json);
}

static bool is_budget(const struct tb_diff_key *key)
{
    return strcmp(key->key, "budget.n") == 0;
}

/* A budget with its unit, which is a key of its own; other amounts hold theirs. */
static char *key_text(const struct diff_state *st, const struct tb_diff_key *key, size_t arm)
{
    char *text = bare(key->value[arm]), *words = NULL;
    if (is_budget(key))
        words = tb_budget_words(tb_json_get(st->arms.arm[arm].m[0]->facts, "config"));
    else if (strcmp(key->key, "eval.every") == 0)
        words = tb_amount_words(text);
    if (!words)
        return text;
    free(text);
    return words;
}

static void add_key(struct diff_state *st, const struct tb_diff_key *key)
{
    char *id = tb_xasprintf("key %s", key->key);
    struct diff_line *l = add_line(st, id, is_budget(key) ? "budget" : key->key);
    for (size_t i = 0; i < st->arms.n; i++) {
        char *text = key_text(st, key, i);
        bool is_other = strcmp(key->value[i], key->value[0]) != 0;
        put(l, i, key->is_equal ? TB_STYLE_DIM : is_other ? TB_STYLE_STRONG : TB_STYLE_PLAIN, text);
        free(text);
    }
    free(id);
}

/* A key that only some of the methods have, and all that have it as it is by default; or the name, which stands
 * above. */
static bool is_noise(const struct diff_state *st, const struct tb_diff_key *key, struct tb_json *const *defaults)
{
    bool is_everywhere = true;
    if (strcmp(key->key, "exec.name") == 0)
        return true;
    for (size_t i = 0; i < st->arms.n; i++) {
        const struct tb_json *value = tb_metrics_fact(st->arms.arm[i].m[0], "config", key->key);
        is_everywhere = is_everywhere && value;
        if (value && tb_run_chose(defaults[i], key->key, value))
            return false;
    }
    return !is_everywhere;
}

/* Places of keys: those that differ, then what is usually hidden; what another key tells is nowhere. */
enum place { DIFFERS, NOISE, EQUAL, NOWHERE, N_PLACES };

static bool has_other_units(const struct diff_state *st)
{
    for (size_t k = 0; k < st->d.n_keys; k++)
        if (strcmp(st->d.key[k].key, "budget.unit") == 0)
            return !st->d.key[k].is_equal;
    return false;
}

static enum place *places_of(const struct diff_state *st, size_t count[N_PLACES])
{
    enum place *place = tb_xcalloc(st->d.n_keys + 1, sizeof *place);
    struct tb_json **defaults = tb_xcalloc(st->arms.n + 1, sizeof *defaults);
    for (size_t i = 0; i < st->arms.n; i++)
        defaults[i] = tb_run_defaults(tb_json_get(st->arms.arm[i].m[0]->facts, "config"));
    for (size_t k = 0; k < st->d.n_keys; k++) {
        const struct tb_diff_key *key = &st->d.key[k];
        place[k] = strcmp(key->key, "budget.unit") == 0 ? NOWHERE
                 : key->is_equal && !(is_budget(key) && has_other_units(st)) ? EQUAL
                 : is_noise(st, key, defaults) ? NOISE
                                               : DIFFERS;
        count[place[k]]++;
    }
    for (size_t i = 0; i < st->arms.n; i++)
        tb_json_free(defaults[i]);
    free(defaults);
    return place;
}

static void add_keys(struct diff_state *st)
{
    size_t count[N_PLACES] = { 0 };
    enum place *place = places_of(st, count);
    char *text = tb_xasprintf("CONFIG  %zu key%s; %zu of one method as by default, %zu equal (= %s them)",
                              count[DIFFERS], count[DIFFERS] == 1 ? " differs" : "s differ", count[NOISE],
                              count[EQUAL], st->shows_equal ? "hides" : "shows");
    add_heading(st, TB_STYLE_HEAD, text);
    free(text);
    for (enum place p = DIFFERS; p <= (st->shows_equal ? EQUAL : DIFFERS); p++)
        for (size_t k = 0; k < st->d.n_keys; k++)
            if (place[k] == p)
                add_key(st, &st->d.key[k]);
    free(place);
}

static void add_changes(struct diff_state *st)
{
    for (size_t i = 0; i < st->arms.n; i++) {
        size_t n = tb_json_len(tb_json_get(st->arms.arm[i].m[0]->facts, "changes"));
        if (!n)
            continue;
        char *text = tb_xasprintf("%c had %zu key%s changed under way: the keys above are those it began with",
                                  tb_diff_letter(i), n, n == 1 ? "" : "s");
        add_heading(st, TB_STYLE_WARN, text);
        free(text);
    }
}

/* Hashes by their first digits. */
static char *short_value(const char *json)
{
    char *text = bare(json);
    if (strlen(text) == 64)
        text[HASH] = '\0';
    return text;
}

/* "SAME FOR ALL  base 653b934945dd  data .."; what is not the same is told value by value. */
static void add_proofs(struct diff_state *st)
{
    struct tb_buf b = { 0 };
    tb_buf_str(&b, st->arms.is_grouped ? "SAME FOR ALL, one seed of each" : "SAME FOR ALL");
    for (size_t k = 0; k < st->d.n_same; k++) {
        char *value = short_value(st->d.same[k].value[0]);
        if (st->d.same[k].is_equal)
            tb_buf_fmt(&b, "  %s %s", st->d.same[k].key, value);
        free(value);
    }
    add_heading(st, TB_STYLE_GOOD, b.p);
    tb_buf_free(&b);
    for (size_t k = 0; k < st->d.n_same; k++) {
        const struct tb_diff_key *key = &st->d.same[k];
        char *name = tb_xasprintf("OTHER %s", key->key);
        struct diff_line *l = key->is_equal ? NULL : add_line(st, name, name);
        for (size_t i = 0; l && i < st->arms.n; i++) {
            char *value = short_value(key->value[i]);
            put(l, i, strcmp(key->value[i], key->value[0]) != 0 ? TB_STYLE_WARN : TB_STYLE_PLAIN, value);
            free(value);
        }
        free(name);
    }
}

/* ---- results */

/* One number of an arm, and how less or more of it is written. */
typedef double arm_fn(const struct tb_arm *a);

static double eval_of(const struct tb_arm *a) { return a->eval; }
static double best_of(const struct tb_arm *a) { return a->best; }
static double trainable_of(const struct tb_arm *a) { return a->n_trainable < 0 ? NAN : (double)a->n_trainable; }
static double adapter_of(const struct tb_arm *a) { return a->adapter_bytes < 0 ? NAN : (double)a->adapter_bytes; }
static double peak_of(const struct tb_arm *a) { return a->peak_bytes < 0 ? NAN : (double)a->peak_bytes; }
static double wall_of(const struct tb_arm *a) { return a->wall_s; }
static double tok_s_of(const struct tb_arm *a) { return a->tok_s; }

static double train_of(const struct tb_arm *a)
{
    double v[DIFF_RUNS], mean, sd;
    size_t n = 0;
    for (size_t i = 0; i < a->n && n < DIFF_RUNS; i++)
        v[n++] = a->item[i]->sum.loss;
    tb_spread(v, n, &mean, &sd);
    return mean;
}

static const struct result {
    const char *name;
    arm_fn *of;
    enum tb_unit unit;
    bool is_share; /* the difference as a share of A's */
} results[] = {
    { "eval/loss", eval_of, TB_UNIT_LOSS, false },
    { "best eval/loss", best_of, TB_UNIT_LOSS, false },
    { "train/loss", train_of, TB_UNIT_LOSS, false },
    { "trainable", trainable_of, TB_UNIT_COUNT, true },
    { "adapter file", adapter_of, TB_UNIT_BYTES, true },
    { "peak memory", peak_of, TB_UNIT_BYTES, true },
    { "time", wall_of, TB_UNIT_SECONDS, true },
    { "tok/s", tok_s_of, TB_UNIT_PLAIN, true },
};
enum { N_RESULTS = sizeof results / sizeof *results };

static void add_delta(char *text, size_t n, double v, double from, bool is_share)
{
    size_t used = strlen(text);
    if (!isfinite(v) || !isfinite(from) || (is_share && from == 0))
        return;
    if (is_share)
        snprintf(text + used, n - used, "  %+.1f %%", 100 * (v - from) / from);
    else
        snprintf(text + used, n - used, "  %+.3f", v - from);
}

static const struct tb_report_arm *told(const struct diff_state *st, size_t i)
{
    return &st->report.arm[i];
}

/* The difference from A as the verdict has it: of the runs that are compared, for the loss row against row. */
static void add_difference(const struct diff_state *st, const struct result *r, size_t i, char *text, size_t n)
{
    const struct tb_report_arm *t = told(st, i);
    struct tb_arm of_a, of_b;
    tb_arms_common(&st->arms.arm[0], &st->arms.arm[i], &of_a, &of_b);
    if (r->of == eval_of && t->is_paired)
        add_delta(text, n, t->p.difference, 0, false);
    else
        add_delta(text, n, r->of(&of_b), r->of(&of_a), r->is_share);
    tb_arm_free(&of_a);
    tb_arm_free(&of_b);
}

static void add_result(struct diff_state *st, const struct result *r)
{
    struct diff_line *l = add_line(st, r->name, r->name);
    size_t best = r->of == eval_of ? tb_diff_best(st) : SIZE_MAX;
    for (size_t i = 0; i < st->arms.n; i++) {
        const struct tb_arm *a = &st->arms.arm[i];
        char text[CELL];
        tb_fmt_unit(text, sizeof text, r->unit, r->of(a));
        if (r->of == eval_of && a->n > 1 && isfinite(a->eval_sd))
            snprintf(text + strlen(text), sizeof text - strlen(text), " +-%.3f", a->eval_sd);
        if (i)
            add_difference(st, r, i, text, sizeof text);
        put(l, i, i == best ? TB_STYLE_STRONG : TB_STYLE_PLAIN, text);
    }
}

/* "3", "3, 2 shared with A": differences are of these. */
static void add_seeds(struct diff_state *st)
{
    struct diff_line *l = st->arms.is_grouped ? add_line(st, "seeds", "seeds") : NULL;
    for (size_t i = 0; l && i < st->arms.n; i++) {
        const struct tb_paired *p = &told(st, i)->p;
        bool is_partial = told(st, i)->is_paired && tb_arms_is_partial(p, &st->arms.arm[0], &st->arms.arm[i]);
        char text[CELL];
        snprintf(text, sizeof text, is_partial ? "%zu, %zu shared with A" : "%zu", st->arms.arm[i].n, p->n_seeds_b);
        put(l, i, is_partial ? TB_STYLE_STRONG : TB_STYLE_PLAIN, text);
    }
}

static void say_paired(const struct tb_report_arm *r, char rows[CELL], char between[CELL])
{
    snprintf(rows, CELL, "%s", r->is_paired ? "" : "not comparable");
    snprintf(between, CELL, "-");
    if (r->is_paired)
        snprintf(rows, CELL, "%zu, %zu", r->p.n_better, r->p.n_worse);
    if (r->is_paired && isfinite(r->p.low))
        snprintf(between, CELL, "%+.3f .. %+.3f", r->p.low, r->p.high);
}

static void add_paired(struct diff_state *st)
{
    struct diff_line *l = add_line(st, "paired", "rows better, worse");
    char rows[CELL], between[CELL], p[CELL];
    for (size_t i = 1; i < st->arms.n; i++) {
        say_paired(told(st, i), rows, between);
        put(l, i, TB_STYLE_PLAIN, rows);
    }
    l = add_line(st, "interval", "95 % of the difference");
    for (size_t i = 1; i < st->arms.n; i++) {
        say_paired(told(st, i), rows, between);
        put(l, i, told(st, i)->is_paired ? TB_STYLE_STRONG : TB_STYLE_DIM, between);
    }
    l = add_line(st, "chance", "chance alone");
    for (size_t i = 1; i < st->arms.n; i++) {
        double v = told(st, i)->p_holm;
        snprintf(p, sizeof p, isfinite(v) ? "p %.4f%s" : "-", v, v < TB_REPORT_LEVEL ? "" : "  may be it");
        put(l, i, TB_STYLE_PLAIN, p);
    }
}

static void add_reach(struct diff_state *st)
{
    struct diff_line *l = add_line(st, "reach", "tokens to A's loss");
    for (size_t i = 0; i < st->arms.n; i++) {
        const struct tb_report_arm *r = told(st, i);
        char text[CELL] = "not reached";
        if (r->n_reached)
            tb_fmt_unit(text, sizeof text, TB_UNIT_SHORT, r->reach_tok);
        if (r->n_reached && r->n_reached < st->arms.arm[i].n)
            snprintf(text + strlen(text), sizeof text - strlen(text), "  %zu of %zu seeds", r->n_reached,
                     st->arms.arm[i].n);
        put(l, i, TB_STYLE_PLAIN, text);
    }
}

static void add_score(struct diff_state *st, size_t k)
{
    char *id = tb_xasprintf("score %s", st->score[k]), text[CELL];
    struct diff_line *l = add_line(st, id, st->score[k]);
    for (size_t i = 0; i < st->arms.n; i++) {
        double v = told(st, i)->score[k].mean, d = told(st, i)->score[k].difference;
        snprintf(text, sizeof text, isfinite(v) ? "%.4g" : "-", v);
        if (i && isfinite(d))
            snprintf(text + strlen(text), sizeof text - strlen(text), "  %+.3g", d);
        put(l, i, TB_STYLE_PLAIN, text);
    }
    free(id);
}

/* Loss on a second, general text: how much more it is after training. */
static void add_forgetting(struct diff_state *st)
{
    bool is_known = false;
    for (size_t i = 0; i < st->arms.n; i++)
        is_known = is_known || isfinite(told(st, i)->forget);
    struct diff_line *l = is_known ? add_line(st, "forgetting", "forgetting") : NULL;
    for (size_t i = 0; l && i < st->arms.n; i++) {
        char text[CELL] = "-";
        if (isfinite(told(st, i)->forget))
            snprintf(text, sizeof text, "%+.3f nats", told(st, i)->forget);
        put(l, i, TB_STYLE_PLAIN, text);
    }
}

static void add_results(struct diff_state *st)
{
    static const char common[] = "RESULT  means over seeds; differences over the seeds that both have";
    add_heading(st, TB_STYLE_HEAD, !st->arms.is_grouped                ? "RESULT"
                                   : tb_report_is_partial(&st->report) ? common
                                                                       : "RESULT  means over seeds");
    add_seeds(st);
    add_result(st, &results[0]);
    add_paired(st);
    for (size_t k = 0; k < TB_REPORT_SCORES && st->score[k]; k++)
        add_score(st, k);
    add_forgetting(st);
    for (int i = 1; i < N_RESULTS; i++) {
        add_result(st, &results[i]);
        if (i == 2)
            add_reach(st);
    }
}

/* ---- rows */

static void add_row(struct diff_state *st, const struct tb_row_across *r)
{
    char id[40], name[48], text[CELL];
    snprintf(id, sizeof id, "row %lld", (long long)r->row_id);
    snprintf(name, sizeof name, "#%lld  %lld tokens", (long long)r->row_id, (long long)r->n_tok);
    struct diff_line *l = add_line(st, id, name);
    l->row_id = r->row_id;
    for (size_t i = 0; i < st->arms.n; i++) {
        tb_fmt_unit(text, sizeof text, TB_UNIT_LOSS, r->loss[i]);
        if (i)
            add_delta(text, sizeof text, r->loss[i], r->loss[0], false);
        put(l, i, TB_STYLE_PLAIN, text);
    }
}

static void add_rows(struct diff_state *st)
{
    const char *head = st->arms.is_grouped ? "ROWS THAT DIFFER MOST  one seed of each; enter reads one side by side"
                                           : "ROWS THAT DIFFER MOST  enter reads one side by side";
    add_heading(st, TB_STYLE_HEAD, st->n_rows ? head : "ROWS  none was evaluated by both");
    for (size_t i = 0; i < st->n_rows; i++)
        add_row(st, &st->row[i]);
}

void tb_diff_make_lines(struct diff_state *st, int width)
{
    tb_diff_free_lines(st);
    st->made_width = width;
    add_keys(st);
    add_changes(st);
    add_proofs(st);
    add_results(st);
    add_rows(st);
}

/* ---- words below */

/* Arms that none beats in both loss and size. */
static void add_front(struct diff_state *st)
{
    size_t n_front = 0;
    struct tb_buf b = { 0 };
    for (size_t i = 0; i < st->arms.n; i++)
        n_front += told(st, i)->is_front[TB_COST_ADAPTER];
    tb_buf_str(&b, "loss against adapter size: ");
    if (n_front == st->arms.n)
        tb_buf_str(&b, "all are on the front");
    else if (n_front == 0)
        tb_buf_str(&b, "not known yet");
    for (size_t i = 0, k = 0; n_front < st->arms.n && i < st->arms.n; i++)
        if (told(st, i)->is_front[TB_COST_ADAPTER])
            tb_buf_fmt(&b, "%s%c", k++ ? ", " : "", tb_diff_letter(i));
    if (n_front && n_front < st->arms.n)
        tb_buf_str(&b, n_front == 1 ? " beats all others" : " are on the front");
    tb_buf_str(&b, "   (p plots any two columns)");
    tb_pairs_add(&st->words, TB_STYLE_PLAIN, "PARETO", b.p);
    tb_buf_free(&b);
}

static void add_said(struct diff_state *st, unsigned style, const char *name, const char *text)
{
    if (*text)
        tb_pairs_add(&st->words, style, name, text);
}

/* What a fair comparison needs and this one has not. */
static void add_checks(struct diff_state *st)
{
    size_t n = 0;
    for (size_t i = 0; i < st->report.n_checks; i++)
        n += st->report.check[i].is_good;
    tb_pairs_fmt(&st->words, TB_STYLE_PLAIN, "fair", "%zu of %zu things that a fair comparison needs%s", n,
                 st->report.n_checks, n < st->report.n_checks ? "; not:" : "");
    for (size_t i = 0; i < st->report.n_checks; i++)
        if (!st->report.check[i].is_good)
            tb_pairs_fmt(&st->words, TB_STYLE_WARN, "", "%s: %s", st->report.check[i].name, st->report.check[i].words);
}

/* What the key + does, for all arms; then what alone would settle it, where that is less. */
static void add_more(struct diff_state *st)
{
    const struct tb_verdict *v = &st->report.verdict;
    size_t others = st->arms.n - v->n_settled;
    char time[32], arms[48] = "both arms";
    if (st->arms.n > 2)
        snprintf(arms, sizeof arms, "each of the %zu arms", st->arms.n);
    if (v->seeds)
        tb_pairs_fmt(&st->words, TB_STYLE_PLAIN, "[+]", "%zu more seed%s of %s, about %s of training", v->seeds,
                     v->seeds == 1 ? "" : "s", arms,
                     tb_fmt_unit(time, sizeof time, TB_UNIT_SECONDS, (double)v->seeds * tb_diff_seed_s(st)));
    if (*v->settle && (!v->seeds || others))
        tb_pairs_fmt(&st->words, TB_STYLE_PLAIN, "settle", "%s%s", v->settle,
                     !v->seeds     ? ""
                     : others == 1 ? "; the other arm would change nothing in it"
                                   : "; the others would change nothing in it");
}

void tb_diff_make_words(struct diff_state *st)
{
    const struct tb_verdict *v = &st->report.verdict;
    size_t best = tb_diff_best(st);
    tb_pairs_clear(&st->words);
    if (st->n_left_out)
        tb_pairs_fmt(&st->words, TB_STYLE_WARN, "left out", "%zu run%s: more than there are letters for, or not to be "
                     "read%s%s", st->n_left_out, st->n_left_out == 1 ? "" : "s", st->trouble.kind ? ": " : "",
                     st->trouble.text);
    add_said(st, TB_STYLE_STRONG, "VERDICT", *v->result ? v->result : "nothing can be said yet");
    add_said(st, TB_STYLE_WARN, "but", v->but);
    add_said(st, TB_STYLE_PLAIN, "doubt", v->doubt);
    add_more(st);
    if (best != SIZE_MAX)
        tb_pairs_fmt(&st->words, TB_STYLE_PLAIN, "[W]", "accept %s as the winner", st->arms.arm[best].name);
    add_front(st);
    add_checks(st);
    add_said(st, TB_STYLE_PLAIN, "cost", v->cost);
}

/* ---- the table */

int tb_diff_seen(const struct diff_state *st, int width, size_t arm[DIFF_ARMS])
{
    int n = 0, all = (int)st->arms.n, room = (width - NAME_LEAST) / ARM_LEAST;
    room = room < 2 ? 2 : room > all ? all : room;
    int first = st->first_arm < 1 ? 1 : st->first_arm > all - room + 1 ? all - room + 1 : st->first_arm;
    arm[n++] = 0;
    for (int i = first; n < room && i < all; i++)
        arm[n++] = (size_t)i;
    return n;
}

static const char *line_id(const void *arg, int row)
{
    const struct diff_line *l = &((const struct diff_state *)arg)->line[row];
    return *l->id ? l->id : NULL;
}

static void line_heading(const void *arg, int row, struct tb_grid_cell *cell)
{
    const struct diff_line *l = &((const struct diff_state *)arg)->line[row];
    tb_str_copy(cell->text, sizeof cell->text, l->cell[0]);
    cell->style = l->style[0];
}

static void line_cell(const void *arg, int row, int column, struct tb_grid_cell *cell)
{
    const struct diff_state *st = arg;
    const struct diff_line *l = &st->line[row];
    size_t arm[DIFF_ARMS];
    int n = tb_diff_seen(st, st->made_width, arm);
    size_t k = column == 0 ? 0 : column <= n ? arm[column - 1] + 1 : 0;
    snprintf(cell->text, sizeof cell->text, "%s%s", column == 0 ? "  " : "", l->cell[k]);
    cell->style = l->style[k];
}

struct tb_grid_rows tb_diff_rows(const struct diff_state *st)
{
    return (struct tb_grid_rows){ .arg = st, .n = st->n_lines, .cell = line_cell, .id = line_id,
                                  .heading = line_heading };
}
