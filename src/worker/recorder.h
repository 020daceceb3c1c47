/* SPDX-License-Identifier: MIT */
/* recorder.h - the store thread of one run: it alone writes the journal and calls HDF5, keeps the heart beating while a
 * step takes its time, and looks for requests. The step thread hands it rows through a ring and everything else as a
 * call. A full disk stops nothing: rows wait in memory, writing is tried again every 10 s, which the heartbeat says
 * meanwhile, and the step thread pauses only when the ring is full or a call must wait. What is asked then is answered
 * here. Who wants to leave (tb_train_wish), or was asked to stop, does not wait: the run then goes on from its last
 * checkpoint some other day. */
#ifndef TB_WORKER_RECORDER_H
#define TB_WORKER_RECORDER_H

#include "store/writer.h"

struct tb_recorder;

/* Told on the store thread when writing fails and when it works again (words NULL). */
typedef void tb_trouble_fn(void *arg, const char *words);

/* Told on the step thread when it has to wait until writing works again (true), and behind that (false). */
typedef void tb_stall_fn(void *arg, bool waits);

/* Takes the run in `dir` (TB_ERR_BUSY if somebody has it) and starts the thread. No step has more rows than
 * step_rows. */
struct tb_recorder *tb_recorder_open(const char *dir, int step_rows, tb_trouble_fn *trouble, tb_stall_fn *stall,
                                     void *arg, struct tb_err *err);
/* Writes what is queued, answers requests that came too late, gives the run back, ends the thread. NULL is fine. */
void tb_recorder_close(struct tb_recorder *r);

/* Queues a step and the losses of its n rows, both copied; waits while the ring is full. False once writing was given
 * up, or the run's folder is gone. */
bool tb_recorder_train(struct tb_recorder *r, const struct tb_train_row *row, const float *loss, int n);

/* Seconds of a clock that stands while the step thread waits for room. */
double tb_recorder_clock(const struct tb_recorder *r);

/* Runs fn on the store thread, behind all queued rows, and waits for it. A TB_ERR_IO of fn is tried again as above. */
typedef bool tb_recorder_fn(struct tb_run_writer *w, void *arg, struct tb_err *err);
bool tb_recorder_do(struct tb_recorder *r, tb_recorder_fn *fn, void *arg, struct tb_err *err);
/* An event from the step thread. */
bool tb_recorder_event(struct tb_recorder *r, int64_t step, const char *kind, const char *text, struct tb_err *err);

/* Also when writing was given up: then there is something to see to as well. */
bool tb_recorder_is_asked(struct tb_recorder *r);
/* Looks for a request now, not only each 0.1 s: what was asked before the call is seen at the next step border. */
void tb_recorder_look(struct tb_recorder *r);
bool tb_recorder_is_lost(const struct tb_recorder *r);
/* It was asked to stop, so nothing waits for room any more. */
bool tb_recorder_is_stopping(const struct tb_recorder *r);
/* At a step border: the next request, if one was asked; answer it with tb_recorder_answer, which also frees it. */
bool tb_recorder_request(struct tb_recorder *r, struct tb_ctl_request *q);
void tb_recorder_answer(struct tb_recorder *r, struct tb_ctl_request *q, int64_t step, const char *note);

#endif
