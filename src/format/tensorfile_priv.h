/* SPDX-License-Identifier: MIT */
/* tensorfile_priv.h - what both readers check: names, sizes, order by name, overlap. */
#ifndef TB_FORMAT_TENSORFILE_PRIV_H
#define TB_FORMAT_TENSORFILE_PRIV_H

#include <stddef.h>

#include "base/err.h"
#include "format/tensorfile.h"

/* Above every real model, low enough that the list itself is a small object. */
enum { TB_TENSORS_MAX = 1 << 20 };

/* The tensors of a file: in its order, and sorted by name. The names are owned. */
struct tb_tensors {
    struct tb_stored *t;
    size_t n, cap;
    const struct tb_stored **by_name; /* made by tb_tensors_index */
};

/* Appends t with a copy of its name; lends it until the next is added. */
struct tb_stored *tb_tensors_add(struct tb_tensors *all, const struct tb_stored *t,
                                 const char *name, size_t n);
void tb_tensors_free(struct tb_tensors *all);
/* Sorts by name and refuses names that are there twice and tensors whose bytes overlap, in n log n
 * whatever the file holds. No tensor may be added afterwards. */
bool tb_tensors_index(struct tb_tensors *all, const char *path, struct tb_err *err);
const struct tb_stored *tb_tensors_find(const struct tb_tensors *all, const char *name);

/* Whether a name of a file is printable UTF-8, not empty: safe in messages and as a file's key. */
bool tb_name_is_plain(const char *s, size_t n);
/* Sets n and bytes from the dimensions and the type's blocks; refuses what overflows and rows that
 * are no whole number of blocks. */
bool tb_stored_measure(struct tb_stored *t, int block, int block_bytes, const char *path,
                       struct tb_err *err);

uint32_t tb_le32(const uint8_t *p);
uint64_t tb_le64(const uint8_t *p);

#endif
