/* SPDX-License-Identifier: MIT */
/* fsck_priv.h - what the check of a store and of a run share: kinds of names, and the checksum of a file. */
#ifndef TB_STORE_FSCK_PRIV_H
#define TB_STORE_FSCK_PRIV_H

#include "store/fsck.h"

#include <stdint.h>

enum tb_entry { TB_ENTRY_GONE, TB_ENTRY_FILE, TB_ENTRY_FOLDER, TB_ENTRY_LINK, TB_ENTRY_OTHER };
/* What a path is itself, not what a link leads to. */
enum tb_entry tb_entry_of(const char *path);

/* Remains of a write, of making or of removing a run. */
bool tb_fsck_is_temp(const char *name);
/* Not touched for a minute: no write takes that long. */
bool tb_fsck_is_old(const char *path);

/* Names in a folder, sorted, malloc'ed one by one in a malloc'ed list; their number, 0 if it cannot be read. At most
 * TB_FSCK_MAX_NAMES. */
enum { TB_FSCK_MAX_NAMES = 1 << 20 };
size_t tb_fsck_names(const char *dir, char ***names);
void tb_fsck_names_free(char **names, size_t n);

enum tb_sum { TB_SUM_GOOD, TB_SUM_BAD, TB_SUM_UNKNOWN };
/* The check block of a .h5 file and the CRC behind it, read piece by piece. BAD: certainly not what was written.
 * UNKNOWN: it cannot be read, or another version made it. why is filled unless it is good. */
enum tb_sum tb_fsck_sum(const char *path, struct tb_err *why);

/* "<path>.bad", or .bad.2 and so on; nothing is overwritten. */
bool tb_fsck_set_aside(const char *path, struct tb_err *err);

#endif
