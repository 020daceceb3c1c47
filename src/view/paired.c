/* SPDX-License-Identifier: MIT */
/* paired.c - paired losses and their interval.
 * Bootstrap: rows that share a prompt are not independent, so whole prompts are drawn with replacement, as many as
 * there are, 2,000 times; a draw's difference is sum(n_tok (b - a)) / sum(n_tok). Every run of an arm has evaluated the
 * same rows, so prompts and seeds are crossed: a draw takes both, each with replacement, and the mean over its seeds.
 * Of what base/resample.h draws, 0 is prompts, 1 seeds of a or of both, 2 seeds of b. Of n seeds a draw shows
 * (n - 1) / n of the variance that other seeds have, and tails that are those of many: what a draw of seeds departs
 * from all of them is stretched by sqrt(n / (n - 1)) t(n - 1) / t(infinity). */
#include "view/paired.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/resample.h"

const struct tb_row_loss *tb_last_rows(const struct tb_metrics *m, size_t *n)
{
    size_t end = m->n_rows, first;
    while (end && m->rows[end - 1].step > m->step)
        end--;
    for (first = end; first && m->rows[first - 1].step == m->rows[end - 1].step;)
        first--;
    *n = end - first;
    return m->rows ? m->rows + first : NULL;
}

/* Last rows of one run by their ids. */
struct rows {
    struct tb_row_loss *at;
    size_t n, next;
};

static int by_row(const void *a, const void *b)
{
    const struct tb_row_loss *x = a, *y = b;
    return (x->row_id > y->row_id) - (x->row_id < y->row_id);
}

static struct rows sorted(const struct tb_metrics *m)
{
    struct rows r = { 0 };
    const struct tb_row_loss *last = tb_last_rows(m, &r.n);
    r.at = tb_xcalloc(r.n + 1, sizeof *r.at);
    if (r.n)
        memcpy(r.at, last, r.n * sizeof *r.at);
    qsort(r.at, r.n, sizeof *r.at, by_row);
    return r;
}

/* The run's result of that row, NULL if it has none; ids are asked for in ascending order. */
static const struct tb_row_loss *row_of(struct rows *r, int64_t row_id)
{
    while (r->next < r->n && r->at[r->next].row_id < row_id)
        r->next++;
    return r->next < r->n && r->at[r->next].row_id == row_id ? &r->at[r->next] : NULL;
}

/* What is compared: prompts with the sums of each run, runs of a before those of b. */
struct table {
    size_t na, nb, n; /* n: rows, later prompts */
    int64_t *prompt;
    size_t *order;
    double *tok, *sum; /* sum: n x (na + nb), loss times tokens */
};

static size_t n_runs(const struct table *t)
{
    return t->na + t->nb;
}

static double mean(const double *v, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += v[i];
    return sum / (double)n;
}

/* Appends a row that all runs have. */
static void add_row(struct table *t, struct tb_paired *p, const struct tb_row_loss *first, const double *loss)
{
    double tok = (double)first->n_tok, *sum = t->sum + t->n * n_runs(t);
    bool is_known = tok > 0;
    for (size_t i = 0; i < n_runs(t); i++)
        is_known = is_known && isfinite(loss[i]);
    if (!is_known) {
        p->n_left_out++;
        return;
    }
    for (size_t i = 0; i < n_runs(t); i++)
        sum[i] = loss[i] * tok;
    double d = t->nb ? mean(loss + t->na, t->nb) - mean(loss, t->na) : 0;
    p->n_better += d < 0;
    p->n_worse += d > 0;
    t->prompt[t->n] = first->prompt_id;
    t->tok[t->n++] = tok;
}

static void fill(struct table *t, struct tb_paired *p, struct rows *run)
{
    double *loss = tb_xcalloc(n_runs(t), sizeof *loss);
    size_t room = run[0].n + 1;
    t->prompt = tb_xcalloc(room, sizeof *t->prompt);
    t->order = tb_xcalloc(room, sizeof *t->order);
    t->tok = tb_xcalloc(room, sizeof *t->tok);
    t->sum = tb_xcalloc(room * n_runs(t), sizeof *t->sum);
    for (size_t r = 0; r < run[0].n; r++) {
        bool is_in_all = true;
        for (size_t i = 0; is_in_all && i < n_runs(t); i++) {
            const struct tb_row_loss *row = row_of(&run[i], run[0].at[r].row_id);
            is_in_all = row != NULL;
            loss[i] = row ? row->loss : NAN;
        }
        if (is_in_all)
            add_row(t, p, &run[0].at[r], loss);
    }
    free(loss);
}

