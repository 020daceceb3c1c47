/* SPDX-License-Identifier: MIT */
/* index.h - one line about each run, and the cache of them: the file `index` of a store, rebuilt
 * from the run folders when it is missing, damaged or of another version. Only runs whose folder,
 * run.h5 or journal changed are read. */
#ifndef TB_STORE_INDEX_H
#define TB_STORE_INDEX_H

#include "store/cache.h"
#include "store/run.h"

/* Plain data (it is what the cache file holds); NaN = unknown number, -1 = unknown count, "" =
 * unknown text. */
struct tb_run_summary {
    char id[TB_RUN_ID], name[96], ended_by[32], note[160], created[24], changed[24];
    char method[64]; /* "lora", "lora+prompt" for a stack */
    char rates[64];  /* of a stack: the learning rate of each part, "0.0005,0.01" */
    char arm[20];    /* equal for runs that differ in nothing but their seed */
    char base[160], base_id[72], data[160], data_id[72], tags[128], budget_unit[16], final_hash[72];
    char parent[TB_RUN_ID]; /* the run it was cloned from or repeats */
    int32_t state;     /* enum tb_state as stored */
    int32_t is_sealed; /* no journal */
    int32_t is_protected, is_archived; /* as people marked it */
    int32_t n_changes; /* of keys, while it was under way */
    int32_t votes_won, votes_lost, votes_tied;
    int64_t serial; /* ns: its place among the runs; of `created` where none was written, 0 where neither is known */
    int64_t seed, n_trainable, n_params, step, n_steps, tokens, budget;
    int64_t predicted_bytes, peak_bytes, adapter_bytes, best_step;
    double share, loss, lr, tok_per_s, wall_s; /* of the last train row; lr: of the recipe */
    double first_eval, last_eval, best_eval, eval_tokens;
    double forget_before, forget_after; /* loss of the general text: of the base alone, of the run when measured last */
    char damage[200]; /* why the run cannot be read; then only id and this are set */
};

/* From what is loaded. */
void tb_summary_of(struct tb_run_summary *s, const struct tb_metrics *m);

/* Summaries of all runs under `root` (the store), by id; malloc'ed. Uses and, where it can, renews
 * the cache. A run that cannot be read has damage in words; only an unreadable store fails. */
bool tb_index_read(const char *root, struct tb_run_summary **all, size_t *n, struct tb_err *err);
/* The same, one by one in the order of their ids, so that nobody needs to hold more of them than he wants. live (may be
 * NULL): keeps the runs that have a journal, so that the next time only what is new is read of them. */
typedef void tb_index_fn(void *arg, const struct tb_run_summary *sum);
bool tb_index_each(const char *root, struct tb_cache *live, tb_index_fn *fn, void *arg, struct tb_err *err);

/* False, with words, if there is a cache that cannot be used or that names runs without a folder. Writes nothing, reads
 * no run. */
bool tb_index_check(const char *root, char *words, size_t n);

#endif
