/* SPDX-License-Identifier: MIT */
/* diff_read.c - runs are read as often as the screen is, but paired only when an evaluation, a state or a choice has
 * changed: intervals take thousands of draws. */
#include "tui/diff_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

char tb_diff_letter(size_t arm)
{
    return (char)('A' + arm);
}

/* ---- which runs */

static void take(struct diff_state *st, const struct tb_run_item *item)
{
    for (size_t i = 0; i < st->n; i++)
        if (strcmp(st->run[i].sum.id, item->sum.id) == 0)
            return;
    if (st->n == DIFF_RUNS)
        st->n_left_out++;
    else
        st->run[st->n++] = *item;
}

static bool is_chosen(const struct tb_run_item *const *chosen, size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(chosen[i]->sum.id, id) == 0)
            return true;
    return false;
}

/* The reference first where it takes part; with one run only, it always does. */
static void choose(struct tb_screen *s)
{
    struct diff_state *st = s->state;
    const struct tb_run_item *chosen[DIFF_RUNS + 1];
    size_t n = tb_desk_chosen(s->desk, chosen, DIFF_RUNS + 1);
    const struct tb_run_item *reference = tb_desk_item(s->desk, s->desk->reference);
    st->n = st->n_left_out = 0;
    if (reference && (n < 2 || is_chosen(chosen, n, reference->sum.id)))
        take(st, reference);
    for (size_t i = 0; i < n; i++)
        take(st, chosen[i]);
}

/* ---- reading */

/* Reads all; what was read, and of that what pairs depend on, as texts. Runs that cannot be read are left out. */
static void read_runs(struct tb_screen *s, char **looked, char **stamp)
{
    struct diff_state *st = s->state;
    struct tb_buf all = { 0 }, some = { 0 };
    size_t n = 0;
    for (size_t i = 0; i < st->n; i++) {
        uint64_t serial = 0;
        const struct tb_metrics *m = tb_desk_run(s->desk, st->run[i].sum.id, &serial, &st->trouble);
        if (!m) {
            st->n_left_out++;
            continue;
        }
        st->run[n] = tb_desk_now(&st->run[i], m);
        st->m[n++] = m;
        tb_buf_fmt(&all, "%s %llu %d;", st->run[i].sum.id, (unsigned long long)serial, st->run[i].sight.state);
        tb_buf_fmt(&some, "%s %zu %zu %d %zu;", st->run[i].sum.id, m->n_eval, m->n_rows, m->state,
                   tb_json_len(tb_json_get(m->facts, "scores")));
    }
    st->n = n;
    for (size_t i = 0; i < n; i++)
        st->item[i] = &st->run[i];
    tb_buf_fmt(&some, "%d", st->is_single);
    tb_buf_fmt(&all, "%d %d", st->is_single, st->shows_equal);
    *looked = tb_buf_take(&all);
    *stamp = tb_buf_take(&some);
}

static void free_pairs(struct diff_state *st)
{
    for (size_t i = 0; i < TB_REPORT_SCORES; i++) {
        free(st->score[i]);
        st->score[i] = NULL;
    }
    if (st->has_report)
        tb_report_free(&st->report);
    st->has_report = false;
    tb_rows_across_free(st->row, st->n_rows);
    st->row = NULL;
    st->n_rows = 0;
}

static void free_arms(struct diff_state *st)
{
    tb_arms_free(&st->arms);
    tb_diff_free(&st->d);
    st->arms = (struct tb_arms){ 0 };
}

void tb_diff_forget(struct diff_state *st)
{
    free_pairs(st);
    free_arms(st);
    tb_diff_free_lines(st);
    tb_pairs_clear(&st->words);
    free(st->stamp);
    free(st->looked);
    st->stamp = st->looked = NULL;
    st->n = 0;
}

/* ---- what is worked out */

static size_t with_seed(const struct tb_arm *a, int64_t seed)
{
    size_t i = 0;
    while (i < a->n && a->item[i]->sum.seed != seed)
        i++;
    return i;
}

static void put_first(struct tb_arm *a, size_t i)
{
    const struct tb_run_item *item = a->item[i];
    const struct tb_metrics *m = a->m[i];
    memmove(a->item + 1, a->item, i * sizeof *a->item);
    memmove(a->m + 1, a->m, i * sizeof *a->m);
    a->item[0] = item;
    a->m[0] = m;
}

