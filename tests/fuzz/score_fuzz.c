/* SPDX-License-Identifier: MIT */
/* score_fuzz.c - any bytes as prompt, output and references (parts between zero bytes): every metric gives a number in
 * its range or none, and an output that is its own reference is the best there is. Corpus: tests/fuzz/corpus/score. */
#include <math.h>
#include <string.h>

#include "score/score.h"
#include "tests/fuzz/fuzz.h"

enum { MAX_PARTS = 8 };

static struct tb_scorer *scorer(void)
{
    static struct tb_scorer *s;
    const char *name[32];
    size_t n = 0;
    for (; !s && tb_metric_at(n); n++)
        name[n] = tb_metric_at(n)->name;
    name[n] = "regex:(a|b)*c";
    name[n + 1] = "contains:a";
    if (!s)
        s = tb_scorer_open(name, n + 2, NULL);
    return s;
}

static void check(const struct tb_score_row *row, bool is_own)
{
    struct tb_scores x;
    struct tb_err err = { 0 };
    bool good = tb_score_rows(scorer(), row, 1, &x, &err);
    tb_assert(good);
    for (size_t i = 0; i < x.n_metrics; i++) {
        const char *name = tb_scorer_name(scorer(), i);
        tb_assert(isnan(x.value[i]) || (x.value[i] >= 0 && x.value[i] < 100.000001));
        tb_assert(!is_own || strcmp(name, "exact") != 0 || x.value[i] == 1);
        tb_assert(!is_own || strcmp(name, "number") != 0 || isnan(x.value[i]) || x.value[i] == 1);
        tb_assert(!is_own || strncmp(name, "rouge", 5) != 0 || x.value[i] == 0 || x.value[i] == 1);
    }
    tb_scores_free(&x);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    char *text = calloc(n + 1, 1);
    const char *part[MAX_PARTS] = { "", "", "" };
    size_t n_parts = 0;
    if (!text)
        abort();
    if (n)
        memcpy(text, p, n);
    for (size_t at = 0; at < n && n_parts < MAX_PARTS; at += strlen(text + at) + 1)
        part[n_parts++] = text + at;
    n_parts = n_parts < 3 ? 3 : n_parts;
    check(&(struct tb_score_row){ part[0], part[1], part + 2, n_parts - 2, 1, 1 }, false);
    check(&(struct tb_score_row){ part[0], part[1], part + 1, 1, 1, 1 }, true);
    free(text);
    return 0;
}
