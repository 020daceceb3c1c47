/* SPDX-License-Identifier: MIT */
/* runlog.h - log.txt of a run: what its worker did and met, a line each, for people who look for a cause:
 *     2026-11-23T21:14:07Z warn run 7f3a: cannot sync the journal ..
 * What a user should act on is an event in the run. Bounded: at 256 KiB the file becomes log.old.txt, in the place of
 * the one before. */
#ifndef TB_STORE_RUNLOG_H
#define TB_STORE_RUNLOG_H

#include "base/err.h"
#include "base/log.h"

enum { TB_RUN_LOG_BYTES = 256 << 10 };

/* Adds a line. A log that cannot be written is nobody's trouble: nothing is told. Only the owner of the run; never
 * through a link. */
void tb_run_log(const char *dir, enum tb_log_level level, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Old and new lines as one text, malloc'ed; "" if there is none. NULL and *err if it cannot be read. */
char *tb_run_log_read(const char *dir, struct tb_err *err);

#endif