struct place {
    int64_t prompt;
    size_t row;
};

static int by_prompt(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->prompt != y->prompt)
        return x->prompt < y->prompt ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Rows of one prompt become one. */
static void merge(struct table *t)
{
    size_t width = n_runs(t), kept = 0;
    struct place *at = tb_xcalloc(t->n + 1, sizeof *at);
    double *tok = tb_xcalloc(t->n + 1, sizeof *tok), *sum = tb_xcalloc((t->n + 1) * width, sizeof *sum);
    for (size_t i = 0; i < t->n; i++)
        at[i] = (struct place){ t->prompt[i], i };
    qsort(at, t->n, sizeof *at, by_prompt);
    for (size_t i = 0; i < t->n; i++) {
        kept += i == 0 || at[i].prompt != at[i - 1].prompt;
        tok[kept - 1] += t->tok[at[i].row];
        for (size_t s = 0; s < width; s++)
            sum[(kept - 1) * width + s] += t->sum[at[i].row * width + s];
    }
    free(t->tok);
    free(t->sum);
    free(at);
    t->tok = tok;
    t->sum = sum;
    t->n = kept;
}

static void free_table(struct table *t)
{
    free(t->prompt);
    free(t->order);
    free(t->tok);
    free(t->sum);
}

static double mean_of(const double *sum, const size_t *pick, size_t n)
{
    double total = 0;
    for (size_t i = 0; i < n; i++)
        total += sum[pick[i]];
    return total / (double)n;
}

/* Student's t(n - 1) at 97.5 % over that of the normal distribution, and the bias of a draw's variance. */
static double stretch(size_t n)
{
    static const double t[] = { 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179,
                                2.160, 2.145, 2.131 };
    if (n < 2)
        return 0;
    double quantile = n - 2 < sizeof t / sizeof *t ? t[n - 2] : 1.96 + 2.4 / (double)(n - 1);
    return quantile / 1.96 * sqrt((double)n / (double)(n - 1));
}

/* The mean of n seeds, or, drawn, as far from it as other seeds may be. */
static double of_seeds(const double *sum, const size_t *drawn, size_t n)
{
    double all = mean(sum, n);
    return drawn ? all + stretch(n) * (mean_of(sum, drawn, n) - all) : all;
}

/* The difference for the prompts in t->order; of all seeds, or of those drawn. Of one arm alone its level. */
static double difference(const struct table *t, const size_t *sa, const size_t *sb)
{
    double sum[2 * TB_PAIRED_SEEDS] = { 0 }, tok = 0;
    for (size_t j = 0; j < t->n; j++) {
        const double *row = t->sum + t->order[j] * n_runs(t);
        tok += t->tok[t->order[j]];
        for (size_t s = 0; s < n_runs(t); s++)
            sum[s] += row[s];
    }
    double a = of_seeds(sum, sa, t->na);
    return (t->nb ? of_seeds(sum + t->na, sb, t->nb) - a : a) / tok;
}

static void interval(struct tb_paired *p, struct table *t)
{
    double *draws = tb_xcalloc(TB_RESAMPLE_DRAWS, sizeof *draws);
    size_t sa[TB_PAIRED_SEEDS], sb[TB_PAIRED_SEEDS];
    for (uint32_t k = 0; k < TB_RESAMPLE_DRAWS; k++) {
        tb_resample_pick(t->order, t->n, t->n, k, 0);
        tb_resample_pick(sa, t->na, t->na, k, 1);
        tb_resample_pick(sb, t->nb, t->nb, k, p->is_by_seed ? 1 : 2);
        draws[k] = difference(t, sa, sb);
    }
    tb_resample_interval(draws, &p->low, &p->high);
    free(draws);
}

/* The text that the rows are of: its own, or another one that it was measured on afterwards. */
static const struct tb_json *text_of(const struct tb_metrics *m)
{
    const struct tb_json *measured = tb_metrics_fact(m, "measured", "id");
    return measured ? measured : tb_metrics_fact(m, "data", "id");
}

/* Row numbers mean something within one data set only. */
static bool is_same_data(const struct tb_metrics *a, const struct tb_metrics *b)
{
    const struct tb_json *x = text_of(a), *y = text_of(b);
    return (!x && !y) || tb_json_equal(x, y);
}

