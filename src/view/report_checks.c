/* SPDX-License-Identifier: MIT */
/* report_checks.c - what a fair comparison needs, looked at one by one. A check that cannot be made has failed:
 * fairness is shown, never assumed. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "view/fmt.h"
#include "view/report_priv.h"

enum { MOST_CHECKS = 24 };
static const double most_times = 1.5; /* an arm's tokens may be of another's */

static void add(struct tb_report *r, bool is_good, const char *name, char *words)
{
    r->check[r->n_checks++] = (struct tb_report_check){ is_good, tb_xstrdup(name), words };
}

/* "A, C" of the arms for which it holds; NULL if it holds for none. */
static char *letters(const struct tb_report *r, bool (*holds)(const struct tb_report *r, size_t i))
{
    struct tb_buf b = { 0 };
    for (size_t i = 0; i < r->arms->n; i++)
        if (holds(r, i))
            tb_buf_fmt(&b, "%s%c", b.n ? ", " : "", (int)('A' + i));
    return b.n ? tb_buf_take(&b) : NULL;
}

/* `good` if it holds for no arm, else `bad` with their letters in the place of %s. */
static void check_arms(struct tb_report *r, const char *name, bool (*holds)(const struct tb_report *r, size_t i),
                       const char *good, const char *bad)
{
    char *which = letters(r, holds);
    struct tb_buf b = { 0 };
    if (which)
        tb_buf_fmt(&b, "%s: %s", which, bad);
    else
        tb_buf_str(&b, good);
    add(r, !which, name, tb_buf_take(&b));
    free(which);
}

/* ---- the same for all */

static bool is_fact_same(const struct tb_metrics *a, const struct tb_metrics *b, const char *section, const char *key)
{
    const struct tb_json *x = tb_metrics_fact(a, section, key);
    return x && tb_json_equal(x, tb_metrics_fact(b, section, key));
}

static bool is_same_in_arm(const struct tb_report *r, size_t i, const char *section, const char *key)
{
    const struct tb_arm *a = &r->arms->arm[i];
    for (size_t k = 0; k < a->n; k++)
        if (!is_fact_same(r->arms->arm[0].m[0], a->m[k], section, key))
            return false;
    return true;
}

static bool has_other_base(const struct tb_report *r, size_t i) { return !is_same_in_arm(r, i, "base", "id"); }
static bool has_other_data(const struct tb_report *r, size_t i) { return !is_same_in_arm(r, i, "data", "id"); }
static bool has_other_rows(const struct tb_report *r, size_t i)
{
    return r->text ? !is_same_in_arm(r, i, "measured", "id") : !is_same_in_arm(r, i, "data", "eval_hash");
}

static bool has_other_numbers(const struct tb_report *r, size_t i) { return !is_same_in_arm(r, i, "env", "numeric"); }

static bool has_other_machine(const struct tb_report *r, size_t i)
{
    return !is_same_in_arm(r, i, "env", "host") || !is_same_in_arm(r, i, "env", "threads");
}

static bool has_other_budget(const struct tb_report *r, size_t i)
{
    return !is_same_in_arm(r, i, "config", "budget.n") || !is_same_in_arm(r, i, "config", "budget.unit");
}

static const struct tb_metrics *with_seed(const struct tb_arm *a, int64_t seed)
{
    for (size_t i = 0; i < a->n; i++)
        if (a->item[i]->sum.seed == seed)
            return a->m[i];
    return NULL;
}

/* Whether a run of it saw its rows in another order than the reference's run of the same seed. */
static bool has_other_order(const struct tb_report *r, size_t i)
{
    const struct tb_arm *a = &r->arms->arm[i], *reference = &r->arms->arm[r->reference];
    for (size_t k = 0; k < a->n; k++) {
        const struct tb_metrics *partner = with_seed(reference, a->item[k]->sum.seed);
        if (!partner || !is_fact_same(partner, a->m[k], "data", "order_hash"))
            return true;
    }
    return false;
}

/* ---- seeds, ends */

static bool has_few_seeds(const struct tb_report *r, size_t i) { return r->arms->arm[i].n < TB_REPORT_SEEDS; }

static bool is_not_over(const struct tb_report *r, size_t i)
{
    const struct tb_arm *a = &r->arms->arm[i];
    for (size_t k = 0; k < a->n; k++)
        if (a->item[k]->sight.state != TB_STATE_DONE)
            return true;
    return false;
}

