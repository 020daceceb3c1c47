/* SPDX-License-Identifier: MIT */
/* usage.c - /proc/PID/stat (proc(5)): its second field is a name in parentheses that may hold anything, so fields are
 * counted from the last parenthesis on. */
#include "base/usage.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Fields 14, 15, 22 and 24 of the file. */
struct stat_fields {
    unsigned long long utime, stime, start;
    long long rss_pages;
};

static bool read_fields(uint32_t pid, struct stat_fields *f)
{
    char path[40], text[1024];
    snprintf(path, sizeof path, "/proc/%u/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    const char *end = strrchr(text, ')');
    return end && sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %*d %*d %llu"
                         " %*u %lld", &f->utime, &f->stime, &f->start, &f->rss_pages) == 4;
}

bool tb_usage_read(uint32_t pid, struct tb_usage *u)
{
    struct stat_fields f;
    struct timespec now;
    double ticks = (double)sysconf(_SC_CLK_TCK);
    if (!read_fields(pid, &f) || clock_gettime(CLOCK_BOOTTIME, &now) != 0)
        return false;
    u->cpu_s = (double)(f.utime + f.stime) / ticks;
    u->age_s = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec - (double)f.start / ticks;
    u->rss_bytes = f.rss_pages > 0 ? (uint64_t)f.rss_pages * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
    return true;
}
