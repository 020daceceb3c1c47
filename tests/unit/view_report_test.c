/* SPDX-License-Identifier: MIT */
/* A report of made-up arms: its numbers, what it says where something is missing, and that nothing out of a store gets
 * into a page as anything but text. */
#include "view/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/tap.h"

enum { ARMS = 3, SEEDS = 3, ROWS = 24, EVALS = 3 };

static struct tb_metrics metrics[ARMS * SEEDS];
static struct tb_run_item items[ARMS * SEEDS];
static struct tb_arms arms;

/* Loss of the k-th evaluation: 3, then 2, then 1 and what the arm is worse by. */
static void fill(int i)
{
    static const char *const names[] = { "lora", "prefix<b>", "x\"|`&" };
    struct tb_metrics *m = &metrics[i];
    struct tb_run_item *item = &items[i];
    int arm = i / SEEDS, seed = i % SEEDS;
    char *text = tb_xasprintf(
        "{\"config\":{\"seed\":%d,\"budget.n\":900,\"budget.unit\":\"tokens\"},"
        "\"data\":{\"id\":\"d\",\"eval_hash\":\"e\",\"order_hash\":\"o%d\",\"path\":\"<script>\"},"
        "\"base\":{\"id\":\"b\"},"
        "\"env\":{\"numeric\":1,\"host\":\"h\",\"threads\":1,\"argv\":[\"run\",\"a b\"]},"
        "\"scores\":{\"bleu\":%d,\"bleu_low\":%d,\"bleu_high\":%d},\"forget\":{\"before\":2,\"after\":%g,"
        "\"low\":0.2,\"high\":0.7}}",
        seed, seed, 10 + seed, 8 + seed, 13 + seed, 2.4 + 0.1 * seed);
    tb_metrics_init(m);
    tb_json_free(m->facts);
    m->facts = tb_json_parse(text, strlen(text), "test", NULL);
    m->recipe = tb_xstrdup("return 1 -- </pre><script>\n\nend");
    m->n_recipe = strlen(m->recipe);
    m->rows = tb_xcalloc(ROWS, sizeof *m->rows);
    m->eval = tb_xcalloc(EVALS, sizeof *m->eval);
    m->n_rows = ROWS;
    m->n_eval = EVALS;
    m->step = 9;
    for (int r = 0; r < ROWS; r++)
        m->rows[r] = (struct tb_row_loss){ 9, r, r, 2, 1 + 0.5 * arm * (arm < 2) + 0.001 * ((r * 7 + seed * 3) % 5) };
    for (int k = 0; k < EVALS; k++)
        m->eval[k] = (struct tb_eval_row){ 3 * k, 300 * k, k, 3 - k + (k == 2 ? 0.5 * arm * (arm < 2) : 0), 48 };
    snprintf(item->sum.id, sizeof item->sum.id, "%d000", i);
    snprintf(item->sum.name, sizeof item->sum.name, "%s-s%d", names[arm], seed);
    snprintf(item->sum.arm, sizeof item->sum.arm, "arm%d", arm);
    item->sum.seed = seed;
    item->sum.last_eval = m->eval[2].loss;
    item->sum.n_trainable = 100 * (3 - arm);
    item->sum.adapter_bytes = 1000;
    item->sum.peak_bytes = arm == 1 ? -1 : 5000;
    item->sight.state = TB_STATE_DONE;
    free(text);
}

static void make(struct tb_report *r, const char *reference)
{
    struct tb_err err = { 0 };
    ok(tb_report_make(r, &arms, &(struct tb_report_from){ .reference = reference }, &err), "a report %s", err.text);
}

static const struct tb_report_check *check_of(const struct tb_report *r, const char *name)
{
    for (size_t i = 0; i < r->n_checks; i++)
        if (strcmp(r->check[i].name, name) == 0)
            return &r->check[i];
    return NULL;
}

