/* SPDX-License-Identifier: MIT */
/* verb_chat.c - tunebench chat: prompts in, what one or two runs say behind them out; for people a line at a time, for
 * programs as JSON. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/chat_flags.h"
#include "cli/chat_show.h"
#include "cli/requests.h"
#include "cli/verb.h"

enum { NICE = 10, MOST_IDLE_S = 1000000 };

/* Training that goes on beside it comes first. */
static void step_back(void)
{
    if (getpriority(PRIO_PROCESS, 0) < NICE)
        setpriority(PRIO_PROCESS, 0, NICE);
}

/* ---- for programs */

struct server {
    struct tb_requests requests;
    const struct tb_json *request; /* at hand */
    struct tb_err *err;            /* of answers that cannot be written */
    bool is_broken;
};

static bool tell(void *arg, struct tb_json *answer)
{
    struct server *s = arg;
    s->is_broken = s->is_broken || !tb_requests_answer(answer, s->request, s->err);
    return !s->is_broken;
}

static bool is_cancel(const struct tb_json *request)
{
    return strcmp(tb_json_str(tb_json_get(request, "ask"), ""), "cancel") == 0;
}

/* {"ask": "cancel"} is about whatever is being written, with "of" about the request with that id. */
static bool cancels(void *arg, const struct tb_json *request)
{
    struct server *s = arg;
    const struct tb_json *of = tb_json_get(request, "of");
    return is_cancel(request) && (!of || tb_json_equal(of, tb_json_get(s->request, "id")));
}

static bool is_cancelled(void *arg)
{
    struct server *s = arg;
    return tb_requests_look(&s->requests, cancels, s);
}

static void answer(struct server *s, struct tb_chat *c, const struct tb_json *request, struct tb_err *why)
{
    struct tb_chat_client client = { .tell = tell, .is_cancelled = is_cancelled, .arg = s };
    s->request = request;
    if (request && is_cancel(request)) {
        struct tb_json *done = tb_json_new_map();
        tb_json_set(done, "event", tb_json_new_str("done"));
        tell(s, done);
    } else if (!request || !tb_chat_ask(c, request, &client, why)) {
        tell(s, tb_requests_error(why));
    }
}

static bool serve(struct tb_chat *c, double idle_s, struct tb_err *err)
{
    struct server s = { .requests = { .fd = STDIN_FILENO, .idle_s = idle_s }, .err = err };
    struct tb_json *request;
    struct tb_err why = { 0 };
    tell(&s, tb_chat_ready(c));
    while (!s.is_broken && tb_requests_next(&s.requests, &request, &why)) {
        answer(&s, c, request, &why);
        tb_json_free(request);
        why = (struct tb_err){ 0 };
    }
    tb_requests_close(&s.requests);
    return !s.is_broken;
}

/* ---- for people */

static const char help[] =
    "A line is a prompt. /row N: the prompt of row N of the data; /rows: which there are; /scale B 0.5: how much the "
    "second adapter counts; /look 5: what else could have stood at token 5; /reload: newer checkpoints; /quit.";

static void complain(const struct tb_err *err)
{
    char text[sizeof err->where + sizeof err->text + 32];
    fflush(stdout);
    fprintf(stderr, "tunebench: %s\n", tb_err_string(err, text, sizeof text));
}

/* The answer of anything but texts, whose lines are their own. */
static bool tell_plain(void *arg, struct tb_json *answer)
{
    const struct tb_json *rows = tb_json_get(answer, "rows"), *all = tb_json_get(answer, "top");
    for (size_t i = 0; i < tb_json_len(rows); i++) {
        printf("%6lld  ", (long long)tb_json_int(tb_json_get(tb_json_at(rows, i), "row"), 0));
        tb_out_safe(tb_json_str(tb_json_get(tb_json_at(rows, i), "prompt"), ""));
        putchar('\n');
    }
    for (void *it = tb_json_first(all); it; it = tb_json_next(all, it)) {
        printf("%-4s", tb_json_iter_key(it));
        for (size_t i = 0; i < tb_json_len(tb_json_iter_value(it)); i++) {
            putchar(' ');
            tb_chat_show_token(tb_json_at(tb_json_iter_value(it), i));
        }
        putchar('\n');
    }
    if (tb_json_get(answer, "sides") && strcmp(tb_json_str(tb_json_get(answer, "event"), ""), "ready") == 0)
        tb_chat_show_ready(arg, answer);
    tb_json_free(answer);
    return true;
}

