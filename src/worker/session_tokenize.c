/* SPDX-License-Identifier: MIT */
/* session_tokenize.c - text to token ids, line by line: JSON strings in and {"ids": [..]} out, or plain lines in and
 * ids with blanks between them out. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/tokenizer.h"
#include "worker/session_priv.h"

static void print(const struct tb_ids *ids, bool is_json, FILE *out)
{
    fputs(is_json ? "{\"ids\": [" : "", out);
    for (size_t i = 0; i < ids->n; i++)
        fprintf(out, "%s%d", i == 0 ? "" : is_json ? ", " : " ", ids->p[i]);
    fputs(is_json ? "]}\n" : "\n", out);
}

static bool encode_json(struct tb_tokenizer *t, const char *line, size_t n, bool special, struct tb_ids *ids,
                        struct tb_err *err)
{
    struct tb_json *j = tb_json_parse(line, n, "stdin", err);
    bool good = j != NULL;
    if (good && tb_json_type(j) != TB_JSON_STR)
        good = tb_fail(err, TB_ERR_FORMAT, "expected a JSON string");
    good = good && tb_tokenizer_encode(t, tb_json_str(j, ""), tb_json_str_len(j), special, ids, err);
    tb_json_free(j);
    return good;
}

static bool each_line(struct tb_tokenizer *t, bool is_json, bool special, FILE *in, FILE *out, struct tb_err *err)
{
    struct tb_ids ids = { 0 };
    struct tb_err why = { 0 };
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    bool good = true;
    for (int number = 1; good && (n = getline(&line, &cap, in)) >= 0; number++) {
        size_t len = (size_t)n;
        while (len && (line[len - 1] == '\n' || line[len - 1] == '\r'))
            len--;
        ids.n = 0;
        good = is_json ? encode_json(t, line, len, special, &ids, &why)
                       : tb_tokenizer_encode(t, line, len, special, &ids, &why);
        if (good)
            print(&ids, is_json, out);
        else
            tb_fail_at(err, why.kind, "stdin", number, "%s", why.text);
    }
    free(line);
    free(ids.p);
    return good && (!ferror(in) || tb_fail(err, TB_ERR_IO, "stdin cannot be read"))
        && (fflush(out) == 0 || tb_fail_errno(err, "cannot write the ids"));
}

bool tb_session_tokenize(const char *base, bool is_json, bool special, FILE *in, FILE *out, struct tb_err *err)
{
    char *path = tb_session_base_path(base, err);
    struct tb_tokenizer *t = path ? tb_tokenizer_open(path, err) : NULL;
    bool good = t && each_line(t, is_json, special, in, out, err);
    tb_tokenizer_close(t);
    free(path);
    return good;
}
