/* SPDX-License-Identifier: MIT */
/* chrf.c - chrF2 (Popovic 2015) and chrF2++ (Popovic 2017) as sacrebleu defines them, signature
 * case:mixed|eff:yes|nc:6|nw:0 or 2|space:no, from 0 to 100: the F-score, recall counting four times, of mean precision
 * and mean recall over character n-grams of 1 to 6, for ++ also word n-grams of 1 and 2; blanks are no characters. Of
 * several references a row counts the one it scores best with. Orders that one side is too short for are left out. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "score/grams.h"
#include "score/metric.h"
#include "score/words.h"

enum { CHARS = 6, WORDS = 2, OUT = 0, REF = 1, MATCH = 2, BETA2 = 4 };

static double f_score(const double *s, size_t n_orders)
{
    double precision = 0, recall = 0;
    int n = 0;
    for (size_t i = 0; i < n_orders; i++, s += 3) {
        if (s[OUT] <= 0 || s[REF] <= 0)
            continue;
        precision += s[MATCH] / s[OUT];
        recall += s[MATCH] / s[REF];
        n++;
    }
    if (precision + recall == 0)
        return 0;
    precision /= n;
    recall /= n;
    return 100 * ((1 + BETA2) * precision * recall / (BETA2 * precision + recall));
}

/* What an n-gram order of a row is: for each reference out, ref and match. */
static void put(double *all, size_t n_orders, size_t order, const size_t *total, const size_t *match, size_t n_refs)
{
    for (size_t t = 1; t <= n_refs; t++) {
        double *s = all + ((t - 1) * n_orders + order) * 3;
        s[OUT] = total[t] ? (double)total[0] : 0;
        s[REF] = (double)total[t];
        s[MATCH] = (double)match[t];
    }
}

static const char *text_of(const struct tb_score_row *r, size_t t)
{
    return t ? r->refs[t - 1] : r->output;
}

static void chars(const struct tb_score_row *r, double *all, size_t n_orders)
{
    size_t n = r->n_refs + 1, room = 1, at = 0;
    size_t *total = tb_xcalloc(3 * n, sizeof *total), *match = total + n, *n_of = match + n;
    for (size_t t = 0; t < n; t++)
        room += strlen(text_of(r, t));
    uint32_t *id = tb_xcalloc(room, sizeof *id);
    for (size_t t = 0; t < n; t++) {
        const char *s = text_of(r, t);
        for (size_t i = 0, len = strlen(s); i < len;) {
            i += tb_words_step(s + i, len - i, &id[at]);
            if (tb_words_is_blank(id[at]))
                continue;
            n_of[t]++;
            at++;
        }
    }
    struct tb_grams *g = tb_grams_open(id, n_of, n);
    for (size_t order = 0; order < CHARS; order++) {
        tb_grams_next(g, total, match);
        put(all, n_orders, order, total, match, r->n_refs);
    }
    tb_grams_close(g);
    free(id);
    free(total);
}

static bool is_punctuation(char c)
{
    return c && strchr("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", c);
}

/* One mark is taken off each word, at its end, or else at its beginning. */
static void split(struct tb_words *out, const char *s)
{
    struct tb_words w = { 0 };
    tb_words_split(&w, s, strlen(s));
    for (size_t i = 0; i < w.n; i++) {
        const char *p = w.at[i].p;
        size_t n = w.at[i].n, cut = 0;
        if (n > 1 && is_punctuation(p[n - 1]))
            cut = n - 1;
        else if (n > 1 && is_punctuation(p[0]))
            cut = 1;
        if (cut)
            tb_words_add(out, p, cut);
        tb_words_add(out, p + cut, n - cut);
    }
    tb_words_free(&w);
}

static void words(const struct tb_score_row *r, double *all, size_t n_orders)
{
    size_t n = r->n_refs + 1;
    size_t *total = tb_xcalloc(3 * n, sizeof *total), *match = total + n, *n_of = match + n;
    struct tb_words *text = tb_xcalloc(n, sizeof *text);
    for (size_t t = 0; t < n; t++) {
        split(&text[t], text_of(r, t));
        n_of[t] = text[t].n;
    }
    uint32_t *id = tb_words_number(text, n);
    struct tb_grams *g = tb_grams_open(id, n_of, n);
    for (size_t order = CHARS; order < n_orders; order++) {
        tb_grams_next(g, total, match);
        put(all, n_orders, order, total, match, r->n_refs);
    }
    tb_grams_close(g);
    for (size_t t = 0; t < n; t++)
        tb_words_free(&text[t]);
    free(id);
    free(text);
    free(total);
}

/* Of the references the first with the best score. */
static bool row(const struct tb_score_row *r, double *sums, size_t n_orders)
{
    double *all = tb_xcalloc(r->n_refs * n_orders * 3, sizeof *all), best = -1;
    chars(r, all, n_orders);
    if (n_orders > CHARS)
        words(r, all, n_orders);
    for (size_t t = 0; t < r->n_refs; t++) {
        const double *s = all + t * n_orders * 3;
        double f = f_score(s, n_orders);
        if (f > best)
            memcpy(sums, s, n_orders * 3 * sizeof *s);
        best = f > best ? f : best;
    }
    free(all);
    return true;
}

static bool row_chrf(void *own, const struct tb_score_row *r, double *sums)
{
    return row(r, sums, CHARS);
}

static bool row_chrfpp(void *own, const struct tb_score_row *r, double *sums)
{
    return row(r, sums, CHARS + WORDS);
}

static double value_chrf(const double *sums)
{
    return f_score(sums, CHARS);
}

static double value_chrfpp(const double *sums)
{
    return f_score(sums, CHARS + WORDS);
}

const struct tb_metric tb_metric_chrf = {
    .name = "chrf", .help = "chrF2 of sacrebleu, 0 to 100", .needs = TB_NEEDS_OUTPUT | TB_NEEDS_REFERENCES,
    .n_sums = 3 * CHARS, .row = row_chrf, .value = value_chrf,
};

const struct tb_metric tb_metric_chrfpp = {
    .name = "chrfpp", .help = "chrF2++ of sacrebleu, 0 to 100", .needs = TB_NEEDS_OUTPUT | TB_NEEDS_REFERENCES,
    .n_sums = 3 * (CHARS + WORDS), .row = row_chrfpp, .value = value_chrfpp,
};
