/* SPDX-License-Identifier: MIT */
/* charts_load.c - the chosen runs, which metrics they have, and of those on this page what is new. A run keeps its
 * curves as long as it is chosen; a long one is read in portions, so that keys are answered meanwhile. */
#include "tui/charts_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "view/groups.h"
#include "view/legend.h"
#include "view/paired.h"

enum { PORTION = 200000 }; /* rows at a time, about 25 ms */

const char *const tb_charts_axis[3] = { "step", "tokens", "wall_s" };

/* ---- runs */

static void free_run(struct charts_run *r)
{
    for (int i = 0; i < CHARTS_METRICS; i++) {
        if (r->course[i])
            tb_course_free(r->course[i]);
        free(r->course[i]);
    }
    *r = (struct charts_run){ 0 };
}

void tb_charts_free(struct charts_state *st)
{
    for (int i = 0; i < st->n_runs; i++)
        free_run(&st->run[i]);
    free(st->pattern);
    tb_batch_close(st);
    tb_clone_form_close(&st->clone);
}

/* The curves that a run had, out of the list before. */
static void take_over(struct charts_run *to, struct charts_run *old, int n_old)
{
    for (int i = 0; i < n_old; i++)
        if (strcmp(old[i].id, to->id) == 0) {
            memcpy(to->course, old[i].course, sizeof to->course);
            memset(old[i].course, 0, sizeof old[i].course);
            return;
        }
}

static double end_of(const struct tb_metrics *m, int axis)
{
    size_t i = m->n_train;
    while (i > 0 && m->train[i - 1].step > (double)m->step)
        i--;
    if (!i)
        return NAN;
    const struct tb_train_row *r = &m->train[i - 1];
    return axis == 0 ? r->step : axis == 1 ? r->tokens : r->wall_s;
}

static bool is_shown(const struct tb_desk *d, const char *id)
{
    for (size_t i = 0; i < d->n_shown; i++)
        if (strcmp(d->item[d->order[i]].sum.id, id) == 0)
            return true;
    return false;
}

/* The marked runs, else the one under the cursor, else the first one that is shown and can be read. */
static int choose(struct tb_desk *d, const struct tb_run_item **item)
{
    if (!is_shown(d, d->run))
        d->run[0] = '\0';
    for (size_t i = 0; i < d->n_shown && !*d->run; i++)
        if (!d->item[d->order[i]].sum.damage[0] || i + 1 == d->n_shown)
            tb_str_copy(d->run, sizeof d->run, d->item[d->order[i]].sum.id);
    return (int)tb_desk_chosen(d, item, CHARTS_RUNS);
}

static int count_marked(const struct tb_desk *d)
{
    int n = 0;
    for (size_t i = 0; i < d->n_shown; i++)
        n += tb_desk_is_marked(d, d->item[d->order[i]].sum.id);
    return n;
}

static void read_runs(struct tb_screen *s)
{
    struct charts_state *st = s->state;
    const struct tb_run_item *item[CHARTS_RUNS];
    int n = choose(s->desk, item), n_old = st->n_runs, n_marked = count_marked(s->desk);
    struct charts_run *old = tb_xcalloc(CHARTS_RUNS, sizeof *old);
    memcpy(old, st->run, sizeof st->run);
    memset(st->run, 0, sizeof st->run);
    st->n_runs = st->n_unread = 0;
    st->n_more = n_marked > CHARTS_RUNS ? n_marked - CHARTS_RUNS : 0;
    for (int i = 0; i < n; i++) {
        struct charts_run *r = &st->run[st->n_runs];
        const char *id = item[i]->sum.id;
        r->m = item[i]->sum.damage[0] ? NULL : tb_desk_run(s->desk, id, &r->serial, NULL);
        st->n_unread += !r->m;
        if (!r->m)
            continue;
        tb_str_copy(r->id, sizeof r->id, id);
        tb_str_copy(r->arm, sizeof r->arm, item[i]->sum.arm);
        r->end = end_of(r->m, st->axis);
        take_over(r, old, n_old);
        st->n_runs++;
    }
    for (int i = 0; i < n_old; i++)
        free_run(&old[i]);
    free(old);
}