/* Keys and rows are those of one run of each arm: of the lowest seed that all of them have, if there is one. */
static void choose_firsts(struct tb_arms *x)
{
    for (size_t k = 0; k < x->arm[0].n; k++) {
        int64_t seed = x->arm[0].item[k]->sum.seed;
        bool is_common = true;
        for (size_t i = 1; i < x->n; i++)
            is_common = is_common && with_seed(&x->arm[i], seed) < x->arm[i].n;
        for (size_t i = 0; is_common && i < x->n; i++)
            put_first(&x->arm[i], with_seed(&x->arm[i], seed));
        if (is_common)
            return;
    }
}

/* Seeds of one arm alone are compared as single runs: what differs is the seed. There are letters for DIFF_ARMS. */
static void make_arms(struct tb_screen *s)
{
    struct diff_state *st = s->state;
    enum tb_arms_by by = st->is_single ? TB_ARMS_SINGLE : TB_ARMS_AUTO;
    tb_arms_make(&st->arms, st->item, st->m, st->n, s->desk->item, s->desk->n, by);
    if (st->arms.n > DIFF_ARMS) {
        st->n_left_out += st->n - DIFF_ARMS;
        st->n = DIFF_ARMS;
    }
    if (st->arms.n > DIFF_ARMS || (st->arms.n == 1 && by == TB_ARMS_AUTO)) {
        tb_arms_free(&st->arms);
        tb_arms_make(&st->arms, st->item, st->m, st->n, s->desk->item, s->desk->n, TB_ARMS_SINGLE);
    }
    const struct tb_metrics *first[DIFF_ARMS];
    if (st->arms.is_grouped)
        choose_firsts(&st->arms);
    for (size_t i = 0; i < st->arms.n; i++)
        first[i] = st->arms.arm[i].m[0];
    tb_diff_make(&st->d, first, st->arms.n);
}

static void make_pairs(struct diff_state *st)
{
    const struct tb_metrics *first[DIFF_ARMS];
    tb_report_make(&st->report, &st->arms, NULL, NULL);
    st->has_report = true;
    for (size_t i = 0; i < st->report.n_scores; i++)
        st->score[i] = tb_xstrdup(st->report.score[i]);
    for (size_t i = 0; i < st->arms.n; i++)
        first[i] = st->arms.arm[i].m[0];
    st->row = tb_rows_across(first, st->arms.n, DIFF_ROWS, &st->n_rows);
}

/* Front over the two columns of the plot. */
static void mark_front(struct diff_state *st)
{
    double v[DIFF_RUNS * TB_PARETO_MOST];
    memset(st->is_front, 0, sizeof st->is_front);
    if (!st->plot || !tb_pareto_open(&st->pareto, st->plot, NULL))
        return;
    for (size_t i = 0; i < st->n; i++)
        for (size_t k = 0; k < st->pareto.n; k++)
            v[i * st->pareto.n + k] = tb_pareto_value(&st->pareto, k, st->item[i]);
    tb_pareto_front(v, st->n, st->pareto.n, st->is_front);
}

static bool take_text(char **to, char *text)
{
    bool is_same = *to && strcmp(*to, text) == 0;
    free(*to);
    *to = text;
    return !is_same;
}

double tb_diff_seed_s(const struct diff_state *st)
{
    double seconds = 0;
    for (size_t i = 0; i < st->arms.n; i++)
        seconds += isfinite(st->arms.arm[i].wall_s) ? st->arms.arm[i].wall_s : 0;
    return seconds > 0 ? seconds : NAN;
}

size_t tb_diff_best(const struct diff_state *st)
{
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < st->arms.n; i++)
        if (isfinite(st->arms.arm[i].eval) && (best == SIZE_MAX || st->arms.arm[i].eval < st->arms.arm[best].eval))
            best = i;
    return best;
}

void tb_diff_read(struct tb_screen *s)
{
    struct diff_state *st = s->state;
    char *looked, *stamp;
    st->trouble = (struct tb_err){ 0 };
    choose(s);
    read_runs(s, &looked, &stamp);
    bool is_new = take_text(&st->looked, looked), must_pair = take_text(&st->stamp, stamp);
    mark_front(st);
    if (!is_new && !must_pair && st->made_width == s->width)
        return;
    if (must_pair)
        free_pairs(st); /* the report counts its arms */
    free_arms(st);
    if (st->n < 2) {
        tb_diff_free_lines(st);
        return;
    }
    make_arms(s);
    if (must_pair)
        make_pairs(st);
    tb_diff_make_lines(st, s->width);
    tb_diff_make_words(st);
}
