/* SPDX-License-Identifier: MIT */
/* quota.c - limits of control groups. /proc/self/cgroup has a line "0::/path" for version 2, whose limit is the file
 * cpu.max ("max 100000" or "150000 100000": time, of each period), and a line "4:cpu,cpuacct:/path" for version 1
 * with the files cpu.cfs_quota_us (-1: none) and cpu.cfs_period_us. Any group on the way to the root may set one; the
 * least counts. In a container the path may be the host's: what cannot be read there is skipped, the root of the
 * mount is always looked at. */
#include "kernels/quota.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PATH = 4096, MAX_LINE = 8192 };

/* The first two words of a file, as numbers; false if there are none ("max" is no number). */
static bool read_pair(const char *group, const char *name, long long *v, int n)
{
    char path[MAX_PATH + 64];
    snprintf(path, sizeof path, "%s/%s", group, name);
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    int got = n == 2 ? fscanf(f, "%lld %lld", &v[0], &v[1]) : fscanf(f, "%lld", &v[0]);
    fclose(f);
    return got == n;
}

/* least = the smaller of it (0: none) and the limit of one group. */
static void look(const char *group, int *least)
{
    long long v[2];
    bool found = read_pair(group, "cpu.max", v, 2) ||
                 (read_pair(group, "cpu.cfs_quota_us", v, 1) && read_pair(group, "cpu.cfs_period_us", v + 1, 1));
    if (!found || v[0] <= 0 || v[1] <= 0)
        return;
    long long cpus = v[0] / v[1] + (v[0] % v[1] != 0);
    if (cpus < 1 << 20 && (*least == 0 || cpus < *least))
        *least = (int)cpus;
}

/* The group at `path` below the mount and all above it. */
static void climb(const char *mount, const char *path, int *least)
{
    char group[MAX_PATH];
    int n = snprintf(group, sizeof group, "%s%s", mount, path);
    if (n < 0 || (size_t)n >= sizeof group)
        return;
    for (char *end = group + n; end; end = strrchr(group + strlen(mount), '/')) {
        *end = 0;
        look(group, least);
    }
}

static bool has_word(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *s = list, *comma; s; s = comma ? comma + 1 : NULL) {
        if (!strncmp(s, word, n) && (s[n] == 0 || s[n] == ','))
            return true;
        comma = strchr(s, ',');
    }
    return false;
}

int tb_quota_cpus(const char *root)
{
    char line[MAX_LINE], mount[MAX_PATH];
    int least = 0;
    snprintf(mount, sizeof mount, "%s/proc/self/cgroup", root);
    FILE *f = fopen(mount, "re");
    while (f && fgets(line, sizeof line, f)) {
        char *list = strchr(line, ':'), *path = list ? strchr(list + 1, ':') : NULL;
        if (!path)
            continue;
        *path++ = 0;
        path[strcspn(path, "\n")] = 0;
        list++;
        if (*list && !has_word(list, "cpu"))
            continue;
        snprintf(mount, sizeof mount, "%s/sys/fs/cgroup%s%s", root, *list ? "/" : "", list);
        climb(mount, path, &least);
        if (!*list)
            continue;
        snprintf(mount, sizeof mount, "%s/sys/fs/cgroup/cpu", root);
        climb(mount, path, &least);
    }
    if (f)
        fclose(f);
    return least;
}
