/* SPDX-License-Identifier: MIT */
/* regex.h - PCRE2 (UTF, UCP, JIT where allowed) with a match limit, since patterns come out of files. */
#ifndef TB_BASE_REGEX_H
#define TB_BASE_REGEX_H

#include "base/err.h"

#include <stddef.h>

struct tb_regex;

/* Compiles; errors give the byte in the pattern. `whole`: must match the whole subject. */
struct tb_regex *tb_regex_open(const char *pattern, bool whole, struct tb_err *err);
void tb_regex_close(struct tb_regex *r);
/* First match at or after byte `from` of valid UTF-8: 1 and *start, *end; 0 none; -1 the match limit was hit. */
int tb_regex_find(struct tb_regex *r, const char *s, size_t n, size_t from, size_t *start, size_t *end);
bool tb_regex_matches(struct tb_regex *r, const char *s);

#endif
