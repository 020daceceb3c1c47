/* SPDX-License-Identifier: MIT */
/* cache.h - runs that were read, kept, and brought up to date: a look at a run that has not moved costs some stat
 * calls. The least recently used go when there are many. */
#ifndef TB_STORE_CACHE_H
#define TB_STORE_CACHE_H

#include "store/metrics.h"

struct tb_cache;
struct tb_cache *tb_cache_open(void);
void tb_cache_close(struct tb_cache *c);
/* The run in folder dir, as its files are now; lent until TB_CACHE_RUNS others were asked for. *serial (may be NULL)
 * changes when it was read anew. NULL with *err if it cannot be read. */
enum { TB_CACHE_RUNS = 64 };
const struct tb_metrics *tb_cache_run(struct tb_cache *c, const char *dir, uint64_t *serial, struct tb_err *err);
/* Of a run that was asked for: as long as it is the same, only rows were added (or written over by a resumed run). */
uint64_t tb_cache_reading(const struct tb_cache *c, const char *dir);
/* Whether that would have to read it. */
bool tb_cache_is_fresh(const struct tb_cache *c, const char *dir);
void tb_cache_drop(struct tb_cache *c, const char *dir); /* it is not asked for any more */

#endif
