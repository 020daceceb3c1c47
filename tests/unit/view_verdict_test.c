/* SPDX-License-Identifier: MIT */
/* Arms and what is said of them: intervals over prompts and seeds, one seed, what differs, what would settle it. */
#include "view/verdict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/tap.h"

enum { ROWS = 120, MOST = 12 };

static struct tb_run_item items[MOST];
static struct tb_metrics metrics[MOST];
static const struct tb_run_item *item[MOST];
static const struct tb_metrics *m[MOST];
static size_t n;

static double noise(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return (double)(*seed >> 8) / 0x1p24 - 0.5;
}

/* A run of an arm: loss + what its seed is worth + noise of its own on each row, two rows a prompt. */
static void add(const char *arm, int seed, double loss, double seed_effect, double spread)
{
    struct tb_run_summary *s = &items[n].sum;
    uint32_t state = tb_fnv1a32(arm, strlen(arm)) ^ tb_fnv1a32(&seed, sizeof seed);
    char *text = tb_xasprintf("{\"config\":{\"seed\":%d,\"budget.n\":1000,\"budget.unit\":\"tokens\"},"
                              "\"data\":{\"id\":\"d\",\"order_hash\":\"order%d\",\"eval_hash\":\"e\"},"
                              "\"base\":{\"id\":\"b\"}}", seed, seed);
    memset(&items[n], 0, sizeof items[n]);
    items[n].sight.state = TB_STATE_DONE;
    snprintf(s->name, sizeof s->name, "%s-s%d", arm, seed);
    snprintf(s->id, sizeof s->id, "%016zx", n + 1);
    tb_str_copy(s->arm, sizeof s->arm, arm);
    tb_str_copy(s->budget_unit, sizeof s->budget_unit, "tokens");
    s->seed = seed;
    s->budget = s->tokens = 1000;
    s->wall_s = 60;
    s->n_trainable = arm[0] == 'a' ? 1000 : 500;
    s->adapter_bytes = s->peak_bytes = 4096;
    tb_metrics_init(&metrics[n]);
    tb_json_free(metrics[n].facts);
    metrics[n].facts = tb_json_parse(text, strlen(text), "test", NULL);
    metrics[n].rows = tb_xcalloc(ROWS, sizeof *metrics[n].rows);
    metrics[n].n_rows = ROWS;
    metrics[n].step = 9;
    double sum = 0, effect = seed_effect * noise(&state);
    for (int i = 0; i < ROWS; i++) {
        double l = loss + effect + spread * noise(&state);
        metrics[n].rows[i] = (struct tb_row_loss){ 9, i, i / 2, 10, l };
        sum += l / ROWS;
    }
    s->last_eval = s->best_eval = s->first_eval = sum;
    item[n] = &items[n];
    m[n] = &metrics[n];
    n++;
    free(text);
}

static void clear(void)
{
    while (n)
        tb_metrics_free(&metrics[--n]);
}

static struct tb_arms arms_of(enum tb_arms_by by)
{
    struct tb_arms x;
    tb_arms_make(&x, item, m, n, items, n, by);
    return x;
}

static void grouping(void)
{
    add("a", 1, 2, 0, 0.1);
    add("b", 0, 2, 0, 0.1);
    add("a", 0, 2, 0, 0.1);
    struct tb_arms x = arms_of(TB_ARMS_AUTO);
    ok(!x.is_grouped && x.n == 3 && !strcmp(x.arm[2].name, "a-s0"), "an arm of one seed: single runs, as given");
    tb_arms_free(&x);
    add("b", 1, 2, 0, 0.1);
    x = arms_of(TB_ARMS_AUTO);
    ok(x.is_grouped && x.n == 2 && !strcmp(x.arm[0].name, "a") && x.arm[0].n == 2, "two seeds of each: arms");
    ok(x.arm[0].item[0]->sum.seed == 0 && x.arm[0].item[1]->sum.seed == 1, "their runs by seed");
    near(x.arm[0].eval, (items[0].sum.last_eval + items[2].sum.last_eval) / 2, 1e-12, "mean");
    is_str(x.arm[0].ref, "a-s0", "a command line calls it so");
    tb_arms_free(&x);
    x = arms_of(TB_ARMS_SINGLE);
    is_int(x.n, 4, "single runs where that is asked for");
    tb_arms_free(&x);
    add("b", 1, 2, 0, 0.1);
    x = arms_of(TB_ARMS_AUTO);
    ok(!x.is_grouped && !strcmp(x.arm[4].ref, "0000000000000005"), "a seed twice: single runs; a name twice: ids");
    tb_arms_free(&x);
    clear();
    enum tb_arms_by by;
    ok(tb_arms_by_named("seed", &by, NULL) && by == TB_ARMS_BY_SEED && tb_arms_by_named(NULL, &by, NULL)
           && by == TB_ARMS_AUTO && !tb_arms_by_named("seeds", &by, NULL), "names");
}

