/* SPDX-License-Identifier: MIT */
/* sweep_show.c - the tables of a sweep. Nothing is written; a sweep that another process leads is shown as far as it
 * has got. */
#include "cli/sweep_show.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "sweep/importance.h"
#include "sweep/standing.h"
#include "view/fmt.h"

enum { MOST_BEST = 6 };

static const struct tb_table_column arm_columns[] = {
    { "arm", NULL, TB_UNIT_TEXT, false },         { "trials", NULL, TB_UNIT_PLAIN, false },
    { "of", NULL, TB_UNIT_PLAIN, false },         { "waiting", NULL, TB_UNIT_PLAIN, false },
    { "running", NULL, TB_UNIT_PLAIN, false },    { "done", NULL, TB_UNIT_PLAIN, false },
    { "pruned", NULL, TB_UNIT_PLAIN, false },     { "failed", NULL, TB_UNIT_PLAIN, false },
    { "stopped", NULL, TB_UNIT_PLAIN, false },    { "more_seeds", "more seeds", TB_UNIT_PLAIN, false },
    { "best", NULL, TB_UNIT_LOSS, false },        { "spent_tok", "tokens spent", TB_UNIT_SHORT, false },
    { "saved_tok", "saved", TB_UNIT_SHORT, false },
    { "best_run", "best run", TB_UNIT_TEXT, false },
};

static const char *const missed_least[] = { "stopped", "of", "saved_tok", "failed", "waiting", "run", "mean", "tokens",
                                            "more_seeds", NULL };

static const struct tb_table_column best_columns[] = {
    { "run", NULL, TB_UNIT_TEXT, false },       { "name", NULL, TB_UNIT_TEXT, false },
    { "arm", NULL, TB_UNIT_TEXT, false },       { "state", NULL, TB_UNIT_TEXT, false },
    { "value", NULL, TB_UNIT_LOSS, false },     { "mean", "mean over seeds", TB_UNIT_LOSS, false },
    { "sd", "+-", TB_UNIT_LOSS, false },        { "seeds", NULL, TB_UNIT_PLAIN, false },
    { "tokens", "at tokens", TB_UNIT_SHORT, false },
};

static const struct tb_table_column importance_columns[] = {
    { "arm", NULL, TB_UNIT_TEXT, false },
    { "key", NULL, TB_UNIT_TEXT, false },
    { "importance", NULL, TB_UNIT_LOSS, false },
};

#define N_OF(a) (sizeof(a) / sizeof *(a))

static void put_value(struct tb_table *t, double v)
{
    if (isnan(v))
        tb_table_none(t);
    else
        tb_table_real(t, v);
}

static double shown(const struct tb_sweep *s, double v)
{
    return tb_objective_shown(&s->objective, v);
}

static void fill_arms(const struct tb_sweep *s, struct tb_table *t)
{
    tb_table_init(t, arm_columns, N_OF(arm_columns));
    for (size_t arm = 0; arm < tb_sweep_arms(s); arm++) {
        struct tb_standing st;
        tb_standing_read(s, arm, &st);
        const int64_t counts[] = { st.n_trials, tb_sweep_trials(s), st.n_waiting, st.n_running, st.n_done,
                                   st.n_pruned, st.n_failed, st.n_stopped, st.n_seeds };
        tb_table_text(t, tb_sweep_arm(s, arm));
        for (size_t i = 0; i < N_OF(counts); i++)
            tb_table_int(t, counts[i]);
        put_value(t, shown(s, st.best < 0 ? NAN : tb_trial_value(&s->trial[st.best])));
        tb_table_real(t, st.spent_tok);
        tb_table_real(t, st.saved_tok);
        tb_table_text(t, st.best < 0 ? NULL : tb_trial_name(&s->trial[st.best]));
    }
}

static void fill_best(const struct tb_sweep *s, struct tb_table *t)
{
    size_t best[MOST_BEST], n = tb_standing_best(s, best, MOST_BEST);
    tb_table_init(t, best_columns, N_OF(best_columns));
    for (size_t i = 0; i < n; i++) {
        const struct tb_trial *trial = &s->trial[best[i]];
        struct tb_spread sp;
        tb_spread_read(s, best[i], &sp);
        tb_table_text(t, trial->run);
        tb_table_text(t, tb_trial_name(trial));
        tb_table_text(t, tb_sweep_arm(s, trial->arm));
        tb_table_text(t, tb_state_name(trial->state));
        put_value(t, shown(s, tb_trial_value(trial)));
        put_value(t, shown(s, sp.mean));
        put_value(t, sp.sd);
        tb_table_int(t, sp.n);
        tb_table_real(t, trial->tokens);
    }
}

