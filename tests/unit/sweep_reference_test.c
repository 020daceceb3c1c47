/* SPDX-License-Identifier: MIT */
/* sweep_reference_test.c - whole searches on recorded curves: hundreds of random ones, in which trials grow side by
 * side in a random order, against references written out from the papers here that share no line with src/sweep. Then
 * what expect.c says against the mean of thousands of such searches. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sweep/expect.h"
#include "sweep/search.h"
#include "tests/tap.h"

enum { TRIALS = 24, EVALS = 8, ROUNDS = 300 };

static uint64_t seed = 1;

static double uniform(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(seed >> 11) * 0x1p-53;
}

static int below(int n)
{
    return (int)(uniform() * n);
}

/* Values of all evaluations that a trial would make, at uneven tokens; NaN from the one on at which it breaks. */
struct recorded {
    double tokens[EVALS], value[EVALS];
    int n_shown, n_decided;
    bool is_over;
};

static void record(struct recorded *r)
{
    double asymptote = 1 + uniform(), speed = 0.1 + uniform(), tokens = 0;
    int breaks = uniform() < 0.1 ? below(EVALS) : EVALS;
    *r = (struct recorded){ .n_shown = 0 };
    for (int i = 0; i < EVALS; i++) {
        tokens += 80 + 40 * uniform();
        r->tokens[i] = tokens;
        /* Some are equal to the digit, so that ties are met. */
        r->value[i] = i >= breaks ? NAN : round(50 * (asymptote + exp(-speed * (i + 1)) + 0.1 * uniform())) / 50;
    }
}

static bool is_worse(double a, double b) /* a than b; NaN than any number */
{
    return isnan(a) ? !isnan(b) : !isnan(b) && a > b;
}

/* First shown value at so many tokens or more; false if there is none yet. */
static bool shown_at(const struct recorded *r, double tokens, double *value)
{
    for (int i = 0; i < r->n_shown; i++)
        if (r->tokens[i] >= tokens) {
            *value = r->value[i];
            return true;
        }
    return false;
}

/* ---- the rules, from their papers: -1 nothing to decide, 0 goes on, 1 is given up */
static int asha(const struct recorded *all, int who, int eta, double min, double budget)
{
    double at = min * pow(eta, all[who].n_decided), mine, other;
    int n = 0, n_better = 0;
    if (at >= budget || !shown_at(&all[who], at, &mine))
        return -1;
    for (int i = 0; i < TRIALS; i++)
        if (shown_at(&all[i], at, &other)) {
            n++;
            n_better += is_worse(mine, other);
        }
    int k = n / eta > 0 ? n / eta : 1;
    return isnan(mine) || n_better >= k;
}

static double mean_up_to(const struct recorded *r, double tokens, bool *has)
{
    double sum = 0;
    *has = false;
    for (int i = 0; i < r->n_shown && !*has; i++) {
        sum += r->value[i];
        *has = r->tokens[i] >= tokens;
        if (*has)
            return sum / (i + 1);
    }
    return NAN;
}

static int median(const struct recorded *all, int who, int least, double budget)
{
    const struct recorded *r = &all[who];
    double best = NAN, v[TRIALS];
    int look = r->n_decided, n = 0;
    if (look >= r->n_shown)
        return -1;
    for (int i = 0; i <= look; i++)
        best = isnan(best) || r->value[i] < best ? r->value[i] : best;
    for (int i = 0; i < TRIALS; i++) {
        bool has;
        double m = i == who ? NAN : mean_up_to(&all[i], r->tokens[look], &has);
        if (i != who && has)
            v[n++] = m;
    }
    for (int i = 1; i < n; i++) /* by insertion, the worst last */
        for (int k = i; k > 0 && is_worse(v[k - 1], v[k]); k--) {
            double t = v[k];
            v[k] = v[k - 1];
            v[k - 1] = t;
        }
    double middle = n % 2 ? v[n / 2] : n ? (v[n / 2 - 1] + v[n / 2]) / 2 : NAN;
    return n >= least && r->tokens[look] < budget && is_worse(best, middle);
}

static int patience(const struct recorded *r, int n, double budget)
{
    double best = NAN;
    int at = 0;
    if (r->n_decided >= r->n_shown)
        return -1;
    for (int i = 0; i <= r->n_decided; i++)
        if (i == 0 || is_worse(best, r->value[i])) {
            best = r->value[i];
            at = i;
        }
    return r->n_decided - at >= n && r->tokens[r->n_decided] < budget;
}

/* ---- the same by src/sweep */
static struct tb_curve curve[TRIALS];
static const struct tb_curve *curves[TRIALS];

static int by_program(const char *rule, const struct tb_json *keys, const struct recorded *all, int who, double budget)
{
    struct tb_prune_answer a;
    for (int i = 0; i < TRIALS; i++) {
        curves[i] = &curve[i];
        curve[i].n = 0;
        for (int k = 0; k < all[i].n_shown; k++)
            tb_curve_add(&curve[i], all[i].tokens[k], all[i].value[k]);
    }
    tb_prune_find(rule)->decide(&(struct tb_prune_ask){ .keys = keys, .curve = curves, .n = TRIALS, .who = (size_t)who,
                                                        .budget_tok = budget, .n_decided = all[who].n_decided }, &a);
    return !a.is_decided ? -1 : a.gives_up;
}

