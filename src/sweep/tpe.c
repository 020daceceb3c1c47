/* SPDX-License-Identifier: MIT */
/* tpe.c - tree-structured Parzen estimator.  Bergstra et al. 2011, NeurIPS 24, sections 4 and 4.2
 * After `startup` random trials the n trials seen are split by value: the best ceil(gamma n) are the good ones, the
 * rest, failed ones included, the bad ones. For each parameter by itself, l is a density of the good values and g of
 * the bad ones; the next trial is the free point with the greatest sum over its parameters of log l(x) - log g(x),
 * which is the one of greatest expected improvement (their section 4.1). Ties go to the point drawn first.
 *
 * Numbers (log-uniform ones as logarithms, integers with half a step around them), k values within a range of width w:
 *     p(x) = 1 / (k + 1) sum of k + 1 normal densities, each cut off at the range and normed within it
 * one is the prior, centred in the range with deviation w; each value has the greater of the distances to its
 * neighbours (or the end of the range) as deviation, but at least w / min(100, k + 2) and at most w.
 * Choices, m of them: p(c) = (count of c + 1) / (k + m).
 * A parameter that only some templates have is judged by the trials that have it; which template is a choice itself.
 *
 * Other than in the paper candidates are not drawn from l but are the points that the plan drew from the prior: a
 * filter in a recipe's language cannot be asked later. The pool is 8 times the trials, at least 64. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sweep/search.h"

enum { POOL_FACTOR = 8, POOL_LEAST = 64 };

static const struct tb_key keys[] = {
    TB_SEARCH_TRIALS,
    TB_INT_KEY("startup", "8", 2, 5000, "random trials before the first that is chosen by results"),
    TB_REAL_KEY("gamma", "0.25", 0.01, 0.5, "share of the trials seen that count as good"),
    TB_SEARCH_SEED,
    TB_END_KEY
};

/* One parameter's values among good or bad trials, as numbers: of a choice the index. */
struct sample {
    double *at;
    size_t n;
};

static int64_t key_int(const struct tb_json *given, const char *name)
{
    return tb_json_int(tb_json_get(given, name), 1);
}

static int64_t startup(const struct tb_json *given)
{
    int64_t n = key_int(given, "startup"), trials = key_int(given, "trials");
    return n < trials ? n : trials;
}

static int64_t pool(const struct tb_json *given)
{
    int64_t n = POOL_FACTOR * key_int(given, "trials");
    return n > POOL_LEAST ? n : POOL_LEAST;
}

