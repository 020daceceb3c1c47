/* SPDX-License-Identifier: MIT */
/* diff.h - what the verb diff compares, and its answer as text and as JSON. */
#ifndef TB_CLI_DIFF_H
#define TB_CLI_DIFF_H

#include "cli/out.h"
#include "cli/pick.h"
#include "view/arms.h"
#include "view/diff.h"
#include "view/pareto.h"

/* Letters of arms: A is the reference. */
enum { TB_DIFF_ARMS = 26 };

struct tb_diff_job {
    const struct tb_args *a;
    struct tb_out out;
    struct tb_pick *run;
    size_t n;
    struct tb_arms arms;
    const struct tb_metrics *m[TB_DIFF_ARMS]; /* the first run of each arm */
    struct tb_diff d;                         /* of these */
    bool is_all;                              /* also what is equal */
    struct tb_pareto pareto;                  /* n 0: nobody asked */
    bool *is_front;                           /* of each run */
    struct tb_row_across *row;                /* the worst, of the first runs */
    size_t n_rows;
    struct tb_json *texts;                    /* of these rows; NULL: unknown, why says why */
    struct tb_err why;
};

void tb_diff_text(const struct tb_diff_job *x);
struct tb_json *tb_diff_json(const struct tb_diff_job *x);
/* The keys of the config as a table in the form that was asked for. */
void tb_diff_keys(const struct tb_diff_job *x);

#endif
