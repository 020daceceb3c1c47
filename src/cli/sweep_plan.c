/* SPDX-License-Identifier: MIT */
/* sweep_plan.c - sums over what the known trials would take. Trials that results choose later are taken to be like
 * those of their arm that are known. */
#include "cli/sweep_plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/out.h"
#include "sweep/expect.h"
#include "sweep/search.h"
#include "view/forecast.h"

enum { FOLDER_BYTES = 64 << 10 }; /* of a run beside what it trains */

static const struct tb_search *search_of(const struct tb_plan *p)
{
    return tb_search_find(tb_json_str(tb_json_get(tb_json_get(p->sweep, "search"), "kind"), ""));
}

static int64_t int_of(const struct tb_json *map, const char *key)
{
    return tb_json_int(tb_json_get(map, key), 0);
}

struct tb_plan tb_sweep_known(const struct tb_plan *p)
{
    const struct tb_search *s = search_of(p);
    size_t n_arms = tb_json_len(tb_json_get(p->sweep, "arms"));
    size_t n = s ? (size_t)s->startup(tb_json_get(p->sweep, "search")) * n_arms : p->n_runs;
    struct tb_plan known = *p;
    known.whole = p;
    known.n_runs = n < p->n_runs ? n : p->n_runs;
    return known;
}

/* Of one arm, summed over its known trials. */
struct arm {
    int64_t n_points, n_known, n_done, n_begun, n_more;
    double budget_tok, trainable, est_s, bytes; /* means of a trial; bytes: the largest */
    double left_tok, left_s;
    int64_t n_trials; /* in all */
    struct tb_expect expect;
};

static bool is_left(const struct tb_json *run)
{
    const char *state = tb_json_str(tb_json_get(run, "state"), "new");
    return strcmp(state, "done") != 0 && strcmp(state, "pruned") != 0 && strcmp(state, "failed") != 0;
}

static void add_known(struct arm *a, const struct tb_json *run)
{
    a->n_known++;
    a->n_done += !is_left(run);
    a->n_begun += strcmp(tb_json_str(tb_json_get(run, "state"), "new"), "new") != 0 && is_left(run);
    a->budget_tok += (double)int_of(run, "n_tokens");
    a->trainable += (double)int_of(run, "n_trainable");
    a->est_s += tb_json_real(tb_json_get(run, "est_s"), 0);
    a->bytes = fmax(a->bytes, (double)int_of(run, "predicted_bytes"));
}

static void finish_arm(struct arm *a, const struct tb_plan *p)
{
    const struct tb_json *search = tb_json_get(p->sweep, "search"), *keys = tb_json_get(p->sweep, "prune");
    int64_t trials = int_of(search, "trials"), finalists = int_of(p->sweep, "finalists"), n_left;
    double n = a->n_known ? (double)a->n_known : 1;
    a->n_trials = trials < a->n_points ? trials : a->n_points;
    finalists = finalists < a->n_trials ? finalists : a->n_trials;
    a->n_more = finalists * ((int64_t)tb_json_len(tb_json_get(p->sweep, "seeds")) - 1);
    a->budget_tok /= n;
    a->trainable /= n;
    a->est_s /= n;
    n_left = a->n_trials > a->n_done ? a->n_trials - a->n_done : 0;
    double *zeroes = tb_xcalloc((size_t)n_left + 1, sizeof *zeroes);
    int *none = tb_xcalloc((size_t)n_left + 1, sizeof *none);
    tb_expect(&(struct tb_expect_ask){ .prune = tb_prune_find(tb_json_str(tb_json_get(keys, "kind"), "")),
                                       .keys = keys, .budget_tok = a->budget_tok, .trained_tok = zeroes,
                                       .n_decided = none, .n = (size_t)n_left, .share = NAN, .share_sd = NAN },
              &a->expect);
    free(zeroes);
    free(none);
    a->left_tok = a->expect.tokens + (double)a->n_more * a->budget_tok;
    a->left_s = a->budget_tok > 0 ? a->est_s * a->left_tok / a->budget_tok : 0;
}

static struct arm *sum_arms(const struct tb_json *runs, const struct tb_plan *p)
{
    size_t n_arms = tb_json_len(tb_json_get(p->sweep, "arms"));
    const struct tb_json *points = tb_json_get(p->sweep, "points");
    struct arm *arm = tb_xcalloc(n_arms + 1, sizeof *arm);
    for (size_t i = 0; i < tb_json_len(points); i++) {
        size_t at = (size_t)int_of(tb_json_at(points, i), "arm");
        if (at >= n_arms)
            continue;
        arm[at].n_points++;
        if (i < tb_json_len(runs))
            add_known(&arm[at], tb_json_at(runs, i));
    }
    for (size_t i = 0; i < n_arms; i++)
        finish_arm(&arm[i], p);
    return arm;
}

