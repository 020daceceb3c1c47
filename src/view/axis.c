/* SPDX-License-Identifier: MIT */
/* axis.c - round numbers. A tick is i * step with a whole i, so that 0 is 0 and 0.3 is no 0.30000000000000004; the step
 * is the smallest of 1, 2, 5 * 10^k that leaves at most so many. Values come out of files: spans may overflow a double
 * (halves are used then) or be narrower than a double can divide (then the two ends are all there is). */
#include "view/axis.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static double clamp(double v)
{
    return v > DBL_MAX ? DBL_MAX : v < -DBL_MAX ? -DBL_MAX : v;
}

void tb_axis_open(struct tb_axis *a, double low, double high, bool is_log, bool is_time)
{
    *a = (struct tb_axis){ low, high, is_log, is_time };
    if (!(low <= high)) {
        a->low = is_log ? 0.1 : 0;
        a->high = 1;
    } else if (low == high && is_log) {
        a->low = fmax(low / 2, DBL_TRUE_MIN);
        a->high = clamp(high * 2);
    } else if (low == high) {
        double d = fabs(low) > DBL_MIN * 100 ? 0.05 * fabs(low) : 1;
        a->low = clamp(low - d);
        a->high = clamp(high + d);
    }
}

double tb_axis_place(const struct tb_axis *a, double v)
{
    double low = a->low / 2, high = a->high / 2;
    if (!isfinite(v) || (a->is_log && v <= 0))
        return NAN;
    if (a->is_log)
        return (log10(v) - log10(a->low)) / (log10(a->high) - log10(a->low));
    if (low < high && high - low >= DBL_MIN)
        return (v / 2 - low) / (high - low);
    return (v - a->low) / (a->high - a->low); /* a span of denormal numbers, which has no halves */
}

double tb_axis_value(const struct tb_axis *a, double place)
{
    if (a->is_log)
        return pow(10, log10(a->low) + place * (log10(a->high) - log10(a->low)));
    return 2 * (a->low / 2 + place * (a->high / 2 - a->low / 2));
}

/* The next of 1, 2, 5 * 10^k at or above x; 0 if there is none. */
static double round_up(double x)
{
    double power = pow(10, floor(log10(x))), f = x / power;
    if (!(power > 0) || !isfinite(f))
        return 0;
    return (f <= 1.0000001 ? 1 : f <= 2.0000001 ? 2 : f <= 5.0000001 ? 5 : 10) * power;
}

static double time_step(double x)
{
    static const double steps[] = { 1,   2,   5,    10,   15,   30,    60,    120,  300,
                                    600, 900, 1800, 3600, 7200, 10800, 21600, 43200 };
    if (x <= 0.5)
        return round_up(x);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (x <= steps[i])
            return steps[i];
    return 86400 * round_up(x / 86400);
}

/* Digits that tell multiples of step apart. */
static int digits(double most, double step)
{
    double n = most > 0 ? ceil(log10(most) - log10(step)) + 1 : 1;
    return n < 1 ? 1 : n > 17 ? 17 : (int)n;
}

/* 1e+300 -> 1e300, 5e-05 -> 5e-5 */
static void tidy_exponent(char *text)
{
    char *e = strchr(text, 'e');
    if (!e)
        return;
    char *from = e + 1, *to = e + 1;
    if (*from == '-')
        *to++ = *from++;
    while (*from == '+' || (*from == '0' && from[1]))
        from++;
    memmove(to, from, strlen(from) + 1);
}

/* v, a multiple of step on an axis whose largest value is most. */
static void number(char *dst, size_t n, double v, double step, double most)
{
    static const char *const suffix[] = { "", "k", "M", "G", "T" };
    double scale = 1;
    int s = 0;
    for (; s < 4 && most >= 1e4 && most < 1e15 && most / scale >= 1000; s++)
        scale *= 1000;
    double decimals = step < scale ? ceil(log10(scale) - log10(step) - 1e-9) : 0;
    if (v == 0) {
        snprintf(dst, n, "0");
    } else if (most >= 1e15 || most < 1e-3 || decimals > 9) {
        snprintf(dst, n, "%.*e", digits(fabs(v), step) - 1, v);
        tidy_exponent(dst);
    } else {
        snprintf(dst, n, "%.*f%s", (int)decimals, v / scale, suffix[s]);
    }
}