/* Every key that is drawn in some template of the arm, once, and which template it was where there are several. */
static struct tb_json *drawn_keys(const struct tb_sweep *s, size_t arm)
{
    const struct tb_json *list = tb_json_get(tb_json_at(tb_json_get(s->spec, "arms"), arm), "templates");
    struct tb_json *keys = tb_json_new_map();
    struct tb_range r;
    if (tb_json_len(list) > 1)
        tb_json_set(keys, TB_POINT_TEMPLATE, tb_json_new_null());
    for (size_t i = 0; i < tb_json_len(list); i++)
        for (void *it = tb_json_first(tb_json_at(list, i)); it; it = tb_json_next(tb_json_at(list, i), it))
            if (tb_range_read(tb_json_iter_value(it), &r))
                tb_json_set(keys, tb_json_iter_key(it), tb_json_new_null());
    return keys;
}

static void fill_importance(const struct tb_sweep *s, struct tb_table *t)
{
    tb_table_init(t, importance_columns, N_OF(importance_columns));
    for (size_t arm = 0; arm < tb_sweep_arms(s); arm++) {
        struct tb_json *keys = drawn_keys(s, arm);
        for (void *it = tb_json_first(keys); it; it = tb_json_next(keys, it)) {
            tb_table_text(t, tb_sweep_arm(s, arm));
            tb_table_text(t, tb_json_iter_key(it));
            put_value(t, tb_importance(s, arm, tb_json_iter_key(it)));
        }
        tb_json_free(keys);
    }
}

struct filled {
    const char *name, *title;
    void (*fill)(const struct tb_sweep *s, struct tb_table *t);
};

static const struct filled parts[] = {
    { "arms", "arms", fill_arms },
    { "best", "best so far", fill_best },
    { "importance", "importance of keys (share of the ranks' variance, one key at a time; - with fewer than 6 results)",
      fill_importance },
};

static struct tb_json *table_json(const struct tb_table *t)
{
    struct tb_buf b = { 0 };
    tb_table_emit(t, TB_EMIT_JSON, &b);
    struct tb_json *j = tb_json_parse(b.p, b.n, "table", NULL);
    tb_buf_free(&b);
    return j;
}

static void sum_tokens(const struct tb_sweep *s, double *spent, double *saved)
{
    *spent = *saved = 0;
    for (size_t arm = 0; arm < tb_sweep_arms(s); arm++) {
        struct tb_standing st;
        tb_standing_read(s, arm, &st);
        *spent += st.spent_tok;
        *saved += st.saved_tok;
    }
}

static void show_json(const struct tb_sweep *s, const struct tb_out *o)
{
    static const char *const copied[] = { "search", "prune", "objective", "per", "seeds", "finalists", "run_cap" };
    struct tb_json *j = tb_json_new_map();
    double spent, saved;
    sum_tokens(s, &spent, &saved);
    tb_json_set(j, "id", tb_json_new_str(s->id));
    tb_json_set(j, "recipe", tb_json_new_str(s->plan->recipe_path));
    for (size_t i = 0; i < N_OF(copied); i++)
        if (tb_json_get(s->spec, copied[i]))
            tb_json_set(j, copied[i], tb_json_copy(tb_json_get(s->spec, copied[i])));
    tb_json_set(j, "spent_tok", tb_json_new_real(spent));
    tb_json_set(j, "saved_tok", tb_json_new_real(saved));
    for (size_t i = 0; i < N_OF(parts); i++) {
        struct tb_table t;
        parts[i].fill(s, &t);
        tb_json_set(j, parts[i].name, table_json(&t));
        tb_table_free(&t);
    }
    tb_json_set(j, "events", tb_json_copy(s->events));
    tb_out_json(o, j);
}

static void print_head(const struct tb_sweep *s)
{
    char a[32], b[32];
    double spent, saved;
    sum_tokens(s, &spent, &saved);
    printf("sweep %s  ", s->id);
    tb_out_safe(s->plan->recipe_path);
    printf("  %s, %lld trials an arm", s->search->name, (long long)tb_sweep_trials(s));
    if (s->prune)
        printf(", pruned by %s", s->prune->name);
    printf("  ");
    tb_out_safe(s->objective.metric);
    printf(" %s\nspent %s tokens; pruning saved %s (%.0f %%)\n", s->objective.sign < 0 ? "max" : "min",
           tb_fmt_unit(a, sizeof a, TB_UNIT_SHORT, spent), tb_fmt_unit(b, sizeof b, TB_UNIT_SHORT, saved),
           spent + saved > 0 ? 100 * saved / (spent + saved) : 0);
}

/* Best values at the end of their range. */
static void print_edges(const struct tb_sweep *s)
{
    for (size_t arm = 0; arm < tb_sweep_arms(s); arm++) {
        struct tb_standing st;
        tb_standing_read(s, arm, &st);
        const struct tb_json *point = st.best < 0 ? NULL : tb_sweep_point(s, &s->trial[st.best]);
        for (void *it = tb_json_first(point); it; it = tb_json_next(point, it)) {
            int edge = tb_standing_edge(s, (size_t)st.best, tb_json_iter_key(it));
            if (!edge)
                continue;
            printf("doubt: the best ");
            tb_out_safe(tb_json_iter_key(it));
            printf(" of ");
            tb_out_safe(tb_sweep_arm(s, arm));
            printf(" lies at the %s end of its range; a wider one may hold a better value\n",
                   edge < 0 ? "low" : "high");
        }
    }
}