static struct tb_json *rungs_json(const struct arm *a, const struct tb_plan *p)
{
    const struct tb_json *keys = tb_json_get(p->sweep, "prune");
    const struct tb_prune *prune = tb_prune_find(tb_json_str(tb_json_get(keys, "kind"), ""));
    struct tb_json *list = tb_json_new_list();
    for (size_t i = 0; i <= a->expect.n_rungs; i++) {
        struct tb_json *map = tb_json_new_map();
        double tokens = i < a->expect.n_rungs ? prune->rung(keys, a->budget_tok, (int)i) : a->budget_tok;
        tb_json_set(map, "tokens", tb_json_new_real(tokens));
        tb_json_set(map, "come", tb_json_new_real(a->expect.come[i]));
        tb_json_append(list, map);
    }
    return list;
}

static struct tb_json *arm_json(const struct arm *a, const char *name, const struct tb_plan *p)
{
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "name", tb_json_new_str(name));
    tb_json_set(map, "trials", tb_json_new_int(a->n_trials));
    tb_json_set(map, "more_seeds", tb_json_new_int(a->n_more));
    tb_json_set(map, "budget_tok", tb_json_new_real(a->budget_tok));
    tb_json_set(map, "rungs", rungs_json(a, p));
    tb_json_set(map, "expected_tok", tb_json_new_real(a->left_tok));
    tb_json_set(map, "doubt_tok", tb_json_new_real(a->expect.sd));
    tb_json_set(map, "est_s", tb_json_new_real(a->left_s));
    tb_json_set(map, "n_done", tb_json_new_int(a->n_done));
    tb_json_set(map, "n_begun", tb_json_new_int(a->n_begun));
    return map;
}

static void warn(struct tb_json *list, char *text)
{
    tb_json_append(list, tb_json_new_str(text));
    free(text);
}

/* What will not come out as it was meant, with what helps. */
static struct tb_json *warnings_of(const struct arm *arm, const struct tb_plan *p)
{
    const struct tb_json *arms = tb_json_get(p->sweep, "arms"), *keys = tb_json_get(p->sweep, "prune");
    const struct tb_prune *prune = tb_prune_find(tb_json_str(tb_json_get(keys, "kind"), ""));
    struct tb_json *list = tb_json_new_list();
    for (size_t i = 0; i < tb_json_len(arms); i++) {
        const char *name = tb_json_str(tb_json_get(tb_json_at(arms, i), "name"), "");
        if (arm[i].n_points < int_of(tb_json_get(p->sweep, "search"), "trials"))
            warn(list, tb_xasprintf("arm %s: only %lld trial%s, its space has no more points", name,
                                    (long long)arm[i].n_points, arm[i].n_points == 1 ? "" : "s"));
        if (prune && prune->pass && arm[i].budget_tok > 0 && arm[i].expect.n_rungs == 0)
            warn(list, tb_xasprintf("arm %s: the budget of %.0f tokens is too small for one rung: nothing will be "
                                    "pruned; lower min = t.tokens(%.0f)", name, arm[i].budget_tok,
                                    tb_json_real(tb_json_get(keys, "min"), 0)));
    }
    return list;
}

static struct tb_json *sums_json(const struct arm *arm, const struct tb_plan *p)
{
    const struct tb_json *arms = tb_json_get(p->sweep, "arms");
    struct tb_json *j = tb_json_new_map(), *list = tb_json_new_list();
    double expected = 0, variance = 0, full = 0, seconds = 0, bytes = 0, disk = 0;
    for (size_t i = 0; i < tb_json_len(arms); i++) {
        const struct arm *a = &arm[i];
        double n_runs = (double)(a->n_trials - a->n_done + a->n_more);
        expected += a->left_tok;
        variance += a->expect.sd * a->expect.sd;
        full += n_runs * a->budget_tok;
        seconds += a->left_s;
        bytes = fmax(bytes, a->bytes);
        disk += n_runs * (TB_FORECAST_KEPT_BYTES * a->trainable + FOLDER_BYTES);
        tb_json_append(list, arm_json(a, tb_json_str(tb_json_get(tb_json_at(arms, i), "name"), ""), p));
    }
    tb_json_set(j, "arms", list);
    tb_json_set(j, "expected_tok", tb_json_new_real(expected));
    tb_json_set(j, "doubt_tok", tb_json_new_real(sqrt(variance)));
    tb_json_set(j, "full_tok", tb_json_new_real(full));
    tb_json_set(j, "est_s", tb_json_new_real(seconds));
    tb_json_set(j, "predicted_bytes", tb_json_new_real(bytes));
    tb_json_set(j, "disk_bytes", tb_json_new_real(disk));
    tb_json_set(j, "warnings", warnings_of(arm, p));
    return j;
}

