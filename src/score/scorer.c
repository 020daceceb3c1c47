/* SPDX-License-Identifier: MIT */
/* scorer.c - the table of metrics, names into metrics, and rows through all of them. Texts are made valid UTF-8 once,
 * so that no metric has to care. */
#include "score/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "score/metric.h"

#define TB_METRIC(name) &tb_metric_##name,
#define TB_MATCHER(name)
static const struct tb_metric *const metrics[] = {
#include "score/metrics.def"
};
#undef TB_METRIC
#undef TB_MATCHER

#define TB_METRIC(name)
#define TB_MATCHER(name) &tb_matcher_##name,
static const struct tb_metric *const matchers[] = {
#include "score/metrics.def"
};

enum { N_METRICS = sizeof metrics / sizeof *metrics, N_MATCHERS = sizeof matchers / sizeof *matchers };

const struct tb_metric *tb_metric_at(size_t i)
{
    return i < N_METRICS ? metrics[i] : NULL;
}

const struct tb_metric *tb_matcher_at(size_t i)
{
    return i < N_MATCHERS ? matchers[i] : NULL;
}

struct item {
    const struct tb_metric *m;
    char *name;
    void *own;    /* what m->open made, or NULL */
    size_t first; /* of its sums in a row's */
};

struct tb_scorer {
    struct item *item;
    size_t n, width;
};

static bool is_unknown(const char *word, struct tb_err *err)
{
    const char *names[N_METRICS + 1] = { NULL };
    struct tb_buf all = { 0 };
    for (size_t i = 0; i < N_METRICS; i++) {
        names[i] = metrics[i]->name;
        tb_buf_fmt(&all, "%s%s", i ? ", " : "", names[i]);
    }
    const char *near = tb_str_nearest(word, names);
    if (near)
        tb_fail(err, TB_ERR_RECIPE, "there is no metric '%.60s'; did you mean '%s'?", word, near);
    else
        tb_fail(err, TB_ERR_RECIPE, "there is no metric '%.60s'; there are %s, and contains:, exact:, regex: and "
                "number: with a pattern behind them", word, all.p);
    tb_buf_free(&all);
    return false;
}

static bool is_name(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n && ((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') || (s[i] >= '0' && s[i] <= '9')
                     || s[i] == '_' || s[i] == '-'))
        i++;
    return n > 0 && i == n;
}

/* What stands beside metrics where they are recorded: NAME_low, NAME_high, n_prompts, seconds; and other metrics. */
static bool is_reserved(const char *name)
{
    static const char *const beside[] = { "n_prompts", "seconds", NULL };
    bool is_other = false;
    for (size_t i = 0; i < N_METRICS; i++)
        is_other = is_other || strcmp(metrics[i]->name, name) == 0;
    return is_other || tb_str_in(name, beside) || tb_str_ends(name, "_low") || tb_str_ends(name, "_high");
}

/* "polite=regex:.." or "regex:..". */
static bool add_matcher(struct item *it, const char *word, const char *colon, struct tb_err *err)
{
    const char *equals = memchr(word, '=', (size_t)(colon - word)), *kind = equals ? equals + 1 : word;
    size_t n = (size_t)(colon - kind), n_name = equals ? (size_t)(equals - word) : n;
    for (size_t i = 0; i < N_MATCHERS; i++)
        if (strlen(matchers[i]->name) == n && memcmp(matchers[i]->name, kind, n) == 0)
            it->m = matchers[i];
    if (!it->m)
        return tb_fail(err, TB_ERR_RECIPE, "'%.60s': a matcher is contains, exact, regex or number, a colon, and the "
                       "pattern", word);
    if (!is_name(word, n_name))
        return tb_fail(err, TB_ERR_RECIPE, "'%.60s': a name holds letters, digits, - and _", word);
    it->name = tb_xasprintf("%.*s", (int)n_name, word);
    if (equals && is_reserved(it->name))
        return tb_fail(err, TB_ERR_RECIPE, "no matcher can be called '%.60s': another column has that name", it->name);
    if (!tb_utf8_valid(colon, strlen(colon)))
        return tb_fail(err, TB_ERR_RECIPE, "%s: the pattern is not UTF-8", it->name);
    it->own = it->m->open(colon + 1, err);
    if (!it->own && err) {
        err->kind = TB_ERR_RECIPE;
        tb_err_prefix(err, "metric %.60s", it->name);
    }
    return it->own != NULL;
}

