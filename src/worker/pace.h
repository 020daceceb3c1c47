/* SPDX-License-Identifier: MIT */
/* pace.h - how long a run will take: its work (work.h) over what this machine does in a second. That is a share of
 * what a probe of the processor reaches, one for all methods on a base; it depends on base, back end and threads, is
 * measured by training for two seconds, and kept in $XDG_CACHE_HOME/tunebench/pace.json. Share and probe are taken in
 * processor time, so they, and the time that is told, are the same on a busy machine. */
#ifndef TB_WORKER_PACE_H
#define TB_WORKER_PACE_H

#include "worker/job.h"

struct tb_pace;

/* What is measured when it is asked for: nothing (a share that is not known is the usual one), a base that nobody has
 * measured yet, or each base and method anew. */
enum tb_pace_when { TB_PACE_NEVER, TB_PACE_MISSING, TB_PACE_ANEW };
struct tb_pace *tb_pace_open(enum tb_pace_when when);
void tb_pace_close(struct tb_pace *p); /* NULL is fine */

/* Whether it may be asked to measure at all. */
bool tb_pace_is_curious(const struct tb_pace *p);
/* Measures what is to be measured of that run. To be called for all runs of a plan before the first is asked for its
 * time, so that all rest on the same share. */
bool tb_pace_learn(struct tb_pace *p, const struct tb_job *j, struct tb_err *err);
/* Seconds of training and evaluations, were the run's threads alone. *is_measured: by steps on that base. NaN and *err
 * if there is no back end to be asked. */
double tb_pace_seconds(struct tb_pace *p, const struct tb_job *j, bool *is_measured, struct tb_err *err);
/* What the last answer rests on: {threads, probe_gflops, share, n_measured, free}, free being the part of the
 * processors' time that other programs leave; a new value. */
struct tb_json *tb_pace_facts(const struct tb_pace *p);
/* Memory that measuring left behind in the process. */
uint64_t tb_pace_left_bytes(const struct tb_pace *p);

#endif