static void read_span(struct charts_state *st)
{
    bool follows = st->is_zoomed && st->follows;
    double was = st->high;
    st->low = INFINITY;
    st->high = -INFINITY;
    for (int i = 0; i < st->n_runs; i++) {
        const struct tb_metrics *m = st->run[i].m;
        const struct tb_train_row *r = m->n_train ? &m->train[0] : NULL;
        if (isnan(st->run[i].end))
            continue;
        st->low = fmin(st->low, m->n_eval && m->eval[0].step == 0 ? 0 : st->axis == 0 ? r->step
                                : st->axis == 1 ? r->tokens : r->wall_s);
        st->high = fmax(st->high, st->run[i].end);
    }
    if (follows && st->high > was && was > -INFINITY) {
        st->from += st->high - was;
        st->to += st->high - was;
    }
}

/* ---- lines and their names */

static void add_line(struct charts_state *st, const struct tb_desk *d, int run)
{
    for (int i = 0; st->has_band && i < st->n_lines; i++) {
        struct charts_line *l = &st->line[i];
        if (*st->run[run].arm && strcmp(st->run[l->run[0]].arm, st->run[run].arm) == 0) {
            l->run[l->n++] = run;
            return;
        }
    }
    struct charts_line *l = &st->line[st->n_lines++];
    l->tint = tb_desk_tint(d, st->run[run].id);
    l->run[0] = run;
    l->n = 1;
}

static void label_lines(struct charts_state *st, const struct tb_desk *d)
{
    const struct tb_metrics *m[CHARTS_RUNS];
    for (int i = 0; i < st->n_lines; i++)
        m[i] = st->run[st->line[i].run[0]].m;
    char **legend = tb_legend_make(m, (size_t)st->n_lines);
    for (int i = 0; i < st->n_lines; i++) {
        struct charts_line *l = &st->line[i];
        const char *name = tb_json_str(tb_metrics_fact(m[i], "run", "name"), "");
        const struct tb_run_item *item = tb_desk_item(d, st->run[l->run[0]].id);
        char *arm = item && l->n > 1 && strcmp(legend[i], name) == 0 ? tb_run_arm_name(&item->sum) : NULL;
        tb_str_copy(l->label, sizeof l->label, arm ? arm : legend[i]);
        free(arm);
    }
    tb_legend_free(legend, (size_t)st->n_lines);
}

/* Names depend on what was chosen and on nothing that grows, so they are made only when that changes. */
static void make_lines(struct charts_state *st, const struct tb_desk *d)
{
    struct charts_line *old = tb_xcalloc(CHARTS_RUNS, sizeof *old);
    uint64_t of = 1 + (uint64_t)st->has_band;
    memcpy(old, st->line, sizeof st->line);
    st->n_lines = 0;
    for (int i = 0; i < st->n_runs; i++) {
        add_line(st, d, i);
        of = of * 1099511628211u ^ tb_fnv1a32(st->run[i].id, strlen(st->run[i].id));
    }
    for (int i = 0; i < st->n_lines; i++)
        memcpy(st->line[i].label, old[i].label, sizeof old[i].label);
    free(old);
    if (of != st->legend_of)
        label_lines(st, d);
    st->legend_of = of;
}

/* ---- metrics */

static void read_metrics(struct tb_screen *s)
{
    struct charts_state *st = s->state;
    const struct tb_metrics *m[CHARTS_RUNS];
    struct tb_err err = { 0 };
    for (int i = 0; i < st->n_runs; i++)
        m[i] = st->run[i].m;
    st->n_metrics = (int)tb_course_list(m, (size_t)st->n_runs, st->metric, CHARTS_METRICS);
    st->n_shown = st->n_constant = 0;
    for (int i = 0; i < st->n_metrics; i++) {
        int is_meant = tb_course_is_meant(st->metric[i].name, st->pattern, &err);
        st->n_constant += is_meant > 0 && st->metric[i].is_constant;
        if (is_meant > 0 && (st->shows_constant || !st->metric[i].is_constant))
            st->shown[st->n_shown++] = i;
    }
}

static bool read_course(struct charts_state *st, const struct tb_desk *d, struct charts_run *r, int metric)
{
    struct tb_course_spec spec = { st->metric[metric].name, tb_charts_axis[st->axis],
                                   tb_charts_weight(st->smoothing) };
    if (!r->course[metric])
        r->course[metric] = tb_xcalloc(1, sizeof *r->course[metric]);
    return tb_course_read(r->course[metric], &spec, r->m, tb_desk_reading(d, r->id), PORTION);
}

