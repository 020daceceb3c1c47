/* SPDX-License-Identifier: MIT */
/* generate_sides.c - a conversation whose prompts are all known before. */
#include "cli/generate_sides.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/chat_flags.h"
#include "cli/chat_show.h"

struct sides {
    const struct tb_args *a;
    struct tb_chat_flags flags;
    struct tb_chat *chat;
    struct tb_json *settings, *ready;
    struct tb_json *rows;  /* those that are held out, or of the data */
    struct tb_json *begin; /* of the prompt at hand */
    struct tb_chat_show show;
    bool is_json;
};

/* More than one word, all of which may be runs: one with a blank is a prompt. */
static bool has_runs(const struct tb_args *a)
{
    for (int i = 0; i < a->n_pos; i++)
        if (strchr(a->pos[i], ' '))
            return false;
    return a->n_pos > 1;
}

bool tb_generate_is_sides(const struct tb_args *a)
{
    bool has_prompts = tb_args_has(a, "prompt") || tb_args_has(a, "rows");
    return tb_args_has(a, "base-too") || tb_args_has(a, "mix") || tb_args_has(a, "scale") || tb_args_has(a, "row")
        || (has_prompts && has_runs(a));
}

/* A line for each text, with what all of them have in common. */
static bool tell_json(void *arg, struct tb_json *answer)
{
    struct sides *s = arg;
    const char *what = tb_json_str(tb_json_get(answer, "event"), "");
    if (strcmp(what, "begin") == 0) {
        tb_json_free(s->begin);
        s->begin = tb_json_ref(answer);
    } else if (strcmp(what, "end") == 0) {
        static const char *const common[] = { "row", "prompt", "reference" };
        struct tb_json *line = tb_json_copy(answer);
        tb_json_del(line, "event");
        for (size_t i = 0; i < sizeof common / sizeof *common; i++)
            tb_json_set(line, common[i], tb_json_copy(tb_json_get(s->begin, common[i])));
        char *text = tb_json_text(line, TB_JSON_LINE);
        puts(text);
        free(text);
        tb_json_free(line);
    }
    tb_json_free(answer);
    return fflush(stdout) == 0;
}

static bool write_behind(struct sides *s, const char *key, struct tb_json *value, struct tb_err *err)
{
    struct tb_json *request = tb_json_copy(s->settings);
    struct tb_chat_client client = { .tell = s->is_json ? tell_json : tb_chat_show_tell,
                                     .arg = s->is_json ? (void *)s : &s->show };
    tb_json_set(request, key, value);
    if (!s->is_json)
        tb_chat_show_begin(&s->show, s->ready);
    bool good = tb_chat_ask(s->chat, request, &client, err);
    tb_json_free(request);
    return good;
}

/* ---- rows */

static bool take_rows(void *arg, struct tb_json *answer)
{
    struct sides *s = arg;
    if (tb_json_get(answer, "rows"))
        s->rows = tb_json_copy(tb_json_get(answer, "rows"));
    tb_json_free(answer);
    return true;
}

/* "eval", "all", with ":N" for the first N of them. */
static bool parse_rows(const struct tb_args *a, int64_t *most, struct tb_err *err)
{
    const char *rows = tb_args_get(a, "rows"), *at = strchr(rows, ':');
    bool is_eval = strcmp(rows, "eval") == 0 || tb_str_starts(rows, "eval:"),
         is_all = strcmp(rows, "all") == 0 || tb_str_starts(rows, "all:");
    *most = INT64_MAX;
    if ((!is_eval && !is_all) || (at && (!tb_str_int(at + 1, most) || *most < 1)))
        return tb_fail(err, TB_ERR_USAGE, "--rows %s: expected eval or all, with :N for the first N", rows);
    return is_eval != tb_args_has(a, "data")
        || tb_fail(err, TB_ERR_USAGE, "--rows eval are the first run's own held-out rows, --rows all those of --data");
}

static bool write_rows(struct sides *s, struct tb_err *err)
{
    struct tb_chat_client client = { .tell = take_rows, .arg = s };
    struct tb_json *request = tb_json_new_map();
    int64_t most;
    tb_json_set(request, "ask", tb_json_new_str("rows"));
    bool good = parse_rows(s->a, &most, err) && tb_chat_ask(s->chat, request, &client, err);
    tb_json_free(request);
    for (size_t i = 0; good && i < tb_json_len(s->rows) && (int64_t)i < most; i++)
        good = write_behind(s, "row", tb_json_copy(tb_json_get(tb_json_at(s->rows, i), "row")), err);
    return good;
}

static bool write_single_rows(struct sides *s, struct tb_err *err)
{
    const char *word;
    bool good = true;
    for (int i = 0; good && (word = tb_args_at(s->a, "row", i)); i++) {
        int64_t row;
        good = (tb_str_int(word, &row) && row >= 0)
            || tb_fail(err, TB_ERR_USAGE, "--row %s: expected a row's number, from 0 on", word);
        good = good && write_behind(s, "row", tb_json_new_int(row), err);
    }
    return good;
}

/* ---- all of it */

static bool check(const struct tb_args *a, int n_prompts, struct tb_err *err)
{
    static const char *const not_here[] = { "n", "batch" };
    int n_ways = (n_prompts > 0) + tb_args_has(a, "rows") + tb_args_has(a, "row");
    for (size_t i = 0; i < sizeof not_here / sizeof *not_here; i++)
        if (tb_args_has(a, not_here[i]))
            return tb_fail(err, TB_ERR_USAGE, "--%s is for one run alone", not_here[i]);
    if (n_ways > 1)
        return tb_fail(err, TB_ERR_USAGE, "one of --prompt, --row and --rows");
    return n_ways == 1
        || tb_fail(err, TB_ERR_USAGE, "behind which prompts? --prompt TEXT, --row N or --rows eval; where several "
                   "runs write, or with --scale, all other words are runs");
}

static bool open_sides(struct sides *s, struct tb_err *err)
{
    const struct tb_chat_spec *spec = &s->flags.spec;
    if (!tb_chat_flags_read(&s->flags, s->a, err)
        || !(s->settings = tb_chat_settings(s->a, spec->n_runs ? spec->n_runs : spec->n_adapters > 0, err))
        || !(s->chat = tb_chat_open(spec, err)))
        return false;
    s->ready = tb_chat_ready(s->chat);
    return true;
}

bool tb_generate_sides(const struct tb_args *a, const char *const *prompts, int n_prompts, struct tb_err *err)
{
    struct sides s = { .a = a, .is_json = tb_args_has(a, "json"), .show = { .shows_prompt = true } };
    bool good = check(a, n_prompts, err) && tb_out_open(&s.show.out, a, err) && open_sides(&s, err);
    if (good && !s.is_json)
        tb_chat_show_ready(&s.show, s.ready);
    if (good && tb_args_has(a, "rows"))
        good = write_rows(&s, err);
    if (good && tb_args_has(a, "row"))
        good = write_single_rows(&s, err);
    for (int i = 0; good && i < n_prompts; i++)
        good = write_behind(&s, "prompt", tb_json_new_str(prompts[i]), err);
    tb_chat_show_close(&s.show);
    tb_json_free(s.begin);
    tb_json_free(s.rows);
    tb_json_free(s.ready);
    tb_json_free(s.settings);
    tb_chat_close(s.chat);
    return good;
}
