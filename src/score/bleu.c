/* SPDX-License-Identifier: MIT */
/* bleu.c - BLEU as sacrebleu defines it (Papineni et al. 2002; Post 2018, arXiv:1804.08771), signature
 * case:mixed|eff:no|tok:13a|smooth:exp, from 0 to 100:
 *     BP exp(mean over n = 1 .. 4 of log p_n)     BP = exp(1 - r / c) if the output is shorter, r: closest reference
 * A p_n of zero becomes 1 / (2^k total), k counting them. Of a single row only the orders it is long enough for count
 * (sacrebleu's effective order).
 * Tokens are mteval-v13a's: four substitutions one after the other over bytes, which is the same as over code points,
 * since nothing that they look for is part of a longer sequence. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "score/grams.h"
#include "score/metric.h"
#include "score/words.h"

enum { ORDER = 4, OUT_LEN = 0, REF_LEN = 1, CORRECT = 2, TOTAL = CORRECT + ORDER, N_SUMS = TOTAL + ORDER };

static void replace(struct tb_buf *b, const char *what, const char *by)
{
    struct tb_buf out = { 0 };
    size_t len = strlen(what), from = 0;
    for (const char *at; b->p && (at = memmem(b->p + from, b->n - from, what, len));) {
        tb_buf_add(&out, b->p + from, (size_t)(at - b->p) - from);
        tb_buf_str(&out, by);
        from = (size_t)(at - b->p) + len;
    }
    if (from == 0) {
        tb_buf_free(&out);
        return;
    }
    tb_buf_add(&out, b->p + from, b->n - from);
    tb_buf_free(b);
    *b = out;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_point(char c)
{
    return c == '.' || c == ',';
}

/* [{-~[-` -&(-+:-@/]: ASCII that is no letter, digit, control, nor one of ' , - . */
static bool is_symbol(char c)
{
    return c >= ' ' && c <= '~' && !is_digit(c) && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '\''
        && c != ',' && c != '-' && c != '.';
}

static bool is_after(char a, char b) /* ([^0-9])([.,]) */
{
    return !is_digit(a) && is_point(b);
}

static bool is_before(char a, char b) /* ([.,])([^0-9]) */
{
    return is_point(a) && !is_digit(b);
}

static bool is_dash(char a, char b) /* ([0-9])(-) */
{
    return is_digit(a) && b == '-';
}

/* Puts blanks around pairs that do not overlap, left to right: before the first if `leads`, between, behind unless
 * `leads`. */
static void part(struct tb_buf *b, bool (*is_pair)(char, char), bool leads)
{
    struct tb_buf out = { 0 };
    for (size_t i = 0; i < b->n; i++) {
        if (i + 1 == b->n || !is_pair(b->p[i], b->p[i + 1])) {
            tb_buf_char(&out, b->p[i]);
            continue;
        }
        const char pair[] = { ' ', b->p[i], ' ', b->p[i + 1], ' ' };
        tb_buf_add(&out, pair + !leads, 4);
        i++;
    }
    tb_buf_free(b);
    *b = out;
}

static size_t without_blanks(const char *s)
{
    size_t n = strlen(s), end = 0;
    uint32_t cp;
    for (size_t i = 0, step; i < n; i += step) {
        step = tb_words_step(s + i, n - i, &cp);
        if (!tb_words_is_blank(cp))
            end = i + step;
    }
    return end;
}

void tb_bleu_words(const char *s, struct tb_buf *b, struct tb_words *words)
{
    struct tb_buf spaced = { 0 };
    tb_buf_add(b, s, without_blanks(s));
    replace(b, "<skipped>", "");
    replace(b, "-\n", "");
    replace(b, "\n", " ");
    replace(b, "&quot;", "\"");
    replace(b, "&amp;", "&");
    replace(b, "&lt;", "<");
    replace(b, "&gt;", ">");
    tb_buf_char(&spaced, ' ');
    for (size_t i = 0; i < b->n; i++) {
        const char around[] = { ' ', b->p[i], ' ' };
        bool is_alone = is_symbol(b->p[i]);
        tb_buf_add(&spaced, around + !is_alone, is_alone ? 3 : 1);
    }
    tb_buf_char(&spaced, ' ');
    tb_buf_free(b);
    *b = spaced;
    part(b, is_after, false);
    part(b, is_before, true);
    part(b, is_dash, false);
    tb_words_split(words, b->p, b->n);
}

/* The length nearest to the output's; of two the shorter. */
static size_t closest(const struct tb_words *text, size_t n)
{
    size_t best = 0, distance = SIZE_MAX, len = text[0].n;
    for (size_t t = 1; t < n; t++) {
        size_t d = text[t].n > len ? text[t].n - len : len - text[t].n;
        if (d < distance || (d == distance && text[t].n < best))
            best = text[t].n;
        distance = d < distance ? d : distance;
    }
    return best;
}

static bool row(void *own, const struct tb_score_row *r, double *sums)
{
    size_t n = r->n_refs + 1;
    struct tb_buf *b = tb_xcalloc(n, sizeof *b);
    struct tb_words *text = tb_xcalloc(n, sizeof *text);
    size_t *total = tb_xcalloc(3 * n, sizeof *total), *match = total + n, *n_of = match + n;
    for (size_t t = 0; t < n; t++) {
        tb_bleu_words(t ? r->refs[t - 1] : r->output, &b[t], &text[t]);
        n_of[t] = text[t].n;
    }
    uint32_t *id = tb_words_number(text, n);
    struct tb_grams *g = tb_grams_open(id, n_of, n);
    sums[OUT_LEN] = (double)text[0].n;
    sums[REF_LEN] = (double)closest(text, n);
    for (int i = 0; i < ORDER; i++) {
        tb_grams_next(g, total, match);
        sums[CORRECT + i] = (double)match[0];
        sums[TOTAL + i] = (double)total[0];
    }
    tb_grams_close(g);
    for (size_t t = 0; t < n; t++) {
        tb_buf_free(&b[t]);
        tb_words_free(&text[t]);
    }
    free(id);
    free(total);
    free(text);
    free(b);
    return true;
}

static double bleu(const double *s, bool is_effective)
{
    double logs = 0, smooth = 1, penalty = 1;
    int order = ORDER, n = 0;
    if (s[CORRECT] == 0) /* then no longer one matches either */
        return 0;
    if (s[OUT_LEN] < s[REF_LEN])
        penalty = exp(1 - s[REF_LEN] / s[OUT_LEN]);
    for (; n < ORDER && s[TOTAL + n] > 0; n++) {
        double correct = 100 * s[CORRECT + n];
        if (correct == 0) {
            smooth *= 2;
            correct = 100 / smooth;
        }
        logs += log(correct / s[TOTAL + n]);
    }
    if (is_effective)
        order = n;
    return n < order ? 0 : penalty * exp(logs / order);
}

static double value(const double *sums)
{
    return bleu(sums, false);
}

static double row_value(const double *sums)
{
    return bleu(sums, true);
}

const struct tb_metric tb_metric_bleu = {
    .name = "bleu", .help = "BLEU of sacrebleu (13a, exp), 0 to 100; a row's with its effective order",
    .needs = TB_NEEDS_OUTPUT | TB_NEEDS_REFERENCES, .n_sums = N_SUMS, .row = row, .value = value,
    .row_value = row_value,
};
