/* SPDX-License-Identifier: MIT */
/* run.h - one run folder: making it, who owns it, and its state as a reader sees it. */
#ifndef TB_STORE_RUN_H
#define TB_STORE_RUN_H

#include "base/err.h"
#include "base/json.h"
#include "store/checkpoint.h"
#include "store/layout.h"

#include <stddef.h>
#include <stdint.h>

/* All that is known of a run before it begins; nothing is taken over. JSON members are maps of
 * typed values (see each) and may be NULL unless said otherwise. Readers find them as sections of
 * tb_metrics facts and in run.h5. */
struct tb_run_new {
    const char *id, *name;           /* required */
    const struct tb_json *config; /* required: dotted key -> value, every key, defaults filled in */
    const char *recipe;              /* text of the recipe, NULL if made from flags */
    size_t n_recipe;
    const struct tb_json *overrides; /* list of "key=value" strings */
    const struct tb_json *plan; /* n_trainable, n_params, share, n_steps, n_tokens, predicted_bytes,
                                   predicted {component: bytes}, memory: "fast" or "small" */
    const struct tb_json *base;      /* id, path, name, arch, .. */
    /* id, path, n_rows, n_train, n_eval, n_dropped, order_hash, eval_hash, .. */
    const struct tb_json *data;
    const struct tb_json *lineage;   /* parent, parent_step, mode, changed: store/lineage.h */
    const struct tb_json *changes;   /* list: what was changed under way in the run it repeats */
    const struct tb_checkpoint *start; /* what it begins from; lineage.start is its step */
    const struct tb_json *env;       /* tb_run_env, and what else the caller knows (cpu, threads) */
};

/* Facts of this process and machine: argv, cwd, git (sha of the repository around cwd, read from
 * .git), host, os, version, numeric (TB_NUMERIC), hdf5, compiler, slurm (job and task, if any). A
 * new map. */
struct tb_json *tb_run_env(char *const *argv, const char *version, int numeric);

/* Makes runs/<id>/ with a queued run.h5, lock, ctl/ and ckpt/, whole or not at all. TB_ERR_USAGE if
 * it exists. `runs`: the folder runs/ of a store (tb_store_runs_dir). */
bool tb_run_create(const char *runs, const struct tb_run_new *run, struct tb_err *err);

/* The lock of a run: held while its descriptor is open, whatever the process does. TB_ERR_BUSY if
 * another holds it (tried for 200 ms, since readers probe it for a moment), TB_ERR_IO where the file system has no
 * locks. -1 on failure. */
int tb_run_lock(const char *dir, struct tb_err *err);
void tb_run_unlock(int fd);
/* Whether somebody holds it; a look that does not wait. */
bool tb_run_is_held(const char *dir);

/* Why the owner of a run waits. Said in the heartbeat, which needs no room on a full disk. */
enum tb_stall {
    TB_STALL_NONE,
    TB_STALL_ROOM,  /* no space left, or more than a quota or limit allows */
    TB_STALL_OTHER, /* it cannot be written for another reason */
    TB_N_STALLS,
};
enum tb_stall tb_stall_of(const struct tb_err *err); /* of a write that failed */
const char *tb_stall_words(enum tb_stall s);         /* "no space left on the device" */
const char *tb_stall_advice(enum tb_stall s);        /* these, and what to do: "..; make room, and .." */

/* The heartbeat: 64 bytes { 'TBB1', u32 pid, u64 counter, boot id 16, host 32 }. The last byte of the host, which few
 * are long enough for, is the reason while its owner waits. */
struct tb_run_beat {
    uint32_t pid;
    uint64_t counter;
    uint8_t boot[16];
    char host[33];
    enum tb_stall stall;
};
bool tb_run_beat_write(const char *dir, uint64_t counter, enum tb_stall stall, struct tb_err *err);
/* age_s: seconds since it was written, by the file's time, at least 0. false if there is none that can be read.
 */
bool tb_run_beat_read(const char *dir, struct tb_run_beat *beat, double *age_s);

/* A run as seen from here (doc/frozen.md 5): running or paused with a free lock on the host and boot of
 * its beat is lost, and so it is on that host after another start once the beat is 30 s old; any other beat from
 * elsewhere is believed, with its age. One that is held and whose beat says that it waits is stalled. */
struct tb_run_sight {
    enum tb_state state;
    uint32_t pid;     /* of the worker that holds it, 0 if none */
    bool is_here;     /* the beat is of this host and boot */
    double beat_s;    /* age of the beat, negative if there is none */
    enum tb_stall stall; /* why it is stalled */
    uint64_t counter; /* for clients that watch: unchanged for 30 s of one's own clock = lost */
};
void tb_run_look(const char *dir, enum tb_state stored, struct tb_run_sight *s);

#endif