static int by_value(const void *a, const void *b)
{
    const struct tb_seen *x = *(const struct tb_seen *const *)a, *y = *(const struct tb_seen *const *)b;
    double u = isnan(x->value) ? INFINITY : x->value, v = isnan(y->value) ? INFINITY : y->value;
    if (u != v)
        return u < v ? -1 : 1;
    return x < y ? -1 : x > y;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* A real that is whole may stand as an integer in a point. */
static bool is_equal(const struct tb_json *a, const struct tb_json *b)
{
    return tb_json_equal(a, b) || tb_json_real(a, NAN) == tb_json_real(b, NAN);
}

static double number_of(const struct tb_range *r, const struct tb_json *v)
{
    if (r->kind == TB_RANGE_LOG_UNIFORM)
        return log(tb_json_real(v, r->low));
    for (size_t i = 0; r->kind == TB_RANGE_CHOICE && i < tb_json_len(r->items); i++)
        if (is_equal(tb_json_at(r->items, i), v))
            return (double)i;
    return tb_json_real(v, 0);
}

static double cdf(double x)
{
    return 0.5 * erfc(-x * M_SQRT1_2);
}

/* Normal density around m, within low .. high only. */
static double cut_normal(double x, double m, double dev, double low, double high)
{
    double z = (x - m) / dev, mass = cdf((high - m) / dev) - cdf((low - m) / dev);
    return exp(-0.5 * z * z) / (dev * sqrt(2 * M_PI) * mass);
}

static double density(const struct tb_range *r, const struct sample *s, double x)
{
    bool is_log = r->kind == TB_RANGE_LOG_UNIFORM, is_int = r->kind == TB_RANGE_INT;
    double low = is_log ? log(r->low) : r->low - 0.5 * is_int, high = is_log ? log(r->high) : r->high + 0.5 * is_int;
    double w = high - low, least = w / fmin(100, (double)s->n + 2);
    double sum = cut_normal(x, (low + high) / 2, w, low, high);
    for (size_t i = 0; i < s->n; i++) {
        double left = s->at[i] - (i ? s->at[i - 1] : low), right = (i + 1 < s->n ? s->at[i + 1] : high) - s->at[i];
        sum += cut_normal(x, s->at[i], fmin(fmax(fmax(left, right), least), w), low, high);
    }
    return sum / ((double)s->n + 1);
}

static double share(size_t n_choices, const struct sample *s, double x)
{
    size_t count = 0;
    for (size_t i = 0; i < s->n; i++)
        count += s->at[i] == x;
    return ((double)count + 1) / (double)(s->n + n_choices);
}

static double likelihood(const struct tb_range *r, const struct sample *s, double x)
{
    return r->kind == TB_RANGE_CHOICE ? share(tb_json_len(r->items), s, x) : density(r, s, x);
}

static bool is_same_method(const struct tb_search_ask *q, const struct tb_json *a, const struct tb_json *b)
{
    const struct tb_json *x = tb_json_get(tb_space_template(q->arm, a), "method.kind");
    const struct tb_json *y = tb_json_get(tb_space_template(q->arm, b), "method.kind");
    return x == y || tb_json_equal(x, y);
}

/* Values of `key` in trials[0 .. n) that are of the candidate's method. */
static struct sample gather(const struct tb_search_ask *q, const struct tb_seen *const *trials, size_t n,
                            const struct tb_json *candidate, const char *key, const struct tb_range *r)
{
    struct sample s = { tb_xcalloc(n + 1, sizeof *s.at), 0 };
    for (size_t i = 0; i < n; i++) {
        const struct tb_json *v = tb_json_get(trials[i]->point, key);
        if (v && is_same_method(q, trials[i]->point, candidate))
            s.at[s.n++] = number_of(r, v);
    }
    qsort(s.at, s.n, sizeof *s.at, by_size);
    return s;
}

static double gain(const struct tb_search_ask *q, const struct tb_seen *const *sorted, size_t n_good,
                   const struct tb_json *candidate, const char *key)
{
    struct tb_range r;
    if (!tb_range_read(tb_json_get(tb_space_template(q->arm, candidate), key), &r))
        return 0;
    double x = number_of(&r, tb_json_get(candidate, key));
    struct sample good = gather(q, sorted, n_good, candidate, key, &r);
    struct sample bad = gather(q, sorted + n_good, q->n_seen - n_good, candidate, key, &r);
    double score = log(likelihood(&r, &good, x)) - log(likelihood(&r, &bad, x));
    free(good.at);
    free(bad.at);
    return score;
}

/* Of the template, a choice among all of the arm. */
static double template_gain(const struct tb_search_ask *q, const struct tb_seen *const *sorted, size_t n_good,
                            const struct tb_json *candidate)
{
    int64_t which = key_int(candidate, TB_POINT_TEMPLATE);
    size_t m = tb_json_len(tb_json_get(q->arm, "templates")), good = 0, bad = 0;
    for (size_t i = 0; i < q->n_seen; i++)
        if (key_int(sorted[i]->point, TB_POINT_TEMPLATE) == which)
            *(i < n_good ? &good : &bad) += 1;
    return log((double)(good + 1) / (double)(n_good + m)) - log((double)(bad + 1) / (double)(q->n_seen - n_good + m));
}

static double score(const struct tb_search_ask *q, const struct tb_seen *const *sorted, size_t n_good,
                    const struct tb_json *candidate)
{
    double sum = template_gain(q, sorted, n_good, candidate);
    for (void *it = tb_json_first(candidate); it; it = tb_json_next(candidate, it))
        if (strcmp(tb_json_iter_key(it), TB_POINT_TEMPLATE) != 0)
            sum += gain(q, sorted, n_good, candidate, tb_json_iter_key(it));
    return sum;
}

static ptrdiff_t next(const struct tb_search_ask *q)
{
    if ((int64_t)q->n_seen < startup(q->keys))
        return tb_search_first_free(q);
    double gamma = tb_json_real(tb_json_get(q->keys, "gamma"), 0.25), best = -INFINITY;
    size_t n_good = (size_t)ceil(gamma * (double)q->n_seen);
    const struct tb_seen **sorted = tb_xcalloc(q->n_seen + 1, sizeof *sorted);
    ptrdiff_t found = -1;
    for (size_t i = 0; i < q->n_seen; i++)
        sorted[i] = &q->seen[i];
    qsort(sorted, q->n_seen, sizeof *sorted, by_value);
    for (size_t i = 0; i < q->n_points; i++) {
        double s = q->is_taken[i] ? -INFINITY : score(q, sorted, n_good, q->point[i]);
        if (s > best) {
            best = s;
            found = (ptrdiff_t)i;
        }
    }
    free(sorted);
    return found;
}

const struct tb_search tb_search_tpe = {
    .name = "tpe", .help = "points where good trials are dense and bad ones rare", .paper = "Bergstra et al. 2011",
    .keys = keys, .pool = pool, .startup = startup, .next = next,
};