static int by_reference(int rule, const struct recorded *all, int who, double budget)
{
    return rule == 0 ? asha(all, who, 3, 90, budget) : rule == 1 ? median(all, who, 4, budget)
                                                                 : patience(&all[who], 2, budget);
}

/* One search to its end. The number of decisions, -1 if one was not the reference's. */
static int search(int rule, const struct tb_json *keys)
{
    static const char *const names[] = { "asha", "median", "patience" };
    struct recorded all[TRIALS];
    const double budget = 800;
    int n_decisions = 0;
    for (int i = 0; i < TRIALS; i++)
        record(&all[i]);
    for (int turn = 0; turn < 40 * TRIALS; turn++) {
        struct recorded *r = &all[below(TRIALS)];
        if (r->is_over || r->n_shown == EVALS)
            continue;
        r->n_shown++;
        for (int want; (want = by_reference(rule, all, (int)(r - all), budget)) != -2; r->n_decided++) {
            if (by_program(names[rule], keys, all, (int)(r - all), budget) != want)
                return -1;
            if (want < 0)
                break;
            n_decisions++;
            r->is_over = r->is_over || want;
            if (want)
                break;
        }
    }
    return n_decisions;
}

static void rules(void)
{
    static const char *const texts[] = { "{\"min\": 90, \"eta\": 3}", "{\"min\": 0, \"least\": 4}",
                                         "{\"n\": 2, \"min\": 0}" };
    for (int rule = 0; rule < 3; rule++) {
        struct tb_json *keys = tb_json_parse(texts[rule], strlen(texts[rule]), "keys", NULL);
        int n = 0, n_wrong = 0;
        for (int i = 0; i < ROUNDS; i++) {
            int got = search(rule, keys);
            n += got;
            n_wrong += got < 0;
        }
        ok(n_wrong == 0 && n > 20 * ROUNDS, "%s decides as the reference: %d decisions, %d searches differ",
           rule == 0 ? "asha" : rule == 1 ? "median" : "patience", n, n_wrong);
        tb_json_free(keys);
    }
}

/* ---- TPE: one uniform number and one integer, failed trials among them */
enum { POOL = 30, MOST = 20 };

struct seen {
    double x, value;
    int k;
};

static double normal_in(double x, double m, double s, double a, double b)
{
    double mass = (erf((b - m) / s / sqrt(2)) - erf((a - m) / s / sqrt(2))) / 2;
    return exp(-(x - m) * (x - m) / (2 * s * s)) / (s * sqrt(2 * acos(-1)) * mass);
}

/* Density of values v[0 .. n), in any order, in [a, b]. */
static double mixture(double x, const double *v, int n, double a, double b)
{
    double p = normal_in(x, (a + b) / 2, b - a, a, b);
    for (int i = 0; i < n; i++) {
        double left = v[i] - a, right = b - v[i];
        bool has_equal = false;
        for (int k = 0; k < n; k++) { /* equal ones are neighbours at no distance, on one side each */
            if (k != i && v[k] == v[i])
                has_equal = true;
            left = v[k] < v[i] && v[i] - v[k] < left ? v[i] - v[k] : left;
            right = v[k] > v[i] && v[k] - v[i] < right ? v[k] - v[i] : right;
        }
        if (has_equal)
            return NAN;
        double s = left > right ? left : right, least = (b - a) / (n + 2 < 100 ? n + 2 : 100);
        s = s < least ? least : s > b - a ? b - a : s;
        p += normal_in(x, v[i], s, a, b);
    }
    return p / (n + 1);
}

static double ratio(const struct seen *s, int n, int n_good, double x, bool of_k)
{
    double v[2][MOST];
    int count[2] = { 0, 0 };
    for (int i = 0; i < n; i++) {
        int n_before = 0;
        for (int k = 0; k < n; k++)
            n_before += is_worse(s[i].value, s[k].value) || (k < i && !is_worse(s[k].value, s[i].value));
        v[n_before >= n_good][count[n_before >= n_good]++] = of_k ? s[i].k : s[i].x;
    }
    double a = of_k ? 0.5 : -1, b = of_k ? 40.5 : 1;
    return log(mixture(x, v[0], count[0], a, b)) - log(mixture(x, v[1], count[1], a, b));
}

static struct tb_json *point_of(double x, int k)
{
    struct tb_json *p = tb_json_new_map();
    tb_json_set(p, "k", tb_json_new_int(k));
    tb_json_set(p, "template", tb_json_new_int(0));
    tb_json_set(p, "x", tb_json_new_real(x));
    return p;
}

static const char arm_text[] = "{\"name\": \"a\", \"templates\": [{\"x\": {\"draw\": \"uniform\", \"of\": [-1, 1]}, "
                               "\"k\": {\"draw\": \"int\", \"of\": [1, 40]}}]}";

