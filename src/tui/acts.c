/* SPDX-License-Identifier: MIT */
/* acts.c - verbs that change runs answer with a list {id name text error inverse ..} (--json); of all others the last
 * line is shown. */
#include "tui/acts.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

enum { WORDS = 500 };

/* Verbs that tell run by run what they did. */
static const char *const steering[] = { "stop", "pause", "prune", "set", "tag", "note", "protect", "archive", "clone",
                                        "keep", "vote", NULL };

int tb_shell_words(const char *line, char **store, const char **word, int most)
{
    int n = 0;
    char quote = '\0', *to = *store = tb_xcalloc(strlen(line) + 2, 1);
    bool is_in = false;
    for (const char *s = line; *s; s++) {
        if (!quote && (*s == ' ' || *s == '\t' || *s == '\n')) {
            if (is_in)
                *to++ = '\0';
            is_in = false;
            continue;
        }
        if (!is_in && n == most)
            return -1;
        if (!is_in)
            word[n++] = to;
        is_in = true;
        if (!quote && (*s == '\'' || *s == '"'))
            quote = *s;
        else if (quote && *s == quote)
            quote = '\0';
        else
            *to++ = *s == '\\' && quote != '\'' && s[1] ? *++s : *s;
    }
    return quote ? -1 : n;
}

static void drop(struct tb_act *a)
{
    tb_child_close(a->child);
    free(a->command);
    free(a->answer);
    free(a->output);
    free(a->inverse);
}

void tb_acts_free(struct tb_acts *a)
{
    for (size_t i = 0; i < a->n; i++)
        drop(&a->act[i]);
    free(a->act);
    *a = (struct tb_acts){ 0 };
}

static bool has_word(const char *const *word, int n, const char *what)
{
    for (int i = 0; i < n; i++)
        if (strcmp(word[i], what) == 0)
            return true;
    return false;
}

/* The command as a shell gets it. */
static char *command_of(const char *const *word, int n)
{
    struct tb_buf b = { 0 };
    tb_buf_str(&b, "tunebench");
    for (int i = 0; i < n; i++) {
        tb_buf_char(&b, ' ');
        tb_shell_quote(&b, word[i]);
    }
    return tb_buf_take(&b);
}

/* Words of the command behind "tunebench", with --store where it is missing; nobody looks on from here, so what resumes
 * is not to wait. */
static int words_of(const struct tb_acts *a, const char *command, char **store, const char **word, struct tb_err *err)
{
    int n = tb_shell_words(command, store, word, WORDS - 5);
    if (n > 0 && strcmp(word[0], "tunebench") == 0)
        memmove(word, word + 1, (size_t)--n * sizeof *word);
    if (n <= 0) {
        tb_fail(err, TB_ERR_USAGE, "%s", n < 0 ? "a quote is not closed" : "a verb is missing");
        return n < 0 ? n : -1;
    }
    if (a->store && !has_word(word, n, "--store") && strcmp(word[0], "help") != 0) {
        word[n++] = "--store";
        word[n++] = a->store;
    }
    if (strcmp(word[0], "resume") == 0 && !has_word(word, n, "--detach") && !has_word(word, n, "--stage"))
        word[n++] = "--detach";
    return n;
}

struct tb_act *tb_acts_run(struct tb_acts *a, const char *command, bool is_shown, int64_t now_ns, struct tb_err *err)
{
    const char *word[WORDS + 2] = { "tunebench" };
    char *store = NULL;
    struct tb_child *child = NULL;
    int n = words_of(a, command, &store, word + 1, err);
    if (n > 0) {
        bool steers = tb_str_in(word[1], steering) && !has_word(word + 1, n, "--json");
        char *text = command_of(word + 1, n);
        word[1 + n] = steers ? "--json" : NULL;
        word[2 + n] = NULL;
        child = tb_child_open(word, err);
        if (child) {
            tb_child_send_end(child);
            a->act = tb_grow(a->act, a->n, &a->cap, sizeof *a->act);
            a->act[a->n++] = (struct tb_act){ .command = text, .child = child, .asked_ns = now_ns,
                                              .is_shown = is_shown && !steers };
        } else {
            free(text);
        }
    }
    free(store);
    return child ? &a->act[a->n - 1] : NULL;
}

/* Commands joined by && become a line each. */
static void add_inverse(struct tb_buf *b, const char *inverse)
{
    static const char joint[] = " && tunebench ";
    for (const char *end; inverse && *inverse; inverse = end) {
        end = strstr(inverse, joint);
        size_t n = end ? (size_t)(end - inverse) : strlen(inverse);
        tb_buf_fmt(b, "%s%.*s", b->n ? "\n" : "", (int)n, inverse);
        end = inverse + n + (end ? strlen(joint) - strlen("tunebench ") : 0);
    }
}

