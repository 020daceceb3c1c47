/* SPDX-License-Identifier: MIT */
/* rouge.c - ROUGE-1, ROUGE-2 and ROUGE-L (Lin 2004) as the rouge-score library defines them, without stemming, from 0
 * to 1: F = 2 P R / (P + R) of shared n-grams, or of the longest common subsequence. Of several references the best
 * F; of several rows the mean. Tokens are runs of a-z and 0-9 of the lower-cased text; everything else, other scripts
 * too, separates. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "score/grams.h"
#include "score/metric.h"
#include "score/words.h"

/* What lower-casing makes of a code point where that is a-z or 0-9, else 0: two others than A-Z become ASCII, the
 * dotted I and the Kelvin sign. */
static char token_char(uint32_t cp)
{
    if ((cp >= 'a' && cp <= 'z') || (cp >= '0' && cp <= '9'))
        return (char)cp;
    if (cp >= 'A' && cp <= 'Z')
        return (char)(cp - 'A' + 'a');
    return cp == 0x130 ? 'i' : cp == 0x212a ? 'k' : 0;
}

/* The tokens of s, pointing into b. */
static void tokens(const char *s, char *b, struct tb_words *out)
{
    size_t n = strlen(s), len = 0;
    uint32_t cp = 0;
    for (size_t i = 0; i <= n;) {
        char c = 0;
        if (i < n) {
            i += tb_words_step(s + i, n - i, &cp);
            c = token_char(cp);
        } else
            i++;
        if (c) {
            b[len++] = c;
            /* lower-cased, the dotted I is followed by a combining dot */
            c = cp == 0x130 ? 0 : c;
        }
        if (!c && len) {
            tb_words_add(out, b, len);
            b += len;
            len = 0;
        }
    }
}

/* Where each number stands, as the bits of words: one list after the other, by ascending word. */
struct places {
    size_t *first; /* [n_ids + 1] */
    struct mask {
        size_t word;
        uint64_t bits;
    } *at;
};

static struct places places_of(const uint32_t *a, size_t n, size_t n_ids)
{
    struct places p = { tb_xcalloc(n_ids + 1, sizeof *p.first), tb_xcalloc(n + 1, sizeof *p.at) };
    size_t *next = tb_xcalloc(n_ids + 1, sizeof *next); /* behind what a list holds so far */
    for (int is_filling = 0; is_filling < 2; is_filling++) {
        size_t *last = tb_xcalloc(n_ids + 1, sizeof *last); /* word of the last mask, from 1 */
        for (size_t i = 0; i < n; i++) {
            next[a[i]] += last[a[i]] != i / 64 + 1;
            last[a[i]] = i / 64 + 1;
            if (!is_filling)
                continue;
            p.at[next[a[i]] - 1].word = i / 64;
            p.at[next[a[i]] - 1].bits |= (uint64_t)1 << i % 64;
        }
        free(last);
        for (size_t id = 0, sum = 0; !is_filling && id < n_ids; id++) {
            sum += next[id];
            p.first[id + 1] = sum;
            next[id] = p.first[id];
        }
    }
    free(next);
    return p;
}

/* One word of Hyyro's step: v + (v & m) and v & ~m joined; returns the carry. */
static unsigned step(uint64_t *v, uint64_t m, unsigned carry)
{
    uint64_t u = *v & m, sum = *v + u, all = sum + carry;
    unsigned out = (sum < u) | (all < sum);
    *v = all | (*v & ~m);
    return out;
}

/* Bit-parallel (Hyyro 2004): bit i of v is 0 where the longest subsequence grows at a[i]. Only words with a match, and
 * those a carry runs through, are touched. */
static size_t lcs(const uint32_t *a, size_t na, const uint32_t *b, size_t nb, size_t n_ids)
{
    size_t n_words = na / 64 + 1, grown = 0;
    struct places p = places_of(a, na, n_ids);
    uint64_t *v = tb_xcalloc(n_words, sizeof *v);
    memset(v, 0xff, n_words * sizeof *v);
    for (size_t j = 0; j < nb; j++) {
        const struct mask *m = p.at + p.first[b[j]], *end = p.at + p.first[b[j] + 1];
        unsigned carry = 0;
        for (size_t w = m < end ? m->word : n_words; w < n_words;) {
            uint64_t bits = m < end && m->word == w ? m++->bits : 0;
            carry = step(&v[w], bits, carry);
            if (carry)
                w++;
            else
                w = m < end ? m->word : n_words;
        }
    }
    for (size_t w = 0; w < n_words; w++)
        grown += (size_t)__builtin_popcountll(~v[w]);
    free(v);
    free(p.first);
    free(p.at);
    return grown;
}

