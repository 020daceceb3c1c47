/* SPDX-License-Identifier: MIT */
/* utf8.h - checking, stepping, terminal width (utf8proc) and making text from files safe to print. */
#ifndef TB_BASE_UTF8_H
#define TB_BASE_UTF8_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the valid sequence at s (1..4), or 0 if s[0..n) does not begin with one. *cp may be NULL. */
size_t tb_utf8_step(const char *s, size_t n, uint32_t *cp);
bool tb_utf8_valid(const char *s, size_t n);
size_t tb_utf8_put(char dst[4], uint32_t cp); /* bytes written */
int tb_utf8_width(const char *s, size_t n); /* columns on a terminal */
/* Bytes of s that fit into so many columns at most, up to what is no UTF-8. */
size_t tb_utf8_fit(const char *s, size_t n, int most);
/* Appends s with control characters, escapes and invalid bytes replaced by U+FFFD, so that text from a file cannot
 * steer a terminal. Newline and tab become blanks. */
void tb_utf8_safe(struct tb_buf *b, const char *s, size_t n);
/* NFC / NFKC normal form, malloc'ed. */
char *tb_utf8_nfc(const char *s, size_t n, size_t *out_n);
/* NFC with upper and lower case made equal; linear in n. */
char *tb_utf8_fold(const char *s, size_t n, size_t *out_n);
/* A letter, mark or digit of any script. */
bool tb_utf8_is_wordy(uint32_t cp);

#endif
