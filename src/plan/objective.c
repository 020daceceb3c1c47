/* SPDX-License-Identifier: MIT */
/* objective.c - names of series against the keys that ask for them. */
#include "plan/objective.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "score/score.h"

enum { MOST = 64 };

/* Series of a run, and which of them are better when lower: 1 lower, -1 higher, 0 as the recipe says. */
struct series {
    char *name[MOST + 1];
    int lower[MOST];
    size_t n;
};

static void add(struct series *s, char *name, int lower)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->name[i], name) == 0 || s->n == MOST) {
            free(name);
            return;
        }
    s->lower[s->n] = lower;
    s->name[s->n++] = name;
}

/* A matcher may look for what is wanted, or for what is not. */
static struct series series_of(const struct tb_config *c)
{
    struct series s = { .n = 0 };
    struct tb_scorer *scorer = tb_scorer_of(tb_config_get(c, "eval.metrics"), NULL);
    add(&s, tb_xstrdup("eval/loss"), 1);
    for (size_t i = 0; scorer && i < tb_scorer_len(scorer); i++) {
        const struct tb_metric *m = tb_scorer_metric(scorer, i);
        bool is_matcher = false;
        for (size_t k = 0; tb_matcher_at(k); k++)
            is_matcher = is_matcher || m == tb_matcher_at(k);
        add(&s, tb_xasprintf("eval/%s", tb_scorer_name(scorer, i)), is_matcher ? 0 : m->is_lower_better ? 1 : -1);
    }
    if (*tb_config_str(c, "eval.forget"))
        add(&s, tb_xstrdup("forget/loss"), 1);
    tb_scorer_close(scorer);
    return s;
}

static bool is_unknown(const struct series *s, const char *metric, struct tb_err *err)
{
    const char *near = tb_str_nearest(metric, (const char *const *)s->name);
    struct tb_buf all = { 0 };
    for (size_t i = 0; i < s->n; i++)
        tb_buf_fmt(&all, "%s%s", i ? ", " : "", s->name[i]);
    tb_fail(err, TB_ERR_RECIPE, "objective: no evaluation produces '%.60s'%s%s%s; there %s %s. "
            "eval = { metrics = {..} } asks for metrics of texts, eval = { forget = .. } for forget/loss", metric,
            near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "", s->n == 1 ? "is" : "are", all.p);
    tb_buf_free(&all);
    return false;
}

static bool check(const struct series *s, const char *metric, const char *goal, struct tb_err *err)
{
    int want = strcmp(goal, "max") == 0 ? -1 : 1;
    for (size_t i = 0; i < s->n; i++) {
        if (strcmp(s->name[i], metric) != 0)
            continue;
        return !s->lower[i] || s->lower[i] == want
            || tb_fail(err, TB_ERR_RECIPE, "objective: %s is better when it is %s: { \"%s\", \"%s\" }", metric,
                       want > 0 ? "higher" : "lower", metric, want > 0 ? "max" : "min");
    }
    return is_unknown(s, metric, err);
}

bool tb_objective_check(const struct tb_json *objective, const struct tb_config *c, bool is_pruned, struct tb_err *err)
{
    const char *metric = tb_json_str(tb_json_get(objective, "metric"), "eval/loss"),
               *goal = tb_json_str(tb_json_get(objective, "goal"), "min");
    struct series s = series_of(c);
    bool is_late = strcmp(metric, "eval/loss") != 0 && strcmp(tb_config_str(c, "eval.when"), "each") != 0;
    bool good = check(&s, metric, goal, err);
    if (good && is_pruned && is_late)
        good = tb_fail(err, TB_ERR_RECIPE, "objective: prune judges trials under way, and %s is measured at their end; "
                       "set eval = { when = \"each\" }", metric);
    for (size_t i = 0; i < s.n; i++)
        free(s.name[i]);
    return good;
}
