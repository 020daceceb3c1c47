/* SPDX-License-Identifier: MIT */
/* log.h - one line per event: "2026-11-23T21:14:07Z warn run 7f3a: ..." to a file or stderr. For people who look for a
 * cause; what a user should act on is an event in the store. */
#ifndef TB_BASE_LOG_H
#define TB_BASE_LOG_H

#include <stddef.h>

enum tb_log_level { TB_LOG_DEBUG, TB_LOG_INFO, TB_LOG_WARN, TB_LOG_ERROR };

void tb_log(enum tb_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The line itself, with its end of line and no other control character; its length. */
enum { TB_LOG_LINE = 1024 };
size_t tb_log_line(char line[TB_LOG_LINE], enum tb_log_level level, const char *text);
/* Where lines go from now on (-1: nowhere); the level below which they are dropped. Default: stderr, TB_LOG_WARN. */
void tb_log_to(int fd, enum tb_log_level least);

#endif
