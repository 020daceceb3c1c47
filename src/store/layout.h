/* SPDX-License-Identifier: MIT */
/* layout.h - names, columns, units and version of everything a store holds, in one place.
 * A table of numbers is one 1-D dataset per column, all of equal length; a row of it is a struct of
 * doubles in the same order, and a journal record of it the same doubles in little-endian. */
#ifndef TB_STORE_LAYOUT_H
#define TB_STORE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#define TB_STORE_SCHEMA "tunebench.run"
#define TB_STORE_VERSION "1.0"
#define TB_CKPT_SCHEMA "tunebench.checkpoint"

/* A run id (16 hex digits, "-2" and so on behind it for a run made again) with its zero byte. */
#define TB_RUN_ID 32

/* What stands in the folder of a run. */
#define TB_FILE_H5 "run.h5"
#define TB_FILE_LOCK "lock"
#define TB_FILE_BEAT "beat"
#define TB_FILE_LOG "log.txt"
#define TB_FILE_LOG_OLD "log.old.txt"
#define TB_DIR_CTL "ctl"
#define TB_DIR_CKPT "ckpt"

struct tb_column {
    const char *name, *units, *long_name;
    bool is_int; /* stored as 64-bit integers, where NaN reads as 0 */
};

/* One optimiser step, after it. wall_s: monotonic seconds of training, pauses left out. */
struct tb_train_row {
    double step, tokens, wall_s, loss, lr, grad_norm, tok_per_s, mem_bytes;
};

/* One evaluation; loss = mean nats per label token, n_tok label tokens. */
struct tb_eval_row {
    double step, tokens, wall_s, loss, n_tok;
};

enum {
    TB_N_TRAIN = (int)(sizeof(struct tb_train_row) / sizeof(double)),
    TB_N_EVAL = (int)(sizeof(struct tb_eval_row) / sizeof(double)),
};

extern const struct tb_column tb_train_columns[TB_N_TRAIN];
extern const struct tb_column tb_eval_columns[TB_N_EVAL];

/* Number of the column called `name`, or -1. */
int tb_column_find(const struct tb_column *columns, int n, const char *name);

/* Life of a run. A run is created queued; one writer changes its state; only readers see lost and stalled. */
enum tb_state {
    TB_STATE_QUEUED,
    TB_STATE_RUNNING,
    TB_STATE_PAUSED,
    TB_STATE_DONE,
    TB_STATE_STOPPED,
    TB_STATE_PRUNED,
    TB_STATE_FAILED,
    TB_STATE_LOST,
    TB_STATE_STALLED, /* a process has it and cannot write what it records: it waits for room */
    TB_N_STATES,
};

const char *tb_state_name(enum tb_state s);
const char *tb_state_letter(enum tb_state s); /* R P Q D S X=pruned F L W=stalled */
bool tb_state_find(const char *name, enum tb_state *s); /* false if there is none of that name */
bool tb_state_is_live(enum tb_state s); /* running, paused, stalled: a process has it */
bool tb_state_is_open(enum tb_state s); /* live, or queued for it */
bool tb_state_is_over(enum tb_state s); /* done, stopped, pruned, failed */
/* Whether a writer may go from one state to the other: nothing leaves done, nothing enters lost or
 * stalled, stopped, pruned and failed may be resumed. */
bool tb_state_may(enum tb_state from, enum tb_state to);

#endif
