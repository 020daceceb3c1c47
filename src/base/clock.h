/* SPDX-License-Identifier: MIT */
/* clock.h - time. TUNEBENCH_NOW (ISO-8601 UTC) fixes the wall clock for tests. */
#ifndef TB_BASE_CLOCK_H
#define TB_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

void tb_clock_nap(double seconds); /* sleeps so long, less if a signal comes */
double tb_clock_mono_s(void); /* monotonic seconds, for durations */
double tb_clock_cpu_s(void);  /* processor time of all threads of this process */
int64_t tb_clock_wall_ns(void); /* UTC since 1970 */
double tb_clock_since_start_s(void); /* since exec of this process (from /proc/self/stat), else since first call */
/* "2026-11-24T13:05:33Z"; n >= 24. Returns dst. */
char *tb_clock_iso(char *dst, size_t n, int64_t wall_ns);
/* The same read back; false if it is no such text. */
_Bool tb_clock_parse(const char *iso, int64_t *wall_ns);

#endif
