/* SPDX-License-Identifier: MIT */
/* recipe_bad_test.c - every way in which a recipe can be wrong (the fixtures in tests/recipes):
 * each is an error with file, line and words, and none reaches the machine (recipe_limits_test.c:
 * none hangs or eats memory). The test is its own child process. */
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "recipe/recipe.h"
#include "sweep/search.h"
#include "tests/recipes/words.h"
#include "tests/tap.h"

struct bad {
    const char *file;
    int line;
    const char *words;
};

static const struct bad bad[] = {
    { "typo-word", 3, "has no 'loar'; did you mean 'lora'?" },
    { "typo-sweep", 3, "t.sweep has no 'sede'; did you mean 'seed'?" },
    { "typo-method", 6, "t.lora has no 'aplha'; did you mean 'alpha'?" },
    { "typo-optim", 3, "optim has no 'lrr'; did you mean 'lr'?" },
    { "typo-data", 3, "t.pairs has no 'evl'; did you mean 'eval'?" },
    { "typo-choice", 3, "did you mean \"text\"?" },
    { "typo-global", 3, "'lora' is not defined" },
    { "type-int", 4, "r must be an integer from 1 to 4096, not \"eight\"" },
    { "type-in-grid", 3, "not 8.5" },
    { "range-int", 3, "from 1 to 4096, not 0" },
    { "seed-list", 3, "t.grid" },
    { "value-function", 3, "r is a function; expected an integer from 1 to 4096" },
    { "value-nan", 3, "optim: beta2 is not a finite number; expected a number from" },
    { "value-infinite", 3, "t.lora: targets[2] is not a finite number; expected" },
    { "search-target", 3, "objective: target must be a finite number, not " },
    { "value-cycle", 5, "within itself" },
    { "bare-budget", 3, "write t.tokens(100000), t.steps(100000)" },
    { "half-token", 3, "a whole number" },
    { "no-budget", 3, "needs a budget" },
    { "no-method", 3, "needs a method" },
    { "minutes", 3, "constant" },
    { "run-grid", 3, "write t.sweep" },
    { "one-of-numbers", 3, "there is t.grid" },
    { "zip-uneven", 3, "'alpha' has 3 values, 'r' has 2" },
    { "zip-twice", 3, "'r' is written twice" },
    { "stack-full", 3, "t.full cannot be part of a stack" },
    { "stack-one", 3, "2 to 8 parts" },
    { "mix-one", 3, "2 to 16 sources, not 1" },
    { "mix-nested", 3, "source 2 must be as t.pairs" },
    { "mix-shared", 3, "'eval' belongs to all sources together" },
    { "mix-weight", 3, "weight must be a number from 0 to 1000, not -1" },
    { "mix-pair", 3, "t.mix: source 1 has no 'wieght'; did you mean 'weight'?" },
    { "mix-grid", 3, "40000 runs; at most 10000" },
    { "probe-part", 3, "its parts are probed together" },
    { "probe-seed", 3, "seed wants a plain value, not t.probe" },
    { "typo-probe", 3, "t.probe has no 'rate'; did you mean 'rates'?" },
    { "empty-grid", 3, "a list in braces" },
    { "many", 3, "20000 runs; at most 10000" },
    { "many-points", 3, "200000 runs; at most 10000" },
    { "returns-nothing", 4, "must return t.sweep{..} or t.run{..}; this one returns nil" },
    { "returns-method", 3, "must return t.sweep" },
    { "search-reversed", 3, "t.log_uniform(0.1, 0.0001): the range is reversed; write t.log_uniform(0.0001, 0.1)" },
    { "search-empty", 3, "the range is empty; write the value 4" },
    { "search-zero", 3, "both ends must be above 0" },
    { "search-choice", 3, "this range is empty" },
    { "search-methods", 3, "methods are chosen by t.one_of" },
    { "search-whole", 3, "r must be an integer from 1 to 4096, not 1.5" },
    { "search-limits", 3, "r must be an integer from 1 to 4096, not 5000" },
    { "search-none", 3, "t.int stands for values that a search draws; add search" },
    { "search-prune", 3, "'prune' belongs to a search" },
    { "search-bare", 3, "min wants t.tokens(n), not 20000" },
    { "search-metric", 3, "no evaluation produces 'eval/bleu'" },
    { "search-goal", 3, "eval/loss is better when it is lower: { \"eval/loss\", \"min\" }" },
    { "search-near", 3, "no evaluation produces 'eval/slot' (did you mean 'eval/slots'?)" },
    { "search-late", 3, "eval/slots is measured at their end; set eval = { when = \"each\" }" },
    { "forget-grid", 3, "forget takes one text" },
    { "search-cap", 3, "run_cap = 2 leaves no trial: there are 1 arms, and each has 2 runs of finalists" },
    { "search-seed", 3, "a seed is not searched" },
    { "search-per", 3, "per must be \"method\", not arm" },
    { "search-typo", 3, "t.random has no 'trails'; did you mean 'trials'?" },
    { "search-run", 3, "a search is made by t.sweep" },
    { "where-text", 3, "where must be a function" },
    { "where-nil", 3, "true or false, not nil" },
    { "where-none", 3, "no run is left" },
    { "where-error", 5, "attempt to index a nil value (field 'lora')" },
    { "syntax", 3, "expected near 'seed'" },
    { "runtime", 4, "attempt to index a nil value (local 'x')" },
    { "raised", 3, "not today" },
    { "raised-table", 3, "an error of type table" },
    { "finaliser", 3, "__gc" },
    { "io-open", 3, "no 'io' here" },
    { "os-execute", 3, "no 'os' here" },
    { "load-text", 3, "no 'load' here" },
    { "global-write", 3, "write local total" },
    { "require-path", 3, "letters, digits" },
    { "require-missing", 3, "beside the recipe" },
    { "circle", 3, "in a circle" },
};

