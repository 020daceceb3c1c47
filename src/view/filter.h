/* SPDX-License-Identifier: MIT */
/* filter.h - one line that chooses and orders runs:
 *     method:lora,prefix state!=failed eval<1.2 sort:eval word
 *   field:a,b     text contains a or b (any case), or the number is a or b
 *   field=a,b     is a or b          field!=a,b   is neither
 *   field<x  field>x  field<=x  field>=x          numbers: 60k, 2M, 3e-4; times as text
 *   sort:field    sort:-field (downwards); the last one decides, earlier ones break ties
 *   group:a,b     runs that are alike in these stand together; group:!seed: in all but the seed
 *   word          in name, id, method or tags     !word, !field..   not that */
#ifndef TB_VIEW_FILTER_H
#define TB_VIEW_FILTER_H

#include "view/runs.h"

struct tb_filter;
/* NULL or "" is the filter that passes all. TB_ERR_USAGE names the term and the nearest field. */
struct tb_filter *tb_filter_open(const char *text, struct tb_err *err);
void tb_filter_close(struct tb_filter *f);
bool tb_filter_passes(const struct tb_filter *f, const struct tb_run_item *item);
/* Indices of the runs that pass, in order, into `order` (room for n); their number. Unknown values
 * sort last. */
size_t tb_filter_apply(const struct tb_filter *f, const struct tb_run_item *items, size_t n,
                       size_t *order);

/* What stands behind group:, for tb_groups_make; NULL if nothing does. Lent. */
const char *tb_filter_group(const struct tb_filter *f);

#endif
