/* SPDX-License-Identifier: MIT */
/* session_tokenize.c - text to token ids and back, line by line. A line in is a text, or with `decodes` the ids of one;
 * a line out is its ids, with `shows_pieces` each with its text beside it, or the text again. Plain lines hold text as
 * it is and ids with blanks or commas between them; JSON lines a string, a list of ids or {"ids": [..]}. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "text/tokenizer.h"
#include "worker/session_priv.h"

static bool add_id(struct tb_ids *ids, int64_t id, const struct tb_tokenizer *t, struct tb_err *err)
{
    int n = tb_tokenizer_vocab(t);
    if (id < 0 || id >= n)
        return tb_fail(err, TB_ERR_LIMIT, "token id %lld is outside the vocabulary, 0 to %d", (long long)id, n - 1);
    ids->p = tb_grow(ids->p, ids->n, &ids->cap, sizeof *ids->p);
    ids->p[ids->n++] = (int32_t)id;
    return true;
}

static bool ids_of_json(const struct tb_json *j, const struct tb_tokenizer *t, struct tb_ids *ids, struct tb_err *err)
{
    const struct tb_json *list = tb_json_type(j) == TB_JSON_MAP ? tb_json_get(j, "ids") : j;
    bool good = tb_json_type(list) == TB_JSON_LIST;
    for (size_t i = 0; good && i < tb_json_len(list); i++)
        good = tb_json_type(tb_json_at(list, i)) == TB_JSON_INT;
    if (!good)
        return tb_fail(err, TB_ERR_FORMAT, "expected a list of token ids, or {\"ids\": [..]}");
    for (size_t i = 0; good && i < tb_json_len(list); i++)
        good = add_id(ids, tb_json_int(tb_json_at(list, i), -1), t, err);
    return good;
}

/* "12, 7 250" */
static bool ids_of_line(const char *line, size_t n, const struct tb_tokenizer *t, struct tb_ids *ids,
                        struct tb_err *err)
{
    char *copy = tb_xasprintf("%.*s", (int)n, line), *rest = copy;
    bool good = true;
    for (char *word = strtok_r(copy, " ,\t", &rest); good && word; word = strtok_r(NULL, " ,\t", &rest)) {
        int64_t id;
        good = (tb_str_int(word, &id) || tb_fail(err, TB_ERR_FORMAT, "'%.40s' is no token id", word))
            && add_id(ids, id, t, err);
    }
    free(copy);
    return good;
}

/* The ids that a line means. */
static bool read_ids(const struct tb_tokenize_spec *s, struct tb_tokenizer *t, const char *line, size_t n,
                     struct tb_ids *ids, struct tb_err *err)
{
    if (!s->is_json)
        return s->decodes ? ids_of_line(line, n, t, ids, err)
                          : tb_tokenizer_encode(t, line, n, s->parses_special, ids, err);
    struct tb_json *j = tb_json_parse(line, n, "stdin", err);
    bool good = j != NULL;
    if (good && s->decodes)
        good = ids_of_json(j, t, ids, err);
    else if (good && tb_json_type(j) != TB_JSON_STR)
        good = tb_fail(err, TB_ERR_FORMAT, "expected a JSON string");
    else if (good)
        good = tb_tokenizer_encode(t, tb_json_str(j, ""), tb_json_str_len(j), s->parses_special, ids, err);
    tb_json_free(j);
    return good;
}

/* A token's bytes between quotes: what is no printable text of its own, such as a part of a letter, as \xe2. */
static void put_piece(struct tb_buf *b, const char *p, size_t n)
{
    struct tb_buf safe = { 0 };
    tb_buf_char(b, '"');
    for (size_t i = 0, step; i < n; i += step ? step : 1) {
        step = tb_utf8_step(p + i, n - i, NULL);
        tb_buf_clear(&safe);
        tb_utf8_safe(&safe, p + i, step ? step : 1);
        if (p[i] == '\n' || p[i] == '\t')
            tb_buf_str(b, p[i] == '\n' ? "\\n" : "\\t");
        else if (p[i] == '"' || p[i] == '\\')
            tb_buf_fmt(b, "\\%c", p[i]);
        else if (step && safe.n == step && memcmp(safe.p, p + i, step) == 0)
            tb_buf_add(b, p + i, step);
        else
            for (size_t k = 0; k < (step ? step : 1); k++)
                tb_buf_fmt(b, "\\x%02x", (uint8_t)p[i + k]);
    }
    tb_buf_char(b, '"');
    tb_buf_free(&safe);
}