/* True if something was left for the next time. */
static bool read_page(struct tb_screen *s)
{
    struct charts_state *st = s->state;
    struct charts_layout l = tb_charts_layout_of(s);
    for (int k = st->page * l.n; k < (st->page + 1) * l.n && k < st->n_shown; k++)
        for (int i = 0; i < st->n_runs; i++)
            if (read_course(st, s->desk, &st->run[i], st->shown[k]))
                return true;
    return false;
}

/* ---- how sure the best is of it */

/* Evaluations that a run had at or before x. */
static size_t evals_before(const struct tb_metrics *m, int axis, double x)
{
    size_t n = 0;
    for (; n < m->n_eval && m->eval[n].step <= (double)m->step; n++) {
        const struct tb_eval_row *e = &m->eval[n];
        if ((axis == 0 ? e->step : axis == 1 ? e->tokens : e->wall_s) > x)
            break;
    }
    return n;
}

/* Mean of a line's last losses there; what it depends on, which evaluation of which run, is added to key. */
static double eval_of(const struct charts_state *st, int line, double x, char *key, size_t n_key)
{
    const struct charts_line *l = &st->line[line];
    double sum = 0;
    int n = 0;
    for (int i = 0; i < l->n; i++) {
        const struct charts_run *r = &st->run[l->run[i]];
        size_t n_eval = evals_before(r->m, st->axis, x), used = strlen(key);
        if (!n_eval)
            continue;
        sum += r->m->eval[n_eval - 1].loss;
        n++;
        snprintf(key + used, n_key - used, "%s:%.0f ", r->id, r->m->eval[n_eval - 1].step);
    }
    return n ? sum / n : NAN;
}

/* The runs of a line as they were when they were last evaluated: copies that share everything with the runs. */
static size_t as_evaluated(const struct charts_state *st, int line, double x, struct tb_metrics *at,
                           const struct tb_metrics **m)
{
    const struct charts_line *l = &st->line[line];
    size_t n = 0;
    for (int i = 0; i < l->n; i++) {
        const struct tb_metrics *whole = st->run[l->run[i]].m;
        size_t n_eval = evals_before(whole, st->axis, x);
        if (!n_eval)
            continue;
        at[n] = *whole;
        at[n].step = (int64_t)whole->eval[n_eval - 1].step;
        m[n] = &at[n];
        n++;
    }
    return n;
}

/* The best line against the one behind it. */
static void judge(struct charts_state *st, int best, int second, double x)
{
    struct tb_metrics *copy = tb_xcalloc(2 * CHARTS_RUNS, sizeof *copy);
    const struct tb_metrics *a[CHARTS_RUNS], *b[CHARTS_RUNS];
    struct tb_paired p;
    size_t na = as_evaluated(st, best, x, copy, a), nb = as_evaluated(st, second, x, copy + CHARTS_RUNS, b);
    if (tb_paired_arms(&p, a, na, b, nb, NULL)) {
        st->best_by = p.difference;
        st->best_e = (p.high - p.low) / 2;
    }
    free(copy);
}

static void find_best(struct charts_state *st)
{
    char key[sizeof st->best_of] = "";
    double x = st->has_cursor ? st->cursor : INFINITY, eval[CHARTS_RUNS];
    int best = -1, second = -1;
    for (int i = 0; i < st->n_lines; i++) {
        eval[i] = eval_of(st, i, x, key, sizeof key);
        if (isnan(eval[i]))
            continue;
        bool is_best = best < 0 || eval[i] < eval[best];
        second = is_best ? best : second < 0 || eval[i] < eval[second] ? i : second;
        best = is_best ? i : best;
    }
    if (strcmp(key, st->best_of) == 0)
        return;
    tb_str_copy(st->best_of, sizeof st->best_of, key);
    st->best = second < 0 ? -1 : best;
    st->second = second;
    st->best_by = second < 0 ? NAN : eval[second] - eval[best];
    st->best_e = NAN;
    if (second >= 0)
        judge(st, best, second, x);
}

void tb_charts_read(struct tb_screen *s)
{
    struct charts_state *st = s->state;
    read_runs(s);
    make_lines(st, s->desk);
    read_metrics(s);
    read_span(st);
    int per_page = tb_charts_layout_of(s).n, pages = per_page ? (st->n_shown + per_page - 1) / per_page : 0;
    st->page = st->page < pages ? st->page : pages ? pages - 1 : 0;
    s->wants_more = read_page(s);
    find_best(st);
}
