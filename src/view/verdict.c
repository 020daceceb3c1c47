/* SPDX-License-Identifier: MIT */
/* verdict.c - sentences. An interval that holds zero is "cannot be told apart", never "equal"; one seed is called one
 * seed. What would settle it: seeds up to three; where the interval of several seeds still holds zero, as many as
 * would shrink it to the difference (its width goes with 1 / sqrt(n)), if that is a number worth waiting for. */
#include "view/verdict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "view/diff.h"
#include "view/fmt.h"

enum { ENOUGH_SEEDS = 3, MOST_MORE = 20, MOST_NAMED = 6 };

static bool is_clear(const struct tb_paired *p)
{
    return p->low > 0 || p->high < 0;
}

/* ---- what is known */

/* "the budgets differ (20000 tokens, 40000 tokens): ", where that is so. */
static void say_budgets(struct tb_buf *b, const struct tb_run_summary *x, const struct tb_run_summary *y)
{
    if (x->budget != y->budget || strcmp(x->budget_unit, y->budget_unit) != 0)
        tb_buf_fmt(b, "the budgets differ (%lld %s, %lld %s): ", (long long)x->budget, x->budget_unit,
                   (long long)y->budget, y->budget_unit);
}

static void say_seeds(struct tb_buf *out, const struct tb_arm *a, const struct tb_arm *b, const struct tb_paired *p)
{
    if (tb_arms_is_partial(p, a, b))
        tb_buf_fmt(out, ", mean of the %zu seed%s that both have", p->n_seeds_a, p->n_seeds_a == 1 ? "" : "s");
    else if (p->is_by_seed && p->n_seeds_a > 1)
        tb_buf_fmt(out, ", mean of %zu seeds each", p->n_seeds_a);
    else if (p->n_seeds_a > 1 || p->n_seeds_b > 1)
        tb_buf_fmt(out, ", means of %zu and %zu seeds", p->n_seeds_a, p->n_seeds_b);
}

static char *result(const struct tb_arm *a, const struct tb_arm *b, const struct tb_paired *p)
{
    struct tb_buf out = { 0 };
    bool is_b = p->difference < 0;
    const char *better = is_b ? b->name : a->name, *worse = is_b ? a->name : b->name;
    double d = fabs(p->difference), low = is_b ? -p->high : p->low, high = is_b ? -p->low : p->high;
    say_budgets(&out, &a->item[0]->sum, &b->item[0]->sum);
    if (isnan(p->low))
        tb_buf_fmt(&out, "%s has the lower loss by %.4f nats per token; one prompt gives no interval", better, d);
    else if (is_clear(p))
        tb_buf_fmt(&out, "%s is better than %s by %.4f nats per token (95 %% interval %.4f .. %.4f)", better, worse, d,
                   low, high);
    else
        tb_buf_fmt(&out, "%s and %s cannot be told apart: %+.4f nats per token, and the 95 %% interval %+.4f .. %+.4f "
                         "holds zero", a->name, b->name, p->difference, p->low, p->high);
    say_seeds(&out, a, b, p);
    return tb_buf_take(&out);
}

/* ---- what it costs */

/* "0.50x the trainable parameters (230,400 : 460,800)" */
static void say_ratio(struct tb_buf *out, double b, double a, enum tb_unit unit, const char *what)
{
    char x[64], y[64];
    if (!(a > 0) || !(b >= 0))
        return;
    tb_buf_str(out, out->n ? ", " : "");
    if (fabs(b / a - 1) < 0.005)
        tb_buf_fmt(out, "the same %s (%s)", what, tb_fmt_unit(x, sizeof x, unit, b));
    else
        tb_buf_fmt(out, b / a < 0.1 ? "%.2gx the %s (%s : %s)" : "%.2fx the %s (%s : %s)", b / a, what,
                   tb_fmt_unit(x, sizeof x, unit, b), tb_fmt_unit(y, sizeof y, unit, a));
}

static char *cost(const struct tb_arm *a, const struct tb_arm *b)
{
    struct tb_buf list = { 0 }, out = { 0 };
    say_ratio(&list, (double)b->n_trainable, (double)a->n_trainable, TB_UNIT_COUNT, "trainable parameters");
    say_ratio(&list, (double)b->adapter_bytes, (double)a->adapter_bytes, TB_UNIT_BYTES, "adapter file");
    say_ratio(&list, (double)b->peak_bytes, (double)a->peak_bytes, TB_UNIT_BYTES, "peak memory");
    say_ratio(&list, b->wall_s, a->wall_s, TB_UNIT_SECONDS, "training time");
    if (list.n)
        tb_buf_fmt(&out, "%s takes %s", b->name, list.p);
    tb_buf_free(&list);
    return tb_buf_take(&out);
}

