/* SPDX-License-Identifier: MIT */
/* bytes.h - the alphabet of byte-level tokenizers: a printable character for every byte. */
#ifndef TB_TEXT_BYTES_H
#define TB_TEXT_BYTES_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The character that stands for byte b: itself where it is printable in Latin-1, else U+0100 and up
 * in order. */
uint32_t tb_bytes_char(uint8_t b);
/* Appends the characters of n raw bytes as UTF-8. */
void tb_bytes_spell(struct tb_buf *out, const char *raw, size_t n);
/* Appends the raw bytes of spelled text; false if a character stands for no byte (out is then as
 * before). */
bool tb_bytes_unspell(struct tb_buf *out, const char *text, size_t n);

#endif
