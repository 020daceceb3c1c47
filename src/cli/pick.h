/* SPDX-License-Identifier: MIT */
/* pick.h - runs by what a person types, loaded: RUN, or RUN:400 for the run as it was at that step. */
#ifndef TB_CLI_PICK_H
#define TB_CLI_PICK_H

#include "cli/args.h"
#include "store/metrics.h"
#include "store/store.h"

/* The store of --store, else the usual one. */
struct tb_store *tb_pick_store(const struct tb_args *a, struct tb_err *err);

struct tb_pick {
    struct tb_run_item item;
    struct tb_metrics m;
    char *dir;
    int64_t at; /* step behind the colon, resolved; -1: none. m and item.sum end there */
};
/* ref may also be a filter that one run passes. p must be freed also after a failure. TB_ERR_NOTFOUND if there is no
 * such run, or it was never at that step. */
bool tb_pick_run(struct tb_pick *p, struct tb_store *s, const char *ref, struct tb_err *err);
/* The same from a list of the store's runs that is there already. */
bool tb_pick_from(struct tb_pick *p, const struct tb_store *s, const struct tb_run_item *all, size_t n,
                  const char *ref, struct tb_err *err);
/* A word for those who look for the run themselves: as it is, or the id of the one run that passes it as a filter. */
enum { TB_PICK_REF = 256 };
bool tb_pick_ref(const struct tb_args *a, const char *word, char ref[TB_PICK_REF], struct tb_err *err);
void tb_pick_free(struct tb_pick *p);

#endif
