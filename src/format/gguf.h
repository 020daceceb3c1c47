/* SPDX-License-Identifier: MIT */
/* gguf.h - GGUF files (versions 2 and 3, little-endian), mapped: keys and tensors.
 * Everything in the file is untrusted: counts, lengths, types, offsets and alignment are checked on opening, in time
 * and memory that follow the file's size, and errors name the key or tensor and the byte. Getters cannot fail: a key
 * that is missing or of another type reads as `otherwise`. Everything is lent. */
#ifndef TB_FORMAT_GGUF_H
#define TB_FORMAT_GGUF_H

#include <stddef.h>

#include "base/err.h"
#include "format/tensorfile.h"

struct tb_gguf;

struct tb_gguf *tb_gguf_open(const char *path, struct tb_err *err);
void tb_gguf_close(struct tb_gguf *g); /* NULL is fine */

bool tb_gguf_has(const struct tb_gguf *g, const char *key);
/* A string as a zero-terminated copy (NULL if missing, or if it holds a zero byte). */
const char *tb_gguf_str(const struct tb_gguf *g, const char *key);
int64_t tb_gguf_int(const struct tb_gguf *g, const char *key, int64_t otherwise);   /* any integer type that fits */
double tb_gguf_real(const struct tb_gguf *g, const char *key, double otherwise);    /* f32, f64, integers */
bool tb_gguf_bool(const struct tb_gguf *g, const char *key, bool otherwise);

/* Arrays: number of elements (0 if there is no such array), and element i. */
size_t tb_gguf_len(const struct tb_gguf *g, const char *key);
/* Bytes, not terminated; never NULL, with *n 0 where there is no such string. */
const char *tb_gguf_str_at(const struct tb_gguf *g, const char *key, size_t i, size_t *n);
int64_t tb_gguf_int_at(const struct tb_gguf *g, const char *key, size_t i, int64_t otherwise);
double tb_gguf_real_at(const struct tb_gguf *g, const char *key, size_t i, double otherwise);

size_t tb_gguf_n_tensors(const struct tb_gguf *g);
const struct tb_stored *tb_gguf_at(const struct tb_gguf *g, size_t i); /* in file order */
const struct tb_stored *tb_gguf_find(const struct tb_gguf *g, const char *name); /* NULL if missing */

/* The whole mapping, and how many of its first bytes are header and tensor directory: for the base id. */
const void *tb_gguf_bytes(const struct tb_gguf *g, uint64_t *n, uint64_t *head);

#endif
