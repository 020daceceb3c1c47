/* SPDX-License-Identifier: MIT */
/* clock.c - time. Wall clock from CLOCK_REALTIME or, for tests, from TUNEBENCH_NOW; durations from
 * CLOCK_MONOTONIC; age of the process from field 22 of /proc/self/stat, which counts clock ticks
 * since boot. A TUNEBENCH_NOW that is no ISO-8601 UTC time is not used. */
#include "base/clock.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double seconds(clockid_t id)
{
    struct timespec t = { 0 };
    clock_gettime(id, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double tb_clock_mono_s(void)
{
    return seconds(CLOCK_MONOTONIC);
}

double tb_clock_cpu_s(void)
{
    return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

bool tb_clock_parse(const char *iso, int64_t *wall_ns)
{
    struct tm tm = { 0 };
    const char *end = strptime(iso, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!end || strcmp(end, "Z"))
        return false;
    *wall_ns = (int64_t)timegm(&tm) * 1000000000;
    return true;
}

static bool fixed(int64_t *ns)
{
    const char *now = getenv("TUNEBENCH_NOW");
    return now && tb_clock_parse(now, ns);
}

void tb_clock_nap(double seconds)
{
    struct timespec t = { .tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9) };
    nanosleep(&t, NULL);
}

int64_t tb_clock_wall_ns(void)
{
    int64_t ns;
    struct timespec t = { 0 };
    if (fixed(&ns))
        return ns;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Seconds between boot and exec; negative if unknown. */
static double started(void)
{
    char text[1024];
    unsigned long long ticks;
    int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    /* The name of the program, field 2, may hold blanks and brackets: count from its end. */
    const char *s = strrchr(text, ')');
    for (int i = 2; s && i < 22; i++)
        s = strchr(s + 1, ' ');
    if (!s || sscanf(s, " %llu", &ticks) != 1)
        return -1;
    return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

double tb_clock_since_start_s(void)
{
    static double first = -1;
    double at = started(), now = seconds(CLOCK_BOOTTIME);
    if (at >= 0 && at <= now)
        return now - at;
    if (first < 0)
        first = now;
    return now - first;
}

char *tb_clock_iso(char *dst, size_t n, int64_t wall_ns)
{
    time_t s = (time_t)(wall_ns / 1000000000 - (wall_ns % 1000000000 < 0));
    struct tm tm;
    if (!gmtime_r(&s, &tm) || strftime(dst, n, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        snprintf(dst, n, "-");
    return dst;
}
