/* SPDX-License-Identifier: MIT */
/* err.c - fills struct tb_err.
 * Words are formatted into a local buffer first, so that a caller may pass the old text of the same
 * error as an argument. Text that does not fit is cut and ends in "...". Allocates nothing. */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void copy(char *dst, size_t n, const char *src)
{
    size_t len = strlen(src), fits = len < n ? len : n - 1;
    memmove(dst, src, fits);
    dst[fits] = '\0';
    if (fits < len)
        memcpy(dst + n - 4, "...", 4);
}

static void fill(struct tb_err *err, enum tb_err_kind kind, const char *where, int line,
                 const char *text)
{
    if (!err)
        return;
    err->kind = kind;
    err->line = line;
    err->os = 0;
    copy(err->where, sizeof err->where, where);
    copy(err->text, sizeof err->text, text);
}

bool tb_fail(struct tb_err *err, enum tb_err_kind kind, const char *fmt, ...)
{
    char text[sizeof err->text + 1];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    fill(err, kind, "", 0, text);
    return false;
}

bool tb_fail_at(struct tb_err *err, enum tb_err_kind kind, const char *where, int line,
                const char *fmt, ...)
{
    char text[sizeof err->text + 1];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    fill(err, kind, where ? where : "", line > 0 ? line : 0, text);
    return false;
}

bool tb_fail_errno(struct tb_err *err, const char *fmt, ...)
{
    int saved = errno;
    char text[sizeof err->text + 1];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    /* The reason matters more than the end of a long path: it always stays whole. */
    const char *why = strerror(saved);
    size_t most = sizeof err->text - strlen(why) - 3;
    size_t at = n < 0 ? 0 : (size_t)n < most ? (size_t)n : most;
    snprintf(text + at, sizeof text - at, ": %s", why);
    fill(err, TB_ERR_IO, "", 0, text);
    if (err)
        err->os = saved;
    errno = saved;
    return false;
}

void tb_err_prefix(struct tb_err *err, const char *fmt, ...)
{
    if (!err)
        return;
    char text[2 * sizeof err->text + 2], old[sizeof err->text];
    memcpy(old, err->text, sizeof old);
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof err->text, fmt, ap);
    va_end(ap);
    size_t at = n < 0 ? 0 : (size_t)n < sizeof err->text ? (size_t)n : sizeof err->text - 1;
    snprintf(text + at, sizeof text - at, ": %s", old);
    copy(err->text, sizeof err->text, text);
}

char *tb_err_string(const struct tb_err *err, char *dst, unsigned long n)
{
    if (n == 0)
        return dst;
    if (!err->where[0])
        snprintf(dst, n, "%s", err->text);
    else if (err->line > 0)
        snprintf(dst, n, "%s:%d: %s", err->where, err->line, err->text);
    else
        snprintf(dst, n, "%s: %s", err->where, err->text);
    return dst;
}

const char *tb_err_kind_name(enum tb_err_kind kind)
{
    static const char *const names[] = {
        [TB_ERR_NONE] = "none",   [TB_ERR_USAGE] = "usage", [TB_ERR_NOTFOUND] = "not found", [TB_ERR_RECIPE] = "recipe",
        [TB_ERR_FORMAT] = "format", [TB_ERR_LIMIT] = "limit", [TB_ERR_BUSY] = "busy",        [TB_ERR_IO] = "io",
        [TB_ERR_DIVERGED] = "diverged",
    };
    return (unsigned)kind < sizeof names / sizeof *names ? names[kind] : "unknown";
}

int tb_err_exit(enum tb_err_kind kind)
{
    switch (kind) {
    case TB_ERR_NONE: return 0;
    case TB_ERR_USAGE: return 2;
    case TB_ERR_NOTFOUND: return 3;
    case TB_ERR_RECIPE: return 4;
    case TB_ERR_DIVERGED: return 5;
    case TB_ERR_BUSY: return 75;
    case TB_ERR_FORMAT:
    case TB_ERR_LIMIT:
    case TB_ERR_IO: break;
    }
    return 1;
}

_Noreturn void tb_assert_failed(const char *file, int line, const char *cond)
{
    fprintf(stderr, "tunebench: bug at %s:%d: %s does not hold\n", file, line, cond);
    abort();
}