static void print_pieces(const struct tb_tokenizer *t, const struct tb_ids *ids, FILE *out)
{
    struct tb_buf b = { 0 };
    for (size_t i = 0; i < ids->n; i++) {
        size_t n;
        const char *piece = tb_tokenizer_token(t, ids->p[i], &n);
        tb_buf_fmt(&b, "%s%d ", i ? "  " : "", ids->p[i]);
        put_piece(&b, piece, n);
    }
    fprintf(out, "%s\n", b.n ? b.p : "");
    tb_buf_free(&b);
}

static void print_ids(const struct tb_ids *ids, FILE *out)
{
    for (size_t i = 0; i < ids->n; i++)
        fprintf(out, "%s%d", i ? " " : "", ids->p[i]);
    fputc('\n', out);
}

static void print_json(const struct tb_tokenize_spec *s, const struct tb_tokenizer *t, const struct tb_ids *ids)
{
    struct tb_json *j = tb_json_new_map(), *list = tb_json_new_list(), *pieces = tb_json_new_list();
    for (size_t i = 0; i < ids->n; i++) {
        size_t n;
        const char *piece = tb_tokenizer_token(t, ids->p[i], &n);
        tb_json_append(list, tb_json_new_int(ids->p[i]));
        tb_json_append(pieces, tb_json_new_strn(piece, n));
    }
    tb_json_set(j, "ids", list);
    if (s->shows_pieces)
        tb_json_set(j, "pieces", tb_json_ref(pieces));
    char *text = tb_json_text(j, TB_JSON_LINE);
    fprintf(s->out, "%s\n", text);
    free(text);
    tb_json_free(pieces);
    tb_json_free(j);
}

static void print_text(const struct tb_tokenize_spec *s, const struct tb_buf *text)
{
    const char *p = text->n ? text->p : "";
    struct tb_buf safe = { 0 };
    if (s->is_json) {
        struct tb_json *j = tb_json_new_strn(p, text->n);
        char *line = tb_json_text(j, TB_JSON_LINE);
        fprintf(s->out, "%s\n", line);
        free(line);
        tb_json_free(j);
    } else if (s->is_terminal) {
        tb_utf8_safe(&safe, p, text->n);
        fprintf(s->out, "%s\n", safe.n ? safe.p : "");
    } else {
        fwrite(p, 1, text->n, s->out);
        fputc('\n', s->out);
    }
    tb_buf_free(&safe);
}

static bool print(const struct tb_tokenize_spec *s, const struct tb_tokenizer *t, const struct tb_ids *ids,
                  struct tb_err *err)
{
    struct tb_buf text = { 0 };
    bool good = !s->decodes || tb_tokenizer_decode(t, ids->p, ids->n, &text, err);
    if (good && s->decodes && !s->shows_pieces)
        print_text(s, &text);
    else if (good && s->is_json)
        print_json(s, t, ids);
    else if (good && s->shows_pieces)
        print_pieces(t, ids, s->out);
    else if (good)
        print_ids(ids, s->out);
    tb_buf_free(&text);
    return good;
}

static bool each_line(const struct tb_tokenize_spec *s, struct tb_tokenizer *t, struct tb_err *err)
{
    struct tb_ids ids = { 0 };
    struct tb_err why = { 0 };
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    bool good = true;
    for (int number = 1; good && (n = getline(&line, &cap, s->in)) >= 0; number++) {
        size_t len = (size_t)n;
        while (len && (line[len - 1] == '\n' || line[len - 1] == '\r'))
            len--;
        ids.n = 0;
        good = read_ids(s, t, line, len, &ids, &why) && print(s, t, &ids, &why);
        if (!good)
            tb_fail_at(err, why.kind, "stdin", number, "%s", why.text);
    }
    free(line);
    free(ids.p);
    return good && (!ferror(s->in) || tb_fail(err, TB_ERR_IO, "stdin cannot be read"))
        && (fflush(s->out) == 0 || tb_fail_errno(err, "cannot write the ids"));
}

bool tb_session_tokenize(const struct tb_tokenize_spec *s, struct tb_err *err)
{
    char *path = tb_session_base_path(s->base, err);
    struct tb_tokenizer *t = path ? tb_tokenizer_open(path, err) : NULL;
    bool good = t && each_line(s, t, err);
    tb_tokenizer_close(t);
    free(path);
    return good;
}
