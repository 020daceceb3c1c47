/* SPDX-License-Identifier: MIT */
/* sweep_show.c - the tables of a sweep. Nothing is written; a sweep that another process leads is shown as far as it
 * has got. */
#include "cli/sweep_show.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "view/sweeps.h"

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

static const struct tb_table_column rung_columns[] = {
    { "arm", NULL, TB_UNIT_TEXT, false },       { "tokens", NULL, TB_UNIT_SHORT, false },
    { "in", NULL, TB_UNIT_PLAIN, false },       { "waiting", NULL, TB_UNIT_PLAIN, false },
    { "running", NULL, TB_UNIT_PLAIN, false },  { "passed", NULL, TB_UNIT_PLAIN, false },
    { "pruned", NULL, TB_UNIT_PLAIN, false },   { "lost", NULL, TB_UNIT_PLAIN, false },
};

static const struct tb_table_column now_columns[] = {
    { "run", NULL, TB_UNIT_TEXT, false },       { "name", NULL, TB_UNIT_TEXT, false },
    { "state", NULL, TB_UNIT_TEXT, false },     { "rung", NULL, TB_UNIT_PLAIN, false },
    { "tokens", NULL, TB_UNIT_SHORT, false },   { "of", NULL, TB_UNIT_SHORT, false },
    { "tok_s", "tok/s", TB_UNIT_SHORT, false }, { "left_s", "left", TB_UNIT_SECONDS, false },
};

static const struct tb_table_column importance_columns[] = {
    { "arm", NULL, TB_UNIT_TEXT, false },
    { "key", NULL, TB_UNIT_TEXT, false },
    { "importance", NULL, TB_UNIT_LOSS, false },
};

#define N_OF(a) (sizeof(a) / sizeof *(a))

static double shown(const struct tb_sweep *s, double v)
{
    return tb_objective_shown(&s->objective, v);
}

static void fill_arms(const struct tb_sweep_view *v, struct tb_table *t)
{
    const struct tb_sweep *s = v->s;
    tb_table_init(t, arm_columns, N_OF(arm_columns));
    for (size_t arm = 0; arm < v->n_arms; arm++) {
        struct tb_standing st = v->arm[arm].st;
        const int64_t counts[] = { st.n_trials, tb_sweep_trials(s), st.n_waiting, st.n_running, st.n_done,
                                   st.n_pruned, st.n_failed, st.n_stopped, st.n_seeds };
        tb_table_text(t, tb_sweep_arm(s, arm));
        for (size_t i = 0; i < N_OF(counts); i++)
            tb_table_int(t, counts[i]);
        tb_table_known_real(t, shown(s, st.best < 0 ? NAN : tb_trial_value(&s->trial[st.best])));
        tb_table_real(t, st.spent_tok);
        tb_table_real(t, st.saved_tok);
        tb_table_text(t, st.best < 0 ? NULL : tb_trial_name(&s->trial[st.best]));
    }
}

static void fill_best(const struct tb_sweep_view *v, struct tb_table *t)
{
    const struct tb_sweep *s = v->s;
    tb_table_init(t, best_columns, N_OF(best_columns));
    for (size_t i = 0; i < v->n_best && i < MOST_BEST; i++) {
        const struct tb_trial *trial = &s->trial[v->best[i].trial];
        struct tb_spread sp = v->best[i].sp;
        tb_table_text(t, trial->run);
        tb_table_text(t, tb_trial_name(trial));
        tb_table_text(t, tb_sweep_arm(s, trial->arm));
        tb_table_text(t, tb_state_name(trial->state));
        tb_table_known_real(t, shown(s, tb_trial_value(trial)));
        tb_table_known_real(t, shown(s, sp.mean));
        tb_table_known_real(t, sp.sd);
        tb_table_int(t, sp.n);
        tb_table_real(t, trial->tokens);
    }
}

static void fill_importance(const struct tb_sweep_view *v, struct tb_table *t)
{
    tb_table_init(t, importance_columns, N_OF(importance_columns));
    for (size_t i = 0; i < v->n_keys; i++) {
        const struct tb_sweep_key *k = &v->key[i];
        tb_table_text(t, k->arm == TB_ALL_ARMS ? "(all)" : tb_sweep_arm(v->s, k->arm));
        tb_table_text(t, k->name);
        tb_table_known_real(t, k->importance);
    }
}

