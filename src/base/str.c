/* SPDX-License-Identifier: MIT */
/* str.c - strings and numbers.
 * Numbers are checked against their grammar first: strtod alone would take blanks, hex, "inf" and
 * "nan". Reals need the C locale for LC_NUMERIC, which the program never changes.
 * The distance is optimal string alignment: insert, delete, replace, swap of neighbours, each 1, no
 * piece edited twice. */
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

bool tb_str_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool tb_str_ends(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);
    return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

bool tb_str_in(const char *s, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(s, *list) == 0)
            return true;
    return false;
}

bool tb_str_copy(char *dst, size_t n, const char *src)
{
    size_t len = strlen(src);
    if (n == 0)
        return false;
    size_t fits = len < n ? len : n - 1;
    memcpy(dst, src, fits);
    dst[fits] = '\0';
    return fits == len;
}

static const char *digits(const char *s)
{
    while (*s >= '0' && *s <= '9')
        s++;
    return s;
}

bool tb_str_int(const char *s, int64_t *out)
{
    const char *first = s + (*s == '-'), *end = digits(first);
    if (end == first || *end)
        return false;
    errno = 0;
    intmax_t v = strtoimax(s, NULL, 10);
    if (errno == ERANGE || v < INT64_MIN || v > INT64_MAX)
        return false;
    *out = v;
    return true;
}

static bool is_real(const char *s)
{
    const char *first = s + (*s == '-'), *end = digits(first);
    size_t n = (size_t)(end - first);
    if (*end == '.') {
        const char *after = digits(end + 1);
        n += (size_t)(after - end - 1);
        end = after;
    }
    if (n == 0)
        return false;
    if (*end != 'e' && *end != 'E')
        return !*end;
    end++;
    first = end + (*end == '-' || *end == '+');
    end = digits(first);
    return end > first && !*end;
}

bool tb_str_real(const char *s, double *out)
{
    if (!is_real(s))
        return false;
    double v = strtod(s, NULL);
    if (!isfinite(v))
        return false;
    *out = v;
    return true;
}

bool tb_str_count(const char *s, int64_t *out)
{
    char head[32];
    size_t n = (size_t)(digits(s) - s);
    int64_t v, unit = 1;
    if (n == 0 || n >= sizeof head || (s[n] && s[n + 1]))
        return false;
    switch (s[n]) {
    case '\0': break;
    case 'k': unit = 1000; break;
    case 'M': unit = 1000000; break;
    case 'G': unit = 1000000000; break;
    default: return false;
    }
    memcpy(head, s, n);
    head[n] = '\0';
    if (!tb_str_int(head, &v) || v > INT64_MAX / unit)
        return false;
    *out = v * unit;
    return true;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int fold(char c, bool is_folded)
{
    return is_folded ? tolower((unsigned char)c) : (unsigned char)c;
}

/* The last three rows of the table of distances between prefixes are enough. */
static int distance(const char *a, const char *b, bool is_folded)
{
    size_t m = strlen(b);
    int *rows = tb_xcalloc(3 * (m + 1), sizeof *rows);
    int *before = rows, *prev = rows + m + 1, *row = prev + m + 1;
    for (size_t j = 0; j <= m; j++)
        row[j] = (int)j;
    for (size_t i = 1; a[i - 1]; i++) {
        int *recycled = before;
        before = prev;
        prev = row;
        row = recycled;
        row[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            int ca = fold(a[i - 1], is_folded), cb = fold(b[j - 1], is_folded);
            row[j] = least(least(prev[j], row[j - 1]) + 1, prev[j - 1] + (ca != cb));
            if (i > 1 && j > 1 && ca == fold(b[j - 2], is_folded)
                && fold(a[i - 2], is_folded) == cb)
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    int d = row[m];
    free(rows);
    return d;
}

int tb_str_distance(const char *a, const char *b)
{
    return distance(a, b, false);
}

const char *tb_str_nearest(const char *s, const char *const *list)
{
    size_t n = strlen(s);
    int best = (int)(n + 2) / 3 + 1;
    const char *found = NULL;
    /* A word of which every letter is wrong is no typo, and no word is worth a long table. */
    if (n == 0 || n > 128)
        return NULL;
    for (; *list; list++) {
        int d = distance(s, *list, true);
        bool is_far = n <= 4 && d > 1 && fold(**list, true) != fold(*s, true); /* rate is no typo of math */
        if (d < best && d < (int)n && !is_far) {
            best = d;
            found = *list;
        }
    }
    return found;
}

char *tb_str_shortest(char *dst, size_t n, double v)
{
    if (!isfinite(v)) {
        snprintf(dst, n, "%s", isnan(v) ? "nan" : v > 0 ? "inf" : "-inf");
        return dst;
    }
    for (int digits10 = 15; digits10 <= 17; digits10++) {
        snprintf(dst, n, "%.*g", digits10, v);
        if (strtod(dst, NULL) == v)
            break;
    }
    return dst;
}
