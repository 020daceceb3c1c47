/* SPDX-License-Identifier: MIT */
/* sweeps.c - sums and forecasts over the trials of a sweep. Time that is left is tokens that are left over the rate of
 * each arm, stretched by what the sweep took beside training so far (evaluations, start, pauses between). */
#include "view/sweeps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

enum { LEAST_ENDED = 4 };
static const double most_stretch = 10;

const char tb_sweep_importance_words[] = "share of the ranks' variance at the tokens that all trials reached, one key "
                                         "at a time; - with fewer than 6 results";

const char *tb_sweep_stand_name(enum tb_sweep_phase phase, bool is_led)
{
    return phase == TB_SWEEP_ON && !is_led ? "left" : tb_sweep_phase_name(phase);
}

bool tb_sweep_is_worth_telling(const struct tb_json *event)
{
    static const char *const quiet[] = { "run", "trial", "keep", "over", NULL };
    const char *kind = tb_json_str(tb_json_get(event, "kind"), "");
    return !tb_str_in(kind, quiet) || tb_json_get(event, "of")
        || strcmp(tb_json_str(tb_json_get(event, "state"), ""), "failed") == 0;
}

static double since_1970(const struct tb_json *event)
{
    int64_t ns;
    return tb_clock_parse(tb_json_str(tb_json_get(event, "at"), ""), &ns) ? 1e-9 * (double)ns : NAN;
}

/* Between its events, but for the gaps in which nobody led it: those in front of a "resume". */
static double elapsed(const struct tb_sweep *s, bool is_led, int64_t now_ns)
{
    double sum = 0, last = NAN;
    for (size_t i = 0; i < tb_json_len(s->events); i++) {
        const struct tb_json *e = tb_json_at(s->events, i);
        double at = since_1970(e);
        bool begins = strcmp(tb_json_str(tb_json_get(e, "kind"), ""), "resume") == 0;
        sum += begins || isnan(last) || isnan(at) ? 0 : fmax(0, at - last);
        last = isnan(at) ? last : at;
    }
    return sum + (is_led && !isnan(last) ? fmax(0, 1e-9 * (double)now_ns - last) : 0);
}

/* ---- arms */
static bool is_live(const struct tb_trial *t)
{
    return t->state == TB_STATE_RUNNING || t->state == TB_STATE_PAUSED;
}

static size_t rungs_of(const struct tb_sweep *s, double budget_tok, struct tb_sweep_rung *rung)
{
    const struct tb_json *keys = tb_json_get(s->spec, "prune");
    size_t n = 0;
    double tokens;
    while (s->prune && n < TB_EXPECT_RUNGS && (tokens = s->prune->rung(keys, budget_tok, (int)n)) > 0) {
        if (rung)
            rung[n].tokens = tokens;
        n++;
    }
    if (rung)
        rung[n].tokens = budget_tok;
    return n + 1;
}

/* Where a trial is: how many rungs let it go on, and what becomes of it on the way to the next. */
static size_t place(const struct tb_sweep_arm_view *a, const struct tb_trial *t)
{
    size_t behind = (size_t)t->n_decided - (t->gives_up && t->n_decided > 0);
    return a->n_rungs == 1 || t->state == TB_STATE_DONE || behind >= a->n_rungs ? a->n_rungs - 1 : behind;
}

static void count_trial(struct tb_sweep_arm_view *a, const struct tb_trial *t)
{
    size_t at = place(a, t);
    struct tb_sweep_rung *r = &a->rung[at];
    for (size_t i = 0; i <= at; i++)
        a->rung[i].n_in++;
    for (size_t i = 0; i < at; i++)
        a->rung[i].n_passed++;
    if (t->state == TB_STATE_DONE)
        r->n_passed++;
    else if (t->state == TB_STATE_PRUNED)
        r->n_pruned++;
    else if (t->is_over)
        r->n_lost++;
    else if (is_live(t))
        r->n_running++;
    else
        r->n_waiting++;
}

const char tb_sweep_bar_words[] = "# let go on, x given up or lost, > on the way, . waiting";

void tb_sweep_bar(const struct tb_sweep_rung *r, int cells, char *bar)
{
    const int64_t n = r->n_in > 0 ? r->n_in : 1, passed = r->n_passed, there = passed + r->n_pruned + r->n_lost,
                  begun = there + r->n_running;
    int live = (int)(cells * there / n), end = (int)(cells * begun / n), all = r->n_in > 0 ? cells : 0;
    int full = (int)(cells * passed / n);
    if (r->n_running && end == live && live < cells)
        end++;
    for (int i = 0; i < cells; i++)
        bar[i] = i < full ? '#' : i < live ? 'x' : i < end ? '>' : i < all ? '.' : ' ';
    bar[cells] = '\0';
}