static bool put_whole(struct tb_json *request, const char *key, const char *word, struct tb_err *err)
{
    int64_t n;
    if (!word || !tb_str_int(word, &n))
        return tb_fail(err, TB_ERR_USAGE, "expected a whole number. %s", help);
    tb_json_set(request, key, tb_json_new_int(n));
    return true;
}

/* Scales are kept with the settings. */
static bool set_scale(struct tb_json *settings, const char *side, const char *word, struct tb_err *err)
{
    double scale;
    if (!side || !word || !tb_str_real(word, &scale))
        return tb_fail(err, TB_ERR_USAGE, "expected a side and a number: /scale B 0.5");
    tb_json_set((struct tb_json *)tb_json_get(settings, "scales"), side, tb_json_new_real(scale));
    return true;
}

/* A command into a request: a new map, NULL with *err, or NULL without where there is nothing to ask. */
static struct tb_json *command(char *line, struct tb_json *settings, bool *ends, struct tb_err *err)
{
    char *rest, *word = strtok_r(line, " \t", &rest), *one = strtok_r(NULL, " \t", &rest),
         *two = one ? strtok_r(NULL, " \t", &rest) : NULL;
    struct tb_json *request = tb_json_new_map();
    bool good = true, has_request = true;
    if (strcmp(word, "/row") == 0) {
        tb_json_free(request);
        request = tb_json_copy(settings);
        tb_json_del(request, "raw");
        good = put_whole(request, "row", one, err);
    } else if (strcmp(word, "/look") == 0) {
        tb_json_set(request, "ask", tb_json_new_str("look"));
        good = put_whole(request, "at", one, err);
    } else if (strcmp(word, "/rows") == 0 || strcmp(word, "/reload") == 0) {
        tb_json_set(request, "ask", tb_json_new_str(word + 1));
    } else if (strcmp(word, "/scale") == 0) {
        has_request = false;
        good = set_scale(settings, one, two, err);
    } else {
        has_request = false;
        *ends = strcmp(word, "/quit") == 0;
        good = *ends || tb_fail(err, TB_ERR_USAGE, "%s", help);
    }
    if (good && has_request)
        return request;
    tb_json_free(request);
    return NULL;
}

static struct tb_json *prompt(const char *line, size_t n, const struct tb_json *settings)
{
    struct tb_json *request = tb_json_copy(settings);
    tb_json_set(request, "prompt", tb_json_new_strn(line, n));
    return request;
}

/* One line; false at the end. */
static bool take_line(struct tb_chat *c, struct tb_chat_show *show, char *line, size_t n, struct tb_json *settings)
{
    struct tb_err err = { 0 };
    bool ends = false, is_command = *line == '/';
    struct tb_json *request = is_command ? command(line, settings, &ends, &err) : prompt(line, n, settings);
    struct tb_chat_client client = { .tell = tb_chat_show_tell, .arg = show };
    if (tb_json_get(request, "ask"))
        client.tell = tell_plain;
    if (request && client.tell == tb_chat_show_tell) {
        struct tb_json *ready = tb_chat_ready(c);
        tb_chat_show_begin(show, ready);
        tb_json_free(ready);
    }
    if (request && tb_chat_ask(c, request, &client, &err))
        err.kind = TB_ERR_NONE;
    if (err.kind != TB_ERR_NONE)
        complain(&err);
    tb_json_free(request);
    return !ends;
}

