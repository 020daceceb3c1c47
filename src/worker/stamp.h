/* SPDX-License-Identifier: MIT */
/* stamp.h - whether a file, or the files of a folder, are still those that were read. */
#ifndef TB_WORKER_STAMP_H
#define TB_WORKER_STAMP_H

#include <stdint.h>

/* A number made of names, sizes and times of change: of the file, or of what lies in the folder. Another one: it was
 * changed. Reads no content. */
uint64_t tb_stamp_of(const char *path);

#endif