/* "lora 24 of 24, 8 of 8, 2 of 3": in JSON a row for each rung. */
static void fill_rungs(const struct tb_sweep_view *v, struct tb_table *t)
{
    tb_table_init(t, rung_columns, N_OF(rung_columns));
    for (size_t arm = 0; arm < v->n_arms; arm++)
        for (size_t i = 0; i < v->arm[arm].n_rungs; i++) {
            const struct tb_sweep_rung *r = &v->arm[arm].rung[i];
            const int64_t counts[] = { r->n_in, r->n_waiting, r->n_running, r->n_passed, r->n_pruned, r->n_lost };
            tb_table_text(t, v->arm[arm].name);
            tb_table_real(t, r->tokens);
            for (size_t k = 0; k < N_OF(counts); k++)
                tb_table_int(t, counts[k]);
        }
}

static void fill_now(const struct tb_sweep_view *v, struct tb_table *t)
{
    tb_table_init(t, now_columns, N_OF(now_columns));
    for (size_t i = 0; i < v->n_now; i++) {
        const struct tb_trial *trial = &v->s->trial[v->now[i].trial];
        tb_table_text(t, trial->run);
        tb_table_text(t, tb_trial_name(trial));
        tb_table_text(t, tb_state_name(trial->state));
        tb_table_int(t, (int64_t)v->now[i].rung + 1);
        tb_table_real(t, trial->tokens);
        tb_table_real(t, trial->budget_tok);
        tb_table_known_real(t, v->now[i].tok_s);
        tb_table_known_real(t, v->now[i].left_s);
    }
}

struct filled {
    const char *name, *title; /* title NULL: in JSON only */
    void (*fill)(const struct tb_sweep_view *v, struct tb_table *t);
};

static const struct filled parts[] = {
    { "arms", "arms", fill_arms },
    { "rungs", NULL, fill_rungs },
    { "best", "best so far", fill_best },
    { "importance", "importance of keys", fill_importance },
    { "now", "now running", fill_now },
};

/* Of one word for people, and of the sums for programs. */
static void put_sums(const struct tb_sweep_view *v, struct tb_json *j)
{
    const struct {
        const char *name;
        double value;
    } sums[] = { { "spent_tok", v->spent_tok },       { "saved_tok", v->saved_tok },
                 { "expected_tok", v->expected_tok }, { "doubt_tok", v->doubt_tok },
                 { "elapsed_s", v->elapsed_s },       { "left_s", v->left_s },
                 { "left_doubt_s", v->left_doubt_s } };
    tb_json_set(j, "phase", tb_json_new_str(tb_sweep_phase_name(v->s->phase)));
    tb_json_set(j, "led", tb_json_new_bool(v->is_led));
    for (size_t i = 0; i < N_OF(sums); i++)
        tb_json_set(j, sums[i].name, tb_json_new_real(sums[i].value));
}

static struct tb_json *next_json(const struct tb_sweep_view *v)
{
    struct tb_json *list = tb_json_new_list();
    for (size_t i = 0; i < v->n_next; i++)
        tb_json_append(list, tb_json_new_str(tb_trial_name(&v->s->trial[v->next[i]])));
    return list;
}

/* Every trial with its point, for scatters and for whoever works it out anew. */
static struct tb_json *trials_json(const struct tb_sweep *s)
{
    struct tb_json *list = tb_json_new_list();
    for (size_t i = 0; i < s->n; i++) {
        const struct tb_trial *t = &s->trial[i];
        struct tb_json *map = tb_json_new_map();
        tb_json_set(map, "trial", tb_json_new_int((int64_t)i));
        tb_json_set(map, "of", t->of < 0 ? tb_json_new_null() : tb_json_new_int((int64_t)t->of));
        tb_json_set(map, "arm", tb_json_new_str(tb_sweep_arm(s, t->arm)));
        tb_json_set(map, "run", tb_json_new_str(*t->run ? t->run : NULL));
        tb_json_set(map, "name", tb_json_new_str(tb_trial_name(t)));
        tb_json_set(map, "state", tb_json_new_str(tb_state_name(t->state)));
        tb_json_set(map, "over", tb_json_new_bool(t->is_over));
        tb_json_set(map, "value", tb_json_new_real(shown(s, tb_trial_value(t))));
        tb_json_set(map, "tokens", tb_json_new_real(t->tokens));
        tb_json_set(map, "rungs", tb_json_new_int(t->n_decided));
        tb_json_set(map, "protected", tb_json_new_bool(t->is_protected));
        tb_json_set(map, "why", tb_json_new_str(*tb_sweep_why(s, i) ? tb_sweep_why(s, i) : NULL));
        tb_json_set(map, "point", tb_json_copy(tb_sweep_point(s, t)));
        tb_json_append(list, map);
    }
    return list;
}