static void pairs(void)
{
    struct tb_paired p, q;
    for (int seed = 0; seed < 4; seed++) {
        add("a", seed, 2, 0.4, 0.1);
        add("b", seed, 2.01, 0.4, 0.1);
    }
    struct tb_arms x = arms_of(TB_ARMS_AUTO);
    ok(tb_arms_pair(&p, &x.arm[0], &x.arm[1], NULL) && p.is_by_seed && p.n_seeds_a == 4 && p.n_seeds_b == 4,
       "seed by seed");
    near(p.difference, x.arm[1].eval - x.arm[0].eval, 1e-9, "the difference of the means");
    ok(p.low < p.difference && p.difference < p.high && p.n_prompts == ROWS / 2, "inside its interval");
    tb_paired_make(&q, x.arm[0].m[0], x.arm[1].m[0], NULL);
    ok(p.high - p.low > 2 * (q.high - q.low), "which is wider than that of prompts alone: %.4f, %.4f", p.high - p.low,
       q.high - q.low);
    ok(tb_arms_pair(&q, &x.arm[1], &x.arm[0], NULL) && fabs(q.difference + p.difference) < 1e-12, "the other way");
    ok(tb_paired_arms(&q, x.arm[0].m, 3, x.arm[1].m + 1, 3, NULL) && q.is_by_seed && q.n_seeds_a == 2,
       "seeds that both have");
    ok(tb_paired_arms(&q, x.arm[0].m, 2, x.arm[1].m + 2, 2, NULL) && !q.is_by_seed && q.n_seeds_a == 2,
       "none that both have: each its own");
    tb_arms_free(&x);
    clear();
}

/* The 95 % interval of 6 seeds must hold the true difference in most of 60 made-up comparisons. */
static void coverage(void)
{
    int covered = 0;
    for (int round = 0; round < 60; round++) {
        struct tb_paired p;
        for (int seed = 0; seed < 6; seed++) {
            add("a", 100 * round + seed, 2, 0.3, 0.2);
            add("b", 100 * round + seed, 2.1, 0.3, 0.2);
        }
        struct tb_arms x = arms_of(TB_ARMS_AUTO);
        tb_arms_pair(&p, &x.arm[0], &x.arm[1], NULL);
        covered += p.low <= 0.1 && 0.1 <= p.high;
        tb_arms_free(&x);
        clear();
    }
    ok(covered >= 52, "%d of 60 intervals over prompts and 6 seeds hold the truth", covered);
}

static struct tb_verdict verdict_by(enum tb_arms_by by)
{
    struct tb_arms x = arms_of(by);
    struct tb_paired p;
    struct tb_verdict v;
    struct tb_err why = { 0 };
    bool is_paired = tb_arms_pair(&p, &x.arm[0], &x.arm[1], &why);
    tb_verdict_pair(&v, &x.arm[0], &x.arm[1], is_paired ? &p : NULL, why.text);
    tb_arms_free(&x);
    return v;
}

#define says(text, words) ok(strstr(text, words) != NULL, "\"%s\" in: %s", words, text)

static void one_seed(void)
{
    add("a", 0, 2, 0, 0.1);
    add("b", 0, 2.5, 0, 0.1);
    struct tb_verdict v = verdict_by(TB_ARMS_AUTO);
    says(v.result, "a-s0 is better than b-s0 by 0.");
    says(v.cost, "b-s0 takes 0.50x the trainable parameters (500 : 1,000), the same adapter file");
    says(v.doubt, "one seed only");
    is_str(v.settle, "tunebench clone a-s0 --seeds 2; tunebench clone b-s0 --seeds 2 (about 4m00s of training)",
           "settle");
    is_str(v.but, "", "nothing stands against it");
    tb_verdict_free(&v);
    tb_json_set((struct tb_json *)tb_json_get(metrics[1].facts, "base"), "id", tb_json_new_str("other"));
    items[1].sum.budget = 2000;
    v = verdict_by(TB_ARMS_AUTO);
    says(v.but, "the bases differ (b, other)");
    says(v.result, "the budgets differ (1000 tokens, 2000 tokens): a-s0 is better");
    tb_verdict_free(&v);
    metrics[1].n_rows = 0;
    v = verdict_by(TB_ARMS_AUTO);
    says(v.result, "no verdict: no per-row");
    is_str(v.settle, "", "nothing to settle");
    tb_verdict_free(&v);
    clear();
    add("a", 0, 2, 0, 0.1);
    add("a", 1, 2, 0, 0.1);
    v = verdict_by(TB_ARMS_SINGLE);
    says(v.doubt, "nothing but the seed");
    is_str(v.settle, "", "no more seeds for that");
    tb_verdict_free(&v);
    clear();
}

static void undecided(void)
{
    for (int seed = 0; seed < 3; seed++) {
        add("a", seed, 2, 0.3, 0.1);
        add("b", seed, 2.0001, 0.3, 0.1);
    }
    struct tb_verdict v = verdict_by(TB_ARMS_AUTO);
    says(v.result, "cannot be told apart");
    says(v.result, "mean of 3 seeds each");
    says(v.doubt, "widened for so few");
    ok(strstr(v.settle, "take the cheaper one") || strstr(v.settle, "--seeds"), "settle: %s", v.settle);
    tb_verdict_free(&v);
    clear();
    add("a", 0, 2, 0, 0);
    add("a\033[2J", 0, 2, 0, 0);
    v = verdict_by(TB_ARMS_AUTO);
    says(v.result, "cannot be told apart: +0.0000");
    says(v.settle, "clone 0000000000000002");
    tb_verdict_free(&v);
    clear();
}

