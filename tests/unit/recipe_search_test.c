/* SPDX-License-Identifier: MIT */
/* recipe_search_test.c - recipes that search: the same plan each time, equal numbers of trials, ranges within stacks
 * and sections, where, seeds, run_cap, spaces with few points. The test is its own child process. */
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "recipe/recipe.h"
#include "sweep/search.h"
#include "tests/recipes/words.h"
#include "tests/tap.h"

#define HEAD "local t = require 'tunebench'\nreturn t.sweep { base = t.model 'tiny', data = t.pairs 'places.txt', " \
             "budget = t.tokens(60e3), "
#define TWO "method = t.one_of { t.lora { r = t.choice { 2, 4, 8 }, lr = t.log_uniform(1e-4, 1e-1) }, " \
            "t.prefix { tokens = t.int(5, 20), lr = t.log_uniform(1e-4, 1e-1) } }, "

static char *dir;

static struct tb_plan *plan(const char *rest, const char *set)
{
    struct tb_override at = { .text = set };
    struct tb_overrides o = { &at, set != NULL };
    struct tb_plan *p = NULL;
    struct tb_err err = { 0 };
    char *path = tb_path_join(dir, "r.lua"), *text = tb_xasprintf("%s%s }", HEAD, rest);
    tb_file_replace(path, text, strlen(text), NULL);
    if (!tb_recipe_eval(path, &o, &p, &err))
        printf("# %s:%d: %s\n", err.where, err.line, err.text);
    free(text);
    free(path);
    return p;
}

static size_t n_of(const struct tb_plan *p, const char *method)
{
    size_t n = 0;
    for (size_t i = 0; p && i < p->n_runs; i++)
        n += strcmp(tb_config_str(&p->runs[i], "method.kind"), method) == 0;
    return n;
}

static char *text_of(const struct tb_plan *p)
{
    struct tb_json *j = p ? tb_plan_to_json(p) : tb_json_new_map();
    char *text = tb_json_text(j, TB_JSON_CANONICAL);
    tb_json_free(j);
    return text;
}

static void same_plan(void)
{
    static const char recipe[] = TWO "per = 'method', search = t.random { trials = 6 }";
    char *first = text_of(NULL);
    bool same = true;
    for (int i = 0; i < 4; i++) {
        struct tb_plan *p = plan(recipe, NULL);
        char *text = text_of(p);
        same = same && p && (i == 0 || strcmp(first, text) == 0);
        free(first);
        first = text;
        tb_plan_free(p);
    }
    free(first);
    ok(same, "the same recipe is the same plan");
}

static void arms(void)
{
    struct tb_plan *p = plan(TWO "per = 'method', search = t.random { trials = 6 }", NULL);
    ok(n_of(p, "lora") == 6 && n_of(p, "prefix") == 6, "each method has its trials");
    is_int(tb_json_len(tb_json_get(p ? p->sweep : NULL, "points")), 12, "a point for each run");
    bool concrete = p != NULL;
    for (size_t i = 0; p && i < p->n_runs; i++) {
        double lr = tb_config_real(&p->runs[i], "optim.lr");
        concrete = concrete && lr >= 1e-4 && lr <= 1e-1;
    }
    ok(concrete, "every run has a rate of its own");
    tb_plan_free(p);
    p = plan(TWO "search = t.random { trials = 12 }", NULL);
    ok(n_of(p, "lora") + n_of(p, "prefix") == 12 && n_of(p, "lora") && n_of(p, "prefix"), "one arm of both methods");
    tb_plan_free(p);
    p = plan(TWO "per = 'method', search = t.random { trials = 6 }", "lr=0.01");
    bool fixed = p != NULL;
    for (size_t i = 0; p && i < p->n_runs; i++)
        fixed = fixed && fabs(tb_config_real(&p->runs[i], "optim.lr") - 0.01) < 1e-12;
    ok(fixed, "--set takes a key out of the space");
    is_int(n_of(p, "lora"), 3, "which has only three points left for LoRA");
    tb_plan_free(p);
}

static void filters(void)
{
    struct tb_plan *p = plan(TWO "per = 'method', search = t.random { trials = 5 }, "
                             "where = function(c) return c['optim.lr'] < 1e-3 end", NULL);
    bool low = p != NULL;
    for (size_t i = 0; p && i < p->n_runs; i++)
        low = low && tb_config_real(&p->runs[i], "optim.lr") < 1e-3;
    ok(low && n_of(p, "lora") == 5 && n_of(p, "prefix") == 5, "where refuses points, not trials");
    tb_plan_free(p);
}

static void places(void)
{
    struct tb_plan *p = plan("method = t.stack { t.lora { r = t.choice { 2, 4 } }, t.prompt { tokens = t.int(3, 6) }, "
                             "lr = t.log_uniform(1e-3, 1e-2) }, optim = { decay = t.uniform(0.01, 0.2) }, "
                             "search = t.random { trials = 8 }", NULL);
    bool good = p && p->n_runs == 8;
    for (size_t i = 0; good && i < p->n_runs; i++) {
        int64_t n = tb_config_int(&p->runs[i], "method.1.prompt.tokens");
        double decay = tb_config_real(&p->runs[i], "optim.decay");
        good = n >= 3 && n <= 6 && decay >= 0.01 && decay <= 0.2;
    }
    ok(good, "ranges in the parts of a stack and in optim");
    tb_plan_free(p);
    p = plan("method = t.lora { r = t.grid { 2, 4, 8 } }, search = t.random { trials = 2 }", NULL);
    is_int(p ? p->n_runs : 0, 2, "in a search a grid is drawn from");
    tb_plan_free(p);
}

static void seeds(void)
{
    struct tb_plan *p = plan(TWO "per = 'method', seed = t.grid { 3, 4, 5 }, search = t.random { trials = 9 }, "
                             "run_cap = 16", NULL);
    const struct tb_json *spec = p ? p->sweep : NULL;
    bool first = p != NULL;
    for (size_t i = 0; p && i < p->n_runs; i++)
        first = first && tb_config_int(&p->runs[i], "seed") == 3;
    ok(first, "trials have the first seed");
    is_int(tb_json_len(tb_json_get(spec, "seeds")), 3, "the others are kept for the finalists");
    is_int(tb_json_int(tb_json_get(spec, "finalists"), -1), 1, "of which there is one by default");
    is_int(n_of(p, "lora"), 6, "16 runs: two arms of 6 trials and 2 more seeds");
    tb_plan_free(p);
    p = plan(TWO "per = 'method', search = t.tpe { trials = 9, startup = 4 }", NULL);
    is_int(n_of(p, "lora"), 72, "a search by results has a pool to choose from");
    tb_plan_free(p);
}

int main(int argc, char **argv)
{
    words_add();
    tb_search_register();
    if (argc > 1 && strcmp(argv[1], TB_RECIPE_CHILD) == 0)
        return tb_recipe_child(argc, argv);
    tb_log_to(-1, TB_LOG_ERROR);
    const char *tmp = getenv("TMPDIR");
    dir = tb_xasprintf("%s/tb-search-XXXXXX", tmp ? tmp : "/tmp");
    if (!ok(mkdtemp(dir) != NULL, "a folder"))
        return done();
    same_plan();
    arms();
    filters();
    places();
    seeds();
    tb_dir_remove(dir, NULL);
    free(dir);
    return done();
}