static void check_seeds(struct tb_report *r)
{
    char *good = tb_xasprintf("every arm has %d seeds or more", TB_REPORT_SEEDS);
    check_arms(r, "seeds", has_few_seeds, good,
               "fewer than 3 seeds: how much another seed changes is not known well enough for a verdict");
    free(good);
}

static void check_prompts(struct tb_report *r)
{
    size_t n = SIZE_MAX;
    for (size_t i = 0; i < r->arms->n; i++)
        n = r->arm[i].level.n_prompts < n ? r->arm[i].level.n_prompts : n;
    const char *whose = r->text ? "" : "held-out ";
    add(r, n >= TB_REPORT_PROMPTS, "prompts", n >= TB_REPORT_PROMPTS ? tb_xasprintf("%zu %sprompts or more", n, whose)
        : tb_xasprintf("%zu %sprompts: intervals from so few are too narrow; evaluate more rows (%s)", n, whose,
                       r->text ? "of --data" : "eval.rows"));
}

static void check_lost(struct tb_report *r)
{
    struct tb_buf b = { 0 };
    for (size_t i = 0; i < r->n_lost && i < 4; i++)
        tb_buf_fmt(&b, "%s%s %s", i ? "; " : "", r->lost[i].name, r->lost[i].why);
    if (r->n_lost > 4)
        tb_buf_fmt(&b, "; and %zu more", r->n_lost - 4);
    if (r->n_lost)
        tb_buf_str(&b, ": left out, so what is said of that arm is too kind");
    else
        tb_buf_str(&b, "no run is left out");
    add(r, !r->n_lost, "all runs", tb_buf_take(&b));
}

/* ---- the search */

static const struct tb_report_search *search_of(const struct tb_report *r, size_t i) { return &r->sweep->arm[i]; }
static bool has_no_rate(const struct tb_report *r, size_t i) { return !search_of(r, i)->has_rate; }
static bool has_failed(const struct tb_report *r, size_t i) { return search_of(r, i)->n_failed > 0; }
static bool is_at_edge(const struct tb_report *r, size_t i) { return *search_of(r, i)->edges; }

static bool is_equal_share(const struct tb_report *r)
{
    for (size_t i = 1; i < r->arms->n; i++)
        if (search_of(r, i)->n_trials != search_of(r, 0)->n_trials
            || strcmp(search_of(r, i)->budget, search_of(r, 0)->budget) != 0)
            return false;
    return true;
}

static void check_share(struct tb_report *r)
{
    struct tb_buf b = { 0 };
    char used[32];
    bool is_equal = is_equal_share(r);
    tb_buf_str(&b, is_equal ? "as many trials for each arm, with the same budget: " : "not the same: ");
    for (size_t i = 0; i < r->arms->n; i++) {
        const struct tb_report_search *s = search_of(r, i);
        tb_buf_fmt(&b, "%s%c %lld trials of %s, %s tokens used", i ? "; " : "", (int)('A' + i),
                   (long long)s->n_trials, s->budget, tb_fmt_unit(used, sizeof used, TB_UNIT_SHORT, s->search_tok));
    }
    add(r, is_equal, "search budget", tb_buf_take(&b));
}

/* Trials that are pruned leave their tokens to nobody: arms with as many trials may have been trained more or less. */
static void check_spent(struct tb_report *r)
{
    size_t least = 0, most = 0;
    char a[32], b[32];
    for (size_t i = 1; i < r->arms->n; i++) {
        least = search_of(r, i)->search_tok < search_of(r, least)->search_tok ? i : least;
        most = search_of(r, i)->search_tok >= search_of(r, most)->search_tok ? i : most;
    }
    double low = search_of(r, least)->search_tok, high = search_of(r, most)->search_tok;
    bool is_good = high <= most_times * low;
    tb_fmt_unit(a, sizeof a, TB_UNIT_SHORT, high);
    tb_fmt_unit(b, sizeof b, TB_UNIT_SHORT, low);
    add(r, is_good, "search tokens", is_good
        ? tb_xasprintf("no arm's search trained on more than %g times the tokens of another's (%c %s, %c %s)",
                       most_times, (int)('A' + most), a, (int)('A' + least), b)
        : tb_xasprintf("%c's search trained on %s tokens, %.3g times %c's %s: more of its trials were let go on, so "
                       "its settings were chosen with more care", (int)('A' + most), a, high / fmax(low, 1),
                       (int)('A' + least), b));
}

