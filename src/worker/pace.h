/* SPDX-License-Identifier: MIT */
/* pace.h - how long a run will take: its FLOP over what this machine does in a second, which is a share of what a
 * probe of the processor reaches now. The share depends on base, method, back end and threads; it is measured by
 * training for two seconds, and kept in $XDG_CACHE_HOME/tunebench/pace.json. Being a share it also holds while
 * other programs run. */
#ifndef TB_WORKER_PACE_H
#define TB_WORKER_PACE_H

#include "worker/job.h"

struct tb_pace;

/* What is measured when it is asked for: nothing (a share that is not known is taken to be six tenths), what nobody has
 * measured yet, or everything anew. */
enum tb_pace_when { TB_PACE_NEVER, TB_PACE_MISSING, TB_PACE_ANEW };
struct tb_pace *tb_pace_open(enum tb_pace_when when);
void tb_pace_close(struct tb_pace *p); /* NULL is fine */

/* Seconds of training and evaluations. *is_measured: by steps of that base and method. NaN and *err if there is no back
 * end to be asked. */
double tb_pace_seconds(struct tb_pace *p, const struct tb_job *j, bool *is_measured, struct tb_err *err);
/* Memory that measuring left behind in the process. */
uint64_t tb_pace_left_bytes(const struct tb_pace *p);

#endif
