/* SPDX-License-Identifier: MIT */
/* recipe.h - from a recipe file to a plan. The Lua runs in a child process, since a C function
 * inside Lua (a pattern, a long string) cannot be interrupted; the parent gets plain data over a
 * pipe, or an error with its line. */
#ifndef TB_RECIPE_RECIPE_H
#define TB_RECIPE_RECIPE_H

#include "plan/plan.h"

#define TB_RECIPE_CHILD "--recipe-child"

/* Evaluates the recipe at path (at most 2 s) with the overrides (NULL: none), whose was_used it
 * does not set. *out is to be freed by tb_plan_free. TB_ERR_NOTFOUND without the file; else
 * TB_ERR_RECIPE with file and line where they are known. What the recipe prints goes to the log as
 * warnings. */
bool tb_recipe_eval(const char *path, const struct tb_overrides *o, struct tb_plan **out,
                    struct tb_err *err);

/* The child: `self --recipe-child PATH`, overrides as JSON on stdin, one line of JSON on stdout. To
 * be called by main with all schemas registered when argv[1] is TB_RECIPE_CHILD; its value is the
 * exit code. */
int tb_recipe_child(int argc, char **argv);

/* "Lua 5.4.4" */
const char *tb_recipe_lua_version(void);

#endif