static bool add_metric(struct item *it, const char *word, struct tb_err *err)
{
    for (size_t i = 0; i < N_METRICS; i++)
        if (strcmp(metrics[i]->name, word) == 0)
            it->m = metrics[i];
    if (!it->m)
        return is_unknown(word, err);
    it->name = tb_xstrdup(word);
    it->own = it->m->open ? it->m->open(NULL, err) : NULL;
    return !it->m->open || it->own;
}

static bool add(struct tb_scorer *s, const char *word, struct tb_err *err)
{
    struct item *it = &s->item[s->n++];
    const char *colon = strchr(word, ':');
    if (!(colon ? add_matcher(it, word, colon, err) : add_metric(it, word, err)))
        return false;
    for (size_t i = 0; i + 1 < s->n; i++)
        if (strcmp(s->item[i].name, it->name) == 0)
            return tb_fail(err, TB_ERR_RECIPE, "two metrics are called '%.60s'; a matcher can have another name: "
                           "mine=regex:.., or t.match{ name = \"mine\", .. }", it->name);
    it->first = s->width;
    s->width += it->m->n_sums;
    return true;
}

struct tb_scorer *tb_scorer_open(const char *const *words, size_t n, struct tb_err *err)
{
    struct tb_scorer *s = tb_xcalloc(1, sizeof *s);
    s->item = tb_xcalloc(n + 1, sizeof *s->item);
    for (size_t i = 0; i < n; i++) {
        if (add(s, words[i], err))
            continue;
        tb_scorer_close(s);
        return NULL;
    }
    return s;
}

struct tb_scorer *tb_scorer_of(const struct tb_json *names, struct tb_err *err)
{
    size_t n = tb_json_len(names);
    const char **words = tb_xcalloc(n + 1, sizeof *words);
    for (size_t i = 0; i < n; i++)
        words[i] = tb_json_str(tb_json_at(names, i), "");
    struct tb_scorer *s = tb_scorer_open(words, n, err);
    free(words);
    return s;
}

void tb_scorer_close(struct tb_scorer *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++) {
        if (s->item[i].own)
            s->item[i].m->close(s->item[i].own);
        free(s->item[i].name);
    }
    free(s->item);
    free(s);
}

size_t tb_scorer_len(const struct tb_scorer *s)
{
    return s->n;
}

const char *tb_scorer_name(const struct tb_scorer *s, size_t i)
{
    return s->item[i].name;
}

const struct tb_metric *tb_scorer_metric(const struct tb_scorer *s, size_t i)
{
    return s->item[i].m;
}

unsigned tb_scorer_needs(const struct tb_scorer *s)
{
    unsigned needs = 0;
    for (size_t i = 0; i < s->n; i++)
        needs |= s->item[i].m->needs;
    return needs;
}

static bool is_complete(const struct tb_scorer *s, const struct tb_score_row *r, size_t i, struct tb_err *err)
{
    unsigned has = (r->n_refs ? TB_NEEDS_REFERENCES : 0) | (r->prompt ? TB_NEEDS_PROMPT : 0)
        | (r->n_tok > 0 ? TB_NEEDS_LOSS : 0) | (r->output ? TB_NEEDS_OUTPUT : 0);
    size_t bytes = (r->prompt ? strlen(r->prompt) : 0) + (r->output ? strlen(r->output) : 0);
    for (size_t k = 0; k < r->n_refs; k++)
        bytes += strlen(r->refs[k]);
    if (bytes > TB_SCORE_MAX_BYTES)
        return tb_fail(err, TB_ERR_LIMIT, "row %zu has %zu bytes of text, at most %d can be scored", i + 1, bytes,
                       TB_SCORE_MAX_BYTES);
    for (size_t k = 0; k < s->n; k++) {
        unsigned lacks = s->item[k].m->needs & ~has;
        if (lacks)
            return tb_fail(err, TB_ERR_FORMAT, "row %zu has no %s, which '%.60s' needs", i + 1,
                           lacks & TB_NEEDS_REFERENCES ? "reference" : lacks & TB_NEEDS_PROMPT ? "prompt"
                           : lacks & TB_NEEDS_OUTPUT ? "output" : "loss", s->item[k].name);
    }
    return true;
}

