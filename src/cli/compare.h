/* SPDX-License-Identifier: MIT */
/* compare.h - what the verb compare works on: runs of the store, those that have results, their arms, the report. */
#ifndef TB_CLI_COMPARE_H
#define TB_CLI_COMPARE_H

#include "cli/out.h"
#include "cli/pick.h"
#include "sweep/sweep.h"
#include "view/report.h"

struct tb_compare {
    const struct tb_args *a;
    struct tb_out out;
    struct tb_store *store;
    struct tb_run_item *all;
    size_t n_all;
    struct tb_pick *run;      /* those with results */
    size_t n, cap;
    struct tb_report_lost *lost; /* the others; the report takes them over */
    size_t n_lost, lost_cap;
    struct tb_report_text *text; /* --data: what they were measured on; the report takes it over */
    struct tb_arms arms;
    struct tb_sweep sweep;
    bool has_sweep;
    struct tb_report report;
};

/* Loads a run; one without results, or that failed, is put to the lost. False if it cannot be found. */
bool tb_compare_take(struct tb_compare *x, const char *ref, struct tb_err *err);
/* Puts `name` to the lost. */
void tb_compare_lose(struct tb_compare *x, const char *name, const char *why);

/* compare_sweep.c: the finalist of each arm with its other seeds; and, once x->arms are made, what the search tells of
 * them. The strings in it are lent by x->sweep. */
bool tb_compare_finalists(struct tb_compare *x, struct tb_err *err);
struct tb_report_sweep *tb_compare_search(const struct tb_compare *x);

/* compare_data.c: --data and --forget. Losses, scores and forgetting of x->run become those of these texts. */
bool tb_compare_measure(struct tb_compare *x, struct tb_err *err);
/* What other verbs call that run: its id, with the step if it is looked at as it was. */
void tb_compare_ref(const struct tb_pick *p, char *ref, size_t n);

/* compare_left.c: what a sweep that is not over still lacks, and how it goes on; malloc'ed, NULL if it is over. */
char *tb_compare_left(const struct tb_compare *x);

/* compare_merge.c: fills x->report.merged. */
bool tb_compare_merge(struct tb_compare *x, struct tb_err *err);

#endif