/* The table of these runs by prompt; t must be freed also after a failure. */
static bool gather(struct table *t, struct tb_paired *p, const struct tb_metrics *const *m, struct tb_err *err)
{
    struct rows run[2 * TB_PAIRED_SEEDS];
    bool good = true;
    for (size_t i = 0; i < n_runs(t); i++) {
        run[i] = sorted(m[i]);
        if (good && !run[i].n)
            good = tb_fail(err, TB_ERR_NOTFOUND, "no per-row evaluation results in one of the runs");
        if (good && !is_same_data(m[0], m[i]))
            good = tb_fail(err, TB_ERR_NOTFOUND, "the runs were evaluated on different data");
    }
    if (good) {
        p->step_a = run[0].at[0].step;
        p->step_b = run[t->nb ? t->na : 0].at[0].step;
        fill(t, p, run);
        p->n_rows = t->n;
        merge(t);
        p->n_prompts = t->n;
        for (size_t i = 0; i < t->n; i++)
            t->order[i] = i;
        good = p->n_rows || tb_fail(err, TB_ERR_NOTFOUND, "the runs have no evaluated row in common");
    }
    for (size_t i = 0; i < n_runs(t); i++)
        free(run[i].at);
    return good;
}

static bool compare(struct tb_paired *p, const struct tb_metrics *const *m, size_t na, size_t nb, struct tb_err *err)
{
    struct table t = { .na = na, .nb = nb };
    bool good = gather(&t, p, m, err);
    if (good)
        p->difference = difference(&t, NULL, NULL);
    if (good && t.n > 1)
        interval(p, &t);
    free_table(&t);
    return good;
}

static int64_t seed_of(const struct tb_metrics *m)
{
    return tb_json_int(tb_metrics_fact(m, "config", "seed"), -1);
}

static const struct tb_metrics *with_seed(const struct tb_metrics *const *m, size_t n, int64_t seed)
{
    for (size_t i = 0; i < n; i++)
        if (seed_of(m[i]) == seed)
            return m[i];
    return NULL;
}

/* Runs of a, then those of b, whose seeds both have; their number on each side. */
static size_t common_seeds(const struct tb_metrics *const *a, size_t na, const struct tb_metrics *const *b, size_t nb,
                           const struct tb_metrics **both)
{
    const struct tb_metrics *right[TB_PAIRED_SEEDS];
    size_t n = 0;
    for (size_t i = 0; i < na; i++) {
        const struct tb_metrics *other = with_seed(b, nb, seed_of(a[i]));
        if (!other || seed_of(a[i]) < 0 || with_seed(a, i, seed_of(a[i])))
            continue;
        both[n] = a[i];
        right[n++] = other;
    }
    for (size_t i = 0; i < n; i++)
        both[n + i] = right[i];
    return n;
}

/* Which runs are compared: m holds those of a, then those of b. */
static void choose(struct tb_paired *p, const struct tb_metrics *const *a, size_t na,
                   const struct tb_metrics *const *b, size_t nb, const struct tb_metrics **m)
{
    *p = (struct tb_paired){ .low = NAN, .high = NAN, .difference = NAN };
    na = na < TB_PAIRED_SEEDS ? na : TB_PAIRED_SEEDS;
    nb = nb < TB_PAIRED_SEEDS ? nb : TB_PAIRED_SEEDS;
    size_t least = na < nb ? na : nb, n = common_seeds(a, na, b, nb, m);
    p->is_by_seed = n > 0 && (n > 1 || n == least);
    if (p->is_by_seed) {
        na = nb = n;
    } else {
        memcpy(m, a, na * sizeof *m);
        memcpy(m + na, b, nb * sizeof *m);
    }
    p->n_seeds_a = na;
    p->n_seeds_b = nb;
}

void tb_paired_runs(const struct tb_metrics *const *a, size_t na, const struct tb_metrics *const *b, size_t nb,
                    const struct tb_metrics *m[2 * TB_PAIRED_SEEDS], size_t *n_a, size_t *n_b)
{
    struct tb_paired p;
    choose(&p, a, na, b, nb, m);
    *n_a = p.n_seeds_a;
    *n_b = p.n_seeds_b;
}

bool tb_paired_arms(struct tb_paired *p, const struct tb_metrics *const *a, size_t na,
                    const struct tb_metrics *const *b, size_t nb, struct tb_err *err)
{
    const struct tb_metrics *m[2 * TB_PAIRED_SEEDS];
    choose(p, a, na, b, nb, m);
    return compare(p, m, p->n_seeds_a, p->n_seeds_b, err);
}