/* What trials that came to an end took of their budget. */
static void read_share(const struct tb_sweep *s, size_t arm, struct tb_expect_ask *q)
{
    double sum = 0, squares = 0;
    int n = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct tb_trial *t = &s->trial[i];
        if (t->arm != arm || t->of >= 0 || t->budget_tok <= 0
            || (t->state != TB_STATE_DONE && t->state != TB_STATE_PRUNED))
            continue;
        double share = t->tokens / t->budget_tok;
        n++;
        sum += share;
        squares += share * share;
    }
    q->share = n >= LEAST_ENDED ? sum / n : NAN;
    q->share_sd = n >= LEAST_ENDED ? sqrt(fmax(0, squares / n - q->share * q->share)) : NAN;
}

/* Trials of the search that are not over, those that it has not chosen yet among them. */
static void expect_trials(const struct tb_sweep *s, size_t arm, struct tb_sweep_arm_view *a)
{
    int64_t n_all = tb_sweep_trials(s);
    struct tb_expect_ask q = { .prune = s->prune, .keys = tb_json_get(s->spec, "prune"), .budget_tok = a->budget_tok };
    double *trained = tb_xcalloc((size_t)n_all + s->n + 1, sizeof *trained);
    int *decided = tb_xcalloc((size_t)n_all + s->n + 1, sizeof *decided);
    for (size_t i = 0; i < s->n; i++) {
        const struct tb_trial *t = &s->trial[i];
        if (t->arm != arm || t->of >= 0)
            continue;
        for (int r = 0; r < t->n_decided && r < TB_EXPECT_RUNGS; r++)
            q.n_seen[r]++;
        if (t->is_over)
            continue;
        trained[q.n] = t->tokens;
        decided[q.n++] = t->n_decided;
    }
    if (s->phase != TB_SWEEP_OVER && s->winner < 0)
        q.n += (size_t)(n_all > a->st.n_trials ? n_all - a->st.n_trials : 0);
    read_share(s, arm, &q);
    q.trained_tok = trained;
    q.n_decided = decided;
    tb_expect(&q, &a->left);
    free(trained);
    free(decided);
}

/* Other seeds: those on their way, and those of finalists that are still to be found. */
static double expect_seeds(const struct tb_sweep *s, size_t arm, const struct tb_sweep_arm_view *a)
{
    int64_t finalists = tb_json_int(tb_json_get(s->spec, "finalists"), 0);
    int64_t n_more = (int64_t)tb_json_len(tb_json_get(s->spec, "seeds")) - 1, n = finalists * n_more;
    double left = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct tb_trial *t = &s->trial[i];
        if (t->arm != arm || t->of < 0)
            continue;
        n--;
        left += t->is_over ? 0 : fmax(0, a->budget_tok - t->tokens);
    }
    return left + (n > 0 && s->phase != TB_SWEEP_OVER && s->winner < 0 ? (double)n * a->budget_tok : 0);
}

static void make_arm(const struct tb_sweep *s, size_t arm, struct tb_sweep_arm_view *a)
{
    double tokens = 0, wall_s = 0;
    a->name = tb_sweep_arm(s, arm);
    tb_standing_read(s, arm, &a->st);
    for (size_t i = 0; i < s->n; i++) {
        const struct tb_trial *t = &s->trial[i];
        if (t->arm != arm)
            continue;
        a->budget_tok = fmax(a->budget_tok, t->budget_tok);
        tokens += t->wall_s > 0 ? t->tokens : 0;
        wall_s += t->wall_s;
    }
    a->tok_s = wall_s > 0 ? tokens / wall_s : NAN;
    a->n_rungs = rungs_of(s, a->budget_tok, NULL);
    a->rung = tb_xcalloc(a->n_rungs, sizeof *a->rung);
    rungs_of(s, a->budget_tok, a->rung);
    for (size_t i = 0; i < s->n; i++)
        if (s->trial[i].arm == arm && s->trial[i].of < 0)
            count_trial(a, &s->trial[i]);
    expect_trials(s, arm, a);
    a->left_tok = a->left.tokens + expect_seeds(s, arm, a);
}

/* Arms of which no run was made yet take what the others take. */
static void make_arms(struct tb_sweep_view *v, const struct tb_sweep *s)
{
    double budget = 0;
    v->n_arms = tb_sweep_arms(s);
    v->arm = tb_xcalloc(v->n_arms + 1, sizeof *v->arm);
    for (size_t arm = 0; arm < v->n_arms; arm++) {
        make_arm(s, arm, &v->arm[arm]);
        budget = fmax(budget, v->arm[arm].budget_tok);
    }
    for (size_t arm = 0; arm < v->n_arms; arm++) {
        struct tb_sweep_arm_view *a = &v->arm[arm];
        if (a->budget_tok > 0)
            continue;
        a->budget_tok = budget;
        expect_trials(s, arm, a);
        a->left_tok = a->left.tokens + expect_seeds(s, arm, a);
    }
}

