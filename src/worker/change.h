/* SPDX-License-Identifier: MIT */
/* change.h - keys of a run's config that are changed while it is under way. The list of them is a fact of the run,
 * section "changes": [{step, key, was, value, at}] with rising steps. A change of step s holds for every step behind
 * the first s, so the config in force after s steps is that of the run with all changes of steps <= s in their order:
 * whoever goes on from an earlier checkpoint, or repeats the run, meets them again where they were made. Which keys
 * may be changed stands in the key tables (in_flight). Facts come out of files and requests: both are checked. */
#ifndef TB_WORKER_CHANGE_H
#define TB_WORKER_CHANGE_H

#include "plan/plan.h"
#include "store/store.h"
#include "store/writer.h"

/* The list of a run, lent; NULL if nothing was ever changed. */
const struct tb_json *tb_changes_of(const struct tb_metrics *m);

/* The config in force after `step` steps: a new map. NULL and *err if the list is none that can be followed. */
struct tb_json *tb_changes_config(const struct tb_json *config, const struct tb_json *list, int64_t step,
                                  struct tb_err *err);

/* "optim.lr=5e-4" and the like (lr stands for optim.lr) as {key: value}, a new map. */
struct tb_json *tb_change_parse(const struct tb_json *config, const char *const *words, int n, struct tb_err *err);

/* What is asked for, {key: value}, as it will stand in the config `now`, a new map: optim.lr of a stack becomes the
 * rates of its parts. n_steps and n_tokens of the whole run (0: not known) bound how often it may be evaluated.
 * NULL and *err, with the keys that may be changed, if there is one that may not. */
struct tb_json *tb_change_settle(const struct tb_json *now, const struct tb_json *asked, int64_t n_steps,
                                 int64_t n_tokens, struct tb_err *err);

/* The list with settled values in force from `step` on, a new one. They take the place of what was changed of the same
 * keys at that step (if that brings back what was before, nothing is left of it) and, since the last word counts, at
 * later steps, to which a resumed run has not come again. */
struct tb_json *tb_changes_with(const struct tb_json *list, const struct tb_json *now, const struct tb_json *settled,
                                int64_t step);

/* "optim.lr 0.0003 -> 0.0005, optim.clip 1 -> 0.5"; malloc'ed. And back: what `key` was, malloc'ed; NULL if the words
 * do not say. */
char *tb_change_words(const struct tb_json *now, const struct tb_json *settled);
char *tb_change_was(const char *words, const char *key);

/* Records the list as the run's, with an event "set" of these words. *has_event: kept between tries. */
bool tb_changes_record(struct tb_run_writer *w, int64_t step, const struct tb_json *list, const char *words,
                       bool *has_event, struct tb_err *err);

/* Which run of the store stands for this identity: of id, id-2, id-3, .. the first that is not there or was not changed
 * in flight. True if it is there. */
bool tb_changes_pick_id(const struct tb_store *s, const char *id, char picked[TB_RUN_ID]);

#endif
