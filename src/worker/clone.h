/* SPDX-License-Identifier: MIT */
/* clone.h - a new run out of one of the store: with other keys from one of its checkpoints or from step 0, or the same
 * once more. First everything is worked out, and nothing written; then the run is put into the store, queued. */
#ifndef TB_WORKER_CLONE_H
#define TB_WORKER_CLONE_H

#include "worker/clone_keys.h"

/* Strings are lent until tb_clone_close. */
struct tb_clone_spec {
    const char *store;  /* NULL: the usual one */
    const char *parent; /* id */
    int64_t at;         /* step of a checkpoint, TB_REF_BEST, TB_REF_LAST; not looked at by cold and rerun */
    enum tb_clone_mode mode;
    struct tb_overrides *set;
    const char *name;   /* NULL: one that says what was changed */
    char *const *argv;  /* of this process, recorded */
};

struct tb_clone;

/* TB_ERR_USAGE with the mode that would do if a changed key is fixed; TB_ERR_NOTFOUND if there is no such checkpoint;
 * TB_ERR_FORMAT if a clone that begins from a checkpoint has another base or other data than its parent had. */
struct tb_clone *tb_clone_open(const struct tb_clone_spec *s, struct tb_err *err);
void tb_clone_close(struct tb_clone *c); /* NULL is fine */

/* {id, name, mode, parent, parent_name, parent_step, changed: {key: [was, is]}, fixed: [key], steps, tokens, est_s,
 * bytes (null where not known), is_there: an equal run is in the store already, warnings: [text]}. Lent. */
const struct tb_json *tb_clone_facts(const struct tb_clone *c);

/* Makes the run's folder, unless an equal run is there; the id in the facts is then the run's. */
bool tb_clone_put(struct tb_clone *c, struct tb_err *err);

/* Seeds that no run of the store has with the config of this one but for its seed: the next n behind its own. Their
 * number is n; false and *err on failure. */
bool tb_clone_seeds(const char *store, const char *id, int n, int64_t *seeds, struct tb_err *err);

#endif