/* One choice: 1 as the reference, 0 not, -1 where equal integers leave the reference without a word. */
static int choice(const struct tb_json *arm, const struct tb_json *keys)
{
    struct seen s[MOST], p[POOL];
    struct tb_seen seen[MOST];
    struct tb_json *point[POOL], *was[MOST];
    const struct tb_json *points[POOL];
    bool taken[POOL];
    int n = 5 + below(MOST - 5), n_good = (int)ceil(0.25 * n), best = -1;
    double most = -INFINITY;
    for (int i = 0; i < n; i++) {
        s[i] = (struct seen){ .x = 2 * uniform() - 1, .k = 1 + below(40) };
        s[i].value = uniform() < 0.15 ? NAN : s[i].x * s[i].x + 0.01 * s[i].k;
        was[i] = point_of(s[i].x, s[i].k);
        seen[i] = (struct tb_seen){ was[i], s[i].value };
    }
    for (int i = 0; i < POOL; i++) {
        p[i] = (struct seen){ .x = 2 * uniform() - 1, .k = 1 + below(40) };
        points[i] = point[i] = point_of(p[i].x, p[i].k);
        taken[i] = uniform() < 0.3;
        double score = taken[i] ? -INFINITY : ratio(s, n, n_good, p[i].x, false) + ratio(s, n, n_good, p[i].k, true);
        if (score > most) {
            most = score;
            best = i;
        }
        most = isnan(score) ? NAN : most;
    }
    ptrdiff_t got = tb_search_find("tpe")->next(&(struct tb_search_ask){
        .keys = keys, .arm = arm, .point = points, .is_taken = taken, .n_points = POOL, .seen = seen,
        .n_seen = (size_t)n });
    for (int i = 0; i < POOL; i++)
        tb_json_free(point[i]);
    for (int i = 0; i < n; i++)
        tb_json_free(was[i]);
    return isnan(most) ? -1 : got == best;
}

static void tpe(void)
{
    struct tb_json *arm = tb_json_parse(arm_text, strlen(arm_text), "arm", NULL);
    static const char text[] = "{\"trials\": 50, \"startup\": 5, \"gamma\": 0.25, \"seed\": 0}";
    struct tb_json *keys = tb_json_parse(text, strlen(text), "keys", NULL);
    int n = 0, n_wrong = 0;
    for (int i = 0; i < 4 * ROUNDS; i++) {
        int got = choice(arm, keys);
        n += got >= 0;
        n_wrong += got == 0;
    }
    ok(n_wrong == 0 && n > ROUNDS / 2, "TPE chooses as the reference: %d choices, %d differ", n, n_wrong);
    tb_json_free(keys);
    tb_json_free(arm);
}

/* ---- what is expected, against the mean of searches whose results come in any order */
static void expected(void)
{
    enum { N = 9, SEARCHES = 20000 };
    static const char text[] = "{\"min\": 100, \"eta\": 3}";
    struct tb_json *keys = tb_json_parse(text, strlen(text), "keys", NULL);
    double zeroes[N] = { 0 }, sum = 0, squares = 0;
    int none[N] = { 0 };
    struct tb_expect e;
    tb_expect(&(struct tb_expect_ask){ .prune = tb_prune_find("asha"), .keys = keys, .budget_tok = 250,
                                       .trained_tok = zeroes, .n_decided = none, .n = N }, &e);
    for (int k = 0; k < SEARCHES; k++) {
        double v[N];
        int n_on = 0;
        for (int i = 0; i < N; i++) {
            int rank = 1, most = (i + 1) / 3 > 1 ? (i + 1) / 3 : 1;
            v[i] = uniform();
            for (int j = 0; j < i; j++)
                rank += v[j] < v[i];
            n_on += rank <= most;
        }
        double tokens = N * 100 + n_on * 150;
        sum += tokens;
        squares += tokens * tokens;
    }
    double mean = sum / SEARCHES, sd = sqrt(squares / SEARCHES - mean * mean);
    near(e.tokens, mean, 4 * sd / sqrt(SEARCHES), "the tokens of a search with one rung");
    near(e.sd, sd, 0.03 * sd, "and their deviation");
    near(e.come[0], N, 0, "all come to the first rung");
    double trained[2] = { 40, 130 };
    int decided[2] = { 0, 1 };
    struct tb_expect_ask q = { .prune = tb_prune_find("asha"), .keys = keys, .budget_tok = 250, .trained_tok = trained,
                               .n_decided = decided, .n = 2, .n_seen = { 5 } };
    tb_expect(&q, &e);
    near(e.tokens, 60 + 150 * 2.0 / 6 + 120, 1e-9, "of trials under way only what is left");
    q.prune = tb_prune_find("median");
    q.share = 0.5;
    q.share_sd = 0.1;
    tb_expect(&q, &e);
    near(e.tokens, 85, 1e-9, "without rungs each takes what others took");
    q.prune = NULL;
    tb_expect(&q, &e);
    near(e.tokens, 330, 1e-9, "without a rule all take all");
    tb_json_free(keys);
}

int main(void)
{
    rules();
    tpe();
    expected();
    for (int i = 0; i < TRIALS; i++) {
        free(curve[i].tokens);
        free(curve[i].value);
    }
    return done();
}
