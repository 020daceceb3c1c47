/* SPDX-License-Identifier: MIT */
/* writer.h - the one writer of a run: everything a worker records goes through here. All functions
 * are for one thread, the worker's store thread.
 *
 * A call that returns true has put its record into the journal (it survives kill -9 at once, a
 * power loss after the next sync). A call that fails with TB_ERR_IO (disk full) has recorded
 * nothing: keep the row and call again. */
#ifndef TB_STORE_WRITER_H
#define TB_STORE_WRITER_H

#include "store/checkpoint.h"
#include "store/ctl.h"
#include "store/metrics.h"
#include "store/run.h"
#include "store/snapshot.h"

struct tb_run_writer;

/* Takes the run (TB_ERR_BUSY if somebody has it), cleans up and replays what an earlier writer
 * left, and writes the first beat. What was recovered is an event "recovered". The state is not
 * changed. */
struct tb_run_writer *tb_run_writer_open(const char *dir, struct tb_err *err);
/* Syncs, writes a snapshot if `run.h5` lags (failure to do so is no harm), gives the run back. NULL
 * is fine. */
void tb_run_writer_close(struct tb_run_writer *w);
/* All that is recorded so far; lent, changes with each call. */
const struct tb_metrics *tb_run_writer_metrics(const struct tb_run_writer *w);
const char *tb_run_writer_dir(const struct tb_run_writer *w);
/* Whether somebody removed, moved or replaced the run's folder: nothing can be recorded there any
 * more. */
bool tb_run_writer_is_gone(const struct tb_run_writer *w);

bool tb_run_writer_train(struct tb_run_writer *w, const struct tb_train_row *row,
                         struct tb_err *err);
/* The losses of its rows in the order of the step (store/step_rows.h); nothing where there are more than are kept. */
bool tb_run_writer_step_rows(struct tb_run_writer *w, int64_t step, const float *loss, size_t n, struct tb_err *err);
bool tb_run_writer_eval(struct tb_run_writer *w, const struct tb_eval_row *row, struct tb_err *err);
/* Results of all held-out rows at one step (rows[i].step all equal). */
bool tb_run_writer_rows(struct tb_run_writer *w, const struct tb_row_loss *rows, size_t n,
                        struct tb_err *err);
/* A metric beside the loss; its rows are copied. */
bool tb_run_writer_measure(struct tb_run_writer *w, const struct tb_measure *one, struct tb_err *err);
bool tb_run_writer_sample(struct tb_run_writer *w, const struct tb_sample *s, struct tb_err *err);
/* kind: one word. wall_s is that of the last train row. */
bool tb_run_writer_event(struct tb_run_writer *w, int64_t step, const char *kind,
                         struct tb_err *err, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* ended_by: "budget", "patience", "user", "divergence", "error", .. ("" or NULL: none). TB_ERR_USAGE if the
 * state machine (tb_state_may) forbids it; the same state again is fine. End states come from
 * tb_run_writer_seal. */
bool tb_run_writer_state(struct tb_run_writer *w, enum tb_state state, const char *ended_by,
                         const char *note, struct tb_err *err);
/* Merges {section: {key: value}} into the facts, e.g. {"result": {"peak_bytes": 1}}. */
bool tb_run_writer_facts(struct tb_run_writer *w, const struct tb_json *facts, struct tb_err *err);
/* The run goes on from the checkpoint of `step`. Rows of later steps stay until they are written
 * again; the first whose loss then has other bits is an event "replay". */
bool tb_run_writer_resume(struct tb_run_writer *w, int64_t step, struct tb_err *err);

/* Housekeeping. _due: seconds until it should be called, 0 now, negative: nothing to do. */
double tb_run_writer_sync_due(const struct tb_run_writer *w);
bool tb_run_writer_sync(struct tb_run_writer *w, struct tb_err *err);
double tb_run_writer_snapshot_due(const struct tb_run_writer *w);
/* Also at evaluations, whatever is due. */
bool tb_run_writer_snapshot(struct tb_run_writer *w, struct tb_err *err);
double tb_run_writer_beat_due(const struct tb_run_writer *w);
bool tb_run_writer_beat(struct tb_run_writer *w, struct tb_err *err);
/* Says by the beat, at once and from now on, that its owner waits; TB_STALL_NONE: it goes on. */
void tb_run_writer_stall(struct tb_run_writer *w, enum tb_stall stall);
/* All three where due; the first failure is told, the others are still tried. Cheap when nothing
 * is. */
bool tb_run_writer_tend(struct tb_run_writer *w, struct tb_err *err);

/* Syncs the journal, then writes ckpt/<step>.h5. Which ones stay is the caller's policy
 * (tb_checkpoint_remove). */
bool tb_run_writer_checkpoint(struct tb_run_writer *w, struct tb_checkpoint *c, struct tb_err *err);
/* The next request, taken: true and *q (tb_ctl_free), answer with tb_ctl_done. Files that are no
 * request become events "request". One readdir of an empty folder: poll it every 100 ms. */
bool tb_run_writer_request(struct tb_run_writer *w, struct tb_ctl_request *q);
/* The end: state (done stopped pruned failed), run.h5 with packed tables and the adapter (NULL:
 * none, or the one that is in run.h5), journal removed. May be called again after TB_ERR_IO. The
 * writer stays open. */
bool tb_run_writer_seal(struct tb_run_writer *w, enum tb_state state, const char *ended_by,
                        const char *note, const struct tb_final *adapter, struct tb_err *err);

void tb_run_writer_set_segment(struct tb_run_writer *w,
                               size_t bytes); /* journal segments, for tests */

#endif
