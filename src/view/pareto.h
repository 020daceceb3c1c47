/* SPDX-License-Identifier: MIT */
/* pareto.h - runs that no other run beats in everything: quality against size, memory against time, any columns. */
#ifndef TB_VIEW_PARETO_H
#define TB_VIEW_PARETO_H

#include "view/runs.h"

enum { TB_PARETO_MOST = 8 };
struct tb_pareto {
    int column[TB_PARETO_MOST]; /* of the table of runs */
    bool is_max[TB_PARETO_MOST]; /* more is better */
    size_t n;
};

/* "eval/loss,adapter_bytes,tok_s:max": at least two columns of numbers, each with :min or :max where the usual
 * direction (less is better, but for tok_s) is not meant. TB_ERR_USAGE otherwise. */
bool tb_pareto_open(struct tb_pareto *p, const char *text, struct tb_err *err);
/* The value of a run in column k, turned so that less is better; NaN if unknown. */
double tb_pareto_value(const struct tb_pareto *p, size_t k, const struct tb_run_item *item);
/* v: n rows of k values, less is better. is_front[i]: all values of row i are known, and no row is as good in all of
 * them and better in one. Their number. */
size_t tb_pareto_front(const double *v, size_t n, size_t k, bool *is_front);
/* The same for the runs order[0 .. n-1]; is_front in that order. */
size_t tb_pareto_mark(const struct tb_pareto *p, const struct tb_run_item *items, const size_t *order, size_t n,
                      bool *is_front);

#endif