/* The first that did not work, else the first. */
static const struct tb_json *told_first(const struct tb_json *list)
{
    for (size_t i = 0; i < tb_json_len(list); i++)
        if (tb_json_get(tb_json_at(list, i), "error"))
            return tb_json_at(list, i);
    return tb_json_at(list, 0);
}

static size_t count_errors(const struct tb_json *list)
{
    size_t n = 0;
    for (size_t i = 0; i < tb_json_len(list); i++)
        n += tb_json_get(tb_json_at(list, i), "error") != NULL;
    return n;
}

/* {name, text or error, inverse} for each run: words for the first, and how many more. */
static void take_told(struct tb_act *a, const struct tb_json *list)
{
    struct tb_buf inverse = { 0 };
    size_t n = tb_json_len(list);
    for (size_t i = 0; i < n; i++)
        add_inverse(&inverse, tb_json_str(tb_json_get(tb_json_at(list, i), "inverse"), NULL));
    const struct tb_json *first = told_first(list);
    const char *error = tb_json_str(tb_json_get(first, "error"), NULL),
               *text = tb_json_str(tb_json_get(first, "text"), ""), *name = tb_json_str(tb_json_get(first, "name"), "");
    if (first)
        a->answer = tb_xasprintf("%s: %s", *name ? name : tb_json_str(tb_json_get(first, "id"), ""),
                                 error ? error : text);
    if (n > 1) {
        char *more = error ? tb_xasprintf("%zu of %zu not done; %s", count_errors(list), n, a->answer)
                           : tb_xasprintf("%s, and %zu more", a->answer, n - 1);
        free(a->answer);
        a->answer = more;
    }
    a->inverse = inverse.n ? tb_buf_take(&inverse) : NULL;
}

/* "3 runs on the list; look: ..; undo: tunebench stop .." of verbs that answer in words. */
static void take_words(struct tb_act *a, const char *out)
{
    char *line = tb_child_last_line(out), *undo = line ? strstr(line, "; undo: ") : NULL;
    if (!undo) {
        free(line);
        return;
    }
    a->inverse = tb_xstrdup(undo + strlen("; undo: "));
    *undo = '\0';
    char *look = strstr(line, "; look"); /* or "; look on: " */
    if (look)
        *look = '\0';
    a->answer = line;
}

static void finish(struct tb_act *a)
{
    const char *out = tb_child_out(a->child), *words = tb_child_err(a->child);
    bool is_line = strchr(out, '\n') == strrchr(out, '\n');
    struct tb_json *list = *out == '[' ? tb_json_parse(out, strlen(out), "answer", NULL) : NULL;
    a->has_failed = tb_child_exit(a->child) != 0;
    if (list)
        take_told(a, list);
    else if (!a->has_failed && (!a->is_shown || is_line))
        take_words(a, out);
    if (a->is_shown && *out)
        a->output = tb_xstrdup(out);
    if (!a->answer) {
        char *line = a->has_failed ? tb_child_last_line(words) : NULL;
        line = line ? line : tb_child_last_line(out);
        a->answer = line ? line : a->has_failed ? tb_xasprintf("exit code %d", tb_child_exit(a->child))
                                                : tb_xasprintf("done: %s", a->command);
    }
    tb_json_free(list);
    tb_child_close(a->child);
    a->child = NULL;
}

void tb_acts_part(struct tb_acts *a)
{
    for (size_t i = 0; i < a->n; i++)
        a->act[i].then = NULL;
}

struct tb_act *tb_acts_pump(struct tb_acts *a)
{
    for (size_t i = 0; i < a->n; i++) {
        if (!a->act[i].child)
            continue;
        tb_child_pump(a->act[i].child);
        if (tb_child_has_ended(a->act[i].child)) {
            finish(&a->act[i]);
            return &a->act[i];
        }
    }
    return NULL;
}

size_t tb_acts_open(const struct tb_acts *a)
{
    size_t n = 0;
    for (size_t i = 0; i < a->n; i++)
        n += a->act[i].child != NULL;
    return n;
}

struct tb_act *tb_acts_undoable(struct tb_acts *a)
{
    for (size_t i = a->n; i-- > 0;)
        if (a->act[i].inverse && !a->act[i].was_undone)
            return &a->act[i];
    return NULL;
}

char *tb_acts_script(const struct tb_acts *a)
{
    struct tb_buf b = { 0 };
    tb_buf_str(&b, "#!/bin/sh\nset -e\n");
    for (size_t i = 0; i < a->n; i++)
        tb_buf_fmt(&b, "%s%s\n", a->act[i].has_failed ? "# failed: " : "", a->act[i].command);
    return tb_buf_take(&b);
}

int tb_acts_fds(const struct tb_acts *a, struct pollfd *fds, int room)
{
    int n = 0;
    for (size_t i = 0; i < a->n; i++)
        n += tb_child_fds(a->act[i].child, fds + n, room - n);
    return n;
}
