/* SPDX-License-Identifier: MIT */
/* compare_sweep.c - from a sweep to what a report says of it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/compare.h"
#include "sweep/standing.h"
#include "view/fmt.h"

/* ---- runs */

bool tb_compare_finalists(struct tb_compare *x, struct tb_err *err)
{
    const struct tb_sweep *s = &x->sweep;
    bool good = true;
    for (size_t arm = 0; good && arm < tb_sweep_arms(s); arm++) {
        ptrdiff_t best = tb_standing_finalist(s, arm);
        if (best < 0)
            tb_compare_lose(x, tb_sweep_arm(s, arm), "has no trial with a result");
        for (size_t i = 0; good && best >= 0 && i < s->n; i++)
            if (((ptrdiff_t)i == best || s->trial[i].of == best) && *s->trial[i].run)
                good = tb_compare_take(x, s->trial[i].run, err);
    }
    return good;
}

/* ---- arms */

/* The arm of the report that holds a run of this trial; SIZE_MAX if none does. */
static size_t arm_of(const struct tb_compare *x, const struct tb_trial *t)
{
    for (size_t a = 0; a < x->arms.n; a++)
        for (size_t k = 0; *t->run && k < x->arms.arm[a].n; k++)
            if (strcmp(x->arms.arm[a].item[k]->sum.id, t->run) == 0)
                return a;
    return SIZE_MAX;
}

/* The arm of the sweep, for the report's; SIZE_MAX: none. */
static size_t sweep_arm_of(const struct tb_compare *x, size_t arm)
{
    for (size_t i = 0; i < x->sweep.n; i++)
        if (arm_of(x, &x->sweep.trial[i]) == arm)
            return x->sweep.trial[i].arm;
    return SIZE_MAX;
}

static size_t report_arm_of(const struct tb_compare *x, size_t sweep_arm)
{
    for (size_t i = 0; i < x->sweep.n; i++)
        if (x->sweep.trial[i].arm == sweep_arm && arm_of(x, &x->sweep.trial[i]) != SIZE_MAX)
            return arm_of(x, &x->sweep.trial[i]);
    return SIZE_MAX;
}

/* ---- what was chosen, out of what */

static bool is_rate(const char *key)
{
    return strcmp(key, "lr") == 0 || tb_str_ends(key, ".lr");
}

static void say_value(struct tb_buf *b, const char *key, const struct tb_json *v)
{
    char text[64];
    if (tb_json_type(v) == TB_JSON_STR) {
        tb_buf_str(b, tb_json_str(v, ""));
    } else if (tb_json_type(v) == TB_JSON_INT || tb_json_type(v) == TB_JSON_REAL) {
        if (is_rate(key))
            tb_fmt_unit(text, sizeof text, TB_UNIT_RATE, tb_json_real(v, NAN));
        else
            snprintf(text, sizeof text, "%.4g", tb_json_real(v, NAN));
        tb_buf_str(b, text);
    } else {
        char *json = tb_json_text(v, TB_JSON_CANONICAL);
        tb_buf_str(b, json);
        free(json);
    }
}

static void say_range(struct tb_buf *b, const char *key, const struct tb_json *range)
{
    const struct tb_json *of = tb_json_get(range, "of");
    bool is_choice = strcmp(tb_json_str(tb_json_get(range, "draw"), ""), "choice") == 0;
    for (size_t i = 0; i < tb_json_len(of); i++) {
        tb_buf_str(b, i == 0 ? " of " : is_choice ? ", " : " .. ");
        say_value(b, key, tb_json_at(of, i));
    }
}

static const char *short_key(const char *key)
{
    return strncmp(key, "method.", 7) == 0 ? key + 7 : key;
}

static void tell_point(const struct tb_sweep *s, size_t best, struct tb_report_search *to)
{
    const struct tb_json *point = tb_sweep_point(s, &s->trial[best]);
    const struct tb_json *arm = tb_json_at(tb_json_get(s->spec, "arms"), s->trial[best].arm);
    const struct tb_json *template = tb_space_template(arm, point);
    struct tb_buf chosen = { 0 }, edges = { 0 };
    for (void *it = tb_json_first(point); it; it = tb_json_next(point, it)) {
        const char *key = tb_json_iter_key(it);
        struct tb_range r;
        if (!tb_range_read(tb_json_get(template, key), &r))
            continue;
        int edge = tb_standing_edge(s, best, key);
        to->has_rate = to->has_rate || is_rate(key);
        tb_buf_fmt(&chosen, "%s%s ", chosen.n ? "; " : "", short_key(key));
        say_value(&chosen, key, tb_json_iter_value(it));
        say_range(&chosen, key, tb_json_get(template, key));
        if (edge)
            tb_buf_fmt(&edges, "%s%s lies at the %s end of its range", edges.n ? ", " : "", short_key(key),
                       edge < 0 ? "low" : "high");
    }
    to->chosen = tb_buf_take(&chosen);
    to->edges = tb_buf_take(&edges);
}