static void numbers(void)
{
    struct tb_report r;
    make(&r, NULL);
    near(r.arm[1].p.difference, 0.5, 1e-9, "the second arm is worse by half a nat");
    ok(r.arm[1].e.p < 0.001 && r.arm[1].p_holm >= r.arm[1].e.p, "which is no chance (p %g)", r.arm[1].e.p);
    ok(r.arm[2].e.p == 1 && r.arm[2].p.difference == 0, "the third is the same");
    ok(r.arm[0].n_curve == 3 && r.arm[0].tokens[1] == 300 && r.arm[0].loss[1] == 2 && r.arm[0].low[1] == 2, "curves");
    ok(r.arm[0].reach_tok == 600 && r.arm[0].n_reached == 3 && r.arm[1].n_reached == 0 && isnan(r.arm[1].reach_tok),
       "tokens until the reference's loss");
    ok(r.arm[2].is_front[TB_COST_TRAINABLE] && !r.arm[0].is_front[TB_COST_TRAINABLE], "the same for less is ahead");
    ok(r.arm[0].is_front[TB_COST_ADAPTER] && r.arm[2].is_front[TB_COST_ADAPTER] && !r.arm[1].is_front[TB_COST_ADAPTER],
       "equals are both in front");
    ok(!r.arm[1].is_front[TB_COST_MEMORY] && isnan(r.arm[1].cost[TB_COST_MEMORY]), "an unknown cost is no front");
    ok(r.n_scores == 1 && r.arm[0].score[0].mean == 11 && r.arm[0].score[0].n == 3, "metrics: mean over seeds");
    near(r.arm[0].score[0].low, 11 - hypot(2, 4.302652729749462 / sqrt(3)), 1e-9, "their interval: prompts and seeds");
    near(r.arm[0].score[0].high, 11 + hypot(3, 4.302652729749462 / sqrt(3)), 1e-9, "uneven as it was recorded");
    ok(r.arm[0].forget_before == 2 && fabs(r.arm[0].forget - 0.5) < 1e-12, "forgetting: the mean change");
    near(r.arm[0].forget_low, 0.5 - hypot(0.3, 0.1 * 4.302652729749462 / sqrt(3)), 1e-9, "its interval: rows, seeds");
    near(r.arm[0].forget_high, 0.5 + hypot(0.2, 0.1 * 4.302652729749462 / sqrt(3)), 1e-9, "uneven as well");
    ok(check_of(&r, "row order")->is_good && check_of(&r, "seeds")->is_good && check_of(&r, "prompts")->is_good,
       "checks");
    ok(!check_of(&r, "search budget")->is_good, "named runs do not show what was tried");
    tb_report_free(&r);
    make(&r, "B");
    ok(r.reference == 1 && r.arm[0].p.difference < 0 && r.arm[0].reach_tok == 450,
       "against another one: half way between two evaluations (%g)", r.arm[0].reach_tok);
    tb_report_free(&r);
    make(&r, "prefix<b>");
    ok(r.reference == 1, "by its name");
    tb_report_free(&r);
    struct tb_err err = { 0 };
    struct tb_report_from from = { .reference = "nobody" };
    ok(!tb_report_make(&r, &arms, &from, &err) && err.kind == TB_ERR_NOTFOUND, "no arm: %s",
       err.text);
    tb_report_free(&r);
}

static void unfair(void)
{
    struct tb_report r;
    const struct tb_json *data = tb_json_get(metrics[4].facts, "data");
    tb_json_set((struct tb_json *)data, "order_hash", tb_json_new_str("other"));
    metrics[8].n_rows = 0;
    make(&r, NULL);
    ok(!check_of(&r, "row order")->is_good && strstr(check_of(&r, "row order")->words, "B:"), "another order of rows");
    ok(!r.arm[2].is_paired && strstr(r.arm[2].why.text, "per-row") && isnan(r.arm[2].p_holm), "an arm without rows");
    char *html = tb_report_html(&r);
    ok(strstr(html, "not compared"), "which the page says");
    free(html);
    tb_report_free(&r);
    metrics[8].n_rows = ROWS;
    tb_json_set((struct tb_json *)data, "order_hash", tb_json_new_str("o1"));
}

/* Elements that are opened are closed, in their order; NULL if so, else where it goes wrong. */
static const char *unbalanced(const char *s)
{
    char stack[64][16];
    size_t depth = 0;
    for (s = strchr(s, '<'); s; s = strchr(s + 1, '<')) {
        const char *end = strchr(s, '>');
        bool is_closing = s[1] == '/';
        size_t n = strcspn(s + 1 + is_closing, " />\n");
        if (!end || n >= sizeof *stack || depth == 64)
            return s;
        if (s[1] == '!' || end[-1] == '/')
            continue;
        if (is_closing && (depth == 0 || strlen(stack[depth - 1]) != n || memcmp(stack[depth - 1], s + 2, n) != 0))
            return s;
        depth -= is_closing;
        if (!is_closing)
            snprintf(stack[depth++], sizeof *stack, "%.*s", (int)n, s + 1);
    }
    return depth ? "the end" : NULL;
}

