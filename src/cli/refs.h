/* SPDX-License-Identifier: MIT */
/* refs.h - several runs by what a person types: words that each name a run, or a filter. */
#ifndef TB_CLI_REFS_H
#define TB_CLI_REFS_H

#include "cli/args.h"
#include "store/store.h"

struct tb_ref {
    size_t index;    /* in the list of runs */
    const char *ref; /* for tb_pick_run: the word ("lora:400"), or the id; lent */
};

/* The runs that the words of a mean, in their order; malloc'ed. No words: all runs. If one of them names no run, all
 * together are a filter, which passes over damaged runs, and over archived ones unless it speaks of them.
 * TB_ERR_NOTFOUND if it passes none. */
bool tb_refs_find(const struct tb_args *a, const struct tb_run_item *all, size_t n, struct tb_ref **refs,
                  size_t *n_refs, struct tb_err *err);

#endif
