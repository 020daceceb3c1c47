/* SPDX-License-Identifier: MIT */
/* report.c - the numbers of a report. */
#include "view/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "view/groups.h"
#include "view/pareto.h"
#include "view/report_priv.h"

const struct tb_report_cost_name tb_report_costs[TB_N_COSTS] = {
    [TB_COST_TRAINABLE] = { "trainable", "trainable parameters", TB_UNIT_COUNT },
    [TB_COST_ADAPTER] = { "adapter", "size of the adapter", TB_UNIT_BYTES },
    [TB_COST_MEMORY] = { "memory", "peak memory", TB_UNIT_BYTES },
    [TB_COST_TIME] = { "time", "training time", TB_UNIT_SECONDS },
};

static double count(int64_t v)
{
    return v < 0 ? NAN : (double)v;
}

static double mean_of(const double *v, size_t n)
{
    double mean, sd;
    tb_spread(v, n, &mean, &sd);
    return mean;
}

/* ---- curves */

/* Evaluation k of the runs of an arm: where it was, and what they reached. */
static void curve_point(struct tb_report_arm *to, const struct tb_arm *a, size_t k)
{
    double tokens = 0, sum = 0;
    to->low[k] = INFINITY;
    to->high[k] = -INFINITY;
    for (size_t i = 0; i < a->n; i++) {
        const struct tb_eval_row *row = &a->m[i]->eval[k];
        tokens += row->tokens;
        sum += row->loss;
        to->low[k] = fmin(to->low[k], row->loss);
        to->high[k] = fmax(to->high[k], row->loss);
    }
    to->tokens[k] = tokens / (double)a->n;
    to->loss[k] = sum / (double)a->n;
}

static void make_curve(struct tb_report_arm *to, const struct tb_arm *a)
{
    size_t n = a->m[0]->n_eval;
    for (size_t i = 1; i < a->n; i++)
        n = a->m[i]->n_eval < n ? a->m[i]->n_eval : n;
    to->n_curve = n;
    to->tokens = tb_xcalloc(n + 1, sizeof *to->tokens);
    to->loss = tb_xcalloc(n + 1, sizeof *to->loss);
    to->low = tb_xcalloc(n + 1, sizeof *to->low);
    to->high = tb_xcalloc(n + 1, sizeof *to->high);
    for (size_t k = 0; k < n; k++)
        curve_point(to, a, k);
}

/* Tokens at which a run's evaluations first come down to `loss`, in a straight line between two of them; NaN: never. */
static double tokens_until(const struct tb_metrics *m, double loss)
{
    for (size_t k = 0; k < m->n_eval; k++) {
        const struct tb_eval_row *now = &m->eval[k], *before = k ? now - 1 : NULL;
        if (!(now->loss <= loss))
            continue;
        if (!before || !(before->loss > loss))
            return now->tokens;
        return before->tokens + (now->tokens - before->tokens) * (before->loss - loss) / (before->loss - now->loss);
    }
    return NAN;
}

double tb_report_end(const struct tb_arm *a)
{
    double sum = 0;
    for (size_t i = 0; i < a->n; i++)
        sum += a->m[i]->n_eval ? a->m[i]->eval[a->m[i]->n_eval - 1].loss : NAN;
    return sum / (double)a->n;
}

static void make_reach(struct tb_report_arm *to, const struct tb_arm *a, double loss)
{
    double *v = tb_xcalloc(a->n + 1, sizeof *v), sd;
    for (size_t i = 0; i < a->n; i++)
        v[i] = tokens_until(a->m[i], loss);
    to->n_reached = tb_spread(v, a->n, &to->reach_tok, &sd);
    free(v);
}

/* ---- metrics of texts, forgetting */

static double score_part(const struct tb_metrics *m, const char *name, const char *ending)
{
    char key[112];
    snprintf(key, sizeof key, "%.90s%s", name, ending);
    return tb_json_real(tb_metrics_fact(m, "scores", key), NAN);
}

static void name_scores(struct tb_report *r, const struct tb_metrics *m)
{
    const struct tb_json *scores = tb_json_get(m->facts, "scores");
    for (void *it = tb_json_first(scores); it; it = tb_json_next(scores, it)) {
        const char *name = tb_json_iter_key(it);
        char low[112];
        size_t i = 0;
        snprintf(low, sizeof low, "%.90s_low", name);
        while (i < r->n_scores && strcmp(r->score[i], name) != 0)
            i++;
        if (i == r->n_scores && i < TB_REPORT_SCORES && tb_json_get(scores, low))
            r->score[r->n_scores++] = name;
    }
}

