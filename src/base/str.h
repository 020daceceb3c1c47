/* SPDX-License-Identifier: MIT */
/* str.h - strings: prefixes, numbers with strict syntax, and the did-you-mean distance. */
#ifndef TB_BASE_STR_H
#define TB_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool tb_str_starts(const char *s, const char *prefix);
bool tb_str_ends(const char *s, const char *suffix);
bool tb_str_in(const char *s, const char *const *list); /* list ends with NULL */
/* Copies at most n - 1 bytes and terminates; true if all of it fitted. */
bool tb_str_copy(char *dst, size_t n, const char *src);

/* Whole-string numbers, no leading blanks, no trailing junk, "1e3" is no integer; false on overflow, inf and nan. */
bool tb_str_int(const char *s, int64_t *out);
bool tb_str_real(const char *s, double *out);
/* "60k", "2M", "1500": a count with an optional k, M or G (powers of 1000). */
bool tb_str_count(const char *s, int64_t *out);

/* Edits (insert, delete, replace, swap of neighbours) from a to b. */
int tb_str_distance(const char *a, const char *b);
/* The entry nearest to s if it is near enough to be a typo, else NULL. list ends with NULL. */
const char *tb_str_nearest(const char *s, const char *const *list);

/* Shortest of %.15g %.16g %.17g that reads back as v ("nan", "inf", "-inf" if not finite). n >= 32. */
char *tb_str_shortest(char *dst, size_t n, double v);

#endif
