/* SPDX-License-Identifier: MIT */
/* general.h - the general text of a run (eval.forget), on which it is measured what training makes a model forget. Its
 * rows are chosen by the hash of their text, as many as one evaluation of the run's own may cost (doc/frozen.md 2), so
 * all arms and seeds of a plan have the same ones; it is measured twice a run unless eval.when asks for more. */
#ifndef TB_WORKER_GENERAL_H
#define TB_WORKER_GENERAL_H

#include "worker/job.h"

/* Opens and settles it, chooses the rows; nothing to do without that key. The job's own data must be open. */
bool tb_general_open(struct tb_job *j, struct tb_shelf *s, struct tb_err *err);
/* Tokens of its longest row; 0: there is none. */
int tb_general_longest(const struct tb_job *j);
/* Bytes that the base without its adapter takes for it. */
uint64_t tb_general_bytes(const struct tb_job *j);
/* The engine that it is measured with, of the base alone. */
struct tb_engine_spec tb_general_spec(const struct tb_job *j);
/* Own tokens of those rows. */
int64_t tb_general_tokens(const struct tb_job *j);

#endif