static void tell_arm(const struct tb_sweep *s, size_t arm, struct tb_report_search *to)
{
    struct tb_standing st;
    size_t best = (size_t)tb_standing_finalist(s, arm);
    tb_standing_read(s, arm, &st);
    to->n_trials = st.n_trials;
    to->n_planned = tb_sweep_trials(s);
    to->n_pruned = st.n_pruned;
    to->n_failed = st.n_failed;
    to->n_open = st.n_waiting + st.n_running;
    for (size_t i = 0; i < s->n; i++)
        if (s->trial[i].arm == arm)
            *(s->trial[i].of < 0 ? &to->search_tok : &to->seeds_tok) += s->trial[i].tokens;
    const struct tb_json *config = s->trial[best].config.map;
    snprintf(to->budget, sizeof to->budget, "%lld %.24s", (long long)tb_json_int(tb_json_get(config, "budget.n"), 0),
             tb_json_str(tb_json_get(config, "budget.unit"), ""));
    to->run = s->trial[best].run;
    tell_point(s, best, to);
}

/* ---- trials */

/* "rung 1 (800 tokens): rank 2 of 3, 1 goes on" of the event that gave it up; "". */
static const char *reason_of(const struct tb_trial *t)
{
    const char *text = t->gives_up ? tb_json_str(tb_json_get(t->last, "text"), "") : "", *name = tb_trial_name(t);
    size_t n = strlen(name);
    bool has_name = strncmp(text, name, n) == 0 && strncmp(text + n, ": ", 2) == 0;
    return has_name ? text + n + 2 : text;
}

static enum tb_report_fate fate_of(const struct tb_trial *t, bool is_best)
{
    if (is_best)
        return TB_FATE_FINALIST;
    if (t->state == TB_STATE_PRUNED)
        return TB_FATE_PRUNED;
    if (t->state == TB_STATE_FAILED)
        return TB_FATE_FAILED;
    return tb_state_is_over(t->state) ? TB_FATE_OVER : TB_FATE_OPEN;
}

static double *shown_values(const struct tb_sweep *s, const struct tb_curve *c)
{
    double *v = tb_xcalloc(c->n + 1, sizeof *v);
    for (size_t i = 0; i < c->n; i++)
        v[i] = tb_objective_shown(&s->objective, c->value[i]);
    return v;
}

static void tell_trials(const struct tb_compare *x, struct tb_report_sweep *to)
{
    const struct tb_sweep *s = &x->sweep;
    to->trial = tb_xcalloc(s->n + 1, sizeof *to->trial);
    for (size_t i = 0; i < s->n; i++) {
        const struct tb_trial *t = &s->trial[i];
        if (t->of >= 0)
            continue;
        enum tb_report_fate fate = fate_of(t, tb_standing_finalist(s, t->arm) == (ptrdiff_t)i);
        to->trial[to->n++] = (struct tb_report_trial){ tb_trial_name(t), report_arm_of(x, t->arm), t->curve.tokens,
            shown_values(s, &t->curve), t->curve.n, fate, fate == TB_FATE_PRUNED ? reason_of(t) : fate == TB_FATE_FAILED
            ? "failed: its loss was not finite, or its process could not go on" : "" };
    }
}

static void tell_tokens(const struct tb_sweep *s, struct tb_report_sweep *to)
{
    for (size_t arm = 0; arm < tb_sweep_arms(s); arm++) {
        struct tb_standing st;
        tb_standing_read(s, arm, &st);
        to->spent_tok += st.spent_tok;
        to->saved_tok += st.saved_tok;
    }
}

static void tell_rungs(const struct tb_sweep *s, struct tb_report_sweep *to)
{
    double budget = 0, tokens;
    for (size_t i = 0; i < s->n; i++)
        budget = fmax(budget, s->trial[i].budget_tok);
    for (int i = 0; s->prune && i < 32; i++) {
        tokens = s->prune->rung(tb_json_get(s->spec, "prune"), budget, i);
        if (!(tokens > 0))
            break;
        to->rung[to->n_rungs++] = tokens;
    }
}

static bool is_over(const struct tb_sweep *s)
{
    size_t n = tb_json_len(s->events);
    for (size_t i = 0; i < s->n; i++)
        if (!tb_state_is_over(s->trial[i].state))
            return false;
    return n && strcmp(tb_json_str(tb_json_get(tb_json_at(s->events, n - 1), "kind"), ""), "end") == 0;
}

struct tb_report_sweep *tb_compare_search(const struct tb_compare *x)
{
    const struct tb_sweep *s = &x->sweep;
    struct tb_report_sweep *to = tb_xcalloc(1, sizeof *to);
    struct tb_buf b = { 0 };
    tb_buf_fmt(&b, "%s search, %lld trials an arm, seed %lld", s->search->name, (long long)tb_sweep_trials(s),
               (long long)tb_json_int(tb_json_get(tb_json_get(s->spec, "search"), "seed"), 0));
    if (s->prune)
        tb_buf_fmt(&b, ", pruned by %s", s->prune->name);
    to->id = s->id;
    to->metric = s->objective.metric;
    to->recipe_path = s->plan->recipe_path ? s->plan->recipe_path : "-";
    to->plan = tb_buf_take(&b);
    to->is_over = is_over(s);
    to->left = tb_compare_left(x);
    to->n_arms = x->arms.n;
    to->arm = tb_xcalloc(x->arms.n + 1, sizeof *to->arm);
    for (size_t i = 0; i < x->arms.n; i++)
        tell_arm(s, sweep_arm_of(x, i), &to->arm[i]);
    tell_trials(x, to);
    tell_tokens(s, to);
    tell_rungs(s, to);
    return to;
}
