/* SPDX-License-Identifier: MIT */
/* arms.c - runs into arms. */
#include "view/arms.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "view/groups.h"

struct member {
    const struct tb_run_item *item;
    const struct tb_metrics *m;
    size_t place, first; /* first: place of the first run of its arm */
};

static int by_arm(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    int order = strcmp(x->item->sum.arm, y->item->sum.arm);
    return order ? order : (x->place > y->place) - (x->place < y->place);
}

static int by_seed(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    int64_t s = x->item->sum.seed, t = y->item->sum.seed;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    if (s != t)
        return s < t ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static bool is_same_arm(const struct member *a, const struct member *b)
{
    return *a->item->sum.arm && strcmp(a->item->sum.arm, b->item->sum.arm) == 0;
}

/* Runs of an arm side by side, by seed; arms in the order of their first runs. */
static void gather(struct member *r, size_t n)
{
    qsort(r, n, sizeof *r, by_arm);
    for (size_t i = 0; i < n; i++)
        r[i].first = i && is_same_arm(&r[i], &r[i - 1]) ? r[i - 1].first : r[i].place;
    qsort(r, n, sizeof *r, by_seed);
}

static bool has_seeds(const struct member *r, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool has_before = i && r[i].first == r[i - 1].first, has_behind = i + 1 < n && r[i].first == r[i + 1].first;
        if (!has_before && !has_behind)
            return false;
        if (has_before && r[i].item->sum.seed == r[i - 1].item->sum.seed)
            return false;
    }
    return n > 0;
}

static int by_place(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    return (x->place > y->place) - (x->place < y->place);
}

static void most(int64_t *have, int64_t v)
{
    *have = v > *have ? v : *have;
}

static double mean_of(const struct tb_arm *a, double (*value)(const struct tb_run_item *), double *sd)
{
    double *v = tb_xcalloc(a->n, sizeof *v), mean, deviation;
    for (size_t i = 0; i < a->n; i++)
        v[i] = a->item[i]->sum.damage[0] ? NAN : value(a->item[i]);
    tb_spread(v, a->n, &mean, &deviation);
    free(v);
    if (sd)
        *sd = deviation;
    return mean;
}

static double first_eval(const struct tb_run_item *i) { return i->sum.first_eval; }
static double last_eval(const struct tb_run_item *i) { return i->sum.last_eval; }
static double best_eval(const struct tb_run_item *i) { return i->sum.best_step >= 0 ? i->sum.best_eval : NAN; }

static void sum_up(struct tb_arm *a)
{
    a->first_eval = mean_of(a, first_eval, NULL);
    a->eval = mean_of(a, last_eval, &a->eval_sd);
    a->best = mean_of(a, best_eval, NULL);
    a->wall_s = mean_of(a, tb_run_duration_s, NULL);
    a->tok_s = mean_of(a, tb_run_tok_s, NULL);
    a->n_trainable = a->adapter_bytes = a->predicted_bytes = a->peak_bytes = -1;
    a->share = a->item[0]->sum.share;
    for (size_t i = 0; i < a->n; i++) {
        const struct tb_run_summary *s = &a->item[i]->sum;
        most(&a->n_trainable, s->n_trainable);
        most(&a->adapter_bytes, s->adapter_bytes);
        most(&a->predicted_bytes, s->predicted_bytes);
        most(&a->peak_bytes, s->peak_bytes);
    }
}

static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-";

static char *reference(const struct tb_run_summary *s, const struct tb_run_item *all, size_t n_all)
{
    bool is_plain = *s->name && strspn(s->name, plain) == strlen(s->name) && !strchr("+-.", s->name[0]);
    int64_t at = is_plain ? tb_run_find(all, n_all, s->name, NULL) : -1;
    return tb_xstrdup(at >= 0 && strcmp(all[at].sum.id, s->id) == 0 ? s->name : s->id);
}

