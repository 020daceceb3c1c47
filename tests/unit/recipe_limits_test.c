/* SPDX-License-Identifier: MIT */
/* recipe_limits_test.c - recipes that run for ever or want all memory are stopped, with the line
 * where they were. The pattern takes 2 s of processor time. The test is its own child. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "recipe/recipe.h"
#include "tests/recipes/words.h"
#include "tests/tap.h"

static const struct {
    const char *file;
    int line;
    const char *words;
} limits[] = {
    { "where-loop", 5, "more than 0.3 s" },
    { "loop", 3, "more than 0.3 s" },
    { "pcall-loop", 4, "more than 0.3 s" },
    { "memory", 4, "32 MiB" },
    { "rep", 3, "32 MiB" },
    { "recursion", 3, "32 MiB" },
    { "pattern", 0, "2 s" }, /* inside one C function: the parent stops it and knows no line */
};

int main(int argc, char **argv)
{
    const char *top = getenv("srcdir");
    words_add();
    if (argc > 1 && strcmp(argv[1], TB_RECIPE_CHILD) == 0)
        return tb_recipe_child(argc, argv);
    tb_log_to(-1, TB_LOG_ERROR);
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        char *path = tb_xasprintf("%s/tests/recipes/%s.lua", top ? top : ".", limits[i].file);
        double start = tb_clock_mono_s();
        struct tb_plan *p = NULL;
        struct tb_err err = { 0 };
        bool good = tb_recipe_eval(path, NULL, &p, &err);
        if (!ok(!good && err.kind == TB_ERR_RECIPE && err.line == limits[i].line
                && strstr(err.text, limits[i].words),
                "%s: line %d: %s", limits[i].file, limits[i].line, limits[i].words))
            printf("# said: %s:%d: %s\n", err.where, err.line, err.text);
        ok(tb_clock_mono_s() - start < 60, "%s: not for ever", limits[i].file);
        tb_plan_free(p);
        free(path);
    }
    return done();
}