static void page(void)
{
    struct tb_report r;
    make(&r, NULL);
    char *html = tb_report_html(&r), *markdown = tb_report_markdown(&r);
    const char *at = unbalanced(html);
    ok(!at, "every element is closed %.40s", at ? at : "");
    ok(!strstr(html, "<script") && !strstr(html, "<b>") && !strstr(html, "</pre><"), "names are text");
    ok(strstr(html, "prefix&#60;b&#62;") && strstr(html, "x&#34;|`&#38;"), "and are there");
    ok(!strstr(html, "http") && !strstr(html, "src=") && !strstr(html, "url(") && !strstr(html, "@import"),
       "nothing comes from elsewhere");
    ok(strstr(html, "prefers-color-scheme: dark") && strstr(html, "width=device-width"), "dark pages, phones");
    size_t n_svg = 0, n_title = 0;
    for (const char *s = html; (s = strstr(s, "role=\"img\"")); s++)
        n_svg++;
    for (const char *s = html; (s = strstr(s, "<desc id=")); s++)
        n_title++;
    ok(n_svg == 5 && n_title == n_svg, "%zu charts, each with words (time is unknown)", n_svg);
    ok(!strstr(markdown, "prefix<") && strstr(markdown, "prefix&lt;b>") && strstr(markdown, "x\"\\|\\`&amp;")
       && strstr(markdown, "&lt;script>"), "Markdown");
    ok(strstr(markdown, "    return 1 -- </pre>"), "a recipe is code in it");
    free(markdown);
    free(html);
    tb_report_free(&r);
}

static void table(void)
{
    struct tb_report r;
    struct tb_table t;
    struct tb_buf b = { 0 };
    make(&r, NULL);
    tb_report_table(&r, &t);
    ok(tb_table_rows(&t) == 3 && t.n_cells == 3 * t.n_columns, "a line for each arm");
    tb_table_emit(&t, TB_EMIT_CSV, &b);
    ok(strstr(b.p, ",bleu,bleu_low,bleu_high\r\n") && !strstr(b.p, "nan"), "metrics are columns, unknown is empty");
    tb_buf_free(&b);
    tb_table_free(&t);
    struct tb_json *j = tb_report_json(&r);
    ok(tb_json_len(tb_json_get(j, "arms")) == 3 && tb_json_len(tb_json_get(j, "curves")) == 3
       && strcmp(tb_json_str(tb_json_get(j, "reference"), ""), "A") == 0, "JSON");
    tb_json_free(j);
    tb_report_free(&r);
}

static struct tb_report_sweep *search_of(size_t n)
{
    struct tb_report_sweep *s = tb_xcalloc(1, sizeof *s);
    s->id = s->recipe_path = "x";
    s->metric = "eval/loss";
    s->plan = tb_xstrdup("random search");
    s->arm = tb_xcalloc(n, sizeof *s->arm);
    s->n_arms = n;
    for (size_t i = 0; i < n; i++) {
        s->arm[i].run = items[i * SEEDS].sum.id;
        s->arm[i].chosen = tb_xstrdup("lr 1");
        s->arm[i].edges = tb_xstrdup("");
    }
    return s;
}

static const struct tb_report_from *from_search(struct tb_report_sweep *s)
{
    static struct tb_report_from from;
    from = (struct tb_report_from){ .sweep = s };
    return &from;
}