static void check_edges(struct tb_report *r)
{
    struct tb_buf b = { 0 };
    for (size_t i = 0; i < r->arms->n; i++)
        if (is_at_edge(r, i))
            tb_buf_fmt(&b, "%s%c: %s", b.n ? "; " : "", (int)('A' + i), search_of(r, i)->edges);
    bool is_good = !b.n;
    tb_buf_str(&b, is_good ? "no best value lies at the end of its range"
                           : ": the range was too narrow, a wider one may hold a better value");
    add(r, is_good, "ranges", tb_buf_take(&b));
}

static bool has_no_fresh(const struct tb_report *r, size_t i) { return i != r->reference && !r->arm[i].has_fresh; }

static bool has_turned(const struct tb_report *r, size_t i)
{
    const struct tb_report_arm *a = &r->arm[i];
    return a->has_fresh && a->is_paired && a->fresh.difference * a->p.difference < 0;
}

/* Rows of another text than those that settings were chosen by, unless the runs know them after all. */
static void check_text(struct tb_report *r)
{
    const struct tb_report_text *t = r->text;
    const char *name = tb_path_base(t->path);
    if (t->n_known == 0)
        add(r, true, "selection", tb_xasprintf("measured on %s, by which nothing was chosen; none of its %zu prompts "
            "is in what the runs trained on or were evaluated on", name, t->n_prompts));
    else if (t->n_known > 0)
        add(r, false, "selection", tb_xasprintf("%lld of the %zu prompts of %s are in the runs' own data, trained on "
            "or held out: take them away", (long long)t->n_known, t->n_prompts, name));
    else
        add(r, false, "selection", tb_xasprintf("measured on %s; the runs' own data cannot be read any more, so it is "
            "not known whether they know its prompts", name));
}

static void check_selection(struct tb_report *r)
{
    char *lone = letters(r, has_no_fresh), *turned = letters(r, has_turned);
    struct tb_buf b = { 0 };
    size_t n = 0;
    tb_buf_fmt(&b, "settings were chosen by %s of the very rows that are reported, so each level is a little too good",
               r->sweep->metric);
    for (size_t i = 0; i < r->arms->n; i++)
        if (r->arm[i].has_fresh)
            tb_buf_fmt(&b, "%s%c %+.3f", n++ ? ", " : "; without the seed that was chosen the differences are ",
                       (int)('A' + i), r->arm[i].fresh.difference);
    if (lone)
        tb_buf_fmt(&b, "; %s: no seed but those that were chosen", lone);
    if (turned)
        tb_buf_fmt(&b, "; %s: the other way round than with it", turned);
    tb_buf_str(&b, "; to measure on other rows: compare --data FILE");
    add(r, !lone && !turned, "selection", tb_buf_take(&b));
    free(turned);
    free(lone);
}

static void check_search(struct tb_report *r)
{
    check_share(r);
    check_spent(r);
    check_arms(r, "own rate", has_no_rate, "each arm's learning rate was found by its search",
               "the learning rate was not searched, so it may have been judged by one that suits it badly");
    check_edges(r);
    if (!r->text)
        check_selection(r);
    check_arms(r, "trials", has_failed, "no trial failed or diverged",
               "some trials failed or diverged: fewer points were looked at");
    add(r, r->sweep->is_over, "finished", tb_xstrdup(r->sweep->is_over ? "the search came to its end"
        : "the search is not over: what follows is how it stands now"));
}

void tb_report_checks(struct tb_report *r)
{
    r->check = tb_xcalloc(MOST_CHECKS, sizeof *r->check);
    if (r->sweep)
        check_search(r);
    else
        add(r, false, "search budget", tb_xstrdup("runs that were named, not a search: how much was tried to find each "
            "arm's settings, its learning rate above all, is not known here"));
    if (r->text)
        check_text(r);
    check_seeds(r);
    check_prompts(r);
    check_arms(r, "base", has_other_base, "all trained on the same base", "another base");
    check_arms(r, "data", has_other_data, "all trained on the same data", "other data");
    check_arms(r, "eval rows", has_other_rows, "all evaluated on the same rows", "other rows were evaluated");
    check_arms(r, "row order", has_other_order, "the same rows in the same order, seed by seed",
               "not the reference's order of rows, or seeds that it does not have");
    check_arms(r, "budget", has_other_budget, "the same budget for all", "another budget");
    check_arms(r, "numbers", has_other_numbers, "all from a version that calculates alike",
               "from a version that calculates differently");
    check_arms(r, "machine", has_other_machine, "all trained on the same machine with as many threads",
               "another machine or number of threads: times do not compare");
    check_arms(r, "ends", is_not_over, "every run compared came to its end", "runs that have not come to their end");
    check_lost(r);
}