/* ---- what stands against it */

/* A value as JSON: text without quotes, of a hash what tells it from another. */
static void say_value(struct tb_buf *b, const char *json)
{
    size_t n = strlen(json);
    if (n >= 2 && json[0] == '"')
        tb_buf_fmt(b, "%.*s%s", (int)(n > 26 ? 12 : n - 2), json + 1, n > 26 ? ".." : "");
    else
        tb_buf_str(b, n ? json : "unknown");
}

/* A proof that differs, with both values. */
static void say_values(struct tb_buf *b, const struct tb_diff *d, const char *what, const char *words)
{
    for (size_t i = 0; i < d->n_same; i++) {
        const struct tb_diff_key *k = &d->same[i];
        if (k->is_equal || strcmp(k->key, what) != 0)
            continue;
        tb_buf_fmt(b, "%s%s (", b->n ? "; " : "", words);
        say_value(b, k->value[0]);
        tb_buf_str(b, ", ");
        say_value(b, k->value[1]);
        tb_buf_char(b, ')');
    }
}

/* The run of b that has the seed of a's first one, else its first. */
static const struct tb_metrics *partner(const struct tb_arm *a, const struct tb_arm *b)
{
    for (size_t i = 0; i < b->n; i++)
        if (b->item[i]->sum.seed == a->item[0]->sum.seed)
            return b->m[i];
    return b->m[0];
}

/* Budgets are left out: the result begins with them. */
static char *but(const struct tb_arm *a, const struct tb_arm *b)
{
    struct tb_diff d;
    struct tb_buf out = { 0 };
    int64_t x = a->item[0]->sum.tokens, y = b->item[0]->sum.tokens;
    tb_diff_make(&d, (const struct tb_metrics *[]){ a->m[0], partner(a, b) }, 2);
    say_values(&out, &d, "base", "the bases differ");
    say_values(&out, &d, "data", "the data differ");
    say_values(&out, &d, "eval rows", "the evaluation rows differ, only common ones are compared");
    say_values(&out, &d, "row order", "the rows were trained on in another order");
    if (x != y)
        tb_buf_fmt(&out, "%sthey have not trained on the same number of tokens (%lld, %lld)", out.n ? "; " : "",
                   (long long)x, (long long)y);
    say_values(&out, &d, "numeric", "they come from versions that calculate differently");
    tb_diff_free(&d);
    return tb_buf_take(&out);
}

/* ---- what is not known */

static const char one_seed[] = "one seed only: the interval is about other prompts, how much another seed changes is "
                               "unknown";

static const char same_arm[] = "they differ in nothing but the seed: this is what another seed changes";

static bool is_same_arm(const struct tb_arm *a, const struct tb_arm *b)
{
    const char *arm = a->item[0]->sum.arm;
    return *arm && strcmp(arm, b->item[0]->sum.arm) == 0;
}

static char *doubt_of(size_t least, size_t most)
{
    if (most == 1)
        return tb_xstrdup(one_seed);
    if (least == 1)
        return tb_xstrdup("one seed on one side: how much another seed changes there is unknown");
    if (least < 5)
        return tb_xasprintf("%zu seeds: the interval is about other prompts and other seeds, widened for so few of "
                            "them", least);
    return tb_xstrdup("");
}

/* ---- what would settle it */

/* Seeds that are worth adding to n of each; 0: none, or too many to be worth it. *needed: seconds not counted. */
static size_t more_seeds(const struct tb_paired *p, size_t n, double *needed)
{
    double half = (p->high - p->low) / 2, d = fabs(p->difference);
    *needed = 0;
    if (n < ENOUGH_SEEDS)
        return ENOUGH_SEEDS - n;
    if (is_clear(p) || isnan(p->low))
        return 0;
    *needed = ceil((double)n * (half / d) * (half / d));
    return isfinite(*needed) && *needed - (double)n <= MOST_MORE ? (size_t)(*needed - (double)n) : 0;
}

/* Commands, what they take, arms that they are of, and seeds: the most for one of them. */
struct plan {
    struct tb_buf words;
    double seconds;
    size_t n, most;
};

