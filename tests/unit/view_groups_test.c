/* SPDX-License-Identifier: MIT */
/* Groups of runs: order, names, means; Pareto fronts against the definition, many of them at once. */
#include "view/groups.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "tests/tap.h"
#include "view/pareto.h"

enum { N = 7 };
static struct tb_run_item items[N];

static void fill(void)
{
    static const char *const names[N] = { "b-s0", "a-s0", "b-s1", "c", "a-s1", "b-s2", "a-s2" };
    for (int i = 0; i < N; i++) {
        struct tb_run_summary *s = &items[i].sum;
        tb_str_copy(s->name, sizeof s->name, names[i]);
        tb_str_copy(s->arm, sizeof s->arm, (char[]){ names[i][0], '\0' });
        tb_str_copy(s->method, sizeof s->method, names[i][0] == 'c' ? "full" : "lora");
        s->seed = strlen(names[i]) > 3 ? names[i][3] - '0' : 0;
        s->lr = names[i][0] == 'a' ? 5e-4 : 1e-3;
        s->last_eval = i == 5 ? NAN : 1 + 0.1 * i;
        s->adapter_bytes = 100 * (i % 3);
        s->best_step = -1;
    }
    tb_str_copy(items[6].sum.damage, sizeof items[6].sum.damage, "bad");
}

static void groups(void)
{
    struct tb_group *g;
    size_t order[N] = { 0, 1, 2, 3, 4, 5, 6 }, n = tb_groups_make("!seed", items, order, N, &g);
    is_int(n, 3, "three arms");
    ok(!strcmp(g[0].name, "b") && !strcmp(g[1].name, "a") && !strcmp(g[2].name, "c"),
       "in the order of their first runs, without seeds in their names");
    ok(memcmp(order, (size_t[]){ 0, 2, 5, 1, 4, 6, 3 }, sizeof order) == 0,
       "runs of an arm stand together, else as before");
    ok(g[0].first == 0 && g[0].n == 3 && g[0].n_eval == 2, "a run without evaluation counts as run only");
    near(g[0].mean, 1.1, 1e-12, "mean of the two");
    near(g[0].sd, sqrt(0.02), 1e-12, "their sample deviation");
    ok(g[0].low == 1 && g[0].high == 1.2, "lowest and highest");
    ok(g[1].n == 3 && g[1].n_eval == 2, "a damaged run has no evaluation");
    ok(g[2].n_eval == 1 && isnan(g[2].sd) && g[2].mean == 1.3, "one run has no deviation");
    tb_groups_free(g, n);
    size_t some[] = { 6, 4, 3 };
    n = tb_groups_make("method,lr", items, some, 3, &g);
    ok(n == 2 || n == 3, "two columns");
    is_str(g[1].name, "lora, 5e-4", "named by their values");
    tb_groups_free(g, n);
    n = tb_groups_make("method", items, some, 0, &g);
    ok(n == 0 && !g, "no runs, no groups");
    struct tb_err err = { 0 };
    ok(!tb_groups_check("", &err) && !tb_groups_check("!lr", &err) && strstr(err.text, "'!seed'"), "%s", err.text);
    ok(!tb_groups_check("method,sed", &err) && strstr(err.text, "'seed'"), "%s", err.text);
}

static bool beats(const double *a, const double *b, size_t k)
{
    bool better = false;
    for (size_t i = 0; i < k; i++) {
        if (a[i] > b[i])
            return false;
        better |= a[i] < b[i];
    }
    return better;
}

static bool is_right(const double *v, size_t n, size_t k, const bool *front)
{
    for (size_t i = 0; i < n; i++) {
        bool want = true;
        for (size_t c = 0; c < k; c++)
            want = want && isfinite(v[i * k + c]);
        for (size_t j = 0; want && j < n; j++) {
            bool known = true;
            for (size_t c = 0; c < k; c++)
                known = known && isfinite(v[j * k + c]);
            want = !(known && beats(v + j * k, v + i * k, k));
        }
        if (front[i] != want)
            return false;
    }
    return true;
}

static void fronts(void)
{
    int bad = 0;
    uint32_t seed = 1;
    for (int round = 0; round < 300; round++) {
        size_t k = 2 + (size_t)round % 3, n = 1 + (size_t)round % 40;
        double v[160];
        bool front[40];
        for (size_t i = 0; i < n * k; i++) {
            seed = seed * 1664525 + 1013904223;
            v[i] = seed >> 24 > 250 ? NAN : (double)(seed >> 28);
        }
        tb_pareto_front(v, n, k, front);
        bad += !is_right(v, n, k, front);
    }
    is_int(bad, 0, "300 fronts of 2 to 4 columns, with equal and unknown values, are what the definition says");
    enum { MANY = 200000 };
    double *v = tb_xcalloc(2 * MANY, sizeof *v);
    bool *front = tb_xcalloc(MANY, sizeof *front);
    for (size_t i = 0; i < MANY; i++) {
        v[2 * i] = (double)i;
        v[2 * i + 1] = -(double)i;
    }
    is_int(tb_pareto_front(v, MANY, 2, front), MANY, "200,000 runs that are all on the front are no square of that");
    free(front);
    free(v);
}

static void columns(void)
{
    struct tb_pareto p;
    struct tb_err err = { 0 };
    bool front[N];
    size_t order[N] = { 0, 1, 2, 3, 4, 5, 6 };
    ok(tb_pareto_open(&p, "eval/loss, adapter_bytes", &err) && p.n == 2 && !p.is_max[0], "two columns %s", err.text);
    is_int(tb_pareto_mark(&p, items, order, N, front), 1, "one run is best in both");
    ok(front[0] && !front[5] && !front[6], "not one whose loss is unknown");
    ok(tb_pareto_open(&p, "eval,tok_s", &err) && p.is_max[1], "more tokens per second are better");
    ok(tb_pareto_open(&p, "eval:max,tok_s:min", &err) && p.is_max[0] && !p.is_max[1], "unless it is said otherwise");
    ok(!tb_pareto_open(&p, "eval", &err) && strstr(err.text, "two columns"), "%s", err.text);
    ok(!tb_pareto_open(&p, "eval,name", &err) && strstr(err.text, "no numbers"), "%s", err.text);
    ok(!tb_pareto_open(&p, "eval,adaptr", &err) && strstr(err.text, "'adapter'"), "%s", err.text);
    ok(!tb_pareto_open(&p, "eval,lr,step,steps,tokens,loss,peak,seed,share", &err), "too many: %s", err.text);
}

int main(void)
{
    fill();
    groups();
    fronts();
    columns();
    return done();
}
