/* SPDX-License-Identifier: MIT */
/* json.h - strict JSON on top of jansson, which only json.c knows. Duplicate keys, trailing junk, NaN and invalid UTF-8
 * are errors with file and line. A struct tb_json is reference counted; getters lend, constructors own, set and append
 * take over what they are given. */
#ifndef TB_BASE_JSON_H
#define TB_BASE_JSON_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct tb_json;

enum tb_json_type { TB_JSON_NULL, TB_JSON_BOOL, TB_JSON_INT, TB_JSON_REAL, TB_JSON_STR, TB_JSON_LIST, TB_JSON_MAP };

/* Parses n bytes of text; `where` (a file name, or "<arg>") goes into errors. NULL and *err on failure. */
struct tb_json *tb_json_parse(const char *text, size_t n, const char *where, struct tb_err *err);
/* Reads and parses a file of at most max_bytes. */
struct tb_json *tb_json_load(const char *path, size_t max_bytes, struct tb_err *err);
void tb_json_free(struct tb_json *j); /* drops one reference; NULL is fine */
struct tb_json *tb_json_ref(struct tb_json *j); /* one more reference to the same value */
struct tb_json *tb_json_copy(const struct tb_json *j); /* deep copy */
bool tb_json_equal(const struct tb_json *a, const struct tb_json *b);

/* Reading. NULL j is allowed everywhere and reads as TB_JSON_NULL. */
enum tb_json_type tb_json_type(const struct tb_json *j);
size_t tb_json_len(const struct tb_json *j); /* of a list or map, else 0 */
const struct tb_json *tb_json_at(const struct tb_json *list, size_t i); /* NULL outside */
const struct tb_json *tb_json_get(const struct tb_json *map, const char *key); /* NULL if missing */
const char *tb_json_str(const struct tb_json *j, const char *otherwise);
size_t tb_json_str_len(const struct tb_json *j); /* bytes; strings may hold zero bytes */
int64_t tb_json_int(const struct tb_json *j, int64_t otherwise); /* integers only */
double tb_json_real(const struct tb_json *j, double otherwise); /* integers and reals */
bool tb_json_bool(const struct tb_json *j, bool otherwise);
/* Map entries in insertion order: for (void *it = tb_json_first(m); it; it = tb_json_next(m, it)) */
void *tb_json_first(const struct tb_json *map);
void *tb_json_next(const struct tb_json *map, void *it);
const char *tb_json_iter_key(void *it);
const struct tb_json *tb_json_iter_value(void *it);

/* Making. */
struct tb_json *tb_json_new_map(void);
struct tb_json *tb_json_new_list(void);
struct tb_json *tb_json_new_str(const char *s); /* invalid UTF-8 is replaced by U+FFFD; NULL gives null */
struct tb_json *tb_json_new_strn(const char *s, size_t n); /* s is not looked at if n is 0 */
struct tb_json *tb_json_new_int(int64_t v);
struct tb_json *tb_json_new_real(double v); /* NaN and inf become null */
struct tb_json *tb_json_new_bool(bool v);
struct tb_json *tb_json_new_null(void);
void tb_json_set(struct tb_json *map, const char *key, struct tb_json *value); /* takes value over */
void tb_json_del(struct tb_json *map, const char *key);
void tb_json_append(struct tb_json *list, struct tb_json *value); /* takes value over */

enum tb_json_form {
    TB_JSON_LINE,      /* one line, insertion order */
    TB_JSON_PRETTY,    /* indent 2, keys sorted at every level: what PEFT writes */
    TB_JSON_CANONICAL, /* doc/frozen.md 1: keys sorted by bytes, no blanks, UTF-8 unescaped, shortest reals */
};
/* Text of j; malloc'ed, never NULL. */
char *tb_json_text(const struct tb_json *j, enum tb_json_form form);
/* A string as JSON, quotes included, appended to b (invalid UTF-8 becomes U+FFFD). */
void tb_json_quote(struct tb_buf *b, const char *s);

#endif