/* What changed the course of the sweep. That a trial of the search began, came to its end or may go on is left out. */
static bool is_worth_telling(const struct tb_json *event)
{
    static const char *const quiet[] = { "run", "trial", "keep", "over", NULL };
    const char *kind = tb_json_str(tb_json_get(event, "kind"), "");
    return !tb_str_in(kind, quiet) || tb_json_get(event, "of")
        || strcmp(tb_json_str(tb_json_get(event, "state"), ""), "failed") == 0;
}

static void print_events(const struct tb_sweep *s, const struct tb_out *o, size_t most)
{
    size_t n = tb_json_len(s->events), first = n, told = 0;
    while (first > 0 && told < most)
        told += is_worth_telling(tb_json_at(s->events, --first));
    tb_out_head(o, "decisions");
    for (size_t i = first; i < n; i++) {
        const struct tb_json *e = tb_json_at(s->events, i);
        if (!is_worth_telling(e))
            continue;
        printf("  ");
        tb_out_safe(tb_json_str(tb_json_get(e, "at"), "-"));
        printf("  ");
        tb_out_safe(tb_json_str(tb_json_get(e, "kind"), ""));
        printf("  ");
        tb_out_safe(tb_json_str(tb_json_get(e, "text"), ""));
        putchar('\n');
    }
}

void tb_sweep_show(const struct tb_sweep *s, const struct tb_out *o, size_t most)
{
    if (o->form == TB_EMIT_JSON) {
        show_json(s, o);
        return;
    }
    print_head(s);
    for (size_t i = 0; i < N_OF(parts); i++) {
        struct tb_table t;
        parts[i].fill(s, &t);
        if (tb_table_rows(&t)) {
            tb_out_head(o, parts[i].title);
            tb_out_table_fit(o, &t, missed_least);
        }
        tb_table_free(&t);
    }
    print_edges(s);
    print_events(s, o, most);
}

static size_t points_of(const struct tb_plan *p, size_t arm)
{
    const struct tb_json *points = tb_json_get(p->sweep, "points");
    size_t n = 0;
    for (size_t i = 0; i < tb_json_len(points); i++)
        n += tb_json_int(tb_json_get(tb_json_at(points, i), "arm"), -1) == (int64_t)arm;
    return n;
}

static void print_rungs(const struct tb_json *spec, double budget_tok)
{
    const struct tb_prune *prune = tb_prune_find(tb_json_str(tb_json_get(spec, "kind"), ""));
    char text[32];
    if (!prune)
        return;
    printf("pruned by %s", prune->name);
    for (int i = 0; budget_tok > 0 && prune->rung(spec, budget_tok, i) > 0; i++)
        printf("%s%s", i ? ", " : ", rungs at ",
               tb_fmt_unit(text, sizeof text, TB_UNIT_SHORT, prune->rung(spec, budget_tok, i)));
    putchar('\n');
    if (budget_tok > 0 && strcmp(prune->name, "asha") == 0 && prune->rung(spec, budget_tok, 0) <= 0)
        printf("the budget of %.0f tokens is too small for one rung: nothing will be pruned; lower min = "
               "t.tokens(%.0f)\n", budget_tok, tb_json_real(tb_json_get(spec, "min"), 0));
}

void tb_sweep_print_plan(const struct tb_plan *p, double budget_tok)
{
    const struct tb_json *spec = p->sweep, *search = tb_json_get(spec, "search"), *arms = tb_json_get(spec, "arms");
    int64_t trials = tb_json_int(tb_json_get(search, "trials"), 1);
    int64_t n_seeds = (int64_t)tb_json_len(tb_json_get(spec, "seeds"));
    int64_t more = tb_json_int(tb_json_get(spec, "finalists"), 0) * (n_seeds - 1);
    const struct tb_search *s = tb_search_find(tb_json_str(tb_json_get(search, "kind"), ""));
    printf("search: %s, %lld trials in each arm\n", s ? s->name : "?", (long long)trials);
    for (size_t arm = 0; arm < tb_json_len(arms); arm++) {
        printf("  arm ");
        tb_out_safe(tb_json_str(tb_json_get(tb_json_at(arms, arm), "name"), ""));
        if ((int64_t)points_of(p, arm) < trials)
            printf(": only %zu trials, its space has no more points", points_of(p, arm));
        putchar('\n');
    }
    if (s && s->startup(search) < trials)
        printf("the table shows the first %lld of each arm; results choose the others\n",
               (long long)s->startup(search));
    if (more > 0)
        printf("the best of each arm: %lld more run%s with other seeds\n", (long long)more, more == 1 ? "" : "s");
    print_rungs(tb_json_get(spec, "prune"), budget_tok);
}
