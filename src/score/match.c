/* SPDX-License-Identifier: MIT */
/* match.c - answers that are right or wrong: the metric `exact` and three matchers. The value is the share of rows that
 * are right. exact: output and one of the references are equal in the normal form of tb_words_normal (case folded,
 * blanks single, no punctuation at the end). Matchers look for what the recipe wrote: contains and exact in normal
 * form, regex in the text as it is. A regular expression that gives up on a text does not match it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/regex.h"
#include "score/metric.h"
#include "score/words.h"

double tb_metric_mean(const double *sums)
{
    return sums[1] > 0 ? sums[0] / sums[1] : NAN;
}

static bool put(double *sums, bool is_right)
{
    sums[0] = is_right;
    sums[1] = 1;
    return true;
}

static bool row_exact(void *own, const struct tb_score_row *r, double *sums)
{
    char *output = tb_words_normal(r->output);
    bool is_right = false;
    for (size_t i = 0; i < r->n_refs && !is_right; i++) {
        char *ref = tb_words_normal(r->refs[i]);
        is_right = strcmp(output, ref) == 0;
        free(ref);
    }
    free(output);
    return put(sums, is_right);
}

static void *open_text(const char *arg, struct tb_err *err)
{
    char *text = tb_words_normal(arg);
    if (*text)
        return text;
    tb_fail(err, TB_ERR_RECIPE, "a pattern of nothing but blanks and final punctuation");
    free(text);
    return NULL;
}

static bool row_contains(void *own, const struct tb_score_row *r, double *sums)
{
    char *output = tb_words_normal(r->output);
    bool is_right = strstr(output, own) != NULL;
    free(output);
    return put(sums, is_right);
}

static bool row_equals(void *own, const struct tb_score_row *r, double *sums)
{
    char *output = tb_words_normal(r->output);
    bool is_right = strcmp(output, own) == 0;
    free(output);
    return put(sums, is_right);
}

static void *open_regex(const char *arg, struct tb_err *err)
{
    return tb_regex_open(arg, false, err);
}

static void close_regex(void *own)
{
    tb_regex_close(own);
}

static bool row_regex(void *own, const struct tb_score_row *r, double *sums)
{
    return put(sums, tb_regex_matches(own, r->output));
}

const struct tb_metric tb_metric_exact = {
    .name = "exact", .help = "share equal to a reference, but for case, blanks and final punctuation",
    .needs = TB_NEEDS_OUTPUT | TB_NEEDS_REFERENCES, .n_sums = 2, .row = row_exact, .value = tb_metric_mean,
};

const struct tb_metric tb_matcher_exact = {
    .name = "exact", .help = "share equal to the pattern, but for case, blanks and final punctuation",
    .needs = TB_NEEDS_OUTPUT, .n_sums = 2, .open = open_text, .close = free, .row = row_equals,
    .value = tb_metric_mean,
};

const struct tb_metric tb_matcher_contains = {
    .name = "contains", .help = "share with the pattern in it, whatever case and blanks", .needs = TB_NEEDS_OUTPUT,
    .n_sums = 2, .open = open_text, .close = free, .row = row_contains, .value = tb_metric_mean,
};

const struct tb_metric tb_matcher_regex = {
    .name = "regex", .help = "share in which the regular expression (PCRE2) finds a match", .needs = TB_NEEDS_OUTPUT,
    .n_sums = 2, .open = open_regex, .close = close_regex, .row = row_regex, .value = tb_metric_mean,
};
