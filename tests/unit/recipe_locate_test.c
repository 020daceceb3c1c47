/* SPDX-License-Identifier: MIT */
/* recipe_locate_test.c - an error about a key names the line on which it is written, whatever stands before it: the
 * line with "--!" in each of these recipes. The test is its own child process. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "recipe/recipe.h"
#include "sweep/search.h"
#include "tests/recipes/words.h"
#include "tests/tap.h"

#define BEGIN "local t = require \"tunebench\"\n-- sede = 1\n"
#define BASE "  base = t.model \"tiny\", data = t.pairs { \"x\",\n    eval = 0.1,\n  }, budget = t.tokens(1e4),\n"
#define LORA "  method = t.lora {\n    r = 8 },\n"

static const struct {
    const char *text, *words;
} wrong[] = {
    { BEGIN "return t.sweep {\n" BASE LORA "  sede = 3, --!\n}\n", "t.sweep has no 'sede'; did you mean 'seed'?" },
    { BEGIN "return t.sweep {\n" BASE "  --[[ sede = 1\n  sede = 2 ]]\n" LORA "  sede = 3, --!\n}\n", "no 'sede'" },
    { BEGIN "local s = [==[\nsede = 1, ]] ]==]\nreturn t.sweep {\n" BASE LORA "  sede = 3 --!\n}\n", "no 'sede'" },
    { BEGIN "return t.sweep {\n  where = function(c) return c.seed == 1 and '\\'{ seed = 1' ~= \", seed = 2\" end,\n"
      BASE LORA "  seed = -1, --!\n}\n", "seed must be an integer from 0 to 2^53" },
    { BEGIN "return t.sweep {\n" BASE LORA "  eval =\n  {\n    rows = 1,\n    evxry = 1, --!\n  } }\n",
      "eval has no 'evxry'" },
    { BEGIN "return t.sweep {\n" BASE LORA "  optim = { beta1 = 0.9,\n    lr = 1e-400 }, --!\n}\n",
      "lr must be a number above 0" },
    { BEGIN "return t.sweep {\n" BASE "  method = t.lora {\n    r = 8,\n    lr = 0, --!\n  } }\n",
      "above 0, at most 100" },
    { BEGIN "return t.sweep {\n" BASE LORA "  eval = 5, --!\n}\n", "eval must be a table of keys" },
    { BEGIN "return t.sweep {\n" BASE LORA "  eval = { rows = 4 },\n  batch = 0, --!\n}\n", "rows must be an integer" },
    { BEGIN "return t.sweep {\n" BASE LORA "  eval = {\n    metrics = { \"blxu\" }, --!\n  } }\n", "no metric 'blxu'" },
    { BEGIN "return t.sweep {\n" BASE LORA "  search = t.random { trials = 3 },\n  objective = { --!\n"
      "    \"eval/loss\", \"max\" } }\n", "better when it is lower" },
    { BEGIN "return t.sweep {\n" BASE LORA "  per = \"arm\",\n  serch = t.random { trials = 3 }, --!\n}\n",
      "t.sweep has no 'serch'; did you mean 'search'?" },
    { BEGIN "local s = {\n" BASE LORA "  sede = 3,\n}\nreturn t.sweep(s) --!\n", "no 'sede'" },
    { BEGIN "local b = t.run {\n" BASE LORA "}\nreturn b:with {\n  seed = 1,\n  buget = 1, --!\n}\n", "no 'buget'" },
    { BEGIN "local x = { 2 } return t.sweep { budget = t.steps(1e18), --!\n  steps = 3 }\n",
      "t.steps(n) wants a whole number from 1 to 2^53, not 1e+18" },
    { BEGIN "return t.sweep {\n" BASE "  method = t.loxa {}, --!\n  }\n", "has no 'loxa'; did you mean 'lora'?" },
    { "return t.run { --!\n}\n", "'t' is not defined; a recipe begins with local t = require \"tunebench\"" },
    { BEGIN "return t.sweep { seed = rate, --!\n  rate = 1 }\n", "'rate' is not defined" },
};

static int line_of(const char *text)
{
    int line = 1;
    for (const char *mark = strstr(text, "--!"); text < mark; text++)
        line += *text == '\n';
    return line;
}

static void refused(const char *path, const char *text, const char *words)
{
    struct tb_plan *p = NULL;
    struct tb_err err = { 0 };
    bool good = tb_file_replace(path, text, strlen(text), &err) && tb_recipe_eval(path, NULL, &p, &err);
    if (!ok(!good && err.line == line_of(text) && strstr(err.text, words) && !strstr(err.text, "'math'"), "%s", words))
        printf("# line %d, said: %s:%d: %s\n", line_of(text), err.where, err.line, err.text);
    tb_plan_free(p);
}

int main(int argc, char **argv)
{
    words_add();
    tb_search_register();
    if (argc > 1 && strcmp(argv[1], TB_RECIPE_CHILD) == 0)
        return tb_recipe_child(argc, argv);
    const char *tmp = getenv("TMPDIR");
    char *dir = tb_xasprintf("%s/tb-locate-XXXXXX", tmp ? tmp : "/tmp");
    tb_log_to(-1, TB_LOG_ERROR);
    if (ok(mkdtemp(dir) != NULL, "a folder")) {
        char *path = tb_path_join(dir, "r.lua");
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
            refused(path, wrong[i].text, wrong[i].words);
        free(path);
        tb_dir_remove(dir, NULL);
    }
    free(dir);
    return done();
}