/* The text as valid UTF-8; *copy is it where it had to be made. */
static const char *valid(const char *s, char **copy)
{
    size_t n = s ? strlen(s) : 0;
    *copy = NULL;
    if (!s || tb_utf8_valid(s, n))
        return s ? s : "";
    struct tb_buf b = { 0 };
    for (size_t i = 0, step; i < n; i += step ? step : 1) {
        step = tb_utf8_step(s + i, n - i, NULL);
        if (step)
            tb_buf_add(&b, s + i, step);
        else
            tb_buf_str(&b, "\xef\xbf\xbd");
    }
    *copy = tb_buf_take(&b);
    return *copy;
}

static void score(const struct tb_scorer *s, const struct tb_score_row *given, struct tb_scores *out, size_t i)
{
    struct tb_score_row r = *given;
    char *prompt, *output, **copy = tb_xcalloc(r.n_refs + 1, sizeof *copy);
    const char **refs = tb_xcalloc(r.n_refs + 1, sizeof *refs);
    double *sums = out->sums + i * out->width;
    r.prompt = valid(given->prompt, &prompt);
    r.output = valid(given->output, &output);
    for (size_t k = 0; k < r.n_refs; k++)
        refs[k] = valid(given->refs[k], &copy[k]);
    r.refs = refs;
    for (size_t k = 0; k < s->n; k++) {
        const struct item *it = &s->item[k];
        bool is_counted = it->m->row(it->own, &r, sums + it->first);
        double v = is_counted ? (it->m->row_value ? it->m->row_value : it->m->value)(sums + it->first) : NAN;
        out->row_value[i * s->n + k] = v;
        out->n_counted[k] += is_counted;
    }
    for (size_t k = 0; k < r.n_refs; k++)
        free(copy[k]);
    free(copy);
    free(refs);
    free(prompt);
    free(output);
}

static void add_up(struct tb_scorer *s, struct tb_scores *out)
{
    double *sums = tb_xcalloc(s->width + 1, sizeof *sums);
    for (size_t i = 0; i < out->n_rows; i++)
        for (size_t j = 0; j < s->width; j++)
            sums[j] += out->sums[i * s->width + j];
    for (size_t k = 0; k < s->n; k++) {
        out->value[k] = out->n_counted[k] ? s->item[k].m->value(sums + s->item[k].first) : NAN;
        out->low[k] = out->high[k] = NAN;
    }
    free(sums);
}

bool tb_score_rows(struct tb_scorer *s, const struct tb_score_row *rows, size_t n, struct tb_scores *out,
                   struct tb_err *err)
{
    *out = (struct tb_scores){ .n_metrics = s->n, .n_rows = n, .width = s->width };
    for (size_t i = 0; i < n; i++)
        if (!is_complete(s, &rows[i], i, err))
            return false;
    out->value = tb_xcalloc(s->n + 1, sizeof *out->value);
    out->low = tb_xcalloc(s->n + 1, sizeof *out->low);
    out->high = tb_xcalloc(s->n + 1, sizeof *out->high);
    out->n_counted = tb_xcalloc(s->n + 1, sizeof *out->n_counted);
    out->row_value = tb_xcalloc(n * s->n + 1, sizeof *out->row_value);
    out->sums = tb_xcalloc(n * s->width + 1, sizeof *out->sums);
    for (size_t k = 0; k < s->n; k++)
        if (s->item[k].m->look)
            s->item[k].m->look(s->item[k].own, rows, n);
    for (size_t i = 0; i < n; i++)
        score(s, &rows[i], out, i);
    add_up(s, out);
    return true;
}

void tb_scores_free(struct tb_scores *x)
{
    free(x->value);
    free(x->low);
    free(x->high);
    free(x->n_counted);
    free(x->row_value);
    free(x->sums);
    *x = (struct tb_scores){ 0 };
}