static void say_command(struct plan *x, const struct tb_arm *a, size_t n)
{
    tb_buf_fmt(&x->words, "%stunebench clone %s --seeds %zu", x->n ? "; " : "", a->ref, n);
    x->seconds += (double)n * a->wall_s;
    x->most = n > x->most ? n : x->most;
    x->n++;
}

static void take_plan(struct tb_verdict *v, struct plan *x)
{
    char text[64];
    if (x->n && x->seconds > 0)
        tb_buf_fmt(&x->words, " (about %s of training)", tb_fmt_unit(text, sizeof text, TB_UNIT_SECONDS, x->seconds));
    v->settle = tb_buf_take(&x->words);
    v->n_settled = x->n;
    v->seeds = x->most;
}

/* As many seeds of both as the one that has more needs, or why not. */
static void settle(struct tb_verdict *v, const struct tb_arm *a, const struct tb_arm *b, const struct tb_paired *p)
{
    struct plan x = { .n = 0 };
    size_t n = a->n < b->n ? a->n : b->n;
    double needed;
    size_t more = more_seeds(p, n, &needed), want = n + more;
    if (!more && isfinite(needed) && needed > 0)
        tb_buf_fmt(&x.words, "the difference is so small that about %.0f seeds would be needed: take the cheaper one",
                   needed);
    if (a->n < want)
        say_command(&x, a, want - a->n);
    if (b->n < want)
        say_command(&x, b, want - b->n);
    take_plan(v, &x);
}

void tb_verdict_pair(struct tb_verdict *v, const struct tb_arm *a, const struct tb_arm *b, const struct tb_paired *p,
                     const char *why)
{
    *v = (struct tb_verdict){ .cost = cost(a, b), .but = but(a, b) };
    if (!p) {
        v->result = tb_xasprintf("no verdict: %s", why);
        v->doubt = tb_xstrdup("");
        v->settle = tb_xstrdup("");
        return;
    }
    size_t least = p->n_seeds_a < p->n_seeds_b ? p->n_seeds_a : p->n_seeds_b,
           most = p->n_seeds_a > p->n_seeds_b ? p->n_seeds_a : p->n_seeds_b;
    bool is_same = is_same_arm(a, b);
    v->result = result(a, b, p);
    v->doubt = is_same ? tb_xstrdup(same_arm) : doubt_of(least, most);
    if (is_same)
        v->settle = tb_xstrdup("");
    else
        settle(v, a, b, p);
}

/* ---- many arms */

/* An arm beside the best one. */
struct rival {
    const struct tb_arm *arm;
    struct tb_paired p;
    struct tb_err why;
    bool is_paired;
};

static int by_eval(const void *a, const void *b)
{
    const struct rival *x = a, *y = b;
    if (isnan(x->arm->eval) || isnan(y->arm->eval))
        return isnan(x->arm->eval) - isnan(y->arm->eval);
    return (x->arm->eval > y->arm->eval) - (x->arm->eval < y->arm->eval);
}

/* AHEAD: on common seeds, which its mean over all of its seeds hides. */
enum group { BEHIND, BESIDE, AHEAD, UNKNOWN };

static enum group group_of(const struct rival *r)
{
    return !r->is_paired || isnan(r->p.low) ? UNKNOWN : r->p.low > 0 ? BEHIND : r->p.high < 0 ? AHEAD : BESIDE;
}

static bool is_open(const struct rival *r)
{
    return group_of(r) == BESIDE || group_of(r) == AHEAD;
}

/* "NAME (by 0.2350 [0.2140, 0.2560]), .." of those of one group. */
static size_t say_group(struct tb_buf *b, const struct rival *r, size_t n, enum group which, const char *before)
{
    size_t found = 0;
    for (size_t i = 1; i < n; i++) {
        if (group_of(&r[i]) != which || found++ >= MOST_NAMED)
            continue;
        tb_buf_fmt(b, "%s%s", found == 1 ? before : ", ", r[i].arm->name);
        if (which == UNKNOWN)
            tb_buf_fmt(b, " (%s)", r[i].is_paired ? "one prompt gives no interval" : r[i].why.text);
        else
            tb_buf_fmt(b, which == BEHIND ? " (by %.4f [%.4f, %.4f])" : " (%+.4f [%+.4f, %+.4f])", r[i].p.difference,
                       r[i].p.low, r[i].p.high);
    }
    if (found > MOST_NAMED)
        tb_buf_fmt(b, " and %zu more", found - MOST_NAMED);
    return found;
}

