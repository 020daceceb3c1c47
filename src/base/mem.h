/* SPDX-License-Identifier: MIT */
/* mem.h - small host objects. Whatever scales with model or data does not use these: it is sized, checked against the
 * free memory and refused with TB_ERR_LIMIT. These log and abort when memory is gone. */
#ifndef TB_BASE_MEM_H
#define TB_BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* n * size bytes of zeroes, checked for overflow; never NULL. Free with free(). */
void *tb_xcalloc(size_t n, size_t size);
/* Grows p to n * size bytes; never NULL; new bytes are undefined. */
void *tb_xrealloc(void *p, size_t n, size_t size);
/* Copy of a string; never NULL (tb_xstrdup(NULL) is NULL). */
char *tb_xstrdup(const char *s);
char *tb_xstrndup(const char *s, size_t n); /* of n bytes, a zero byte behind them */
/* Formatted string; never NULL. */
char *tb_xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *tb_xvasprintf(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

/* Room for one more element in a growing array: doubles *cap when n == *cap. */
void *tb_grow(void *p, size_t n, size_t *cap, size_t size);

/* Number of malloc-family calls so far by this process where counting is built in (--enable-debug), else 0. */
uint64_t tb_mem_allocations(void);

/* Bytes that this process may still take: min(MemAvailable, what is left in the cgroup) * 0.9, or what a limit on its
 * address space leaves. */
uint64_t tb_mem_free_bytes(void);
/* Bytes that it may ever have, were all others gone: of MemTotal and the limits, in the same way. */
uint64_t tb_mem_total_bytes(void);
/* The same without the address space, with the files looked for under `root`, for tests. */
uint64_t tb_mem_free_under(const char *root);
uint64_t tb_mem_total_under(const char *root);
/* VmRSS and VmHWM of this process in bytes, 0 where unknown. */
uint64_t tb_mem_rss_bytes(void);
uint64_t tb_mem_peak_bytes(void);
/* RssAnon: the part of VmRSS that is no file's, 0 where unknown. */
uint64_t tb_mem_anon_bytes(void);
/* Starts a new VmHWM measurement (writes 5 to /proc/self/clear_refs); false where the system refuses. */
_Bool tb_mem_peak_reset(void);

#endif