/* What was drawn to measure it (prompts, rows of a text) is the same for all seeds, so its share of the doubt does not
 * shrink with seeds: each end is as far from the mean as that of one run's interval (the sums of all are below, above)
 * and as Student's of the seeds, added in squares. One run: as it was recorded. */
static void spread_ends(const double *v, size_t n, double below, double above, double *low, double *high)
{
    double mean = mean_of(v, n), seeds = n > 1 ? tb_student_half(v, n) : 0;
    *low = n ? mean - hypot(below / (double)n, seeds) : NAN;
    *high = n ? mean + hypot(above / (double)n, seeds) : NAN;
}

/* A metric that is never negative does not get below zero. */
static void make_score(struct tb_report_score *to, const struct tb_arm *a, const char *name)
{
    double *v = tb_xcalloc(a->n + 1, sizeof *v), below = 0, above = 0, least = 0, sd;
    size_t n = 0;
    for (size_t i = 0; i < a->n; i++) {
        double value = score_part(a->m[i], name, ""), low = score_part(a->m[i], name, "_low");
        if (!isfinite(value))
            continue;
        below += value - low;
        above += score_part(a->m[i], name, "_high") - value;
        least = fmin(least, low);
        v[n++] = value;
    }
    to->n = tb_spread(v, n, &to->mean, &sd);
    spread_ends(v, n, below, above, &to->low, &to->high);
    to->low = n ? fmax(to->low, least) : NAN;
    free(v);
}

static double score_mean(const struct tb_arm *a, const char *name)
{
    double *v = tb_xcalloc(a->n + 1, sizeof *v), mean, sd;
    for (size_t i = 0; i < a->n; i++)
        v[i] = score_part(a->m[i], name, "");
    tb_spread(v, a->n, &mean, &sd);
    free(v);
    return mean;
}

static void make_scores(const struct tb_report *r, struct tb_report_arm *to, const struct tb_arm *a)
{
    struct tb_arm of_a, of_reference;
    tb_arms_common(&r->arms->arm[r->reference], a, &of_reference, &of_a);
    for (size_t k = 0; k < r->n_scores; k++) {
        make_score(&to->score[k], a, r->score[k]);
        to->score[k].difference = score_mean(&of_a, r->score[k]) - score_mean(&of_reference, r->score[k]);
    }
    tb_arm_free(&of_a);
    tb_arm_free(&of_reference);
}

static double forget_fact(const struct tb_metrics *m, const char *key)
{
    return tb_json_real(tb_metrics_fact(m, "forget", key), NAN);
}

static void make_forgetting(struct tb_report_arm *to, const struct tb_arm *a)
{
    double *before = tb_xcalloc(a->n + 1, sizeof *before), *after = tb_xcalloc(a->n + 1, sizeof *after);
    double *change = tb_xcalloc(a->n + 1, sizeof *change), below = 0, above = 0;
    size_t n = 0;
    for (size_t i = 0; i < a->n; i++) {
        before[i] = forget_fact(a->m[i], "before");
        after[i] = forget_fact(a->m[i], "after");
        change[n] = after[i] - before[i];
        if (!isfinite(change[n]))
            continue;
        below += change[n] - forget_fact(a->m[i], "low");
        above += forget_fact(a->m[i], "high") - change[n];
        n++;
    }
    to->forget_before = mean_of(before, a->n);
    to->forget_after = mean_of(after, a->n);
    to->forget = mean_of(change, n);
    spread_ends(change, n, below, above, &to->forget_low, &to->forget_high);
    free(change);
    free(after);
    free(before);
}

/* ---- arms */

static void make_arm(struct tb_report *r, size_t i)
{
    const struct tb_arm *a = &r->arms->arm[i], *reference = &r->arms->arm[r->reference];
    struct tb_report_arm *to = &r->arm[i];
    to->has_level = tb_level_make(&to->level, a->m, a->n, &to->why);
    to->p_holm = NAN;
    to->e = (struct tb_evidence){ .p_prompts = NAN, .p_seeds = NAN, .p = NAN };
    if (i != r->reference) {
        to->is_paired = tb_arms_pair(&to->p, reference, a, &to->why)
                     && tb_evidence_make(&to->e, reference->m, reference->n, a->m, a->n, &to->why);
        to->p_holm = to->e.p;
    }
    to->cost[TB_COST_TRAINABLE] = count(a->n_trainable);
    to->cost[TB_COST_ADAPTER] = count(a->adapter_bytes);
    to->cost[TB_COST_MEMORY] = count(a->peak_bytes);
    to->cost[TB_COST_TIME] = a->wall_s;
    make_curve(to, a);
    make_reach(to, a, tb_report_end(reference));
    make_forgetting(to, a);
    make_scores(r, to, a);
}