static void many(void)
{
    struct tb_verdict v;
    add("a", 0, 2.5, 0, 0.1);
    add("b", 0, 2, 0, 0.1);
    add("c", 0, 2.001, 0, 0.1);
    add("d", 0, NAN, 0, 0.1);
    struct tb_arms x = arms_of(TB_ARMS_AUTO);
    tb_verdict_all(&v, &x);
    ok(tb_str_starts(v.result, "b-s0 has the lowest loss") || tb_str_starts(v.result, "c-s0 has the lowest loss"), "%s",
       v.result);
    says(v.result, "it is better, in nats per token, than a-s0 (by 0.");
    says(v.result, "it cannot be told apart from ");
    says(v.settle, "clone b-s0 --seeds 2");
    says(v.settle, "clone c-s0 --seeds 2");
    ok(!strstr(v.settle, "a-s0"), "not of the one that is behind");
    tb_verdict_free(&v);
    tb_arms_free(&x);
    n = 1;
    x = arms_of(TB_ARMS_AUTO);
    tb_verdict_all(&v, &x);
    is_str(v.result, "", "nothing is said of one");
    tb_verdict_free(&v);
    tb_arms_free(&x);
    n = 4;
    clear();
}

/* Arms of three and of two seeds: differences are of the two, whatever the third one's luck. */
static void common_seeds(void)
{
    struct tb_verdict v;
    struct tb_arm a, b;
    struct tb_paired p;
    for (int seed = 0; seed < 3; seed++) {
        add("a", seed, seed == 2 ? 1 : 2 + 0.001 * seed, 0, 0.01);
        add("c", seed, 2.5, 0, 0.01);
        if (seed < 2)
            add("b", seed, 1.9 + 0.001 * seed, 0, 0.01);
    }
    struct tb_arms x = arms_of(TB_ARMS_AUTO);
    ok(tb_arms_pair(&p, &x.arm[0], &x.arm[2], NULL) && tb_arms_is_partial(&p, &x.arm[0], &x.arm[2])
           && p.difference < 0, "seeds that both have: b is better");
    ok(tb_arms_pair(&p, &x.arm[0], &x.arm[1], NULL) && !tb_arms_is_partial(&p, &x.arm[0], &x.arm[1]),
       "arms with the same seeds leave out none");
    tb_arms_pair(&p, &x.arm[0], &x.arm[2], NULL);
    tb_arms_common(&x.arm[0], &x.arm[2], &a, &b);
    ok(a.n == 2 && b.n == 2 && a.item[1]->sum.seed == 1 && a.m[1] == x.arm[0].m[1], "just these runs");
    near(b.eval - a.eval, p.difference, 1e-9, "whose means differ as the rows do");
    tb_arm_free(&a);
    tb_arm_free(&b);
    tb_verdict_pair(&v, &x.arm[0], &x.arm[2], &p, NULL);
    says(v.result, "b is better than a by 0.0999");
    says(v.result, "mean of the 2 seeds that both have");
    ok(v.n_settled == 1 && v.seeds == 1, "a seed more of b");
    tb_verdict_free(&v);
    tb_verdict_all(&v, &x);
    says(v.result, "a has the lowest loss (1.66");
    says(v.result, "it cannot be told apart from c");
    says(v.result, "on the seeds that both have it is worse than b (-0.0999");
    says(v.result, "each difference is of the seeds that both have");
    says(v.settle, "clone b-s0 --seeds 1");
    tb_verdict_free(&v);
    tb_arms_free(&x);
    clear();
}

static void rows(void)
{
    size_t found;
    add("a", 0, 2, 0, 0);
    add("b", 0, 2, 0, 0);
    metrics[1].rows[7].loss = 5;
    metrics[1].rows[3].loss = 0.5;
    metrics[1].rows[4].loss = NAN;
    metrics[0].rows[5].loss = NAN;
    struct tb_row_across *r = tb_rows_across(m, 2, 3, &found);
    ok(found == 3 && r[0].row_id == 7 && r[1].row_id == 3 && r[1].prompt_id == 1, "the largest differences first");
    ok(r[0].loss[0] == 2 && r[0].loss[1] == 5 && r[0].worst == 3 && r[0].n_tok == 10, "with both losses");
    tb_rows_across_free(r, found);
    r = tb_rows_across(m, 2, 1000, &found);
    is_int(found, ROWS - 2, "rows without a number are left out");
    tb_rows_across_free(r, found);
    r = tb_rows_across(m, 1, 10, &found);
    is_int(found, 0, "one run differs from none");
    tb_rows_across_free(r, found);
    clear();
}

int main(void)
{
    grouping();
    pairs();
    coverage();
    one_seed();
    undecided();
    many();
    common_seeds();
    rows();
    return done();
}
