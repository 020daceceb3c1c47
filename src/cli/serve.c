/* SPDX-License-Identifier: MIT */
/* serve.c - a loop of line, plan, line. */
#include "cli/serve.h"

#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/make_plan.h"
#include "cli/requests.h"
#include "cli/sweep_plan.h"
#include "worker/worker.h"

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
    struct tb_plan known = p && p->sweep ? tb_sweep_known(p) : (struct tb_plan){ 0 };
    struct tb_json *out = p ? tb_planner_plan(planner, p->sweep ? &known : p, store, err) : NULL;
    if (out && p->sweep)
        tb_sweep_plan_add(out, p);
    tb_plan_free(p);
    return out;
}

static struct tb_json *answer(struct tb_planner *planner, const struct tb_args *own, const struct tb_flag *flags,
                              const struct tb_json *request, struct tb_err *why)
{
    const struct tb_json *words = tb_json_type(request) == TB_JSON_MAP ? tb_json_get(request, "args") : request;
    struct tb_json *out = request ? plan_of(planner, own, flags, words, why) : NULL;
    return out ? out : tb_requests_error(why);
}

bool tb_serve_plans(const struct tb_args *a, const struct tb_flag *flags, struct tb_err *err)
{
    struct tb_planner *planner = tb_planner_open();
    struct tb_requests requests = { .fd = STDIN_FILENO };
    struct tb_json *request;
    struct tb_err why = { 0 };
    bool good = true;
    while (good && tb_requests_next(&requests, &request, &why)) {
        good = tb_requests_answer(answer(planner, a, flags, request, &why), request, err);
        tb_json_free(request);
        why = (struct tb_err){ 0 };
    }
    tb_requests_close(&requests);
    tb_planner_close(planner);
    return good;
}
