/* SPDX-License-Identifier: MIT */
/* score_rows.c - reads what `score` compares. In files of lines an empty line is a text like any other: an output that
 * is empty is one. */
#include "cli/score_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"

static const size_t max_bytes = (size_t)1 << 30;

/* p is freed with the rows. */
static void *own(struct tb_score_rows *r, void *p)
{
    r->owned = tb_grow(r->owned, r->n_owned, &r->owned_cap, sizeof *r->owned);
    return r->owned[r->n_owned++] = p;
}

void tb_score_rows_free(struct tb_score_rows *r)
{
    for (size_t i = 0; i < r->n_owned; i++)
        free(r->owned[i]);
    free(r->owned);
    free(r->row);
    *r = (struct tb_score_rows){ 0 };
}

/* Whole text of a file without a byte-order mark; zero bytes are refused, since texts end there. */
static char *read_text(struct tb_score_rows *r, const char *path, struct tb_err *err)
{
    size_t n;
    char *text = tb_file_read_plain(path, max_bytes, &n, err);
    if (!text)
        return NULL;
    own(r, text);
    if (memchr(text, 0, n)) {
        tb_fail_at(err, TB_ERR_FORMAT, path, 0, "not text: it holds zero bytes");
        return NULL;
    }
    return strncmp(text, "\xef\xbb\xbf", 3) == 0 ? text + 3 : text;
}

/* The next line, cut out of the text in place; NULL behind the last. */
static char *next_line(char **rest)
{
    char *line = *rest;
    if (!*line)
        return NULL;
    size_t n = strcspn(line, "\n");
    *rest = line + n + (line[n] == '\n');
    line[n] = '\0';
    if (n && line[n - 1] == '\r')
        line[n - 1] = '\0';
    return line;
}

/* ---- JSON lines */

static bool take_text(struct tb_score_rows *r, const struct tb_json *j, const char **out, struct tb_err *err)
{
    const char *s = tb_json_str(j, NULL);
    if (!s || tb_json_str_len(j) != strlen(s))
        return tb_fail(err, TB_ERR_FORMAT, "prompt, output and references must be strings without zero bytes");
    *out = own(r, tb_xstrdup(s));
    return true;
}

static bool take_references(struct tb_score_rows *r, const struct tb_json *line, struct tb_score_row *row,
                            struct tb_err *err)
{
    const struct tb_json *many = tb_json_get(line, "references"), *one = tb_json_get(line, "reference");
    bool is_list = tb_json_type(many) == TB_JSON_LIST;
    one = many && !is_list ? many : one;
    row->n_refs = is_list ? tb_json_len(many) : one ? 1 : 0;
    const char **refs = own(r, tb_xcalloc(row->n_refs + 1, sizeof *refs));
    row->refs = refs;
    for (size_t i = 0; i < row->n_refs; i++)
        if (!take_text(r, is_list ? tb_json_at(many, i) : one, &refs[i], err))
            return false;
    return true;
}

static bool take_row(struct tb_score_rows *r, const struct tb_json *line, struct tb_err *err)
{
    struct tb_score_row row = { .loss = tb_json_real(tb_json_get(line, "loss"), NAN),
                                .n_tok = tb_json_int(tb_json_get(line, "n_tok"), tb_json_get(line, "loss") ? 1 : 0) };
    const struct tb_json *prompt = tb_json_get(line, "prompt");
    if (tb_json_type(line) != TB_JSON_MAP || !tb_json_get(line, "output"))
        return tb_fail(err, TB_ERR_FORMAT, "expected {\"output\": .., \"references\": [..], \"prompt\": ..}");
    if (!take_text(r, tb_json_get(line, "output"), &row.output, err) || !take_references(r, line, &row, err)
        || (prompt && !take_text(r, prompt, &row.prompt, err)))
        return false;
    r->row = tb_grow(r->row, r->n, &r->cap, sizeof *r->row);
    r->row[r->n++] = row;
    return true;
}

bool tb_score_rows_load(struct tb_score_rows *r, const char *path, struct tb_err *err)
{
    char *rest = read_text(r, path, err), *line;
    if (!rest)
        return false;
    for (int i = 1; (line = next_line(&rest)); i++) {
        struct tb_err why = { 0 };
        if (!line[strspn(line, " \t")])
            continue;
        struct tb_json *j = tb_json_parse(line, strlen(line), path, &why);
        bool good = j && take_row(r, j, &why);
        tb_json_free(j);
        if (!good)
            return tb_fail_at(err, TB_ERR_FORMAT, path, i, "%s", why.text);
    }
    return true;
}

/* ---- a file for each */

static bool read_lines(struct tb_score_rows *r, const char *path, const char ***lines, size_t *n, struct tb_err *err)
{
    char *rest = read_text(r, path, err), *line;
    size_t cap = 0;
    const char **all = NULL;
    *n = 0;
    while (rest && (line = next_line(&rest))) {
        all = tb_grow(all, *n, &cap, sizeof *all);
        all[(*n)++] = line;
    }
    *lines = own(r, all);
    return rest != NULL;
}

/* Lines of a file that must have as many as the outputs. */
static bool read_beside(struct tb_score_rows *r, const char *path, const char ***lines, struct tb_err *err)
{
    size_t n;
    return read_lines(r, path, lines, &n, err)
        && (n == r->n || tb_fail_at(err, TB_ERR_FORMAT, path, 0, "%zu lines beside %zu outputs", n, r->n));
}

bool tb_score_rows_join(struct tb_score_rows *r, const struct tb_args *a, struct tb_err *err)
{
    const char **outputs, **prompts, **lines;
    size_t n_refs = 0;
    if (!read_lines(r, tb_args_get(a, "outputs"), &outputs, &r->n, err))
        return false;
    while (tb_args_at(a, "references", (int)n_refs))
        n_refs++;
    r->row = tb_xcalloc(r->n + 1, sizeof *r->row);
    const char **refs = own(r, tb_xcalloc(r->n * n_refs + 1, sizeof *refs));
    for (size_t i = 0; i < r->n; i++)
        r->row[i] = (struct tb_score_row){ .output = outputs[i], .refs = refs + i * n_refs, .n_refs = n_refs };
    for (size_t k = 0; k < n_refs; k++) {
        if (!read_beside(r, tb_args_at(a, "references", (int)k), &lines, err))
            return false;
        for (size_t i = 0; i < r->n; i++)
            refs[i * n_refs + k] = lines[i];
    }
    if (!tb_args_has(a, "prompts"))
        return true;
    if (!read_beside(r, tb_args_get(a, "prompts"), &prompts, err))
        return false;
    for (size_t i = 0; i < r->n; i++)
        r->row[i].prompt = prompts[i];
    return true;
}