bool tb_paired_sums(struct tb_paired_sums *s, const struct tb_metrics *const *a, size_t na,
                    const struct tb_metrics *const *b, size_t nb, struct tb_err *err)
{
    const struct tb_metrics *m[2 * TB_PAIRED_SEEDS];
    struct tb_paired p;
    *s = (struct tb_paired_sums){ 0 };
    choose(&p, a, na, b, nb, m);
    struct table t = { .na = p.n_seeds_a, .nb = p.n_seeds_b };
    bool good = gather(&t, &p, m, err);
    if (good)
        *s = (struct tb_paired_sums){ t.na, t.nb, t.n, p.is_by_seed, t.tok, t.sum };
    if (good)
        t.tok = t.sum = NULL;
    free_table(&t);
    return good;
}

void tb_paired_sums_free(struct tb_paired_sums *s)
{
    free(s->tok);
    free(s->sum);
    *s = (struct tb_paired_sums){ 0 };
}

static void level_interval(struct tb_level *l, struct table *t)
{
    double *draws = tb_xcalloc(TB_RESAMPLE_DRAWS, sizeof *draws);
    size_t seeds[TB_PAIRED_SEEDS];
    for (uint32_t k = 0; k < TB_RESAMPLE_DRAWS; k++) {
        tb_resample_pick(t->order, t->n, t->n, k, 0);
        tb_resample_pick(seeds, t->na, t->na, k, 1);
        draws[k] = difference(t, seeds, NULL);
    }
    tb_resample_interval(draws, &l->low, &l->high);
    free(draws);
}

bool tb_level_make(struct tb_level *l, const struct tb_metrics *const *m, size_t n, struct tb_err *err)
{
    struct tb_paired p = { 0 };
    struct table t = { .na = n < TB_PAIRED_SEEDS ? n : TB_PAIRED_SEEDS };
    *l = (struct tb_level){ .mean = NAN, .low = NAN, .high = NAN };
    bool good = gather(&t, &p, m, err);
    if (good)
        *l = (struct tb_level){ difference(&t, NULL, NULL), NAN, NAN, p.n_rows, p.n_prompts, t.na };
    if (good && t.n > 1)
        level_interval(l, &t);
    free_table(&t);
    return good;
}

bool tb_paired_make(struct tb_paired *p, const struct tb_metrics *a, const struct tb_metrics *b,
                    struct tb_err *err)
{
    return tb_paired_arms(p, &a, 1, &b, 1, err);
}

static int by_worst(const void *a, const void *b)
{
    const struct tb_row_across *x = a, *y = b;
    if (x->worst != y->worst)
        return x->worst > y->worst ? -1 : 1;
    return (x->row_id > y->row_id) - (x->row_id < y->row_id);
}

struct tb_row_across *tb_rows_across(const struct tb_metrics *const *m, size_t n, size_t most, size_t *n_out)
{
    struct rows *run = tb_xcalloc(n + 1, sizeof *run);
    for (size_t i = 0; i < n; i++)
        run[i] = sorted(m[i]);
    struct tb_row_across *all = tb_xcalloc(run[0].n + 1, sizeof *all);
    size_t kept = 0;
    for (size_t r = 0; n && r < run[0].n; r++) {
        const struct tb_row_loss *first = &run[0].at[r];
        struct tb_row_across x = { first->row_id, first->prompt_id, first->n_tok, tb_xcalloc(n, sizeof *x.loss), -1 };
        for (size_t i = 0; i < n; i++) {
            const struct tb_row_loss *row = is_same_data(m[0], m[i]) ? row_of(&run[i], first->row_id) : NULL;
            x.loss[i] = row ? row->loss : NAN;
            double d = i ? fabs(x.loss[i] - x.loss[0]) : NAN;
            x.worst = isfinite(d) && d > x.worst ? d : x.worst;
        }
        if (x.worst >= 0)
            all[kept++] = x;
        else
            free(x.loss);
    }
    qsort(all, kept, sizeof *all, by_worst);
    *n_out = kept < most ? kept : most;
    for (size_t i = *n_out; i < kept; i++)
        free(all[i].loss);
    for (size_t i = 0; i < n; i++)
        free(run[i].at);
    free(run);
    return all;
}

void tb_rows_across_free(struct tb_row_across *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(rows[i].loss);
    free(rows);
}
