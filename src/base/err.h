/* SPDX-License-Identifier: MIT */
/* err.h - how every fallible function of tunebench reports failure.
 * The caller owns a struct tb_err on its stack; the callee fills it exactly once and returns false or NULL. No
 * allocation happens on the failure path, so it works across threads, pipes and out-of-memory. */
#ifndef TB_BASE_ERR_H
#define TB_BASE_ERR_H

#include <stdbool.h>

/* What went wrong; decides the exit code of the program (see tb_err_exit). */
enum tb_err_kind {
    TB_ERR_NONE,
    TB_ERR_USAGE,    /* a flag or verb is wrong: exit 2 */
    TB_ERR_NOTFOUND, /* no such run, file the user named, verb: exit 3 */
    TB_ERR_RECIPE,   /* a recipe, a key or its value: exit 4 */
    TB_ERR_FORMAT,   /* a file does not hold what it should: exit 1 */
    TB_ERR_LIMIT,    /* too large, too many, would not fit: exit 1 */
    TB_ERR_BUSY,     /* try again later: exit 75 */
    TB_ERR_IO,       /* the system refused: exit 1 */
    TB_ERR_DIVERGED, /* training produced NaN, inf or ran away: exit 5 */
};

/* A failure in words. `where` names file, line, tensor or key; `text` says what was expected and what to do. */
struct tb_err {
    enum tb_err_kind kind;
    int line; /* 1-based line in `where`, 0 if none */
    int os;   /* errno behind it, of tb_fail_errno; 0 if none */
    char where[160];
    char text[480];
};

/* Fills *err (NULL allowed: only success matters) and returns false, so that `return tb_fail(...)` is one line. */
bool tb_fail(struct tb_err *err, enum tb_err_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with a place: a file, and a line if > 0. */
bool tb_fail_at(struct tb_err *err, enum tb_err_kind kind, const char *where, int line, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* TB_ERR_IO from errno: "<what>: <strerror>". Call before anything else can change errno. */
bool tb_fail_errno(struct tb_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts "context: " before the text, once, as an error travels up. */
void tb_err_prefix(struct tb_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "where:line: text" into dst (always terminated); returns dst. */
char *tb_err_string(const struct tb_err *err, char *dst, unsigned long n);

/* The exit code of a kind: 0 ok, 1, 2 usage, 3 not found, 4 recipe, 5 diverged, 75 busy. */
int tb_err_exit(enum tb_err_kind kind);

/* "usage", "not found", "recipe", "format", "limit", "busy", "io", "diverged"; "none". */
const char *tb_err_kind_name(enum tb_err_kind kind);

/* States what only a bug of ours can break; stays on in release builds. Prints file, line, the words, and aborts. */
#define tb_assert(cond) ((cond) ? (void)0 : tb_assert_failed(__FILE__, __LINE__, #cond))
_Noreturn void tb_assert_failed(const char *file, int line, const char *cond);

#endif
