/* SPDX-License-Identifier: MIT */
/* Metrics of generated text: values of sacrebleu and rouge-score (tests/peers/score_reference.py), answers, numbers,
 * slots, names of metrics, intervals; and texts that nobody would write. */
#include "score/score.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "kernels/rng.h"
#include "score/grams.h"
#include "score/metric.h"
#include "tests/tap.h"

enum { MAX_REFS = 8, MAX_ROWS = 64 };

static const char *const agreed[] = { "bleu", "chrf", "chrfpp", "rouge1", "rouge2", "rougeL" };
enum { N_AGREED = sizeof agreed / sizeof *agreed };

/* ---- agreement */

static double worst(double got, const struct tb_json *want, double worst_yet)
{
    double w = tb_json_real(want, NAN), d = fabs(got - w) / fmax(1, fabs(w));
    return d <= worst_yet ? worst_yet : d; /* NaN is worse than anything */
}

static void agree_on(const struct tb_json *set, struct tb_scorer *s)
{
    const struct tb_json *list = tb_json_get(set, "rows"), *values = tb_json_get(set, "values");
    struct tb_score_row row[MAX_ROWS] = { 0 };
    const char *refs[MAX_ROWS][MAX_REFS];
    struct tb_scores x;
    struct tb_err err = { 0 };
    double of_rows = 0, of_all = 0;
    size_t n = tb_json_len(list);
    for (size_t i = 0; i < n; i++) {
        const struct tb_json *r = tb_json_at(list, i), *given = tb_json_get(r, "references");
        row[i] = (struct tb_score_row){ .output = tb_json_str(tb_json_get(r, "output"), NULL), .refs = refs[i],
                                        .n_refs = tb_json_len(given) };
        for (size_t k = 0; k < row[i].n_refs; k++)
            refs[i][k] = tb_json_str(tb_json_at(given, k), NULL);
    }
    bool good = n > 0 && tb_score_rows(s, row, n, &x, &err);
    for (size_t m = 0; good && m < N_AGREED; m++) {
        of_all = worst(x.value[m], tb_json_get(values, agreed[m]), of_all);
        for (size_t i = 0; i < n; i++)
            of_rows = worst(x.row_value[i * N_AGREED + m],
                            tb_json_get(tb_json_get(tb_json_at(list, i), "values"), agreed[m]), of_rows);
    }
    ok(good && of_all < 1e-12 && of_rows < 1e-12, "%s: %zu rows as the peers score them",
       tb_json_str(tb_json_get(set, "name"), "?"), n);
    if (of_all > 0 || of_rows > 0)
        printf("# off by %.1e of all rows, %.1e of one\n", of_all, of_rows);
    tb_scores_free(&x);
}

static void agreement(void)
{
    const char *top = getenv("srcdir");
    struct tb_err err = { 0 };
    char *path = tb_xasprintf("%s/tests/golden/score.json", top ? top : ".");
    struct tb_json *sets = tb_json_load(path, 1 << 20, &err);
    struct tb_scorer *s = tb_scorer_open(agreed, N_AGREED, &err);
    ok(sets && s && tb_json_len(sets) > 30, "%s holds reference values", path);
    for (size_t i = 0; s && i < tb_json_len(sets); i++)
        agree_on(tb_json_at(sets, i), s);
    tb_scorer_close(s);
    tb_json_free(sets);
    free(path);
}

/* ---- one row, one metric */

static double score_row(const char *metric, struct tb_score_row row)
{
    struct tb_err err = { 0 };
    struct tb_scores x = { 0 };
    struct tb_scorer *s = tb_scorer_open(&metric, 1, &err);
    double v = -1;
    if (s && tb_score_rows(s, &row, 1, &x, &err))
        v = x.value[0];
    else
        printf("# %s\n", err.text);
    tb_scores_free(&x);
    tb_scorer_close(s);
    return v;
}

static double against(const char *metric, const char *output, const char *ref)
{
    return score_row(metric, (struct tb_score_row){ .output = output, .refs = &ref, .n_refs = 1 });
}

static double asked(const char *metric, const char *prompt, const char *output)
{
    return score_row(metric, (struct tb_score_row){ .prompt = prompt, .output = output });
}