size_t tb_rouge_lcs(const uint32_t *a, size_t na, const uint32_t *b, size_t nb, size_t n_ids)
{
    size_t same = 0;
    while (na && nb && a[0] == b[0]) {
        a++, b++, na--, nb--, same++;
    }
    while (na && nb && a[na - 1] == b[nb - 1])
        na--, nb--, same++;
    return na && nb ? same + lcs(a, na, b, nb, n_ids) : same;
}

static double f_score(size_t shared, size_t n_out, size_t n_ref)
{
    double p = (double)shared / (double)(n_out ? n_out : 1), r = (double)shared / (double)(n_ref ? n_ref : 1);
    return p + r > 0 ? 2 * p * r / (p + r) : 0;
}

static double best_grams(const uint32_t *id, const size_t *n_of, size_t n, int order)
{
    size_t *total = tb_xcalloc(2 * n, sizeof *total), *match = total + n;
    struct tb_grams *g = tb_grams_open(id, n_of, n);
    double best = 0;
    for (int i = 0; i < order; i++)
        tb_grams_next(g, total, match);
    for (size_t t = 1; t < n; t++) {
        double f = f_score(match[t], total[0], total[t]);
        best = f > best ? f : best;
    }
    tb_grams_close(g);
    free(total);
    return best;
}

static double best_lcs(const uint32_t *id, const size_t *n_of, size_t n)
{
    double best = 0;
    size_t all = 0;
    for (size_t t = 0; t < n; t++)
        all += n_of[t];
    const uint32_t *ref = id + n_of[0];
    for (size_t t = 1; t < n; ref += n_of[t++]) {
        double f = f_score(tb_rouge_lcs(ref, n_of[t], id, n_of[0], all), n_of[0], n_of[t]);
        best = f > best ? f : best;
    }
    return best;
}

/* order 0: the longest common subsequence. */
static bool row(const struct tb_score_row *r, double *sums, int order)
{
    size_t n = r->n_refs + 1;
    char **b = tb_xcalloc(n, sizeof *b);
    struct tb_words *text = tb_xcalloc(n, sizeof *text);
    size_t *n_of = tb_xcalloc(n, sizeof *n_of);
    for (size_t t = 0; t < n; t++) {
        const char *s = t ? r->refs[t - 1] : r->output;
        b[t] = tb_xcalloc(strlen(s) + 1, 1);
        tokens(s, b[t], &text[t]);
        n_of[t] = text[t].n;
    }
    uint32_t *id = tb_words_number(text, n);
    sums[0] = order ? best_grams(id, n_of, n, order) : best_lcs(id, n_of, n);
    sums[1] = 1;
    for (size_t t = 0; t < n; t++) {
        tb_words_free(&text[t]);
        free(b[t]);
    }
    free(id);
    free(n_of);
    free(text);
    free(b);
    return true;
}

static bool row_1(void *own, const struct tb_score_row *r, double *sums)
{
    return row(r, sums, 1);
}

static bool row_2(void *own, const struct tb_score_row *r, double *sums)
{
    return row(r, sums, 2);
}

static bool row_l(void *own, const struct tb_score_row *r, double *sums)
{
    return row(r, sums, 0);
}

#define ROUGE(n, h, f) \
    { .name = n, .help = h, .needs = TB_NEEDS_OUTPUT | TB_NEEDS_REFERENCES, .n_sums = 2, .row = f, \
      .value = tb_metric_mean }
const struct tb_metric tb_metric_rouge1 = ROUGE("rouge1", "ROUGE-1 F of rouge-score, 0 to 1", row_1);
const struct tb_metric tb_metric_rouge2 = ROUGE("rouge2", "ROUGE-2 F of rouge-score, 0 to 1", row_2);
const struct tb_metric tb_metric_rougeL = ROUGE("rougeL", "ROUGE-L F of rouge-score, 0 to 1", row_l);
