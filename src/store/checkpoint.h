/* SPDX-License-Identifier: MIT */
/* checkpoint.h - ckpt/000400.h5: named tensors and a JSON state, enough to go on from that step.
 * Written whole by temporary name, fsync, rename, fsync of the folder; checked by CRC before
 * anything of it is read. What the tensors and the state mean is the worker's business. */
#ifndef TB_STORE_CHECKPOINT_H
#define TB_STORE_CHECKPOINT_H

#include "base/err.h"
#include "base/json.h"
#include "store/array.h"

struct tb_checkpoint {
    int64_t step;
    uint64_t journal_seq; /* last journal record before it; filled in by tb_run_writer_checkpoint */
    const struct tb_json *state; /* a map: schedule, cursor, best so far, numeric version, .. */
    const struct tb_array *tensor;
    size_t n;
};

/* Needs about the size of the checkpoint as memory while it writes. `dir` is the run's folder.
 * Store thread only. */
bool tb_checkpoint_write(const char *dir, const struct tb_checkpoint *c, struct tb_err *err);

/* Reads one; tensors and state belong to c until tb_checkpoint_free. Needs twice its size
 * meanwhile. */
bool tb_checkpoint_read(struct tb_checkpoint *c, const char *dir, int64_t step, struct tb_err *err);
void tb_checkpoint_free(struct tb_checkpoint *c); /* of tb_checkpoint_read only */
/* NULL if it has no such tensor. */
const struct tb_array *tb_checkpoint_find(const struct tb_checkpoint *c, const char *name);

/* The newest that can be read, at or below `at_most` (negative: any). A damaged one is skipped,
 * moved aside as `.bad` if `move_bad`, and told in words (of n_words bytes, may be NULL), which
 * stay empty otherwise. TB_ERR_NOTFOUND if none is left. */
bool tb_checkpoint_newest(struct tb_checkpoint *c, const char *dir, int64_t at_most, bool move_bad,
                          char *words, size_t n_words, struct tb_err *err);

/* Steps that have one, ascending, malloc'ed; their number. */
size_t tb_checkpoint_list(const char *dir, int64_t **steps);
/* Also true if it is not there. */
bool tb_checkpoint_remove(const char *dir, int64_t step, struct tb_err *err);
char *tb_checkpoint_path(const char *dir, int64_t step); /* malloc'ed */

#endif
