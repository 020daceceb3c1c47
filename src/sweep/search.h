/* SPDX-License-Identifier: MIT */
/* search.h - which trial comes next: one file a search, one line in searches.def. The points of an arm are drawn when
 * the plan is made, in the recipe's process, so that `where` has seen each of them; a search chooses among these. Its
 * choice is a function of the points, its keys and what was recorded: asked again it says the same. */
#ifndef TB_SWEEP_SEARCH_H
#define TB_SWEEP_SEARCH_H

#include "plan/key.h"
#include "sweep/space.h"

#include <stddef.h>

/* A trial that is over. */
struct tb_seen {
    const struct tb_json *point;
    double value; /* of the objective, lower is better; NaN: it failed, which is worse than any number */
};

struct tb_search_ask {
    const struct tb_json *keys; /* of the search, complete */
    const struct tb_json *arm;
    const struct tb_json *const *point; /* in the order in which they were drawn */
    const bool *is_taken;               /* by trials, over or not */
    size_t n_points;
    const struct tb_seen *seen;
    size_t n_seen;
};

struct tb_search {
    const char *name, *help, *paper;
    const struct tb_key *keys; /* "trials" and "seed" among them */
    /* Points to draw for each arm, trials included. */
    int64_t (*pool)(const struct tb_json *keys);
    /* Trials that may begin before any result is there. */
    int64_t (*startup)(const struct tb_json *keys);
    /* Index of the next trial's point, -1 if all are taken. */
    ptrdiff_t (*next)(const struct tb_search_ask *q);
};

/* Puts the key tables of all searches and rules of pruning into plan/schema, groups "search" and "prune". */
void tb_search_register(void);
const struct tb_search *tb_search_find(const char *name); /* NULL if none */

/* The first point that is not taken, -1 if there is none. */
ptrdiff_t tb_search_first_free(const struct tb_search_ask *q);

#define TB_SEARCH_TRIALS TB_INT_KEY("trials", "20", 1, 5000, "trials of each arm")
#define TB_SEARCH_SEED TB_INT_KEY("seed", "0", 0, 9007199254740992.0, "of the draws")

#endif