static bool converse(struct tb_chat *c, const struct tb_args *a, struct tb_json *settings, struct tb_err *err)
{
    struct tb_chat_show show = { .n = 0 };
    struct tb_json *ready = tb_chat_ready(c);
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    bool is_asked = isatty(STDIN_FILENO), good = tb_out_open(&show.out, a, err), goes_on = good;
    if (good)
        tb_chat_show_ready(&show, ready);
    tb_json_free(ready);
    if (good && is_asked)
        puts(help);
    while (goes_on) {
        if (is_asked)
            fputs("> ", stdout);
        fflush(stdout);
        if ((n = getline(&line, &cap, stdin)) < 0)
            break;
        line[strcspn(line, "\r\n")] = '\0';
        if (*line)
            goes_on = take_line(c, &show, line, strlen(line), settings);
    }
    free(line);
    tb_chat_show_close(&show);
    return good;
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_chat_flags f;
    double idle_s;
    if (a->n_pos > 2)
        return tb_fail(err, TB_ERR_USAGE, "chat is with one run or with two; generate writes with more of them");
    if (!tb_chat_flags_read(&f, a, err)
        || !tb_args_real(a, "idle", 0, MOST_IDLE_S, 0, &idle_s, err))
        return false;
    struct tb_json *settings = tb_chat_settings(a, f.spec.n_runs ? f.spec.n_runs : f.spec.n_adapters > 0, err);
    step_back();
    struct tb_chat *c = settings ? tb_chat_open(&f.spec, err) : NULL;
    bool good = c && (tb_args_has(a, "serve") ? serve(c, idle_s, err) : converse(c, a, settings, err));
    tb_chat_close(c);
    tb_json_free(settings);
    return good;
}

static const struct tb_flag flags[] = {
    { "mix", NULL, false, "the adapters of both runs together write as well, as one stack" },
    { "base-too", NULL, false, "the bare base writes as well" },
    { "base", "MODEL", false, "instead of runs: a model, bare or with adapters" },
    { "adapter", "DIR", true, "a PEFT folder on that model; several are one stack, in this order" },
    { "data", "DATA", false, "rows and template: FILE, or KIND:FILE,key=value.. (those of the first run)" },
    { "raw", NULL, false, "prompts as they are, without the data's template" },
    TB_FLAG_SCALE,
    TB_FLAGS_SAMPLING,
    { "threads", "N", false, "threads (all processors)" },
    { "serve", NULL, false, "for programs: a JSON request a line of stdin, JSON answers a line each" },
    { "idle", "S", false, "with --serve: ends, to free its memory, when nothing was asked for so long (0: never)" },
    { 0 }
};

const struct tb_verb tb_verb_chat = {
    .name = "chat",
    .usage = "RUN [RUN] [--serve] | --base MODEL [--adapter DIR ..]",
    .help = "Talks with one run, or two side by side, while training goes on.\n"
            "Both stand on one loaded base. Each line is a prompt, which goes through the data's template; under the "
            "texts stands where they part, how sure each was there and what the base would say. How far their chances "
            "for that token differ is the Kullback-Leibler (KL) divergence of the second from the first in nats: 0 "
            "where they are the same, above 1 where they expect quite different things. Runs being trained are "
            "as in their newest checkpoint; RUN:400 and RUN:best as they were then. It runs at a lower priority than "
            "training.\n"
            "--serve answers {\"prompt\": \"..\"} or {\"row\": 3} with events begin, piece, end, compared, done: see "
            "CONVERSATIONS in tunebench(1).",
    .examples = "  tunebench chat @last\n"
                "  tunebench chat lora-r8-s0:best prompt20-s0 --max 64\n"
                "  tunebench chat lora-r8-s0 lora-r8-s0:400\n"
                "  echo '{\"row\": 3}' | tunebench chat lora-r8-s0 prefix20-s0 --serve\n",
    .flags = flags,
    .run = run,
};