static void add_arm(struct tb_arms *x, const struct member *r, size_t n, const struct tb_run_item *all, size_t n_all)
{
    struct tb_arm *a = &x->arm[x->n++];
    const struct tb_run_summary *first = &r[0].item->sum;
    a->n = n;
    a->item = tb_xcalloc(n, sizeof *a->item);
    a->m = tb_xcalloc(n, sizeof *a->m);
    for (size_t i = 0; i < n; i++) {
        a->item[i] = r[i].item;
        a->m[i] = r[i].m;
    }
    a->name = n > 1 ? tb_run_arm_name(first) : tb_xstrdup(*first->name ? first->name : first->id);
    a->ref = reference(first, all, n_all);
    sum_up(a);
}

void tb_arms_make(struct tb_arms *x, const struct tb_run_item *const *item, const struct tb_metrics *const *m, size_t n,
                  const struct tb_run_item *all, size_t n_all, enum tb_arms_by by)
{
    struct member *r = tb_xcalloc(n + 1, sizeof *r);
    for (size_t i = 0; i < n; i++)
        r[i] = (struct member){ item[i], m[i], i, i };
    gather(r, n);
    *x = (struct tb_arms){ .arm = tb_xcalloc(n + 1, sizeof *x->arm) };
    x->is_grouped = by == TB_ARMS_BY_SEED || (by == TB_ARMS_AUTO && has_seeds(r, n));
    if (!x->is_grouped)
        qsort(r, n, sizeof *r, by_place);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; x->is_grouped && end < n && r[end].first == r[i].first;)
            end++;
        add_arm(x, &r[i], end - i, all, n_all);
    }
    free(r);
}

void tb_arm_free(struct tb_arm *a)
{
    free(a->name);
    free(a->ref);
    free(a->item);
    free(a->m);
}

void tb_arm_put_ids(struct tb_table *t, const struct tb_arm *a)
{
    struct tb_buf b = { 0 };
    for (size_t i = 0; i < a->n; i++)
        tb_buf_fmt(&b, "%s%s", i ? "," : "", a->item[i]->sum.id);
    tb_table_cell(t, &(struct tb_cell){ .type = TB_CELL_LIST, .s = b.p });
    tb_buf_free(&b);
}

/* An arm of some of its runs. */
static void take_part(struct tb_arm *to, const struct tb_arm *from, const struct tb_metrics *const *m, size_t n)
{
    *to = (struct tb_arm){ .name = tb_xstrdup(from->name), .ref = tb_xstrdup(from->ref), .n = n,
                           .item = tb_xcalloc(n + 1, sizeof *to->item), .m = tb_xcalloc(n + 1, sizeof *to->m) };
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < from->n; i++)
            if (from->m[i] == m[k]) {
                to->item[k] = from->item[i];
                to->m[k] = m[k];
            }
    sum_up(to);
}

void tb_arms_common(const struct tb_arm *a, const struct tb_arm *b, struct tb_arm *of_a, struct tb_arm *of_b)
{
    const struct tb_metrics *m[2 * TB_PAIRED_SEEDS];
    size_t na, nb;
    tb_paired_runs(a->m, a->n, b->m, b->n, m, &na, &nb);
    take_part(of_a, a, m, na);
    take_part(of_b, b, m + na, nb);
}

void tb_arms_free(struct tb_arms *x)
{
    for (size_t i = 0; i < x->n; i++)
        tb_arm_free(&x->arm[i]);
    free(x->arm);
    *x = (struct tb_arms){ 0 };
}

bool tb_arms_by_named(const char *name, enum tb_arms_by *by, struct tb_err *err)
{
    static const char *const names[] = { "auto", "seed", "none" };
    *by = TB_ARMS_AUTO;
    for (int i = 0; name && i < 3; i++)
        if (strcmp(name, names[i]) == 0) {
            *by = (enum tb_arms_by)i;
            return true;
        }
    return !name || tb_fail(err, TB_ERR_USAGE, "--group %.40s: expected seed or none", name);
}

bool tb_arms_pair(struct tb_paired *p, const struct tb_arm *a, const struct tb_arm *b, struct tb_err *err)
{
    return tb_paired_arms(p, a->m, a->n, b->m, b->n, err);
}

bool tb_arms_is_partial(const struct tb_paired *p, const struct tb_arm *a, const struct tb_arm *b)
{
    return p->is_by_seed && (p->n_seeds_a < a->n || p->n_seeds_b < b->n);
}