static void answers(void)
{
    static const struct { const char *metric, *output, *ref; double want; } cases[] = {
        { "exact", "  The\tAnswer. ", "the answer", 1 }, { "exact", "Stra\xc3\x9f" "e!", "STRASSE", 1 },
        { "exact", "caf\xc3\xa9", "cafe\xcc\x81", 1 }, { "exact", "no", "not", 0 }, { "exact", "", "...", 1 },
        { "exact", "3.5", "35", 0 },
        { "contains:city  Centre", "In the CITY centre.", "", 1 }, { "contains:city", "cit y", "", 0 },
        { "exact:Yes.", "yes", "", 1 }, { "exact:Yes.", "yes, it is", "", 0 },
        { "regex:^[A-Z].*\\.$", "A sentence.", "", 1 }, { "regex:^[A-Z].*\\.$", "no sentence", "", 0 },
        { "regex:(?i)PLEASE", "please", "", 1 }, { "regex:(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "", 0 },
        { "polite=regex:a:b=c", "a:b=c", "", 1 }, { "number:1200", "about $1,200.00 in all", "", 1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double got = against(cases[i].metric, cases[i].output, cases[i].ref);
        ok(got == cases[i].want, "%s of '%s'", cases[i].metric, cases[i].output);
    }
}

static void numbers(void)
{
    static const struct { const char *text, *want; } cases[] = {
        { "Natalia sold 48/2 = <<48/2=24>>24 clips.\n#### 72", "72" }, { "#### 5 apples, not 7", "5" },
        { "#### 1 then #### 2", "2" }, { "####\nso it is 3", "3" }, { "8 #### none", "8" },
        { "1,234.50", "1234.5" }, { "1,2,3", "3" }, { "12,34", "34" }, { "1,234,567", "1234567" },
        { "1234,567", "567" }, { "007", "7" }, { "0", "0" }, { "-0.0", "0" }, { "-3", "-3" }, { "5-3", "3" },
        { "-$5", "-5" }, { "$-5", "-5" }, { "\xe2\x88\x92" "4", "-4" }, { "x-4", "4" }, { ".5", "0.5" },
        { "0.50", "0.5" }, { "v1.2.3", "3" }, { "It is 18.", "18" }, { "50%", "50" },
        { "\xc2\xa3" "20\xe2\x82\xac", "20" },
        { "10000000000000000000000001", "10000000000000000000000001" }, { "none", NULL }, { "", NULL }, { ".,-", NULL },
        { "1,000,00", "0" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *got = tb_number_find(cases[i].text);
        const char *want = cases[i].want;
        ok(want ? got && strcmp(got, want) == 0 : !got, "number %zu is %s", i, want ? want : "none");
        free(got);
    }
    ok(isnan(against("number", "5", "five")), "a reference without a number does not count");
    ok(against("number", "five", "5") == 0, "an output without one is wrong");
}

/* What data/make/checks.lua has judged, and E2E's form. */
static void slots(void)
{
    static const struct { const char *prompt, *output; double want; } cases[] = {
        { "name[Alimentum], area[city centre], familyFriendly[no]",
          "Alimentum is a non family-friendly place in the City Centre.", 3 },
        { "name[Blue Spice], eatType[pub]\n", "The Blue Spice is a coffee shop.", 1 },
        { "name : Old Owl | family : no", "Don't bring the kids to the Old Owl.", 1 },
        { "name : Old Owl | family : no", "The Old Owl isn't really meant for kids.", 2 },
        { "name : Old Owl | family : no", "The Old Owl isn\xe2\x80\x99t for kids.", 2 },
        { "name : Old Owl | family : no", "Children aren't welcome at Old Owl", 2 },
        { "name : Old Owl | family : no", "Old Owl is an adults-only place.", 2 },
        { "name : Old Owl | family : no", "Old Owl is a non-family place.", 2 },
        { "name : Old Owl | family : yes", "Bring your kids to Old Owl: not far.", 2 },
        { "name : Old Owl | family : yes", "Old Owl is no place for families.", 1 },
        { "name : Old Owl | family : yes", "Old Owl is a place.", 1 },
        { "name : Old Owl | price : high", "Old Owl is inexpensive.", 1 },
        { "name : Old Owl | price : high", "Old Owl is an expensive place.", 2 },
        { "name : Old Owl | price : high", "Old Owl is expensive but has low prices.", 1 },
        { "name : Old Owl | price : low", "Old Owl is low in price.", 2 },
        { "name : Old Owl | price : low", "Old Owl has a low rating.", 1 },
        { "name : Old Owl | price : under $15", "A meal at old owl costs under $15.", 2 },
        { "name : Old Owl | price : under $15", "A meal at Old Owl costs over $40.", 1 },
        { "name : Old Owl | rating : high", "Old Owl has a high customer rating.", 2 },
        { "name : Old Owl | rating : high", "Old Owl has high prices.", 1 },
        { "name : Old Owl | rating : 3 out of 5", "Old Owl got 3 out of 5, so it is average.", 1 },
        { "name : Old Owl | rating : 3 out of 5", "People rate Old Owl 3 out of 5.", 2 },
        { "name : Old Owl | kind : pub", "Old Owl is a public house.", 1 },
        { "name : Old Owl | food : cakes", "Old Owl makes the best cake in town.", 2 },
        { "name : Old Owl | food : cakes", "Old Owl makes pancakes.", 1 },
        { "name : Old Owl | near : Old Mill", "Near the old mill stands the Old Owl.", 2 },
        { "name : Old Owl | near : Wharf Locks", "Old Owl is near Wharf Locksmith.", 1 },
        { "name : Summer Owl | open : summer", "Summer Owl is open.", 1 },
        { "name : Old Owl | area : harbour | view : lake", "By the harbour, Old Owl looks on the lake.", 3 },
        { "name : Old Owl | wifi : yes | garden : no", "Old Owl has wifi, but not a garden.", 3 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double n = 2;
        for (const char *p = cases[i].prompt; (p = strpbrk(p, "|,")); p++)
            n += p > strpbrk(cases[i].prompt, "|,");
        near(n * asked("slots", cases[i].prompt, cases[i].output), cases[i].want, 1e-12, cases[i].output);
    }
    ok(isnan(asked("slots", "What is it?", "It is.")), "a prompt without slots does not count");
    ok(asked("slots_all", "a[b], c[d]", "b d") == 1 && asked("slots_all", "a[b], c[d]", "b") == 0, "all slots or not");
    ok(!tb_slots_has("[]") && !tb_slots_has("a[") && !tb_slots_has("a:") && tb_slots_has("a:b"), "what is a slot");
}

/* The other values of a key are those of the rows together. */
static void lists(void)
{
    const struct tb_score_row rows[] = {
        { .prompt = "name[A], food[French]", .output = "A serves French and Thai food." },
        { .prompt = "name[B], food[Thai]", .output = "B serves Thai food." },
    };
    const char *name = "slots";
    struct tb_scores x;
    struct tb_scorer *s = tb_scorer_open(&name, 1, NULL);
    ok(tb_score_rows(s, rows, 1, &x, NULL) && x.value[0] == 1, "of a row alone nothing else is known");
    tb_scores_free(&x);
    ok(tb_score_rows(s, rows, 2, &x, NULL) && x.row_value[0] == 0.5 && x.row_value[1] == 1 && x.value[0] == 0.75,
       "a text that names two values says neither");
    tb_scores_free(&x);
    tb_scorer_close(s);
}

static void losses(void)
{
    const struct tb_score_row rows[] = { { .loss = 1, .n_tok = 10 }, { .loss = 3, .n_tok = 30 } };
    const char *names[] = { "loss", "perplexity" };
    struct tb_scores x;
    struct tb_scorer *s = tb_scorer_open(names, 2, NULL);
    ok(tb_score_rows(s, rows, 2, &x, NULL), "losses");
    near(x.value[0], 2.5, 1e-12, "the loss is weighted by tokens");
    near(x.value[1], exp(2.5), 1e-12, "perplexity is exp of it, not the mean of rows");
    near(x.row_value[3], exp(3), 1e-12, "perplexity of a row");
    ok(tb_scorer_metric(s, 0)->is_lower_better && tb_scorer_needs(s) == TB_NEEDS_LOSS, "lower is better");
    tb_scores_free(&x);
    tb_scorer_close(s);
}

static void refused(const char *a, const char *b, const char *words)
{
    const char *names[] = { a, b };
    struct tb_err err = { 0 };
    struct tb_scorer *s = tb_scorer_open(names, b ? 2 : 1, &err);
    if (!ok(!s && err.kind == TB_ERR_RECIPE && strstr(err.text, words), "'%s' is refused: %s", a, words))
        printf("# %s\n", err.text);
    tb_scorer_close(s);
}

static void names(void)
{
    refused("blue", NULL, "did you mean 'bleu'?");
    refused("xyzzyxyz", NULL, "there are bleu, chrf");
    refused("regexp:x", NULL, "a matcher is");
    refused("regex:(", NULL, "regular expression, byte 1");
    refused("contains: . ", NULL, "nothing but blanks");
    refused("number:none", NULL, "holds no number");
    refused("a b=regex:x", NULL, "a name holds");
    refused("=regex:x", NULL, "a name holds");
    refused("loss=regex:x", NULL, "no matcher can be called 'loss'");
    refused("bleu_low=regex:x", NULL, "no matcher can be called 'bleu_low'");
    refused("seconds=regex:x", NULL, "no matcher can be called 'seconds'");
    refused("bleu", "bleu", "two metrics are called 'bleu'");
    refused("regex:a", "regex:b", "t.match{ name");
    refused("number", "number:5", "two metrics are called 'number'");
    const char *good[] = { "bleu", "a=regex:x", "b=regex:y", "contains:z" };
    struct tb_scorer *s = tb_scorer_open(good, 4, NULL);
    is_str(tb_scorer_name(s, 1), "a", "a matcher's own name");
    is_str(tb_scorer_name(s, 3), "contains", "a matcher's name is its kind");
    tb_scorer_close(s);
}

static void lacks(const char *metric, struct tb_score_row row, const char *words)
{
    struct tb_err err = { 0 };
    struct tb_scores x;
    struct tb_scorer *s = tb_scorer_open(&metric, 1, NULL);
    ok(!tb_score_rows(s, &row, 1, &x, &err) && err.kind == TB_ERR_FORMAT && strstr(err.text, words), "%s: %s", metric,
       words);
    tb_scores_free(&x);
    tb_scorer_close(s);
}

static void needs(void)
{
    const char *ref = "x";
    lacks("bleu", (struct tb_score_row){ .output = "x" }, "row 1 has no reference, which 'bleu' needs");
    lacks("slots", (struct tb_score_row){ .output = "x" }, "row 1 has no prompt");
    lacks("loss", (struct tb_score_row){ .output = "x", .loss = 1 }, "row 1 has no loss");
    lacks("exact", (struct tb_score_row){ .refs = &ref, .n_refs = 1 }, "row 1 has no output");
}

/* ---- intervals */

static void intervals(void)
{
    struct tb_score_row rows[200] = { 0 };
    const char *ref = "a b c d e", *names[] = { "exact", "bleu" };
    char prompt[100][16];
    struct tb_scores x, again;
    struct tb_scorer *s = tb_scorer_open(names, 2, NULL);
    for (size_t i = 0; i < 200; i++) {
        snprintf(prompt[i / 2], sizeof *prompt, "p %zu", i / 2);
        rows[i] = (struct tb_score_row){ .prompt = prompt[i / 2], .output = i / 2 % 4 ? ref : "a b c x y", .refs = &ref,
                                         .n_refs = 1 };
    }
    tb_score_rows(s, rows, 200, &x, NULL);
    ok(isnan(x.low[0]), "no interval before anybody asks");
    tb_scores_resample(&x, s, rows);
    is_int(x.n_prompts, 100, "rows of one prompt are one");
    near(x.value[0], 0.75, 1e-12, "share");
    /* of 100 prompts: sqrt(0.75 0.25 / 100) = 0.0433; of 200 rows it would be 0.0306 */
    near((x.high[0] - x.low[0]) / 2, 1.96 * 0.0433, 0.01, "the interval is that of prompts");
    ok(x.low[1] < x.value[1] && x.value[1] < x.high[1], "BLEU's interval holds it");
    tb_score_rows(s, rows, 200, &again, NULL);
    tb_scores_resample(&again, s, rows);
    ok(memcmp(x.low, again.low, 2 * sizeof *x.low) == 0, "the same interval every time");
    tb_scores_free(&again);
    tb_score_rows(s, rows, 2, &again, NULL);
    tb_scores_resample(&again, s, rows);
    ok(again.n_prompts == 1 && isnan(again.low[0]), "one prompt gives no interval");
    tb_scores_free(&again);
    for (size_t i = 0; i < 200; i++)
        rows[i].prompt = NULL;
    tb_scores_resample(&x, s, rows);
    is_int(x.n_prompts, 200, "without prompts each row stands for itself");
    tb_scores_free(&x);
    tb_score_rows(s, rows, 0, &x, NULL);
    tb_scores_resample(&x, s, rows);
    ok(isnan(x.value[0]) && isnan(x.low[1]), "no rows, no value");
    tb_scores_free(&x);
    tb_scorer_close(s);
}

/* ---- properties */

static size_t table_lcs(const uint32_t *a, size_t na, const uint32_t *b, size_t nb)
{
    size_t *row = tb_xcalloc(nb + 1, sizeof *row);
    for (size_t i = 0; i < na; i++)
        for (size_t j = 1, diagonal = 0; j <= nb; j++) {
            size_t up = row[j];
            row[j] = a[i] == b[j - 1] ? diagonal + 1 : up > row[j - 1] ? up : row[j - 1];
            diagonal = up;
        }
    size_t n = row[nb];
    free(row);
    return n;
}

static uint32_t draw(uint32_t k, uint32_t i)
{
    uint32_t word[4];
    tb_philox(word, (uint32_t[4]){ 1, k, i, 0 }, 7);
    return word[0];
}

static void subsequences(void)
{
    uint32_t a[400], b[400];
    size_t wrong = 0;
    for (uint32_t k = 0; k < 200; k++) {
        size_t na = draw(k, 1000) % 400, nb = draw(k, 1001) % 400;
        uint32_t n_ids = 1 + draw(k, 1002) % 30;
        for (uint32_t i = 0; i < 400; i++) {
            a[i] = draw(k, i) % n_ids;
            b[i] = draw(k, i + 500) % n_ids;
        }
        wrong += tb_rouge_lcs(a, na, b, nb, n_ids) != table_lcs(a, na, b, nb);
    }
    is_int(wrong, 0, "the longest common subsequence is that of the table, 200 times");
}

/* Clipped matches by looking at all pairs. */
static size_t slow_match(const uint32_t *a, size_t na, const uint32_t *b, size_t nb, size_t n)
{
    bool used[64] = { false };
    size_t found = 0;
    for (size_t i = 0; i + n <= na; i++)
        for (size_t j = 0; j + n <= nb; j++)
            if (!used[j] && memcmp(a + i, b + j, n * sizeof *a) == 0) {
                used[j] = true;
                found++;
                break;
            }
    return found;
}

static void grams(void)
{
    size_t wrong = 0;
    for (uint32_t k = 0; k < 100; k++) {
        uint32_t id[128];
        size_t n_of[3] = { draw(k, 200) % 40, draw(k, 201) % 40, draw(k, 202) % 40 }, total[3], match[3];
        for (uint32_t i = 0; i < 128; i++)
            id[i] = draw(k, i) % 3 * 100000;
        struct tb_grams *g = tb_grams_open(id, n_of, 3);
        for (size_t n = 1; n <= 6; n++) {
            tb_grams_next(g, total, match);
            wrong += match[1] != slow_match(id, n_of[0], id + n_of[0], n_of[1], n);
            wrong += match[2] != slow_match(id, n_of[0], id + n_of[0] + n_of[1], n_of[2], n);
            wrong += match[0] < match[1] || match[0] < match[2] || match[0] > match[1] + match[2];
        }
        tb_grams_close(g);
    }
    is_int(wrong, 0, "n-grams are counted as all pairs count them");
}

static char *repeated(const char *piece, size_t bytes)
{
    struct tb_buf b = { 0 };
    while (b.n < bytes)
        tb_buf_str(&b, piece);
    return tb_buf_take(&b);
}

/* Long texts of what is worst for each part, the first a megabyte; all metrics. The test of time is that it ends. */
static void hostile(void)
{
    static const char *const pieces[] = { "a", "a ", "a b ", "1,111", "1-", ".,", "&amp;", "\xff", "\xe2\x80", "#### ",
                                          "x[y],", "k:v|", "not families ", "-\n", "(", "\xcc\x81\xcc\xa3" };
    const char *names[32];
    size_t n = 0;
    for (; tb_metric_at(n); n++)
        names[n] = tb_metric_at(n)->name;
    names[n++] = "contains:a a";
    names[n++] = "regex:(a|b)*c";
    struct tb_scorer *s = tb_scorer_open(names, n, NULL);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        char *big = repeated(pieces[i], i ? 1 << 17 : 1 << 20), *other = repeated(pieces[i], 1 << 14);
        const char *refs[] = { other, big, "" };
        struct tb_score_row row = { .prompt = big, .output = big, .refs = refs, .n_refs = 3, .loss = 1, .n_tok = 1 };
        struct tb_scores x;
        struct tb_err err = { 0 };
        bool good = tb_score_rows(s, &row, 1, &x, &err);
        for (size_t m = 0; good && m < n; m++)
            good = isnan(x.value[m]) || (x.value[m] >= 0 && x.value[m] <= 100.0000001);
        ok(good, "a long text of piece %zu, over and over", i);
        tb_scores_free(&x);
        free(big);
        free(other);
    }
    tb_scorer_close(s);
}

int main(void)
{
    agreement();
    answers();
    numbers();
    slots();
    lists();
    losses();
    names();
    needs();
    intervals();
    subsequences();
    grams();
    hostile();
    return done();
}
