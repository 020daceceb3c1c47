/* SPDX-License-Identifier: MIT */
/* importance.c - one key at a time, by ranks (Kruskal and Wallis 1952): trials are ranked by their value at the tokens
 * that the shortest curve reached, so that pruned ones are compared with the others where all have been; failed ones
 * come last. They are grouped by the key: each choice is a group, numbers fall into three groups of equal size, so that
 * a best rate in the middle is seen too. The importance is the share of the ranks' variance that lies between the
 * groups, corrected for what chance puts there (epsilon squared, Kelley 1935),
 *     1 - (within / (n - k)) / (all / (n - 1)), at least 0, with n trials and k groups.
 * It says nothing of what keys do together, and shares do not add up to 1. */
#include "sweep/importance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { LEAST = 6, GROUPS = 3 };

struct point {
    double value, rank;
    const struct tb_json *key;
    size_t group;
};

static int by_value(const void *a, const void *b)
{
    const struct point *x = a, *y = b;
    return tb_is_better(x->value, y->value) ? -1 : tb_is_better(y->value, x->value);
}

static int by_key(const void *a, const void *b)
{
    double x = tb_json_real(((const struct point *)a)->key, 0), y = tb_json_real(((const struct point *)b)->key, 0);
    return x < y ? -1 : x > y;
}

static bool is_in(const struct tb_trial *t, size_t arm)
{
    return (arm == TB_ALL_ARMS || t->arm == arm) && t->of < 0;
}

/* Tokens that all trials with results have reached. */
static double common_tokens(const struct tb_sweep *s, size_t arm)
{
    double tokens = INFINITY;
    for (size_t i = 0; i < s->n; i++) {
        const struct tb_trial *t = &s->trial[i];
        if (is_in(t, arm) && t->curve.n && t->state != TB_STATE_FAILED)
            tokens = fmin(tokens, t->curve.tokens[t->curve.n - 1]);
    }
    return tokens;
}

static size_t collect(const struct tb_sweep *s, size_t arm, const char *key, struct point *p)
{
    double tokens = common_tokens(s, arm);
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct tb_trial *t = &s->trial[i];
        bool has_failed = t->state == TB_STATE_FAILED;
        const struct tb_json *v = arm == TB_ALL_ARMS && strcmp(key, TB_KEY_ARM) == 0
                                ? tb_json_get(tb_json_at(tb_json_get(s->spec, "arms"), t->arm), "name")
                                : tb_json_get(tb_sweep_point(s, t), key);
        if (!is_in(t, arm) || !v || !(has_failed || t->curve.n))
            continue;
        ptrdiff_t at = has_failed ? -1 : tb_curve_at(&t->curve, tokens);
        p[n++] = (struct point){ .value = at < 0 ? NAN : t->curve.value[at], .key = v };
    }
    return n;
}

/* Equal values share the mean of their ranks. */
static void set_ranks(struct point *p, size_t n)
{
    qsort(p, n, sizeof *p, by_value);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && by_value(&p[i], &p[end]) == 0;)
            end++;
        for (size_t k = i; k < end; k++)
            p[k].rank = (double)(i + end - 1) / 2;
    }
}

static size_t group_choices(struct point *p, size_t n)
{
    size_t n_groups = 0;
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < i && !tb_json_equal(p[k].key, p[i].key))
            k++;
        p[i].group = k < i ? p[k].group : n_groups++;
    }
    return n_groups;
}

/* Equal numbers are in one group, whatever that does to its size: a border among them moves behind them. */
static size_t group_numbers(struct point *p, size_t n)
{
    size_t n_groups = 1, third = 0;
    qsort(p, n, sizeof *p, by_key);
    for (size_t i = 0; i < n; i++) {
        if (i && i * GROUPS / n > third && by_key(&p[i - 1], &p[i]) != 0) {
            third = i * GROUPS / n;
            n_groups++;
        }
        p[i].group = n_groups - 1;
    }
    return n_groups;
}

static double share_between(const struct point *p, size_t n, size_t n_groups)
{
    double *sum = tb_xcalloc(2 * n_groups, sizeof *sum), *count = sum + n_groups;
    double mean = (double)(n - 1) / 2, all = 0, within = 0;
    for (size_t i = 0; i < n; i++) {
        sum[p[i].group] += p[i].rank;
        count[p[i].group]++;
        all += (p[i].rank - mean) * (p[i].rank - mean);
    }
    for (size_t i = 0; i < n; i++) {
        double d = p[i].rank - sum[p[i].group] / count[p[i].group];
        within += d * d;
    }
    free(sum);
    return all > 0 ? fmax(0, 1 - within / (double)(n - n_groups) / (all / (double)(n - 1))) : 0;
}

static bool is_choice(const struct tb_sweep *s, size_t arm, const char *key)
{
    const struct tb_json *templates = tb_json_get(tb_json_at(tb_json_get(s->spec, "arms"), arm), "templates");
    struct tb_range r;
    for (size_t i = 0; i < tb_json_len(templates); i++)
        if (tb_range_read(tb_json_get(tb_json_at(templates, i), key), &r))
            return r.kind == TB_RANGE_CHOICE;
    return true;
}

struct tb_json *tb_sweep_keys(const struct tb_sweep *s, size_t arm)
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

double tb_importance(const struct tb_sweep *s, size_t arm, const char *key)
{
    struct point *p = tb_xcalloc(s->n + 1, sizeof *p);
    size_t n = collect(s, arm, key, p);
    double share = NAN;
    if (n >= LEAST) {
        set_ranks(p, n);
        size_t n_groups = is_choice(s, arm, key) ? group_choices(p, n) : group_numbers(p, n);
        share = n_groups > 1 && n > n_groups ? share_between(p, n, n_groups) : NAN;
    }
    free(p);
    return share;
}
