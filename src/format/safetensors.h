/* SPDX-License-Identifier: MIT */
/* safetensors.h - safetensors files: mapped for reading, streamed for writing.
 * Container: u64 little-endian length of the header, JSON header {name: {dtype, shape, data_offsets}, "__metadata__"},
 * blanks to a multiple of 8, data. Everything read is untrusted and checked on opening (lengths, overlap, holes,
 * shapes, duplicate names); errors name the tensor. Neither order nor padding nor metadata is required. */
#ifndef TB_FORMAT_SAFETENSORS_H
#define TB_FORMAT_SAFETENSORS_H

#include <stddef.h>

#include "base/err.h"
#include "format/tensorfile.h"

struct tb_safetensors;

struct tb_safetensors *tb_safetensors_open(const char *path, struct tb_err *err);
void tb_safetensors_close(struct tb_safetensors *s); /* NULL is fine */
size_t tb_safetensors_n(const struct tb_safetensors *s);
const struct tb_stored *tb_safetensors_at(const struct tb_safetensors *s, size_t i);
const struct tb_stored *tb_safetensors_find(const struct tb_safetensors *s, const char *name); /* NULL if missing */
/* The whole mapping, and how many of its first bytes are the header: for the base id. */
const void *tb_safetensors_bytes(const struct tb_safetensors *s, uint64_t *n, uint64_t *head);
/* All values as fp32, whichever of the two formats they come from: F32, F16, BF16, F64, I32, I64 and the block types
 * that kernels read; dst has room for t->n. False with *err for another type. */
bool tb_stored_floats(const struct tb_stored *t, float *dst, struct tb_err *err);

/* ---- writing */
enum tb_dtype { TB_DTYPE_F32, TB_DTYPE_BF16, TB_DTYPE_I32 };

/* One tensor to write. `fill` (may be NULL: then `data` holds it all, in the type of the file) writes rows
 * first .. first + n - 1 as fp32 into dst, so that a large model never stands in memory twice; rows = dims[0]. It is
 * called with rising `first`, and not for I32. */
struct tb_to_write {
    const char *name;
    enum tb_dtype type; /* BF16 rounds to nearest even, a NaN stays one */
    int n_dims;
    int64_t dims[TB_STORED_DIMS];
    const void *data;
    void (*fill)(void *arg, int64_t first, int64_t n, float *dst);
    void *arg;
};

/* Writes all tensors as the library does (F32 before I32 before BF16, then by name; metadata {"format": "pt"}; header
 * padded to 8), by a temporary name, fsync, rename and fsync of the folder. After a failure the old file, if any,
 * stands as it was; a name given twice is TB_ERR_FORMAT. */
bool tb_safetensors_write(const char *path, const struct tb_to_write *tensors, size_t n, struct tb_err *err);

#endif
