/* SPDX-License-Identifier: MIT */
/* score_rows.h - rows for `score`: JSON lines, or files of which line i belongs to row i. */
#ifndef TB_CLI_SCORE_ROWS_H
#define TB_CLI_SCORE_ROWS_H

#include "cli/args.h"
#include "score/score.h"

struct tb_score_rows {
    struct tb_score_row *row;
    size_t n, cap;
    void **owned; /* texts and lists that the rows point into */
    size_t n_owned, owned_cap;
};

/* {prompt, output, references or reference, loss, n_tok} a line; only output is a must. */
bool tb_score_rows_load(struct tb_score_rows *r, const char *path, struct tb_err *err);
/* --outputs, --references (each file gives one to every row), --prompts. */
bool tb_score_rows_join(struct tb_score_rows *r, const struct tb_args *a, struct tb_err *err);
void tb_score_rows_free(struct tb_score_rows *r);

#endif