/* 5400 -> 1h30m */
static void duration(char *dst, size_t n, double v)
{
    static const struct {
        double s;
        const char *name;
    } units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "m" }, { 1, "s" } };
    double left = floor(fabs(v) + 0.5);
    size_t have = 0;
    dst[0] = '\0';
    for (int i = 0; i < 4 && have < n; i++) {
        double count = floor(left / units[i].s);
        if (count > 0)
            have += (size_t)snprintf(dst + have, n - have, "%s%.0f%s", v < 0 && !have ? "-" : "", count, units[i].name);
        left -= count * units[i].s;
    }
    if (!have)
        snprintf(dst, n, "0");
}

static void name_tick(const struct tb_axis *a, struct tb_tick *t, double v, double step)
{
    double most = fmax(fabs(a->low), fabs(a->high));
    t->place = tb_axis_place(a, v);
    if (a->is_time && step >= 1 && most < 1e9)
        duration(t->text, sizeof t->text, v);
    else
        number(t->text, sizeof t->text, v, step, most);
}

/* The ends themselves, in as many digits as tell them well apart. */
static size_t ends(const struct tb_axis *a, struct tb_tick *tick)
{
    const double v[] = { a->low, a->high };
    double most = fmax(fabs(a->low), fabs(a->high)), span = a->high / 2 - a->low / 2;
    for (int i = 0; i < 2; i++) {
        tick[i].place = i;
        snprintf(tick[i].text, sizeof tick[i].text, "%.*g", digits(most, span / 5), v[i]);
        tidy_exponent(tick[i].text);
    }
    return 2;
}

static size_t linear(const struct tb_axis *a, size_t most, struct tb_tick *tick)
{
    double share = (a->high / 2 - a->low / 2) / (double)most * 2;
    for (int again = 0; again < 4; again++) {
        double step = a->is_time ? time_step(share) : round_up(share), first = ceil(a->low / step - 1e-9),
               last = floor(a->high / step + 1e-9);
        bool is_exact = step > 0 && fabs(first) < 1e14 && fabs(last) < 1e14;
        if (!is_exact || !isfinite(first * step) || !isfinite(last * step))
            break;
        if (last - first + 1 > (double)most) {
            share = step * 1.01; /* the next one */
            continue;
        }
        size_t n = 0;
        for (double i = first; i <= last; i++)
            name_tick(a, &tick[n++], i * step, step);
        return n;
    }
    return 0;
}

/* One tick a decade, or one each `stride` decades; `parts` 3: also at 2 and 5 of each. 0 if they are more than most. */
static size_t decades(const struct tb_axis *a, double stride, int parts, size_t most, struct tb_tick *tick)
{
    static const double part[] = { 1, 2, 5 };
    double first = ceil(log10(a->low) - 1e-9) - (parts > 1), last = floor(log10(a->high) + 1e-9);
    size_t n = 0;
    for (double e = first; e <= last; e += stride)
        for (int i = 0; i < parts; i++) {
            double v = part[i] * pow(10, e);
            if (!isfinite(v) || v < a->low * (1 - 1e-9) || v > a->high * (1 + 1e-9))
                continue;
            if (n == most)
                return 0;
            tick[n].place = tb_axis_place(a, v);
            snprintf(tick[n].text, sizeof tick[n].text, "%g", v);
            tidy_exponent(tick[n++].text);
        }
    return n;
}

static size_t logarithmic(const struct tb_axis *a, size_t most, struct tb_tick *tick)
{
    double span = log10(a->high) - log10(a->low);
    size_t n = span < 2 ? decades(a, 1, 3, most, tick) : 0;
    return n ? n : decades(a, fmax(1, ceil((span + 1) / (double)most)), 1, most, tick);
}

size_t tb_axis_ticks(const struct tb_axis *a, size_t most, struct tb_tick *tick)
{
    most = most < 2 ? 2 : most > TB_AXIS_TICKS ? TB_AXIS_TICKS : most;
    size_t n = a->is_log ? logarithmic(a, most, tick) : 0;
    if (n < 2)
        n = linear(a, most, tick);
    if (n < 2)
        n = ends(a, tick);
    for (size_t i = 0; i < n; i++)
        tick[i].place = tick[i].place > 0 ? fmin(tick[i].place, 1) : 0;
    return n;
}
