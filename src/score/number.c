/* SPDX-License-Identifier: MIT */
/* number.c - numeric answers as GSM8K has them. The answer of a text is the first number behind its last "####", else
 * its last number. A number is digits with an optional fraction; commas count if groups of three digits follow; a minus
 * (ASCII's or U+2212) counts before the digits, or before one currency sign, where no letter or digit stands before it,
 * so 5-3 ends with 3. Signs and units around it do not matter. Two numbers are equal if their digits are: 1,234.50 is
 * 1234.5, and no rounding takes part. Rows whose references hold no number do not count. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "score/metric.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t digits(const char *s)
{
    size_t n = 0;
    while (is_digit(s[n]))
        n++;
    return n;
}

/* Bytes of the whole number at s: digits, and groups of three where commas stand. */
static size_t whole(const char *s)
{
    size_t n = digits(s);
    if (n < 1 || n > 3)
        return n;
    while (s[n] == ',' && digits(s + n + 1) == 3)
        n += 4;
    return n;
}

/* The code point before s + at, 0 at the beginning; *start is where it begins. */
static uint32_t before(const char *s, size_t at, size_t *start)
{
    uint32_t cp = 0;
    *start = at;
    while (*start > 0 && at - *start < 4) {
        --*start;
        if ((s[*start] & 0xc0) != 0x80)
            break;
    }
    return at && tb_utf8_step(s + *start, at - *start, &cp) ? cp : 0;
}

static bool is_currency(uint32_t cp)
{
    return cp == '$' || (cp >= 0xa2 && cp <= 0xa5) || (cp >= 0x20a0 && cp <= 0x20cf);
}

static bool is_minus(uint32_t cp)
{
    return cp == '-' || cp == 0x2212;
}

static bool is_negative(const char *s, size_t at)
{
    size_t start;
    uint32_t cp = before(s, at, &start);
    if (is_currency(cp))
        cp = before(s, start, &start);
    if (!is_minus(cp))
        return false;
    cp = before(s, start, &start);
    return !cp || !tb_utf8_is_wordy(cp);
}

/* A number in the text: from a digit, or a point with a digit behind it and none before. */
struct found {
    size_t at, n_whole, n;
};

static bool next(const char *s, size_t from, struct found *f)
{
    for (f->at = from; s[f->at]; f->at++) {
        const char *p = s + f->at;
        bool is_point = *p == '.' && is_digit(p[1]) && !(f->at && is_digit(p[-1]));
        if (!is_digit(*p) && !is_point)
            continue;
        f->n_whole = whole(p);
        size_t fraction = p[f->n_whole] == '.' ? digits(p + f->n_whole + 1) : 0;
        f->n = f->n_whole + (fraction ? fraction + 1 : 0);
        return true;
    }
    return false;
}

static char *canonical(const char *s, const struct found *f)
{
    struct tb_buf b = { 0 };
    const char *p = s + f->at;
    size_t end = f->n, i = 0;
    while (end > f->n_whole && (p[end - 1] == '0' || p[end - 1] == '.'))
        end--;
    while (i < f->n_whole && (p[i] == '0' || p[i] == ','))
        i++;
    bool is_zero = i == end;
    if (!is_zero && is_negative(s, f->at))
        tb_buf_char(&b, '-');
    if (i >= f->n_whole)
        tb_buf_char(&b, '0');
    for (; i < end; i++)
        if (p[i] != ',')
            tb_buf_char(&b, p[i]);
    return tb_buf_take(&b);
}

char *tb_number_find(const char *s)
{
    const char *mark = NULL;
    struct found f, last = { 0 };
    for (const char *at = s; (at = strstr(at, "####")); at++)
        mark = at + 4;
    if (mark && next(mark, 0, &f))
        return canonical(mark, &f);
    for (size_t from = 0; next(s, from, &f); from = f.at + f.n)
        last = f;
    return last.n ? canonical(s, &last) : NULL;
}

static bool is_same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static bool row(void *own, const struct tb_score_row *r, double *sums)
{
    char *output = tb_number_find(r->output);
    for (size_t i = 0; i < r->n_refs; i++) {
        char *ref = tb_number_find(r->refs[i]);
        sums[0] = sums[0] || is_same(output, ref);
        sums[1] = sums[1] || ref;
        free(ref);
    }
    free(output);
    return sums[1] > 0;
}

static void *open(const char *arg, struct tb_err *err)
{
    char *number = tb_number_find(arg);
    if (!number)
        tb_fail(err, TB_ERR_RECIPE, "'%.60s' holds no number", arg);
    return number;
}

static bool row_pattern(void *own, const struct tb_score_row *r, double *sums)
{
    char *output = tb_number_find(r->output);
    sums[0] = is_same(output, own);
    sums[1] = 1;
    free(output);
    return true;
}

const struct tb_metric tb_metric_number = {
    .name = "number", .help = "share whose last number (or the one behind ####) is a reference's",
    .needs = TB_NEEDS_OUTPUT | TB_NEEDS_REFERENCES, .n_sums = 2, .row = row, .value = tb_metric_mean,
};

const struct tb_metric tb_matcher_number = {
    .name = "number", .help = "share whose last number (or the one behind ####) is the pattern's",
    .needs = TB_NEEDS_OUTPUT, .n_sums = 2, .open = open, .close = free, .row = row_pattern, .value = tb_metric_mean,
};
