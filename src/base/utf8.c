/* SPDX-License-Identifier: MIT */
/* utf8.c - UTF-8 as RFC 3629 has it: no surrogates, no overlong forms, at most U+10FFFF.
 * Widths and the normal form come from utf8proc; an invalid byte is as wide as the U+FFFD that
 * tb_utf8_safe puts in its place. */
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/mem.h"

#define REPLACEMENT "\xef\xbf\xbd"

/* Value of a lead byte and the least code point that needs so many bytes; 0 for no lead byte. */
static size_t lead(uint8_t c, uint32_t *bits, uint32_t *min)
{
    if (c >= 0xc2 && c < 0xe0) {
        *bits = c & 0x1f;
        *min = 0x80;
        return 2;
    }
    if (c >= 0xe0 && c < 0xf0) {
        *bits = c & 0x0f;
        *min = 0x800;
        return 3;
    }
    if (c >= 0xf0 && c < 0xf5) {
        *bits = c & 0x07;
        *min = 0x10000;
        return 4;
    }
    return 0;
}

size_t tb_utf8_step(const char *s, size_t n, uint32_t *cp)
{
    const uint8_t *p = (const uint8_t *)s;
    uint32_t v = 0, min = 0;
    size_t len = 1;
    if (n == 0)
        return 0;
    if (p[0] < 0x80) {
        v = p[0];
    } else {
        len = lead(p[0], &v, &min);
        if (len == 0 || len > n)
            return 0;
        for (size_t i = 1; i < len; i++) {
            if ((p[i] & 0xc0) != 0x80)
                return 0;
            v = v << 6 | (p[i] & 0x3f);
        }
        if (v < min || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
            return 0;
    }
    if (cp)
        *cp = v;
    return len;
}

bool tb_utf8_valid(const char *s, size_t n)
{
    for (size_t i = 0, step; i < n; i += step) {
        step = tb_utf8_step(s + i, n - i, NULL);
        if (step == 0)
            return false;
    }
    return true;
}

size_t tb_utf8_put(char dst[4], uint32_t cp)
{
    if (cp < 0x80) {
        dst[0] = (char)cp;
        return 1;
    }
    if (cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
        cp = 0xfffd;
    size_t n = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    static const uint8_t marks[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    for (size_t i = n; i-- > 1; cp >>= 6)
        dst[i] = (char)(0x80 | (cp & 0x3f));
    dst[0] = (char)(marks[n] | cp);
    return n;
}

/* ASCII that needs no further look: most of all text. */
static bool is_printable(char c)
{
    return c >= 0x20 && c < 0x7f;
}

int tb_utf8_width(const char *s, size_t n)
{
    int width = 0;
    uint32_t cp;
    for (size_t i = 0, step; i < n; i += step ? step : 1) {
        step = tb_utf8_step(s + i, n - i, &cp);
        width += step && !is_printable(s[i]) ? utf8proc_charwidth((utf8proc_int32_t)cp) : 1;
    }
    return width;
}

size_t tb_utf8_fit(const char *s, size_t n, int most)
{
    size_t i = 0, step;
    while (i < n && (step = tb_utf8_step(s + i, n - i, NULL)) && (most -= tb_utf8_width(s + i, step)) >= 0)
        i += step;
    return i;
}

/* C0, DEL, C1, line separators, and the marks that turn the direction of what follows. */
static bool is_control(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || (cp >= 0x2028 && cp <= 0x202e)
        || (cp >= 0x2066 && cp <= 0x2069);
}

void tb_utf8_safe(struct tb_buf *b, const char *s, size_t n)
{
    uint32_t cp;
    for (size_t i = 0, step; i < n; i += step ? step : 1) {
        for (step = 0; i + step < n && is_printable(s[i + step]);)
            step++;
        if (step) {
            tb_buf_add(b, s + i, step);
            continue;
        }
        step = tb_utf8_step(s + i, n - i, &cp);
        if (step && (cp == '\n' || cp == '\t'))
            tb_buf_char(b, ' ');
        else if (step && !is_control(cp))
            tb_buf_add(b, s + i, step);
        else
            tb_buf_str(b, REPLACEMENT);
    }
}

static char *form_of(const char *s, size_t n, int options, size_t *out_n)
{
    utf8proc_uint8_t *form = NULL;
    utf8proc_ssize_t len = -1;
    if (n > 0)
        len = utf8proc_map((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)n, &form,
                           UTF8PROC_STABLE | UTF8PROC_COMPOSE | options);
    if (len >= 0) {
        *out_n = (size_t)len;
        return (char *)form;
    }
    /* What is not UTF-8 has no normal form and stays as it is. */
    *out_n = n;
    return tb_xstrndup(s, n);
}

char *tb_utf8_nfc(const char *s, size_t n, size_t *out_n)
{
    return form_of(s, n, 0, out_n);
}

/* s with U+034F behind every 30 marks in a row: the Stream-Safe Text Format of UAX #15. Marks of one letter are sorted,
 * and without it a text of nothing else takes quadratic time. */
static void add_safe(struct tb_buf *b, const char *s, size_t n)
{
    int marks = 0;
    uint32_t cp = 0;
    for (size_t i = 0, step; i < n; i += step) {
        step = tb_utf8_step(s + i, n - i, &cp);
        bool is_mark = step && cp >= 0x300 && utf8proc_get_property((utf8proc_int32_t)cp)->combining_class;
        step = step ? step : 1;
        marks = is_mark ? marks + 1 : 0;
        if (marks > 30) {
            tb_buf_str(b, "\xcd\x8f");
            marks = 1;
        }
        tb_buf_add(b, s + i, step);
    }
}

char *tb_utf8_fold(const char *s, size_t n, size_t *out_n)
{
    struct tb_buf safe = { 0 };
    add_safe(&safe, s, n);
    char *out = form_of(safe.p, safe.n, UTF8PROC_CASEFOLD, out_n);
    tb_buf_free(&safe);
    return out;
}

bool tb_utf8_is_wordy(uint32_t cp)
{
    utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)cp);
    return c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_NO;
}
