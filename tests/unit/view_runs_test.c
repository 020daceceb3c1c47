/* SPDX-License-Identifier: MIT */
/* Filters, sorting, columns; series; differences and paired intervals. */
#include "view/runs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tests/tap.h"
#include "view/diff.h"
#include "view/paired.h"
#include "view/filter.h"
#include "view/series.h"

static struct tb_run_item items[4];

static void fill(void)
{
    static const char *const method[] = { "lora", "prefix", "lora+prompt", "full" };
    for (int i = 0; i < 4; i++) {
        struct tb_run_summary *s = &items[i].sum;
        snprintf(s->id, sizeof s->id, "%016x", i);
        snprintf(s->name, sizeof s->name, "run-%d", i);
        tb_str_copy(s->method, sizeof s->method, method[i]);
        tb_str_copy(s->tags, sizeof s->tags, i == 2 ? "ref,try" : "");
        s->last_eval = i == 3 ? NAN : 2.0 - 0.5 * i;
        s->tokens = 30000 * (i + 1);
        s->seed = i % 2;
        items[i].sight.state = i == 1 ? TB_STATE_FAILED : TB_STATE_DONE;
    }
}

/* Numbers of the runs that pass, in order, as digits. */
static const char *passing(const char *text)
{
    static char digits[8];
    size_t order[4], n;
    struct tb_err err = { 0 };
    struct tb_filter *f = tb_filter_open(text, &err);
    if (!f) {
        printf("# %s\n", err.text);
        return "error";
    }
    n = tb_filter_apply(f, items, 4, order);
    for (size_t i = 0; i < n; i++)
        digits[i] = (char)('0' + order[i]);
    digits[n] = '\0';
    tb_filter_close(f);
    return digits;
}

static void filters(void)
{
    is_str(passing(NULL), "0123", "no filter");
    is_str(passing("method:lora"), "02", "contains");
    is_str(passing("method=lora"), "0", "equals");
    is_str(passing("method:PREFIX,full"), "13", "comma is or, case does not matter");
    is_str(passing("state!=failed eval<=1.5"), "2", "all terms");
    is_str(passing("status=failed,done eval>1"), "01", "alias, unknown values pass nothing");
    is_str(passing("tokens>=60k seed=0"), "2", "numbers with k");
    is_str(passing("!tag:ref"), "013", "not");
    is_str(passing("run-3"), "3", "a word");
    is_str(passing("!lora"), "13", "not a word");
    is_str(passing("sort:eval"), "2103", "sorted, unknown last");
    is_str(passing("sort:-eval"), "0123", "downwards, unknown still last");
    is_str(passing("sort:tokens sort:seed"), "0213",
           "the last key decides, the one before breaks ties");
    is_str(passing("methd:lora"), "error", "unknown field");
    is_str(passing("eval<low"), "error", "no number");
}

static void columns(void)
{
    struct tb_table t;
    struct tb_buf b = { 0 };
    struct tb_err err = { 0 };
    size_t order[] = { 2, 0 };
    ok(tb_runs_table(&t, items, order, 2, "name,eval,tags", &err), "table %s", err.text);
    tb_table_emit(&t, TB_EMIT_JSON, &b);
    is_str(b.p, "[\n{\"name\":\"run-2\",\"eval_loss\":1,\"tags\":[\"ref\",\"try\"]},\n"
                "{\"name\":\"run-0\",\"eval_loss\":2,\"tags\":[]}\n]\n", "tags are a list");
    tb_buf_free(&b);
    tb_table_free(&t);
    ok(!tb_runs_table(&t, items, NULL, 4, "name,evil", &err) && strstr(err.text, "evil"),
       "unknown: %s", err.text);
    tb_table_free(&t);
    ok(tb_runs_table(&t, items, NULL, 4, NULL, &err) && tb_table_rows(&t) == 4,
       "the usual columns");
    tb_table_free(&t);
}

static double real_of(const struct tb_run_item *item, const char *column)
{
    struct tb_cell c = tb_run_cell(item, tb_run_column_named(column));
    return c.type == TB_CELL_REAL ? c.r : -1;
}

/* A run that waited for hours, trained for two minutes and was fast in its last step. */
static void rates(void)
{
    struct tb_run_item item = { .sum = { .created = "2026-01-01T00:00:00Z", .changed = "2026-01-01T09:00:00Z",
                                         .tokens = 30000, .wall_s = 120, .tok_per_s = 999 },
                                .sight = { .state = TB_STATE_RUNNING } };
    near(real_of(&item, "duration"), 120, 0, "it took the seconds of training");
    near(real_of(&item, "tok_s"), 250, 0, "tokens per second are the mean");
    near(tb_run_tok_s(&item), 250, 0, "the same as elsewhere");
    item.sum.wall_s = 0;
    ok(isnan(real_of(&item, "duration")) && isnan(real_of(&item, "tok_s")), "unknown before the first step");
}

