/* SPDX-License-Identifier: MIT */
/* kin.h - the family of a run: the run it goes back to, and all that was cloned from there, as a tree. */
#ifndef TB_VIEW_KIN_H
#define TB_VIEW_KIN_H

#include "store/metrics.h"
#include "store/store.h"

enum { TB_KIN_UP = 16, TB_KIN_DEPTH = 32, TB_KIN_MOST = 1000 };

/* One line of the tree. */
struct tb_kin {
    const struct tb_run_item *item; /* lent; NULL: a run that is gone, of which only the id is known */
    char id[TB_RUN_ID];
    int depth;                      /* 0: the root */
    bool is_last[TB_KIN_DEPTH];     /* of its siblings, at depth 1 .. depth */
};

/* Root first, each child behind its parent, in the order of all[0 .. n-1]; malloc'ed. The root is at most TB_KIN_UP
 * parents away, and what lies TB_KIN_DEPTH below it is left out. Their number: 1 where the run has no kin, 0 where it
 * is not in the list; at most TB_KIN_MOST. Parents that go round in a ring, which a damaged store may say, are no
 * harm. */
size_t tb_kin_make(const struct tb_run_item *all, size_t n, const char *id, struct tb_kin **list);
/* What stands before its name: "|  `- ", by 3 columns a level. Into dst, which is returned. */
char *tb_kin_branch(const struct tb_kin *k, char *dst, size_t n);

/* How a run began: "warm from step 400", "cold", "rerun"; "" if it was made from no other. Into dst, which is
 * returned. */
char *tb_kin_relation(const struct tb_metrics *m, char dst[64]);

#endif