static char *result_of_all(const struct rival *r, size_t n)
{
    struct tb_buf b = { 0 };
    tb_buf_fmt(&b, "%s has the lowest loss (%.4f)", r[0].arm->name, r[0].arm->eval);
    say_group(&b, r, n, BEHIND, "; it is better, in nats per token, than ");
    say_group(&b, r, n, BESIDE, "; it cannot be told apart from ");
    say_group(&b, r, n, AHEAD, "; on the seeds that both have it is worse than ");
    say_group(&b, r, n, UNKNOWN, "; it cannot be compared with ");
    for (size_t i = 1; i < n; i++)
        if (r[i].is_paired && tb_arms_is_partial(&r[i].p, r[0].arm, r[i].arm)) {
            tb_buf_str(&b, "; each difference is of the seeds that both have");
            break;
        }
    return tb_buf_take(&b);
}

static char *but_of_all(const struct rival *r, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        char *words = but(r[0].arm, r[i].arm);
        char *named = *words ? tb_xasprintf("against %s %s", r[i].arm->name, words) : NULL;
        free(words);
        if (named)
            return named;
    }
    return tb_xstrdup("");
}

/* Seeds of the best and of those beside it; of the next one where none is. */
static void settle_all(struct tb_verdict *v, const struct rival *r, size_t n)
{
    struct plan x = { .n = 0 };
    double needed;
    size_t n_beside = 0;
    for (size_t i = 1; i < n; i++)
        n_beside += is_open(&r[i]);
    for (size_t i = 1; i < n; i++) {
        if (!r[i].is_paired || (n_beside ? !is_open(&r[i]) : i > 1))
            continue;
        size_t more = more_seeds(&r[i].p, r[i].arm->n, &needed), best = more_seeds(&r[i].p, r[0].arm->n, &needed);
        if (best && !x.n)
            say_command(&x, r[0].arm, best);
        if (more)
            say_command(&x, r[i].arm, more);
    }
    take_plan(v, &x);
}

static char *doubt_of_all(const struct rival *r, size_t n)
{
    size_t least = SIZE_MAX, most = 0;
    for (size_t i = 1; i < n; i++) {
        if (!r[i].is_paired)
            continue;
        least = r[i].p.n_seeds_a < least ? r[i].p.n_seeds_a : least;
        least = r[i].p.n_seeds_b < least ? r[i].p.n_seeds_b : least;
        most = r[i].p.n_seeds_a > most ? r[i].p.n_seeds_a : most;
        most = r[i].p.n_seeds_b > most ? r[i].p.n_seeds_b : most;
    }
    return most ? doubt_of(least, most) : tb_xstrdup("");
}

void tb_verdict_all(struct tb_verdict *v, const struct tb_arms *x)
{
    struct rival *r = tb_xcalloc(x->n + 1, sizeof *r);
    size_t n = 0;
    *v = (struct tb_verdict){ 0 };
    for (size_t i = 0; i < x->n; i++)
        if (isfinite(x->arm[i].eval))
            r[n++].arm = &x->arm[i];
    qsort(r, n, sizeof *r, by_eval);
    n = n < TB_VERDICT_ARMS ? n : TB_VERDICT_ARMS;
    for (size_t i = 1; i < n; i++)
        r[i].is_paired = tb_arms_pair(&r[i].p, r[0].arm, r[i].arm, &r[i].why);
    if (n == 2) {
        tb_verdict_pair(v, r[0].arm, r[1].arm, r[1].is_paired ? &r[1].p : NULL, r[1].why.text);
    } else if (n > 2) {
        *v = (struct tb_verdict){ .result = result_of_all(r, n), .cost = cost(r[0].arm, r[1].arm),
                                  .but = but_of_all(r, n), .doubt = doubt_of_all(r, n) };
        settle_all(v, r, n);
    } else {
        *v = (struct tb_verdict){ .result = tb_xstrdup(""), .cost = tb_xstrdup(""), .but = tb_xstrdup(""),
                                  .doubt = tb_xstrdup(""), .settle = tb_xstrdup("") };
    }
    free(r);
}

void tb_verdict_free(struct tb_verdict *v)
{
    free(v->result);
    free(v->cost);
    free(v->but);
    free(v->doubt);
    free(v->settle);
    *v = (struct tb_verdict){ 0 };
}