static void correct(struct tb_report *r)
{
    double p[TB_REPORT_ARMS];
    for (size_t i = 0; i < r->arms->n; i++)
        p[i] = r->arm[i].p_holm;
    tb_holm(p, p, r->arms->n);
    for (size_t i = 0; i < r->arms->n; i++)
        r->arm[i].p_holm = p[i];
}

double tb_report_loss(const struct tb_report *r, size_t i)
{
    return r->arm[i].has_level ? r->arm[i].level.mean : r->arms->arm[i].eval;
}

static void mark_fronts(struct tb_report *r)
{
    double v[TB_REPORT_ARMS * 2];
    bool is_front[TB_REPORT_ARMS];
    for (int c = 0; c < TB_N_COSTS; c++) {
        for (size_t i = 0; i < r->arms->n; i++) {
            v[2 * i] = tb_report_loss(r, i);
            v[2 * i + 1] = r->arm[i].cost[c];
        }
        tb_pareto_front(v, r->arms->n, 2, is_front);
        for (size_t i = 0; i < r->arms->n; i++)
            r->arm[i].is_front[c] = is_front[i];
    }
}

static bool find_reference(struct tb_report *r, const char *name, struct tb_err *err)
{
    for (size_t i = 0; name && i < r->arms->n; i++) {
        const struct tb_arm *a = &r->arms->arm[i];
        bool is_letter = name[0] == (char)('A' + i) && name[1] == '\0';
        if (!is_letter && strcmp(name, a->name) != 0 && strcmp(name, a->item[0]->sum.name) != 0)
            continue;
        r->reference = i;
        return true;
    }
    return !name || tb_fail(err, TB_ERR_NOTFOUND, "no arm '%.60s'; there are %s .. %s, or A .. %c", name,
                            r->arms->arm[0].name, r->arms->arm[r->arms->n - 1].name, (int)('A' + r->arms->n - 1));
}

bool tb_report_make(struct tb_report *r, const struct tb_arms *arms, const struct tb_report_from *from,
                    struct tb_err *err)
{
    static const struct tb_report_from nothing;
    from = from ? from : &nothing;
    *r = (struct tb_report){ .arms = arms, .sweep = from->sweep, .lost = from->lost, .n_lost = from->n_lost,
                             .text = from->text };
    r->arm = tb_xcalloc(arms->n + 1, sizeof *r->arm);
    if (!find_reference(r, from->reference, err))
        return false;
    for (size_t i = 0; i < arms->n; i++)
        for (size_t k = 0; k < arms->arm[i].n; k++)
            name_scores(r, arms->arm[i].m[k]);
    for (size_t i = 0; i < arms->n; i++)
        make_arm(r, i);
    correct(r);
    mark_fronts(r);
    tb_report_selection(r);
    tb_report_checks(r);
    tb_verdict_all(&r->verdict, arms);
    if (r->sweep && r->sweep->left) {
        free(r->verdict.settle);
        r->verdict.settle = tb_xstrdup(r->sweep->left);
    }
    return true;
}

bool tb_report_is_partial(const struct tb_report *r)
{
    for (size_t i = 0; i < r->arms->n; i++)
        if (r->arm[i].is_paired && tb_arms_is_partial(&r->arm[i].p, &r->arms->arm[r->reference], &r->arms->arm[i]))
            return true;
    return false;
}

static void free_sweep(struct tb_report_sweep *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n_arms; i++) {
        free(s->arm[i].chosen);
        free(s->arm[i].edges);
    }
    for (size_t i = 0; i < s->n; i++)
        free(s->trial[i].value);
    free(s->plan);
    free(s->left);
    free(s->arm);
    free(s->trial);
    free(s);
}

void tb_report_text_free(struct tb_report_text *t)
{
    if (!t)
        return;
    tb_json_free(t->base_scores);
    free(t->path);
    free(t);
}

void tb_report_free(struct tb_report *r)
{
    size_t n = r->arms ? r->arms->n : 0;
    for (size_t i = 0; r->arm && i < n; i++) {
        free(r->arm[i].tokens);
        free(r->arm[i].loss);
        free(r->arm[i].low);
        free(r->arm[i].high);
        if (r->merged)
            free(r->merged[i]);
    }
    for (size_t i = 0; i < r->n_lost; i++) {
        free(r->lost[i].name);
        free(r->lost[i].why);
    }
    for (size_t i = 0; i < r->n_checks; i++) {
        free(r->check[i].name);
        free(r->check[i].words);
    }
    free(r->arm);
    free(r->merged);
    free(r->lost);
    free(r->check);
    free_sweep(r->sweep);
    tb_report_text_free(r->text);
    tb_verdict_free(&r->verdict);
    *r = (struct tb_report){ 0 };
}
