/* SPDX-License-Identifier: MIT */
/* sniff.c - guesses from the first 64 KiB of a file how it is to be read. Lines that begin with "{"
 * are jsonl with the first known pair of fields; lines that all hold "||", or all a tab, are pairs,
 * and so are nine of ten, whose reader then names the others; else text, in paragraphs where blank
 * lines are. Only whole lines count. */
#include "dataset/dataset_priv.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"

enum { LOOK = 65536 };

static const char *const known_fields[][2] = {
    { "prompt", "completion" },
    { "prompt", "response" },
    { "question", "answer" },
    { "instruction", "output" },
    { "instruction", "response" },
    { "input", "output" },
    { NULL, "text" },
};

static struct tb_json *config_of(const char *kind, const char *path)
{
    struct tb_json *j = tb_json_new_map(), *paths = tb_json_new_list();
    tb_json_set(j, "kind", tb_json_new_str(kind));
    tb_json_append(paths, tb_json_new_str(path));
    tb_json_set(j, "path", paths);
    return j;
}

static void set_str(struct tb_json *map, const char *key, const char *value)
{
    tb_json_set(map, key, tb_json_new_str(value));
}

static bool has_text(const struct tb_json *j, const char *name)
{
    return tb_json_type(tb_json_get(j, name)) == TB_JSON_STR;
}

static struct tb_json *jsonl_of(const struct tb_json *first, const char *path, struct tb_err *err)
{
    for (size_t i = 0; i < sizeof known_fields / sizeof *known_fields; i++) {
        const char *prompt = known_fields[i][0], *completion = known_fields[i][1];
        if ((prompt && !has_text(first, prompt)) || !has_text(first, completion))
            continue;
        struct tb_json *j = config_of("jsonl", path), *fields = tb_json_new_list();
        if (prompt)
            tb_json_append(fields, tb_json_new_str(prompt));
        tb_json_append(fields, tb_json_new_str(completion));
        tb_json_set(j, "fields", fields);
        return j;
    }
    struct tb_buf seen = { 0 };
    for (void *it = tb_json_first(first); it && seen.n < 200; it = tb_json_next(first, it)) {
        tb_buf_str(&seen, seen.n ? ", " : "");
        tb_utf8_safe(&seen, tb_json_iter_key(it), strlen(tb_json_iter_key(it)));
    }
    tb_fail_at(err, TB_ERR_FORMAT, path, 1,
               "objects with the fields %.200s; known are prompt/completion, "
               "question/answer, instruction/output and text. Name them: t.jsonl{ prompt = .., "
               "completion = .. }",
               seen.n ? seen.p : "(none)");
    tb_buf_free(&seen);
    return NULL;
}

static struct tb_json *guess_jsonl(struct tb_field line, const char *path, struct tb_err *err)
{
    struct tb_json *first = tb_json_parse(line.p, line.n, path, err);
    struct tb_json *j = first ? jsonl_of(first, path, err) : NULL;
    tb_json_free(first);
    return j;
}

/* What all lines have in common. */
struct look {
    int n_lines, n_bars, n_tabs, n_blank;
};

static struct look look_at(struct tb_field rest)
{
    struct look l = { 0 };
    struct tb_field line;
    while (tb_field_line(&rest, &line)) {
        bool is_blank = tb_field_trim(line).n == 0;
        l.n_blank += is_blank;
        l.n_lines += !is_blank;
        l.n_bars += tb_field_find(line, "||").p != NULL;
        l.n_tabs += !is_blank && tb_field_find(tb_field_trim(line), "\t").p != NULL;
    }
    return l;
}

/* A slip in one line of many is an error to be told, no reason to read the file another way. */
static bool is_most(int n, int n_lines)
{
    return n == n_lines || (n >= 2 && 10 * n >= 9 * n_lines);
}

static struct tb_json *guess(struct tb_field head, const char *path, struct tb_err *err)
{
    struct tb_field rest = head, line = { NULL, 0 };
    while (tb_field_line(&rest, &line) && tb_field_trim(line).n == 0)
        ;
    line = tb_field_trim(line);
    struct look l = look_at(head);
    if (l.n_lines == 0) {
        tb_fail_at(err, TB_ERR_FORMAT, path, 0, "nothing but blank lines");
        return NULL;
    }
    if (line.p[0] == '{')
        return guess_jsonl(line, path, err);
    if (line.p[0] == '[' && line.n < 3) {
        tb_fail_at(err, TB_ERR_FORMAT, path, 1,
                   "a JSON list; expected one object a line (jq -c '.[]' makes them)");
        return NULL;
    }
    bool has_bars = is_most(l.n_bars, l.n_lines), has_tabs = is_most(l.n_tabs, l.n_lines);
    struct tb_json *j = config_of(has_bars || has_tabs ? "pairs" : "text", path);
    if (has_bars || has_tabs)
        set_str(j, "sep", has_bars ? "||" : "\t");
    else
        set_str(j, "rows", l.n_blank ? "paragraph" : "line");
    return j;
}

static ssize_t read_head(int fd, char *p, size_t n)
{
    size_t have = 0;
    ssize_t got;
    while (have < n && (got = read(fd, p + have, n - have)) > 0)
        have += (size_t)got;
    return (ssize_t)have;
}

/* Bytes up to the last newline; all where there is none. */
static size_t whole_lines(const char *p, size_t n)
{
    for (size_t i = n; i > 0; i--) {
        if (p[i - 1] == '\n')
            return i;
    }
    return n;
}

struct tb_json *tb_dataset_sniff(const char *path, struct tb_err *err)
{
    char *head = tb_xcalloc(LOOK, 1);
    struct tb_json *j = NULL;
    int fd = -1;
    if (!tb_file_is_plain(path, err))
        goto out;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        tb_fail_errno(err, "%.300s", path);
        goto out;
    }
    size_t n = (size_t)read_head(fd, head, LOOK);
    if (n == LOOK)
        n = whole_lines(head, n);
    size_t skip = n >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    if (memchr(head, 0, n))
        tb_fail_at(err, TB_ERR_FORMAT, path, 0, "not text: it holds zero bytes");
    else if (n < LOOK && !tb_utf8_valid(head, n))
        tb_fail_at(err, TB_ERR_FORMAT, path, 0,
                   "not UTF-8 text; convert it, for example with iconv");
    else
        j = guess((struct tb_field){ head + skip, n - skip }, path, err);
out:
    if (fd >= 0)
        close(fd);
    free(head);
    return j;
}