/* The seed that was chosen is better by more than what the arm is worse by. */
static void selection(void)
{
    struct tb_report r;
    struct tb_err err = { 0 };
    for (int i = 0; i < ROWS; i++)
        metrics[SEEDS].rows[i].loss -= 3;
    ok(tb_report_make(&r, &arms, from_search(search_of(ARMS)), &err), "a report of a search %s", err.text);
    ok(r.arm[1].p.difference < 0 && r.arm[1].has_fresh, "the best of its trials makes an arm the best");
    near(r.arm[1].fresh.difference, 0.5, 1e-9, "without it the arm is worse");
    ok(!r.arm[0].has_fresh && r.arm[1].fresh.n_seeds_b == 2, "two seeds chose nothing");
    const struct tb_report_check *c = check_of(&r, "selection");
    ok(!c->is_good && strstr(c->words, "B +0.500, C +0.000") && strstr(c->words, "B: the other way round"), "%s",
       c->words);
    tb_report_free(&r);
    for (int i = 0; i < ROWS; i++)
        metrics[SEEDS].rows[i].loss += 3;
    ok(tb_report_make(&r, &arms, from_search(search_of(ARMS)), &err), "the same with a chosen seed like others");
    ok(check_of(&r, "selection")->is_good, "%s", check_of(&r, "selection")->words);
    tb_report_free(&r);
}

/* Of each arm there is but the run that was chosen. */
static void lone(void)
{
    struct tb_report r;
    struct tb_err err = { 0 };
    struct tb_arms few;
    const struct tb_run_item *item[] = { &items[0], &items[SEEDS] };
    const struct tb_metrics *m[] = { &metrics[0], &metrics[SEEDS] };
    tb_arms_make(&few, item, m, 2, items, ARMS * SEEDS, TB_ARMS_BY_SEED);
    ok(tb_report_make(&r, &few, from_search(search_of(2)), &err), "a report of one seed %s", err.text);
    const struct tb_report_check *c = check_of(&r, "selection");
    ok(!c->is_good && strstr(c->words, "B: no seed but"), "%s", c->words);
    tb_report_free(&r);
    tb_arms_free(&few);
}

/* As many trials for each arm, and yet one was trained on more tokens. */
static void spent(double a, double b, bool is_good, const char *words)
{
    struct tb_report r;
    struct tb_err err = { 0 };
    struct tb_report_sweep *s = search_of(ARMS);
    double tok[ARMS] = { a, b, a };
    for (int i = 0; i < ARMS; i++)
        s->arm[i].search_tok = tok[i];
    ok(tb_report_make(&r, &arms, from_search(s), &err), "a search of %g and %g tokens %s", a, b, err.text);
    const struct tb_report_check *c = check_of(&r, "search tokens");
    ok(c->is_good == is_good && strstr(c->words, words), "%s", c->words);
    struct tb_json *j = tb_report_json(&r);
    char *page = tb_report_html(&r), *json = tb_json_text(j, TB_JSON_LINE);
    ok(strstr(page, "search tokens") && strstr(json, "search tokens"), "on the page and in JSON");
    tb_json_free(j);
    free(page);
    free(json);
    tb_report_free(&r);
}

static void unfinished(void)
{
    struct tb_report r;
    struct tb_err err = { 0 };
    struct tb_report_sweep *s = search_of(ARMS);
    s->left = tb_xstrdup("the sweep is not over; go on: tunebench sweep x --resume");
    ok(tb_report_make(&r, &arms, from_search(s), &err) && strstr(r.verdict.settle, "sweep x --resume")
       && !strstr(r.verdict.settle, "clone"), "what settles an unfinished sweep is its end: %s", r.verdict.settle);
    tb_report_free(&r);
}

int main(void)
{
    const struct tb_run_item *item[ARMS * SEEDS];
    const struct tb_metrics *m[ARMS * SEEDS];
    for (int i = 0; i < ARMS * SEEDS; i++) {
        fill(i);
        item[i] = &items[i];
        m[i] = &metrics[i];
    }
    tb_arms_make(&arms, item, m, ARMS * SEEDS, items, ARMS * SEEDS, TB_ARMS_BY_SEED);
    numbers();
    unfair();
    page();
    table();
    selection();
    lone();
    spent(60e3, 80e3, true, "no arm's search trained on more than 1.5 times");
    spent(40e3, 100e3, false, "B's search trained on 100k tokens, 2.5 times A's 40k");
    spent(0, 800, false, "B's search trained on 800 tokens");
    spent(0, 0, true, "no arm's search");
    unfinished();
    tb_arms_free(&arms);
    for (int i = 0; i < ARMS * SEEDS; i++)
        tb_metrics_free(&metrics[i]);
    return done();
}