static void show_json(const struct tb_sweep_view *v, const struct tb_out *o)
{
    static const char *const copied[] = { "search", "prune", "objective", "per", "seeds", "finalists", "run_cap" };
    const struct tb_sweep *s = v->s;
    struct tb_json *j = tb_json_new_map();
    tb_json_set(j, "id", tb_json_new_str(s->id));
    tb_json_set(j, "recipe", tb_json_new_str(s->plan->recipe_path));
    for (size_t i = 0; i < N_OF(copied); i++)
        if (tb_json_get(s->spec, copied[i]))
            tb_json_set(j, copied[i], tb_json_copy(tb_json_get(s->spec, copied[i])));
    put_sums(v, j);
    for (size_t i = 0; i < N_OF(parts); i++) {
        struct tb_table t;
        parts[i].fill(v, &t);
        tb_json_set(j, parts[i].name, tb_table_json(&t));
        tb_table_free(&t);
    }
    tb_json_set(j, "next", next_json(v));
    tb_json_set(j, "trials", trials_json(s));
    tb_json_set(j, "events", tb_json_copy(s->events));
    tb_out_json(o, j);
}

/* "on, led by a worker"; "on, but nobody leads it". */
static const char *standing_words(const struct tb_sweep_view *v)
{
    if (v->s->phase == TB_SWEEP_ON)
        return v->is_led ? "on" : "left by a crash; go on: tunebench sweep RECIPE, or sweep ID --resume";
    return tb_sweep_phase_name(v->s->phase);
}

static void print_head(const struct tb_sweep_view *v)
{
    const struct tb_sweep *s = v->s;
    char a[32], b[32], c[32], d[32];
    printf("sweep %s  ", s->id);
    tb_out_safe(s->plan->recipe_path);
    printf("  %s, %lld trials an arm", s->search->name, (long long)tb_sweep_trials(s));
    if (s->prune)
        printf(", pruned by %s", s->prune->name);
    printf("  ");
    tb_out_safe(s->objective.metric);
    printf(" %s\n%s: %zu of %zu runs over, %zu running, %zu waiting\n", s->objective.sign < 0 ? "max" : "min",
           standing_words(v), v->n_over, v->n_runs, v->n_now, v->n_next);
    printf("spent %s", tb_fmt_unit(a, sizeof a, TB_UNIT_SHORT, v->spent_tok));
    if (v->expected_tok > v->spent_tok)
        printf(" of about %s +- %s", tb_fmt_unit(b, sizeof b, TB_UNIT_SHORT, v->expected_tok),
               tb_fmt_unit(c, sizeof c, TB_UNIT_SHORT, v->doubt_tok));
    printf(" tokens; pruning saved %s (%.0f %%)\n", tb_fmt_unit(b, sizeof b, TB_UNIT_SHORT, v->saved_tok),
           v->spent_tok + v->saved_tok > 0 ? 100 * v->saved_tok / (v->spent_tok + v->saved_tok) : 0);
    printf("elapsed %s", tb_fmt_unit(c, sizeof c, TB_UNIT_SECONDS, v->elapsed_s));
    if (v->left_s > 0)
        printf(", left %s +- %s", tb_fmt_unit(a, sizeof a, TB_UNIT_SECONDS, v->left_s),
               tb_fmt_unit(d, sizeof d, TB_UNIT_SECONDS, v->left_doubt_s));
    putchar('\n');
}

enum { BAR = 16, LEAST_BAR = 4, BESIDE_BAR = 13 };

/* Cells of a bar such that all rungs fit into the terminal, if they can. */
static int bar_cells(const struct tb_sweep_view *v, const struct tb_out *o)
{
    size_t most = 1;
    for (size_t arm = 0; arm < v->n_arms; arm++)
        most = v->arm[arm].n_rungs > most ? v->arm[arm].n_rungs : most;
    int cells = o->columns ? (o->columns - 28) / (int)most - BESIDE_BAR : BAR;
    return cells < LEAST_BAR ? LEAST_BAR : cells > BAR ? BAR : cells;
}

static void print_bar(const struct tb_sweep_rung *r, int bar)
{
    int64_t there = r->n_passed + r->n_pruned + r->n_lost;
    char cells[BAR + 1];
    tb_sweep_bar(r, bar, cells);
    printf("  %s %3lld of %-3lld", cells, (long long)there, (long long)r->n_in);
}

