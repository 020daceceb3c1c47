/* SPDX-License-Identifier: MIT */
/* recipe.c - the parent side: starts the child, waits at most 2 s, believes nothing it says unread.
 * The answer is one line: {"plan": {..}} or {"error": {"file", "line", "key", "text"}}. */
#include "recipe/recipe.h"

#include <lua.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/utf8.h"

/* Processor time is what a recipe may use, so that a busy machine stops no honest one; the wall clock catches a
 * child that waits for something. */
static const struct tb_proc_limits limits = {
    .wall_s = 10,
    .cpu_s = 2,
    .as_bytes = (uint64_t)256 << 20,
    .out_bytes = TB_PLAN_MAX_BYTES + 4096,
};

static char *overrides_text(const struct tb_overrides *o)
{
    struct tb_json *list = tb_json_new_list();
    for (size_t i = 0; o && i < o->n; i++) {
        struct tb_json *j = tb_json_new_map();
        tb_json_set(j, "text", tb_json_new_str(o->at[i].text));
        tb_json_set(j, "grid", tb_json_new_bool(o->at[i].is_grid));
        tb_json_append(list, j);
    }
    char *text = tb_json_text(list, TB_JSON_LINE);
    tb_json_free(list);
    return text;
}

/* What the recipe printed, a line each, made safe for a terminal. */
static void pass_on(const struct tb_buf *said)
{
    int left = 50; /* lines: a recipe that prints in a loop must not fill the log */
    for (size_t from = 0, n; from < said->n && left-- > 0; from += n + 1) {
        struct tb_buf line = { 0 };
        n = strcspn(said->p + from, "\n");
        tb_utf8_safe(&line, said->p + from, n < 400 ? n : 400);
        if (line.p)
            tb_log(TB_LOG_WARN, "recipe: %s", line.p);
        tb_buf_free(&line);
    }
}

static bool take_error(const char *path, const struct tb_json *e, struct tb_err *err)
{
    const char *file = tb_json_str(tb_json_get(e, "file"), path);
    struct tb_buf text = { 0 };
    const char *said = tb_json_str(tb_json_get(e, "text"), "it failed without a word");
    int64_t line = tb_json_int(tb_json_get(e, "line"), 0);
    bool is_usage = strcmp(tb_json_str(tb_json_get(e, "kind"), ""), "usage") == 0;
    tb_utf8_safe(&text, said, strlen(said));
    tb_fail_at(err, is_usage ? TB_ERR_USAGE : TB_ERR_RECIPE, file,
               line > 0 && line < 1 << 24 ? (int)line : 0, "%s", text.p ? text.p : "");
    tb_buf_free(&text);
    return false;
}

static bool understand(const char *path, const struct tb_buf *out, int status,
                       struct tb_plan **plan, struct tb_err *err)
{
    if (WIFSIGNALED(status))
        return tb_fail_at(err, TB_ERR_RECIPE, path, 0,
                          "the recipe's process was ended by signal %d",
                          WTERMSIG(status));
    struct tb_json *j = tb_json_parse(out->p ? out->p : "", out->n, path, NULL);
    const struct tb_json *p = tb_json_get(j, "plan"), *e = tb_json_get(j, "error");
    bool good = false;
    if (p)
        good = tb_plan_from_json(p, plan, err);
    else if (e)
        take_error(path, e, err);
    else
        tb_fail_at(err, TB_ERR_RECIPE, path, 0,
                   "the recipe's process gave no answer (exit code %d)",
                   WEXITSTATUS(status));
    tb_json_free(j);
    return good;
}

static bool too_long(const char *path, const struct tb_err *why, struct tb_err *err)
{
    if (why->kind != TB_ERR_LIMIT)
        return tb_fail_at(err, why->kind, path, 0, "cannot evaluate it: %s", why->text);
    return tb_fail_at(err, TB_ERR_RECIPE, path, 0,
                      "stopped: a recipe may use 2 s and say 16 MiB; look for a pattern on a "
                      "long string, or a `where` that is slow on thousands of runs");
}

bool tb_recipe_eval(const char *path, const struct tb_overrides *o, struct tb_plan **out,
                    struct tb_err *err)
{
    struct tb_buf answer = { 0 }, said = { 0 };
    struct tb_err why = { 0 };
    int status = 0;
    *out = NULL;
    if (tb_dir_exists(path))
        return tb_fail(err, TB_ERR_NOTFOUND, "%.300s is a folder, not a recipe", path);
    if (!tb_file_exists(path))
        return tb_fail(err, TB_ERR_NOTFOUND, "there is no recipe %.300s", path);
    char *in = overrides_text(o);
    char *argv[] = { (char *)tb_proc_self(), (char *)TB_RECIPE_CHILD, (char *)path, NULL };
    bool good = tb_proc_run(argv, in, strlen(in), &limits, &answer, &said, &status, &why);
    pass_on(&said);
    good = good ? understand(path, &answer, status, out, err) : too_long(path, &why, err);
    free(in);
    tb_buf_free(&answer);
    tb_buf_free(&said);
    return good;
}

const char *tb_recipe_lua_version(void)
{
    return LUA_RELEASE;
}
