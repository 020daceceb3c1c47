/* SPDX-License-Identifier: MIT */
/* h5_priv.h - the only door to HDF5. Files are built in memory and written by our own write(),
 * temporary name, fsync, rename: HDF5 never sees a full disk, and no half file ever has the name of
 * a whole one. Files are read as bytes, checked by the CRC of the user block (doc/frozen.md 5), and
 * opened from that memory. Writing keeps the first error: make all calls, then ask tb_h5_commit.
 * Paths are absolute inside the file. Any thread may call; one at a time per struct. A process with
 * several runs has a store thread for each, and HDF5 is not made for two threads: one lock for the
 * whole process stands at the entries below, never held while a file is read or written. */
#ifndef TB_STORE_H5_PRIV_H
#define TB_STORE_H5_PRIV_H

#include "base/err.h"
#include "base/json.h"
#include "store/array.h"

#include <hdf5.h>
#include <stddef.h>
#include <stdint.h>

enum { TB_H5_BLOCK = 512 };

struct tb_h5_out {
    hid_t file;
    char bad[160]; /* name of the first thing that did not work, else empty */
};

/* Around every call of HDF5; may be nested. HDF5 keeps its errors to itself, and does not clean up at exit, where
 * nothing is left to flush and a file that it could not build for want of memory would crash it. */
void tb_h5_enter(void);
void tb_h5_leave(void);

void tb_h5_version(char *dst, size_t n); /* of the library, "1.10.8" */

/* Begins a file of about `expect` bytes in memory. */
void tb_h5_begin(struct tb_h5_out *h, size_t expect);
/* Writes it to path (old or new file whole, at any moment) and frees the memory; on failure nothing
 * is left. */
bool tb_h5_commit(struct tb_h5_out *h, const char *path, struct tb_err *err);
void tb_h5_abort(struct tb_h5_out *h); /* frees; harmless after commit */

void tb_h5_group(struct tb_h5_out *h, const char *path);
void tb_h5_attr_str(struct tb_h5_out *h, const char *path, const char *name, const char *s);
void tb_h5_attr_int(struct tb_h5_out *h, const char *path, const char *name, int64_t v);
void tb_h5_attr_real(struct tb_h5_out *h, const char *path, const char *name, double v);
/* Typed by the value: string, integer, real, bool as h5py writes it, lists of one type as 1-D
 * arrays, else JSON text; null is left out. Text too long for an attribute becomes a dataset of
 * that name. */
void tb_h5_attr_json(struct tb_h5_out *h, const char *path, const char *name,
                     const struct tb_json *v);
/* Every entry of a map as an attribute. */
void tb_h5_attrs(struct tb_h5_out *h, const char *path, const struct tb_json *map);

enum tb_h5_pack { TB_H5_PLAIN, TB_H5_GZIP };
/* 1-D columns; values are `stride` bytes apart. n may be 0. */
void tb_h5_reals(struct tb_h5_out *h, const char *path, const double *v, size_t n, size_t stride,
                 enum tb_h5_pack pack);
void tb_h5_ints(struct tb_h5_out *h, const char *path, const int64_t *v, size_t n, size_t stride,
                enum tb_h5_pack pack);
void tb_h5_floats(struct tb_h5_out *h, const char *path, const float *v, size_t n, enum tb_h5_pack pack);
/* Fixed-length UTF-8 strings, as long as the longest. */
void tb_h5_strs(struct tb_h5_out *h, const char *path, const char *const *v, size_t n);
void tb_h5_text(struct tb_h5_out *h, const char *path, const char *s, size_t n); /* one string */
void tb_h5_tensor(struct tb_h5_out *h, const char *path, const struct tb_array *t);

struct tb_h5_in {
    hid_t file;
    const char *name; /* of the file, lent, for errors */
    size_t bytes;
    bool is_newer; /* @schema_version is above ours, in a way that can be read */
};

/* Reads, checks the user block, opens. TB_ERR_NOTFOUND if missing, TB_ERR_FORMAT with the name if
 * damaged or not ours. `schema` must be the file's @schema, with the same major @schema_version. */
bool tb_h5_open(struct tb_h5_in *h, const char *path, const char *schema, struct tb_err *err);
void tb_h5_close(struct tb_h5_in *h);
bool tb_h5_has(struct tb_h5_in *h, const char *path);
/* Columns and texts; malloc'ed, TB_ERR_FORMAT naming file and dataset on any surprise. */
bool tb_h5_get_reals(struct tb_h5_in *h, const char *path, double **v, size_t *n,
                     struct tb_err *err);
bool tb_h5_get_ints(struct tb_h5_in *h, const char *path, int64_t **v, size_t *n,
                    struct tb_err *err);
/* n strings in one malloc'ed block, *width + 1 bytes each, terminated. */
bool tb_h5_get_strs(struct tb_h5_in *h, const char *path, char **v, size_t *width, size_t *n,
                    struct tb_err *err);
bool tb_h5_get_text(struct tb_h5_in *h, const char *path, char **s, size_t *n, struct tb_err *err);
/* Fills type, rank, shape and data (malloc'ed); the name stays as it is. */
bool tb_h5_get_tensor(struct tb_h5_in *h, const char *path, struct tb_array *t,
                      struct tb_err *err);
int64_t tb_h5_get_attr_int(struct tb_h5_in *h, const char *path, const char *name,
                           int64_t otherwise);
/* dst is empty if there is no such string. */
void tb_h5_get_attr_str(struct tb_h5_in *h, const char *path, const char *name, char *dst,
                        size_t n);

#endif
