/* SPDX-License-Identifier: MIT */
/* store.h - a folder of runs: `tunebench.d`, or --store, or $TUNEBENCH_STORE.
 *     index   runs/<id>/   recipes/<sha12>.lua   sweeps/<id>/ */
#ifndef TB_STORE_STORE_H
#define TB_STORE_STORE_H

#include "base/err.h"
#include "store/index.h"
#include "store/run.h"

struct tb_store;

/* path NULL: $TUNEBENCH_STORE, else tunebench.d. `create`: makes it (mode 0700) where it is
 * missing, else that is TB_ERR_NOTFOUND. */
struct tb_store *tb_store_open(const char *path, bool create, struct tb_err *err);
void tb_store_close(struct tb_store *s); /* NULL is fine */
const char *tb_store_path(const struct tb_store *s);
const char *tb_store_runs_dir(const struct tb_store *s); /* for tb_run_create */
char *tb_store_run_dir(const struct tb_store *s,
                       const char *id); /* malloc'ed; of an id, not of a name */
bool tb_store_has(const struct tb_store *s, const char *id); /* a folder without run.h5 is no run */
/* An id for one more run of the same identity: id, id-2, id-3, .. that is free. */
void tb_store_next_id(const struct tb_store *s, const char *id, char next[TB_RUN_ID]);

/* Keeps the text as recipes/<first 12 digits of its SHA-256>.lua; sha: all 64. */
bool tb_store_save_recipe(struct tb_store *s, const char *text, size_t n, char sha[65],
                          struct tb_err *err);

/* A run in a list: what is stored, and what is seen of it now. */
struct tb_run_item {
    struct tb_run_summary sum;
    struct tb_run_sight sight; /* state: the one to show */
};
/* From now on runs that have a journal are kept between lists, for who lists them again and again. */
void tb_store_follow(struct tb_store *s);
/* All runs, in the order in which they were created; malloc'ed. */
bool tb_store_list(struct tb_store *s, struct tb_run_item **all, size_t *n, struct tb_err *err);

/* The run that `ref` means: an id, a name, an id prefix, @last (created last), @best (lowest best
 * eval loss). TB_ERR_NOTFOUND if there is none (with the nearest name) or more than one (with their
 * ids, budgets and times). A ":400", ":best" or ":last" behind it is for tb_run_ref_step and not looked at here. */
bool tb_store_find(struct tb_store *s, const char *ref, char id[TB_RUN_ID], struct tb_err *err);
/* The same in a list that is there already; its index, -1 on failure. */
int64_t tb_run_find(const struct tb_run_item *all, size_t n, const char *ref, struct tb_err *err);

enum { TB_REF_NONE = -1, TB_REF_BEST = -2, TB_REF_LAST = -3 };
/* The checkpoint in "RUN:400": its step, or one of the above. False if what stands behind the colon
 * is none of these. */
bool tb_run_ref_step(const char *ref, int64_t *step, struct tb_err *err);

#endif
