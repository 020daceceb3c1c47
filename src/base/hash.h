/* SPDX-License-Identifier: MIT */
/* hash.h - SHA-256 (libmd), CRC-32 (zlib) and FNV-1a. */
#ifndef TB_BASE_HASH_H
#define TB_BASE_HASH_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct tb_sha256 { uint64_t state[16]; }; /* room for libmd's context */

void tb_sha256_begin(struct tb_sha256 *h);
void tb_sha256_add(struct tb_sha256 *h, const void *p, size_t n);
void tb_sha256_end(struct tb_sha256 *h, uint8_t digest[32]);
/* 64 lower-case hex digits and a zero byte. */
void tb_sha256_hex(const void *p, size_t n, char hex[65]);
void tb_hex(const uint8_t *p, size_t n, char *hex); /* 2 n digits and a zero byte */
/* Hash of a whole file, streamed. */
bool tb_sha256_file(const char *path, char hex[65], struct tb_err *err);

uint32_t tb_crc32(uint32_t crc, const void *p, size_t n); /* zlib's; start with 0 */
uint32_t tb_fnv1a32(const void *p, size_t n);

#endif
