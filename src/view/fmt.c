/* SPDX-License-Identifier: MIT */
/* fmt.c - numbers with units. Three significant digits where the number is read at a glance, all of
 * them where it is counted. LC_NUMERIC is C everywhere in the program. */
#include "view/fmt.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

char *tb_fmt_count(char *dst, size_t n, int64_t v)
{
    char digits[24], out[32];
    size_t len = (size_t)snprintf(digits, sizeof digits, "%llu",
                                  v < 0 ? 0ULL - (unsigned long long)v : (unsigned long long)v);
    size_t at = 0;
    if (v < 0)
        out[at++] = '-';
    for (size_t i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
    snprintf(dst, n, "%s", out);
    return dst;
}

/* 3 significant digits, then the suffix. */
static void scaled(char *dst, size_t n, double v, const char *suffix)
{
    int decimals = fabs(v) < 9.995 ? 2 : fabs(v) < 99.95 ? 1 : 0;
    snprintf(dst, n, "%.*f%s", decimals, v, suffix);
}

static void short_count(char *dst, size_t n, double v)
{
    static const char *const suffix[] = { "", "k", "M", "G", "T" };
    int i = 0;
    for (; i < 4 && fabs(v) >= (i ? 999.5 : 1000); i++)
        v /= 1000;
    if (i == 0)
        snprintf(dst, n, "%.0f", v);
    else if (fabs(v) < 9.95)
        snprintf(dst, n, "%.1f%s", v, suffix[i]);
    else
        snprintf(dst, n, "%.0f%s", v, suffix[i]);
}

static void bytes(char *dst, size_t n, double v)
{
    static const char *const suffix[] = { " B", " KiB", " MiB", " GiB", " TiB", " PiB" };
    int i = 0;
    for (; i < 5 && fabs(v) >= (i ? 1023.5 : 1024); i++)
        v /= 1024;
    if (i == 0)
        snprintf(dst, n, "%.0f B", v);
    else
        scaled(dst, n, v, suffix[i]);
}

static void seconds(char *dst, size_t n, double v)
{
    long long s = (long long)(v + 0.5);
    if (v >= 1e15 || v < 0)
        snprintf(dst, n, "%.3gs", v);
    else if (v < 9.95)
        snprintf(dst, n, "%.1fs", v);
    else if (s < 60)
        snprintf(dst, n, "%llds", s);
    else if (s < 3600)
        snprintf(dst, n, "%lldm%02llds", s / 60, s % 60);
    else if (s < 86400)
        snprintf(dst, n, "%lldh%02lldm", s / 3600, s % 3600 / 60);
    else
        snprintf(dst, n, "%lldd%02lldh", s / 86400, s % 86400 / 3600);
}

/* 3e-04 -> 3e-4 */
static void rate(char *dst, size_t n, double v)
{
    char text[32];
    snprintf(text, sizeof text, v != 0 && (fabs(v) < 0.01 || fabs(v) >= 1e4) ? "%.2e" : "%.3g", v);
    char *e = strchr(text, 'e');
    if (e) {
        char *end = e;
        while (end > text && (end[-1] == '0' || end[-1] == '.')
               && memchr(text, '.', (size_t)(end - text)))
            end--;
        char tail[16];
        snprintf(tail, sizeof tail, "e%s%s", e[1] == '-' ? "-" : "",
                 e + 2 + (strlen(e) > 3 && e[2] == '0'));
        snprintf(end, sizeof text - (size_t)(end - text), "%s", tail);
    }
    snprintf(dst, n, "%s", text);
}

char *tb_fmt_unit(char *dst, size_t n, enum tb_unit unit, double v)
{
    if (isnan(v) || (v == -1 && (unit == TB_UNIT_COUNT || unit == TB_UNIT_SHORT
                                 || unit == TB_UNIT_BYTES || unit == TB_UNIT_PLAIN))) {
        snprintf(dst, n, "-");
        return dst;
    }
    if (isinf(v)) {
        snprintf(dst, n, v < 0 ? "-inf" : "inf");
        return dst;
    }
    switch (unit) {
    case TB_UNIT_COUNT: tb_fmt_count(dst, n, fabs(v) < 0x1p62 ? (int64_t)v : 0); break;
    case TB_UNIT_SHORT: short_count(dst, n, v); break;
    case TB_UNIT_BYTES: bytes(dst, n, v); break;
    case TB_UNIT_SECONDS: seconds(dst, n, v); break;
    case TB_UNIT_SHARE: snprintf(dst, n, "%.3f %%", 100 * v); break;
    case TB_UNIT_LOSS: snprintf(dst, n, fabs(v) < 1e5 ? "%.3f" : "%.3g", v); break;
    case TB_UNIT_RATE: rate(dst, n, v); break;
    case TB_UNIT_PLAIN: snprintf(dst, n, "%.0f", v); break;
    case TB_UNIT_TEXT: snprintf(dst, n, "%.6g", v); break;
    }
    return dst;
}

char *tb_fmt_raw(char *dst, size_t n, double v, int is_f32)
{
    if (isnan(v))
        snprintf(dst, n, "nan");
    else if (isinf(v))
        snprintf(dst, n, v < 0 ? "-inf" : "inf");
    else
        snprintf(dst, n, is_f32 ? "%.9g" : "%.17g", v);
    return dst;
}
