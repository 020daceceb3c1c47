/* SPDX-License-Identifier: MIT */
/* session_rows.c - the texts of rows that a run was evaluated on, from the file they came from, if it is still that
 * file: stores keep losses, not texts. */
#include "dataset/dataset.h"
#include "worker/session_priv.h"

static struct tb_json *text_of(const struct tb_dataset *d, int row)
{
    size_t n;
    struct tb_json *map = tb_json_new_map();
    const char *text = tb_dataset_prompt(d, row, &n);
    tb_json_set(map, "prompt", tb_json_new_strn(text, n));
    text = tb_dataset_completion(d, row, &n);
    tb_json_set(map, "completion", tb_json_new_strn(text, n));
    return map;
}

struct tb_json *tb_session_row_texts(const char *store, const char *run, const int64_t *row, size_t n,
                                     struct tb_err *err)
{
    struct tb_session_run r;
    struct tb_dataset *d = NULL;
    struct tb_json *out = NULL;
    if (tb_session_run_open(&r, store, run, err) && (d = tb_session_run_text(&r, err)))
        out = tb_json_new_list();
    for (size_t i = 0; out && i < n; i++) {
        bool is_there = row[i] >= 0 && row[i] < tb_dataset_counts(d)->rows;
        tb_json_append(out, is_there ? text_of(d, (int)row[i]) : tb_json_new_null());
    }
    tb_session_run_close(&r);
    return out;
}
