/* SPDX-License-Identifier: MIT */
/* tap.h - the Test Anything Protocol for C tests: ok(), is_int(), is_str(), near(), skip(), done(). */
#ifndef TB_TESTS_TAP_H
#define TB_TESTS_TAP_H

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_n, tap_failed;

static inline bool tap_ok(bool good, const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5), unused));
static inline bool tap_ok(bool good, const char *file, int line, const char *fmt, ...)
{
    va_list ap;
    tap_n++;
    tap_failed += !good;
    printf("%sok %d - ", good ? "" : "not ", tap_n);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
    if (!good)
        printf("# at %s:%d\n", file, line);
    fflush(stdout);
    return good;
}

#define ok(cond, ...) tap_ok((cond), __FILE__, __LINE__, __VA_ARGS__)

#define is_int(got, want, name) \
    do { \
        long long g_ = (long long)(got), w_ = (long long)(want); \
        if (!ok(g_ == w_, "%s", name)) \
            printf("# got %lld, want %lld\n", g_, w_); \
    } while (0)

#define is_str(got, want, name) \
    do { \
        const char *g_ = (got), *w_ = (want); \
        if (!ok(g_ && w_ && strcmp(g_, w_) == 0, "%s", name)) \
            printf("# got  %s\n# want %s\n", g_ ? g_ : "(null)", w_ ? w_ : "(null)"); \
    } while (0)

/* |got - want| <= tol * max(1, |want|) */
#define near(got, want, tol, name) \
    do { \
        double g_ = (got), w_ = (want); \
        if (!ok(fabs(g_ - w_) <= (tol) * fmax(1, fabs(w_)), "%s", name)) \
            printf("# got %.9g, want %.9g, tolerance %g\n", g_, w_, (double)(tol)); \
    } while (0)

#define skip(name, why) \
    do { \
        printf("ok %d - %s # SKIP %s\n", ++tap_n, name, why); \
        fflush(stdout); \
    } while (0)

/* Prints the plan; the value of main. */
static inline int done(void)
{
    printf("1..%d\n", tap_n);
    return tap_failed ? 1 : 0;
}

#endif
