/* SPDX-License-Identifier: MIT */
/* read.c - rows out of files: pairs (a line each, prompt, separator, completion), jsonl (an object
 * a line), text (paragraphs between blank lines, lines, or windows of tokens). Lines that are blank
 * are no rows. A byte-order mark at the start of a file is skipped; text must be UTF-8. Fields are
 * trimmed of blanks, tabs and CR (doc/frozen.md 2). */
#include "dataset/dataset_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"

bool tb_field_line(struct tb_field *rest, struct tb_field *line)
{
    if (rest->n == 0)
        return false;
    const char *end = memchr(rest->p, '\n', rest->n);
    line->p = rest->p;
    line->n = end ? (size_t)(end - rest->p) : rest->n;
    size_t step = line->n + (end != NULL);
    rest->p += step;
    rest->n -= step;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

struct tb_field tb_field_trim(struct tb_field f)
{
    while (f.n && is_blank(f.p[0])) {
        f.p++;
        f.n--;
    }
    while (f.n && is_blank(f.p[f.n - 1]))
        f.n--;
    return f;
}

struct tb_field tb_field_find(struct tb_field f, const char *sep)
{
    const char *at = memmem(f.p, f.n, sep, strlen(sep));
    return at ? (struct tb_field){ at, f.n - (size_t)(at - f.p) } : (struct tb_field){ NULL, 0 };
}

static struct tb_field skip_mark(struct tb_field file)
{
    if (file.n >= 3 && memcmp(file.p, "\xef\xbb\xbf", 3) == 0)
        return (struct tb_field){ file.p + 3, file.n - 3 };
    return file;
}

static bool check_utf8(const char *path, int line, struct tb_field f, struct tb_err *err)
{
    size_t at = 0, step;
    while (at < f.n && (step = tb_utf8_step(f.p + at, f.n - at, NULL)))
        at += step;
    return at == f.n
           || tb_fail_at(err, TB_ERR_FORMAT, path, line,
                         "byte %zu of the line (0x%02x) is not UTF-8; "
                         "convert the file, for example with iconv",
                         at + 1, (uint8_t)f.p[at]);
}

/* The separator of t.pairs; "\t" and "tab" in letters mean a tab. */
static const char *separator(const struct tb_dataset *d)
{
    const char *sep = tb_json_str(tb_json_get(d->options, "sep"), "||");
    return strcmp(sep, "\\t") == 0 || strcmp(sep, "tab") == 0 ? "\t" : sep;
}

bool tb_read_pairs(struct tb_dataset *d, const char *path, struct tb_field file, struct tb_err *err)
{
    const char *sep = separator(d);
    struct tb_field rest = skip_mark(file), line;
    if (!sep[0])
        return tb_fail(err, TB_ERR_RECIPE,
                       "sep is empty; give what stands between prompt and completion");
    for (int n = 1; tb_field_line(&rest, &line); n++) {
        if (tb_field_trim(line).n == 0)
            continue;
        if (!check_utf8(path, n, line, err))
            return false;
        struct tb_field right = tb_field_find(line, sep);
        if (!right.p)
            return tb_fail_at(err, TB_ERR_FORMAT, path, n,
                              "no separator \"%.20s\" in this line; expected prompt, "
                              "separator, completion (key sep)",
                              strcmp(sep, "\t") == 0 ? "\\t" : sep);
        struct tb_field left = { line.p, line.n - right.n };
        right.p += strlen(sep);
        right.n -= strlen(sep);
        if (!tb_dataset_add(d, tb_field_trim(left), tb_field_trim(right), n, err))
            return false;
    }
    return true;
}

/* "question, answer": the fields of an object, for errors. */
static const char *names_of(const struct tb_json *j, struct tb_buf *out)
{
    for (void *it = tb_json_first(j); it && out->n < 200; it = tb_json_next(j, it)) {
        tb_buf_str(out, out->n ? ", " : "");
        tb_utf8_safe(out, tb_json_iter_key(it), strlen(tb_json_iter_key(it)));
    }
    return out->n ? out->p : "none";
}

static bool get_field(const struct tb_json *j, const char *name, struct tb_field *f,
                      struct tb_err *err)
{
    const struct tb_json *v = tb_json_get(j, name);
    if (tb_json_type(v) == TB_JSON_STR) {
        *f = tb_field_trim((struct tb_field){ tb_json_str(v, ""), tb_json_str_len(v) });
        return true;
    }
    struct tb_buf names = { 0 };
    tb_fail(err, TB_ERR_FORMAT,
            v ? "field \"%.60s\" is not a string; the line has the fields: %.200s"
              : "no field \"%.60s\"; the line has the fields: %.200s (key fields)",
            name, names_of(j, &names));
    tb_buf_free(&names);
    return false;
}

static bool add_object(struct tb_dataset *d, const struct tb_json *j, int line, struct tb_err *err)
{
    const struct tb_json *names = tb_json_get(d->options, "fields");
    struct tb_field prompt = { NULL, 0 }, completion;
    size_t n = tb_json_len(names);
    if (tb_json_type(j) != TB_JSON_MAP)
        return tb_fail(err, TB_ERR_FORMAT,
                       "not a JSON object; expected {\"prompt\": .., \"completion\": ..}");
    return (n == 1 || get_field(j, tb_json_str(tb_json_at(names, 0), ""), &prompt, err))
           && get_field(j, tb_json_str(tb_json_at(names, n - 1), ""), &completion, err)
           && tb_dataset_add(d, prompt, completion, line, err);
}

bool tb_read_jsonl(struct tb_dataset *d, const char *path, struct tb_field file, struct tb_err *err)
{
    struct tb_field rest = skip_mark(file), line;
    for (int n = 1; tb_field_line(&rest, &line); n++) {
        struct tb_err inner = { 0 };
        if (tb_field_trim(line).n == 0)
            continue;
        if (!check_utf8(path, n, line, err))
            return false;
        struct tb_json *j = tb_json_parse(line.p, line.n, path, &inner);
        bool good = j && add_object(d, j, n, &inner);
        tb_json_free(j);
        if (!good)
            return tb_fail_at(err, inner.kind, path, n, "%s", inner.text);
    }
    return true;
}

static bool read_lines(struct tb_dataset *d, const char *path, struct tb_field rest,
                       struct tb_err *err)
{
    struct tb_field line, none = { NULL, 0 };
    for (int n = 1; tb_field_line(&rest, &line); n++) {
        line = tb_field_trim(line);
        if (line.n && (!check_utf8(path, n, line, err) || !tb_dataset_add(d, none, line, n, err)))
            return false;
    }
    return true;
}

static bool read_paragraphs(struct tb_dataset *d, const char *path, struct tb_field rest,
                            struct tb_err *err)
{
    struct tb_field line, none = { NULL, 0 }, all = none;
    int first = 0;
    bool more = true;
    for (int n = 1; more; n++) {
        more = tb_field_line(&rest, &line);
        struct tb_field words = more ? tb_field_trim(line) : none;
        if (words.n && !check_utf8(path, n, line, err))
            return false;
        if (words.n && !all.p) {
            all = line;
            first = n;
        }
        if (words.n)
            all.n = (size_t)(line.p + line.n - all.p);
        if (words.n || !all.p)
            continue;
        if (!tb_dataset_add(d, none, tb_field_trim(all), first, err))
            return false;
        all = none;
    }
    return true;
}

static bool read_windows(struct tb_dataset *d, const char *path, struct tb_field file, size_t width,
                         struct tb_err *err)
{
    struct tb_field rest = file, line;
    struct tb_ids ids = { 0 };
    bool good = true;
    size_t own = width - (size_t)tb_tokenizer_adds_bos(d->t);
    for (int n = 1; good && tb_field_line(&rest, &line); n++)
        good = check_utf8(path, n, line, err);
    good = good && tb_tokenizer_encode(d->t, file.p, file.n, d->parses_special, &ids, err);
    for (size_t at = 0; good && at < ids.n; at += own)
        good = tb_dataset_add_ids(d, ids.p + at, ids.n - at < own ? ids.n - at : own, err);
    free(ids.p);
    return good;
}

bool tb_read_text(struct tb_dataset *d, const char *path, struct tb_field file, struct tb_err *err)
{
    const char *rows = tb_json_str(tb_json_get(d->options, "rows"), "paragraph");
    int64_t width;
    file = skip_mark(file);
    if (strcmp(rows, "line") == 0)
        return read_lines(d, path, file, err);
    if (strcmp(rows, "paragraph") == 0)
        return read_paragraphs(d, path, file, err);
    if (!tb_str_starts(rows, "window:") || !tb_str_int(rows + 7, &width) || width < 3
        || width > TB_DATASET_MAX_ROW)
        return tb_fail(err, TB_ERR_RECIPE,
                       "rows = \"%.40s\"; expected paragraph, line, or window:N with N from 3 "
                       "to %d tokens",
                       rows, TB_DATASET_MAX_ROW);
    return read_windows(d, path, file, (size_t)width, err);
}
