/* SPDX-License-Identifier: MIT */
/* file.h - whole files: mapping, reading, replacing atomically. */
#ifndef TB_BASE_FILE_H
#define TB_BASE_FILE_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* A read-only mapping. SIGBUS in it (file cut behind our back) is turned into a message naming `path`. */
struct tb_map {
    const uint8_t *p;
    size_t n;
    char *path;
};
bool tb_map_open(struct tb_map *m, const char *path, struct tb_err *err); /* an empty file maps with p NULL, n 0 */
void tb_map_close(struct tb_map *m);
/* Installs the SIGBUS handler: if the fault lies in a mapping it prints which file and calls _exit(1). */
void tb_map_guard_sigbus(void);

/* Whole file as malloc'ed bytes with a zero byte behind them; NULL if larger than max_bytes. *n may be NULL. */
char *tb_file_read(const char *path, size_t max_bytes, size_t *n, struct tb_err *err);
/* The same, but for a pipe or device, which could hold whoever reads it for ever: tb_file_is_plain. */
char *tb_file_read_plain(const char *path, size_t max_bytes, size_t *n, struct tb_err *err);
/* Writes to "<path>.tmp-<thread id>", fsyncs, renames, fsyncs the folder. */
bool tb_file_replace(const char *path, const void *p, size_t n, struct tb_err *err);
/* The same for bytes that `write` puts into a new file of that name. */
typedef bool tb_file_write_fn(const char *temp, void *arg, struct tb_err *err);
bool tb_file_replace_by(const char *path, tb_file_write_fn *write, void *arg, struct tb_err *err);
/* Writes a file that is not there yet, never over another: then *is_taken (may be NULL). */
bool tb_file_write_new(const char *path, const void *p, size_t n, bool *is_taken, struct tb_err *err);
bool tb_file_exists(const char *path);
bool tb_dir_exists(const char *path);
int64_t tb_file_size(const char *path); /* -1 if it cannot be read */
/* False if something is there that is neither file nor folder: reading a pipe would wait for ever. */
bool tb_file_is_plain(const char *path, struct tb_err *err);
/* False if it is a link: what leads elsewhere is no part of a folder that is ours. True if nothing is there. */
bool tb_file_is_no_link(const char *path, struct tb_err *err);
/* mkdir -p with a mode for what is made; synced, as far as the folders around it may be read. */
bool tb_dir_make(const char *path, unsigned mode, struct tb_err *err);
bool tb_dir_sync(const char *path, struct tb_err *err);
/* Removes a tree, does not follow links. */
bool tb_dir_remove(const char *path, struct tb_err *err);
/* "a/b" joined, malloc'ed; an absolute b stands alone. */
char *tb_path_join(const char *a, const char *b);
/* Points into path. */
const char *tb_path_base(const char *path);
/* Takes the exclusive flock of an open file. Readers probe locks for a moment, so it is tried for 200 ms; false with
 * errno, EWOULDBLOCK if somebody has it. */
bool tb_file_lock(int fd);
/* All bytes to fd, EINTR and short writes handled. */
bool tb_write_all(int fd, const void *p, size_t n);

#endif