/* Faults that lie in another file than the one that was run. */
static const struct { const char *file, *at; int line; const char *words; } elsewhere[] = {
    { "module-error", "broken", 3, "attempt to index a number value" },
    { "deep", "arms", 4, "r must be an integer" },
};

static char *fixture(const char *name)
{
    const char *top = getenv("srcdir");
    return tb_xasprintf("%s/tests/recipes/%s.lua", top ? top : ".", name);
}

static void refused(const char *name, const char *at, int line, const char *words)
{
    char *path = fixture(name), *where = fixture(at);
    struct tb_plan *p = NULL;
    struct tb_err err = { 0 };
    bool good = tb_recipe_eval(path, NULL, &p, &err);
    if (!ok(!good && err.kind == TB_ERR_RECIPE && strcmp(err.where, where) == 0 && err.line == line
            && strstr(err.text, words), "%s: line %d: %s", name, line, words))
        printf("# said: %s:%d: %s\n", err.where, err.line, err.text);
    tb_plan_free(p);
    free(path);
    free(where);
}

/* Bytes into a temporary file; an error with these words must come of it. */
static void bytes_refused(const char *dir, const char *bytes, size_t n, const char *words)
{
    char *path = tb_path_join(dir, "r.lua");
    struct tb_plan *p = NULL;
    struct tb_err err = { 0 };
    FILE *f = fopen(path, "wb");
    fwrite(bytes, 1, n, f);
    fclose(f);
    if (!ok(!tb_recipe_eval(path, NULL, &p, &err) && strstr(err.text, words), "%s", words))
        printf("# said: %s:%d: %s\n", err.where, err.line, err.text);
    tb_plan_free(p);
    free(path);
}

static void odd_files(void)
{
    static const char code[] = "\x1bLuaS\0\x19\x93\r\n", cut[] = "return '\xff'",
        zero[] = "return \0 1";
    const char *tmp = getenv("TMPDIR");
    char *dir = tb_xasprintf("%s/tb-recipe-XXXXXX", tmp ? tmp : "/tmp");
    struct tb_plan *p = NULL;
    struct tb_err err = { 0 };
    if (ok(mkdtemp(dir) != NULL, "a folder")) {
        bytes_refused(dir, code, sizeof code - 1, "compiled Lua");
        bytes_refused(dir, cut, sizeof cut - 1, "not UTF-8");
        bytes_refused(dir, zero, sizeof zero - 1, "not UTF-8");
        bytes_refused(dir, "", 0, "this one returns nil");
        tb_dir_remove(dir, NULL);
    }
    ok(!tb_recipe_eval("/nonexistent/x.lua", NULL, &p, &err) && err.kind == TB_ERR_NOTFOUND,
       "no such recipe");
    free(dir);
}

int main(int argc, char **argv)
{
    words_add();
    tb_search_register();
    if (argc > 1 && strcmp(argv[1], TB_RECIPE_CHILD) == 0)
        return tb_recipe_child(argc, argv);
    tb_log_to(-1, TB_LOG_ERROR);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(bad[i].file, bad[i].file, bad[i].line, bad[i].words);
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
        refused(elsewhere[i].file, elsewhere[i].at, elsewhere[i].line, elsewhere[i].words);
    odd_files();
    return done();
}
