/* SPDX-License-Identifier: MIT */
/* trace_rows.c - reads the rows of a trace. All ids of the file are counted first and stand in one block, so that
 * rows can point into it. */
#include "worker/trace_rows.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"

enum { FILE_BYTES = 256 << 20, ROW_TOK = 4095, MAX_STEPS = 1000000 };

void tb_trace_rows_free(struct tb_trace_rows *r)
{
    free(r->row);
    free(r->ids);
    free(r->first);
    *r = (struct tb_trace_rows){ 0 };
}

static bool take_ids(const struct tb_json *list, int32_t *ids, int vocab, struct tb_err *err)
{
    for (size_t i = 0; i < tb_json_len(list); i++) {
        int64_t id = tb_json_int(tb_json_at(list, i), -1);
        if (id < 0 || id >= vocab)
            return tb_fail(err, TB_ERR_FORMAT, "input_ids[%zu] is no token of this model (0 to %d)", i, vocab - 1);
        ids[i] = (int32_t)id;
    }
    return true;
}

static bool take_row(struct tb_trace_rows *r, const struct tb_json *from, int32_t *ids, int vocab, struct tb_err *err)
{
    const struct tb_json *list = tb_json_get(from, "input_ids");
    size_t n = tb_json_len(list);
    int64_t n_prompt = tb_json_int(tb_json_get(from, "n_prompt"), -1);
    if (tb_json_type(list) != TB_JSON_LIST || n < 1 || n > ROW_TOK)
        return tb_fail(err, TB_ERR_FORMAT, "input_ids must be a list of 1 to %d token ids", ROW_TOK);
    if (n_prompt < 0 || n_prompt > (int64_t)n)
        return tb_fail(err, TB_ERR_FORMAT, "n_prompt must be a whole number from 0 to %zu", n);
    r->row[r->n_rows++] = (struct tb_row){ ids, (int)n, (int)n_prompt };
    r->longest = (int)n > r->longest ? (int)n : r->longest;
    return take_ids(list, ids, vocab, err);
}

static bool take_step(struct tb_trace_rows *r, const struct tb_json *rows, int32_t **ids, int vocab, struct tb_err *err)
{
    size_t n = tb_json_len(rows);
    if (tb_json_type(rows) != TB_JSON_LIST || n < 1)
        return tb_fail(err, TB_ERR_FORMAT, "step %d must be a list of rows", r->n_steps);
    for (size_t i = 0; i < n; i++) {
        const struct tb_json *row = tb_json_at(rows, i);
        if (!take_row(r, row, *ids, vocab, err)) {
            tb_err_prefix(err, "step %d, row %zu", r->n_steps, i);
            return false;
        }
        *ids += tb_json_len(tb_json_get(row, "input_ids"));
    }
    r->most_rows = (int)n > r->most_rows ? (int)n : r->most_rows;
    r->first[++r->n_steps] = (int)r->n_rows;
    return true;
}

static void count(const struct tb_json *rows, size_t *n_rows, size_t *n_ids)
{
    *n_rows += tb_json_len(rows);
    for (size_t i = 0; i < tb_json_len(rows); i++)
        *n_ids += tb_json_len(tb_json_get(tb_json_at(rows, i), "input_ids"));
}

static bool take(struct tb_trace_rows *r, const struct tb_json *j, int vocab, struct tb_err *err)
{
    const struct tb_json *rows = tb_json_get(j, "rows"), *steps = tb_json_get(j, "steps");
    size_t n_steps = rows ? 1 : tb_json_len(steps), n_rows = 0, n_ids = 0;
    r->is_steps = !rows;
    if (!rows == !steps || n_steps < 1 || n_steps > MAX_STEPS || (!rows && tb_json_type(steps) != TB_JSON_LIST))
        return tb_fail(err, TB_ERR_FORMAT, "expected {\"rows\": [row, ..]} or {\"steps\": [[row, ..], ..]}");
    for (size_t i = 0; i < n_steps; i++)
        count(rows ? rows : tb_json_at(steps, i), &n_rows, &n_ids);
    r->row = tb_xcalloc(n_rows, sizeof *r->row);
    r->ids = tb_xcalloc(n_ids, sizeof *r->ids);
    r->first = tb_xcalloc(n_steps + 1, sizeof *r->first);
    int32_t *ids = r->ids;
    for (size_t i = 0; i < n_steps; i++)
        if (!take_step(r, rows ? rows : tb_json_at(steps, i), &ids, vocab, err))
            return false;
    return true;
}

bool tb_trace_rows_open(struct tb_trace_rows *r, const char *path, int vocab, struct tb_err *err)
{
    struct tb_err why = { 0 };
    struct tb_json *j = tb_json_load(path, FILE_BYTES, err);
    *r = (struct tb_trace_rows){ 0 };
    bool good = j && take(r, j, vocab, &why);
    if (j && !good)
        tb_fail_at(err, why.kind, path, 0, "%s", why.text);
    tb_json_free(j);
    return good;
}

const struct tb_row *tb_trace_rows_at(const struct tb_trace_rows *r, int i, int *n)
{
    int step = r->is_steps ? i : 0;
    *n = r->first[step + 1] - r->first[step];
    return r->row + r->first[step];
}