static void series(void)
{
    struct tb_metrics m;
    struct tb_series s, d;
    struct tb_err err = { 0 };
    struct tb_train_row rows[1000];
    tb_metrics_init(&m);
    for (int i = 0; i < 1000; i++)
        rows[i] = (struct tb_train_row){
            i + 1, 256.0 * (i + 1), i, i == 500 ? 99 : i == 700 ? NAN : 2, 0, 0, 0, 0
        };
    m.train = rows;
    m.n_train = 1000;
    m.step = 990;
    ok(tb_series_of(&s, &m, "train/loss", "tokens", &err) && s.n == 990 && s.x[0] == 256,
       "a column, up to where the run is");
    tb_series_decimate(&s, 10, &d);
    bool spike = false;
    for (size_t i = 0; i < d.n; i++)
        spike = spike || d.y[i] == 99;
    ok(d.n <= 20 && d.n >= 10 && spike, "decimation keeps the spike (%zu points)", d.n);
    tb_series_free(&d);
    s.y[0] = 4;
    tb_series_smooth(&s, 0.5);
    near(s.y[0], 4, 0, "the first smoothed value is the first value");
    near(s.y[1], (0.25 * 4 + 0.5 * 2) / 0.75, 1e-12, "debiased mean");
    ok(isnan(s.y[700]) && !isnan(s.y[701]), "a gap stays a gap");
    tb_series_free(&s);
    ok(!tb_series_of(&s, &m, "train/los", "tokens", &err) && strstr(err.text, "grad_norm"),
       "columns are named: %s", err.text);
    double x[] = { 0, 1, 2, 3, 4 }, y[] = { 3, 2, 1, NAN, 0 };
    struct tb_series small = { x, y, 5 };
    char *spark = tb_series_spark(&small, 5, false), *ascii = tb_series_spark(&small, 5, true);
    is_str(spark, "█▆▃ ▁", "spark");
    is_str(ascii, "#+- _", "the same in ASCII");
    free(ascii);
    free(spark);
    m.train = NULL;
    m.n_train = 0;
    tb_metrics_free(&m);
}

static void facts(struct tb_metrics *m, const char *text)
{
    tb_metrics_init(m);
    tb_json_free(m->facts);
    m->facts = tb_json_parse(text, strlen(text), "test", NULL);
}

static void diffs(void)
{
    struct tb_metrics a, b;
    struct tb_diff d;
    facts(&a, "{\"config\":{\"seed\":0,\"method.lora.r\":8,\"optim.lr\":0.0005},\"base\":{\"id\":"
              "\"9c1e\"},\"env\":{\"numeric\":1}}");
    facts(&b, "{\"config\":{\"seed\":0,\"method.prefix.tokens\":20,\"optim.lr\":0.005},\"base\":{"
              "\"id\":\"9c1e\"},\"env\":{\"numeric\":2}}");
    tb_diff_make(&d, (const struct tb_metrics *[]){ &a, &b }, 2);
    ok(d.n_keys == 4 && d.n_differ == 3 && d.n_equal == 1, "three keys differ, one is equal");
    ok(!strcmp(d.key[0].key, "method.lora.r") && !strcmp(d.key[0].value[0], "8")
           && !strcmp(d.key[0].value[1], ""),
       "with their values");
    ok(d.n_same == 3 && d.same[0].is_equal && !d.same[2].is_equal,
       "same base, another numeric version");
    tb_diff_free(&d);
    tb_metrics_free(&a);
    tb_metrics_free(&b);
}

static void paired(void)
{
    enum { N = 300 };
    struct tb_row_loss ra[N], rb[N];
    struct tb_metrics a, b;
    struct tb_paired p, q;
    struct tb_err err = { 0 };
    tb_metrics_init(&a);
    tb_metrics_init(&b);
    ok(!tb_paired_make(&p, &a, &b, &err) && err.kind == TB_ERR_NOTFOUND, "no rows: %s", err.text);
    for (int i = 0; i < N; i++) {
        double noise = (double)(i * 7919 % 101) / 101 - 0.5;
        ra[i] = (struct tb_row_loss){ 10, i, i / 3 * 3, 5 + i % 4, 2.0 };
        rb[i] = (struct tb_row_loss){ 12, N - 1 - i, (N - 1 - i) / 3 * 3, 5, 2.1 + noise };
    }
    rb[4].loss = NAN;
    a.rows = ra;
    b.rows = rb;
    a.n_rows = b.n_rows = N;
    a.step = 10;
    b.step = 12;
    ok(tb_paired_make(&p, &a, &b, &err), "paired %s", err.text);
    ok(p.n_rows == N - 1 && p.n_left_out == 1 && p.n_prompts == 100 && p.step_b == 12,
       "rows, prompts, one left out");
    is_int(p.n_better + p.n_worse, N - 1, "each row is better or worse");
    ok(p.low < p.difference && p.difference < p.high && p.high - p.low < 0.2
           && p.high - p.low > 0.01,
       "%.4f in %.4f .. %.4f", p.difference, p.low, p.high);
    near(p.difference, 0.1, 0.05, "near the true difference");
    ok(tb_paired_make(&q, &a, &b, &err) && q.low == p.low && q.high == p.high,
       "the same interval every time");
    ok(tb_paired_make(&q, &b, &a, &err) && fabs(q.difference + p.difference) < 0.02
           && q.n_better == p.n_worse,
       "the other way round");
    a.rows = b.rows = NULL;
    a.n_rows = b.n_rows = 0;
    tb_metrics_free(&a);
    tb_metrics_free(&b);
}

int main(void)
{
    fill();
    filters();
    columns();
    rates();
    series();
    diffs();
    paired();
    return done();
}
