/* SPDX-License-Identifier: MIT */
/* Differences of more than two runs, keys that only some have, and paired losses where an answer must be
 * refused, where the interval is known, and where it must cover the truth. */
#include "view/diff.h"
#include "view/paired.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/tap.h"

static void facts(struct tb_metrics *m, const char *text)
{
    tb_metrics_init(m);
    tb_json_free(m->facts);
    m->facts = tb_json_parse(text, strlen(text), "test", NULL);
}

static const struct tb_diff_key *find(const struct tb_diff_key *key, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(key[i].key, name) == 0)
            return &key[i];
    return NULL;
}

static void keys(void)
{
    struct tb_metrics m[3];
    struct tb_diff d;
    facts(&m[0], "{\"config\":{\"b\":1,\"a\":\"x\",\"list\":[1,2]},\"data\":{\"id\":\"d\",\"eval_hash\":\"e\"}}");
    facts(&m[1], "{\"config\":{\"a\":\"x\",\"b\":1.0,\"list\":[1,2]},\"data\":{\"id\":\"d\",\"eval_hash\":\"f\"}}");
    facts(&m[2], "{\"config\":{\"a\":\"x\",\"b\":1,\"list\":[1,2],\"new\":true},\"data\":{\"id\":\"d\"}}");
    tb_diff_make(&d, (const struct tb_metrics *[]){ &m[0], &m[1], &m[2] }, 3);
    ok(d.n_keys == 4 && d.n_runs == 3 && strcmp(d.key[0].key, "a") == 0, "keys of all runs by name");
    ok(find(d.key, d.n_keys, "a")->is_equal && find(d.key, d.n_keys, "list")->is_equal, "equal ones");
    const struct tb_diff_key *only = find(d.key, d.n_keys, "new");
    ok(!only->is_equal && !*only->value[0] && !strcmp(only->value[2], "true"), "a key of one run");
    ok(find(d.same, d.n_same, "data")->is_equal && !find(d.same, d.n_same, "eval rows")->is_equal,
       "one without a hash is not the same");
    ok(!find(d.same, d.n_same, "seed"), "what no run has is left out");
    tb_diff_free(&d);
    tb_diff_make(&d, NULL, 0);
    ok(d.n_keys == 0 && d.n_same == 0, "no runs");
    tb_diff_free(&d);
    for (int i = 0; i < 3; i++)
        tb_metrics_free(&m[i]);
}

/* n rows of the run, `per` rows a prompt, loss of row i = base + spread(i). */
static void losses(struct tb_metrics *m, int n, int per, double base, double spread, uint32_t seed)
{
    tb_metrics_init(m);
    m->rows = tb_xcalloc((size_t)n, sizeof *m->rows);
    m->n_rows = (size_t)n;
    m->step = 1;
    for (int i = 0; i < n; i++) {
        seed = seed * 1664525 + 1013904223;
        double noise = (double)(seed >> 8) / 0x1p24 - 0.5;
        m->rows[i] = (struct tb_row_loss){ 1, i, i / per * per, 4, base + spread * noise };
    }
}

static void refused(void)
{
    struct tb_metrics a, b;
    struct tb_paired p;
    struct tb_err err = { 0 };
    losses(&a, 4, 1, 2, 0, 1);
    losses(&b, 4, 1, 1, 0, 1);
    tb_json_set(a.facts, "data", tb_json_parse("{\"id\":\"one\"}", 12, "test", NULL));
    ok(!tb_paired_make(&p, &a, &b, &err) && err.kind == TB_ERR_NOTFOUND && strstr(err.text, "different data"),
       "other data: %s", err.text);
    tb_json_set(b.facts, "data", tb_json_parse("{\"id\":\"one\"}", 12, "test", NULL));
    ok(tb_paired_make(&p, &a, &b, &err) && p.difference == -1 && p.low == -1 && p.high == -1, "the same data");
    for (int i = 0; i < 4; i++)
        b.rows[i].row_id += 100;
    ok(!tb_paired_make(&p, &a, &b, &err) && strstr(err.text, "in common"), "other rows: %s", err.text);
    b.step = 0;
    ok(!tb_paired_make(&p, &a, &b, &err) && isnan(p.difference), "an evaluation that was not reached again");
    tb_metrics_free(&a);
    tb_metrics_free(&b);
}

static void known(void)
{
    struct tb_metrics a, b;
    struct tb_paired p;
    losses(&a, 2, 2, 2, 0, 1);
    losses(&b, 2, 2, 2, 0, 1);
    b.rows[0].loss = 3;
    a.rows[0].n_tok = 12;
    ok(tb_paired_make(&p, &a, &b, NULL) && p.n_prompts == 1 && isnan(p.low), "one prompt gives no interval");
    near(p.difference, 12.0 / 16, 1e-15, "weighted by label tokens");
    ok(p.n_better == 0 && p.n_worse == 1, "an equal row is neither better nor worse");
    b.rows[1].prompt_id = a.rows[1].prompt_id = 1;
    ok(tb_paired_make(&p, &a, &b, NULL) && p.low == 0 && p.high == 1, "two prompts: the interval is theirs");
    tb_metrics_free(&a);
    tb_metrics_free(&b);
}

/* The 95 % interval of 40 prompts must hold the true difference, 0.1, in most of 100 made-up comparisons. */
static void coverage(void)
{
    int covered = 0;
    double width = 0;
    for (uint32_t seed = 1; seed <= 100; seed++) {
        struct tb_metrics a, b;
        struct tb_paired p;
        losses(&a, 80, 2, 2.0, 1, seed);
        losses(&b, 80, 2, 2.1, 1, seed * 7919);
        tb_paired_make(&p, &a, &b, NULL);
        covered += p.low <= 0.1 && 0.1 <= p.high;
        width += (p.high - p.low) / 100;
        tb_metrics_free(&a);
        tb_metrics_free(&b);
    }
    ok(covered >= 85, "%d of 100 intervals hold the truth", covered);
    ok(width > 0.1 && width < 0.25, "they are %.3f wide, as 1.96 sqrt(2/12/80) says: 0.179", width);
}

int main(void)
{
    keys();
    refused();
    known();
    coverage();
    return done();
}
