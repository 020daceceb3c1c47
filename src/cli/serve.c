/* SPDX-License-Identifier: MIT */
/* serve.c - a loop of line, plan, line. Lines end at 1 MiB: a longer one is read to its end and refused. */
#include "cli/serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/make_plan.h"
#include "cli/plan_json.h"
#include "worker/worker.h"

enum { MAX_LINE = 1 << 20 };

/* The next line without its end; false at the end of the input. *is_long: only the beginning of it is there. */
static bool read_line(FILE *in, struct tb_buf *line, bool *is_long)
{
    int c;
    tb_buf_clear(line);
    *is_long = false;
    while ((c = getc(in)) != EOF && c != '\n') {
        *is_long |= line->n >= MAX_LINE;
        if (!*is_long)
            tb_buf_char(line, (char)c);
    }
    return c != EOF || line->n > 0;
}

static bool is_blank(const struct tb_buf *line)
{
    return line->n == 0 || strspn(line->p, " \t\r") == line->n;
}

/* Words as argv, lent from the request, "plan" in front of them. */
static bool words_of(const struct tb_json *list, char **argv, int *argc, struct tb_err *err)
{
    size_t n = tb_json_len(list);
    if (tb_json_type(list) != TB_JSON_LIST)
        return tb_fail(err, TB_ERR_USAGE, "a request is a list of words, or {\"id\": .., \"args\": [words]}");
    if (n + 2 > TB_ARGS_MAX)
        return tb_fail(err, TB_ERR_USAGE, "a request has at most %d words", TB_ARGS_MAX - 2);
    argv[0] = (char *)"plan";
    for (size_t i = 0; i < n; i++) {
        const char *word = tb_json_str(tb_json_at(list, i), NULL);
        if (!word || strlen(word) != tb_json_str_len(tb_json_at(list, i)))
            return tb_fail(err, TB_ERR_USAGE, "word %zu of the request is no text", i + 1);
        argv[i + 1] = (char *)word;
    }
    argv[n + 1] = NULL;
    *argc = (int)n + 1;
    return true;
}

/* A new value. */
static struct tb_json *plan_of(struct tb_planner *planner, const struct tb_args *own, const struct tb_flag *flags,
                               const struct tb_json *words, struct tb_err *err)
{
    static const char *const not_here[] = { "serve", "help", "output", "csv", "plain" };
    char *argv[TB_ARGS_MAX];
    int argc = 0;
    struct tb_args a;
    if (!words_of(words, argv, &argc, err) || !tb_args_parse(&a, flags, argc, argv, err))
        return NULL;
    for (size_t i = 0; i < sizeof not_here / sizeof *not_here; i++)
        if (tb_args_has(&a, not_here[i])) {
            tb_fail(err, TB_ERR_USAGE, "--%s has no place in a request", not_here[i]);
            return NULL;
        }
    const char *store = tb_args_has(&a, "store") ? tb_args_get(&a, "store") : tb_args_get(own, "store");
    struct tb_plan *p = tb_make_plan(&a, "plan RECIPE", err);
    struct tb_plan known = p ? tb_plan_known(p) : (struct tb_plan){ 0 };
    struct tb_json *out = p ? tb_planner_plan(planner, &known, store, err) : NULL;
    if (out)
        tb_plan_put_sweep(out, p);
    tb_plan_free(p);
    return out;
}

static struct tb_json *error_of(const struct tb_err *err)
{
    struct tb_json *map = tb_json_new_map(), *e = tb_json_new_map();
    tb_json_set(e, "kind", tb_json_new_str(tb_err_kind_name(err->kind)));
    tb_json_set(e, "text", tb_json_new_str(err->text));
    tb_json_set(e, "where", tb_json_new_str(*err->where ? err->where : NULL));
    tb_json_set(e, "line", err->line > 0 ? tb_json_new_int(err->line) : tb_json_new_null());
    tb_json_set(map, "error", e);
    return map;
}

static struct tb_json *answer(struct tb_planner *planner, const struct tb_args *own, const struct tb_flag *flags,
                              const struct tb_buf *line, bool is_long)
{
    struct tb_err err = { 0 };
    struct tb_json *request = NULL, *out = NULL;
    if (is_long)
        tb_fail(&err, TB_ERR_LIMIT, "a request is longer than %d bytes", MAX_LINE);
    else
        request = tb_json_parse(line->p, line->n, "the request", &err);
    const struct tb_json *id = tb_json_get(request, "id"),
                         *words = tb_json_type(request) == TB_JSON_MAP ? tb_json_get(request, "args") : request;
    if (request)
        out = plan_of(planner, own, flags, words, &err);
    if (!out)
        out = error_of(&err);
    if (id)
        tb_json_set(out, "id", tb_json_copy(id));
    tb_json_free(request);
    return out;
}

bool tb_serve_plans(const struct tb_args *a, const struct tb_flag *flags, struct tb_err *err)
{
    struct tb_planner *planner = tb_planner_open();
    struct tb_buf line = { 0 };
    bool is_long, good = true;
    while (good && read_line(stdin, &line, &is_long)) {
        if (is_blank(&line))
            continue;
        struct tb_json *j = answer(planner, a, flags, &line, is_long);
        char *text = tb_json_text(j, TB_JSON_LINE);
        printf("%s\n", text);
        good = fflush(stdout) == 0 || tb_fail_errno(err, "cannot write the answer");
        free(text);
        tb_json_free(j);
    }
    tb_buf_free(&line);
    tb_planner_close(planner);
    return good;
}