static void print_rung_heads(const struct tb_sweep_arm_view *a, int bar)
{
    char text[32];
    printf("  %-16s", "tokens");
    for (size_t i = 0; i < a->n_rungs; i++)
        printf("  %-*s", bar + BESIDE_BAR - 2, tb_fmt_unit(text, sizeof text, TB_UNIT_SHORT, a->rung[i].tokens));
    puts("  pruned");
}

static void print_rungs_of(const struct tb_sweep_view *v, const struct tb_out *o)
{
    int bar = bar_cells(v, o);
    char title[96];
    snprintf(title, sizeof title, "rungs (%s)", tb_sweep_bar_words);
    tb_out_head(o, title);
    for (size_t arm = 0; arm < v->n_arms; arm++) {
        const struct tb_sweep_arm_view *a = &v->arm[arm];
        if (a->st.n_trials == 0)
            continue;
        if (arm == 0)
            print_rung_heads(a, bar);
        printf("  %-16.16s", a->name);
        for (size_t i = 0; i < a->n_rungs; i++)
            print_bar(&a->rung[i], bar);
        printf("  %lld\n", (long long)a->st.n_pruned);
    }
}

/* Best values at the end of their range. */
static void print_edges(const struct tb_sweep_view *v)
{
    for (size_t i = 0; i < v->n_keys; i++) {
        const struct tb_sweep_key *k = &v->key[i];
        if (!k->edge)
            continue;
        printf("doubt: the best ");
        tb_out_safe(k->name);
        printf(" of ");
        tb_out_safe(tb_sweep_arm(v->s, k->arm));
        printf(" lies at the %s end of its range; a wider one may hold a better value\n", k->edge < 0 ? "low" : "high");
    }
}

static void print_scatter(const struct tb_sweep_view *v, const struct tb_out *o)
{
    const char *key = tb_sweep_main_key(v);
    struct tb_plot look = { .width = o->columns > 20 && o->columns < 80 ? o->columns : 80, .height = 14,
                            .glyphs = o->is_ascii ? TB_GLYPHS_ASCII : TB_GLYPHS_BRAILLE };
    if (!key || v->n_best < 3)
        return;
    tb_out_head(o, "trials, a letter for each arm");
    char *text = tb_sweep_scatter(v->s, key, "value", &look, false);
    fputs(text, stdout);
    free(text);
}

static void print_next(const struct tb_sweep_view *v)
{
    enum { MOST = 4 };
    if (v->n_next == 0)
        return;
    printf("next:");
    for (size_t i = 0; i < v->n_next && i < MOST; i++) {
        printf("%s ", i ? "," : "");
        tb_out_safe(tb_trial_name(&v->s->trial[v->next[i]]));
    }
    puts(v->n_next > MOST ? ", .." : "");
}

static void print_events(const struct tb_sweep *s, const struct tb_out *o, size_t most)
{
    size_t n = tb_json_len(s->events), first = n, told = 0;
    while (first > 0 && told < most)
        told += tb_sweep_is_worth_telling(tb_json_at(s->events, --first));
    tb_out_head(o, "decisions");
    for (size_t i = first; i < n; i++) {
        const struct tb_json *e = tb_json_at(s->events, i);
        if (!tb_sweep_is_worth_telling(e))
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

static void print_parts(const struct tb_sweep_view *v, const struct tb_out *o)
{
    for (size_t i = 0; i < N_OF(parts); i++) {
        struct tb_table t;
        if (!parts[i].title)
            continue;
        parts[i].fill(v, &t);
        if (tb_table_rows(&t)) {
            tb_out_head(o, parts[i].title);
            if (parts[i].fill == fill_importance)
                printf("(%s)\n", tb_sweep_importance_words);
            tb_out_table_fit(o, &t, missed_least);
        }
        tb_table_free(&t);
    }
}

void tb_sweep_show(const struct tb_sweep *s, const struct tb_out *o, size_t most)
{
    struct tb_sweep_view v;
    tb_sweep_view_make(&v, s, tb_clock_wall_ns());
    if (o->form == TB_EMIT_JSON) {
        show_json(&v, o);
    } else {
        print_head(&v);
        print_rungs_of(&v, o);
        print_parts(&v, o);
        print_next(&v);
        print_edges(&v);
        print_scatter(&v, o);
        print_events(s, o, most);
    }
    tb_sweep_view_free(&v);
}