/* ---- the whole */
static void make_lists(struct tb_sweep_view *v, const struct tb_sweep *s)
{
    size_t *best = tb_xcalloc(s->n + 1, sizeof *best);
    v->n_best = tb_standing_best(s, best, s->n);
    v->best = tb_xcalloc(v->n_best + 1, sizeof *v->best);
    for (size_t i = 0; i < v->n_best; i++) {
        v->best[i].trial = best[i];
        tb_spread_read(s, best[i], &v->best[i].sp);
    }
    free(best);
    v->now = tb_xcalloc(s->n + 1, sizeof *v->now);
    v->next = tb_xcalloc(s->n + 1, sizeof *v->next);
    for (size_t i = 0; i < s->n; i++) {
        const struct tb_trial *t = &s->trial[i];
        v->n_over += t->is_over;
        if (is_live(t))
            v->now[v->n_now++] = (struct tb_sweep_now){ .trial = i, .rung = place(&v->arm[t->arm], t) };
        else if (!t->is_over)
            v->next[v->n_next++] = i;
    }
    v->n_runs = s->n;
}

static void add_key(struct tb_sweep_view *v, const struct tb_sweep *s, size_t arm, const char *name)
{
    struct tb_sweep_key *k = &v->key[v->n_keys++];
    ptrdiff_t best = arm == TB_ALL_ARMS ? -1 : v->arm[arm].st.best;
    *k = (struct tb_sweep_key){ .arm = arm, .name = tb_xstrdup(name), .importance = tb_importance(s, arm, name),
                                .edge = best < 0 ? 0 : tb_standing_edge(s, (size_t)best, name) };
}

static void make_keys(struct tb_sweep_view *v, const struct tb_sweep *s)
{
    size_t cap = 0;
    for (size_t arm = 0; arm < v->n_arms; arm++) {
        struct tb_json *keys = tb_sweep_keys(s, arm);
        for (void *it = tb_json_first(keys); it; it = tb_json_next(keys, it)) {
            v->key = tb_grow(v->key, v->n_keys, &cap, sizeof *v->key);
            add_key(v, s, arm, tb_json_iter_key(it));
        }
        tb_json_free(keys);
    }
    v->key = tb_grow(v->key, v->n_keys, &cap, sizeof *v->key);
    if (v->n_arms > 1)
        add_key(v, s, TB_ALL_ARMS, TB_KEY_ARM);
}

/* Wall time over that of training: evaluations and starts are beside it. */
static double stretch(const struct tb_sweep_view *v, double trained_s)
{
    double by = trained_s > 0 ? v->elapsed_s / trained_s : 1;
    return by >= 1 && by <= most_stretch ? by : 1;
}

static void make_forecast(struct tb_sweep_view *v, const struct tb_sweep *s)
{
    double all_s = 0, all_tok = 0, variance = 0, variance_s = 0;
    for (size_t i = 0; i < s->n; i++) {
        all_s += s->trial[i].wall_s;
        all_tok += s->trial[i].wall_s > 0 ? s->trial[i].tokens : 0;
    }
    double rate = all_s > 0 ? all_tok / all_s : NAN, by = stretch(v, all_s);
    for (size_t arm = 0; arm < v->n_arms; arm++) {
        const struct tb_sweep_arm_view *a = &v->arm[arm];
        double own = isnan(a->tok_s) ? rate : a->tok_s;
        v->spent_tok += a->st.spent_tok;
        v->saved_tok += a->st.saved_tok;
        v->expected_tok += a->st.spent_tok + a->left_tok;
        v->left_s += a->left_tok > 0 ? by * a->left_tok / own : 0;
        variance += a->left.sd * a->left.sd;
        variance_s += a->left.sd > 0 ? pow(by * a->left.sd / own, 2) : 0;
    }
    v->doubt_tok = sqrt(variance);
    v->left_doubt_s = sqrt(variance_s);
    for (size_t i = 0; i < v->n_now; i++) {
        const struct tb_trial *t = &s->trial[v->now[i].trial];
        double own = t->wall_s > 0 ? t->tokens / t->wall_s : v->arm[t->arm].tok_s;
        v->now[i].tok_s = own / (double)v->n_now;
        v->now[i].left_s = (t->budget_tok - t->tokens) / v->now[i].tok_s;
    }
}

void tb_sweep_view_make(struct tb_sweep_view *v, const struct tb_sweep *s, int64_t now_ns)
{
    *v = (struct tb_sweep_view){ .s = s, .is_led = tb_sweep_is_led(s) };
    v->elapsed_s = elapsed(s, v->is_led, now_ns);
    make_arms(v, s);
    make_lists(v, s);
    make_keys(v, s);
    make_forecast(v, s);
}

void tb_sweep_view_free(struct tb_sweep_view *v)
{
    for (size_t i = 0; i < v->n_arms; i++)
        free(v->arm[i].rung);
    for (size_t i = 0; i < v->n_keys; i++)
        free(v->key[i].name);
    free(v->arm);
    free(v->best);
    free(v->key);
    free(v->now);
    free(v->next);
    *v = (struct tb_sweep_view){ 0 };
}