void tb_sweep_plan_add(struct tb_json *plan, const struct tb_plan *p)
{
    struct arm *arm = sum_arms(tb_json_get(plan, "runs"), p);
    struct tb_json *sweep = tb_json_copy(p->sweep);
    tb_json_del(sweep, "points"); /* of runs, which are listed, or that results will choose from */
    tb_json_set(plan, "sweep", sweep);
    tb_json_set(plan, "search", sums_json(arm, p));
    free(arm);
}

static const char *unit(char dst[32], enum tb_unit u, const struct tb_json *map, const char *key)
{
    return tb_fmt_unit(dst, 32, u, tb_json_real(tb_json_get(map, key), NAN));
}

/* "9 at 6.0k, 3.5 at 18k, 1.9 at 54k, 1.4 to the end". */
static void print_arm(const struct tb_json *a)
{
    const struct tb_json *rungs = tb_json_get(a, "rungs");
    size_t n = tb_json_len(rungs);
    char text[32];
    printf("  arm ");
    tb_out_safe(tb_json_str(tb_json_get(a, "name"), ""));
    printf(": %lld trial%s", (long long)int_of(a, "trials"), int_of(a, "trials") == 1 ? "" : "s");
    for (size_t i = 0; n > 1 && i < n; i++) {
        const struct tb_json *r = tb_json_at(rungs, i);
        printf("%s%.3g ", i ? ", " : "; expected ", tb_json_real(tb_json_get(r, "come"), 0));
        printf(i + 1 < n ? "at %s" : "to the end (%s)", unit(text, TB_UNIT_SHORT, r, "tokens"));
    }
    if (int_of(a, "n_done") || int_of(a, "n_begun"))
        printf("; %lld in the store already, %lld begun", (long long)int_of(a, "n_done"),
               (long long)int_of(a, "n_begun"));
    putchar('\n');
}

static void print_sums(const struct tb_json *j)
{
    char a[32], b[32], c[32], d[32], e[32];
    printf("expected: %s tokens +- %s", unit(a, TB_UNIT_SHORT, j, "expected_tok"),
           unit(b, TB_UNIT_SHORT, j, "doubt_tok"));
    if (tb_json_real(tb_json_get(j, "full_tok"), 0) > tb_json_real(tb_json_get(j, "expected_tok"), 0))
        printf(" (%s without pruning)", unit(e, TB_UNIT_SHORT, j, "full_tok"));
    printf(", about %s; memory %s, disk %s\n", unit(c, TB_UNIT_SECONDS, j, "est_s"),
           unit(d, TB_UNIT_BYTES, j, "predicted_bytes"), unit(a, TB_UNIT_BYTES, j, "disk_bytes"));
}

static void print_rule(const struct tb_plan *p, const struct tb_json *arm)
{
    const struct tb_json *rungs = tb_json_get(arm, "rungs");
    const char *rule = tb_json_str(tb_json_get(tb_json_get(p->sweep, "prune"), "kind"), NULL);
    char text[32];
    if (!rule)
        return;
    printf("pruned by ");
    tb_out_safe(rule);
    for (size_t i = 0; i + 1 < tb_json_len(rungs); i++)
        printf("%s%s", i ? ", " : ", rungs at ", unit(text, TB_UNIT_SHORT, tb_json_at(rungs, i), "tokens"));
    putchar('\n');
}

void tb_sweep_plan_print(const struct tb_json *plan, const struct tb_plan *p)
{
    const struct tb_json *j = tb_json_get(plan, "search"), *arms = tb_json_get(j, "arms");
    const struct tb_json *search = tb_json_get(p->sweep, "search"), *warnings = tb_json_get(j, "warnings");
    const struct tb_search *s = search_of(p);
    int64_t trials = int_of(search, "trials"), more = 0;
    printf("search: %s, %lld trial%s in each arm\n", s ? s->name : "?", (long long)trials, trials == 1 ? "" : "s");
    for (size_t i = 0; i < tb_json_len(arms); i++) {
        print_arm(tb_json_at(arms, i));
        more = int_of(tb_json_at(arms, i), "more_seeds") > more ? int_of(tb_json_at(arms, i), "more_seeds") : more;
    }
    if (s && s->startup(search) < trials)
        printf("the table shows the first %lld of each arm; results choose the others\n",
               (long long)s->startup(search));
    if (more > 0)
        printf("the best of each arm: %lld more run%s with other seeds\n", (long long)more, more == 1 ? "" : "s");
    print_rule(p, tb_json_at(arms, 0));
    print_sums(j);
    for (size_t i = 0; i < tb_json_len(warnings); i++) {
        tb_out_safe(tb_json_str(tb_json_at(warnings, i), ""));
        putchar('\n');
    }
}
