/* SPDX-License-Identifier: MIT */
/* base_mem_test.c - free memory as files of /proc and of control groups tell it: version 1 and 2, limits of the groups
 * above, page cache that would be given back, paths of another namespace. */
#include "base/mem.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/tap.h"

static const uint64_t mb = 1 << 20;
static char root[300];

static void put(const char *path, const char *text)
{
    char whole[600];
    snprintf(whole, sizeof whole, "%s%s", root, path);
    for (char *s = strchr(whole + strlen(root) + 1, '/'); s; s = strchr(s + 1, '/')) {
        *s = '\0';
        if (!tb_dir_exists(whole))
            tb_dir_make(whole, 0700, NULL);
        *s = '/';
    }
    ok(tb_file_replace(whole, text, strlen(text), NULL), "%s", path);
}

static void take_away(const char *path)
{
    char whole[600];
    snprintf(whole, sizeof whole, "%s%s", root, path);
    unlink(whole);
}

/* Megabytes before a tenth is left over. */
static void is_free(uint64_t megabytes, const char *name)
{
    is_int(tb_mem_free_under(root), megabytes * mb / 10 * 9, name);
}

static void version_2(void)
{
    put("/proc/self/cgroup", "0::/a/b/c\n");
    is_free(1000, "groups without files");
    put("/sys/fs/cgroup/a/b/c/memory.max", "max\n");
    put("/sys/fs/cgroup/a/b/c/memory.current", "104857600\n");
    is_free(1000, "version 2 without a limit");
    put("/sys/fs/cgroup/a/b/c/memory.max", "419430400\n");
    is_free(300, "the limit of the group less its use");
    put("/sys/fs/cgroup/a/b/c/memory.stat", "anon 52428800\nfile 52428800\nactive_file 10485760\n"
                                            "inactive_file 41943040\n");
    is_free(340, "inactive page cache counts as free");
    put("/sys/fs/cgroup/a/memory.max", "734003200\n");
    put("/sys/fs/cgroup/a/memory.current", "524288000\n");
    is_free(200, "a group above that leaves less");
    put("/sys/fs/cgroup/a/memory.current", "734003201\n");
    is_free(0, "one that is over its limit leaves nothing");
    put("/sys/fs/cgroup/a/memory.max", "9999999999999\n");
    is_free(340, "a wide one above changes nothing");
    put("/proc/self/cgroup", "0::/of/the/host\n");
    put("/sys/fs/cgroup/memory.max", "157286400\n");
    put("/sys/fs/cgroup/memory.current", "52428800\n");
    is_free(100, "a path of the host: the root of the mount");
    put("/proc/self/cgroup", "0::/\n");
    is_free(100, "the root itself");
    take_away("/sys/fs/cgroup/memory.max");
}

static void version_1(void)
{
    put("/proc/self/cgroup", "12:name=memory-of:/x\n11:cpu,cpuacct:/y\n9:hugetlb,memory:/docker/7/in\n0::/a/b/c\n");
    take_away("/sys/fs/cgroup/a/b/c/memory.max");
    put("/sys/fs/cgroup/memory/docker/7/in/memory.limit_in_bytes", "9223372036854771712\n");
    put("/sys/fs/cgroup/memory/docker/7/in/memory.usage_in_bytes", "52428800\n");
    is_free(1000, "version 1 without a limit");
    put("/sys/fs/cgroup/memory/docker/7/memory.limit_in_bytes", "524288000\n");
    put("/sys/fs/cgroup/memory/docker/7/memory.usage_in_bytes", "314572800\n");
    is_free(200, "the limit of the group above");
    put("/sys/fs/cgroup/memory/docker/7/memory.stat", "cache 3\ninactive_file 20971520\n"
                                                      "total_inactive_file 104857600\n");
    is_free(300, "with the page cache of all below it");
    put("/sys/fs/cgroup/memory/docker/7/in/memory.limit_in_bytes", "157286400\n");
    is_free(100, "the least one");
    put("/sys/fs/cgroup/memory/x/memory.limit_in_bytes", "1048576\n");
    put("/sys/fs/cgroup/memory/x/memory.usage_in_bytes", "0\n");
    is_free(100, "a hierarchy with another name is none of memory");
    put("/proc/meminfo", "MemTotal: 2048000 kB\nMemFree: 1024 kB\nMemAvailable: 51200 kB\n");
    is_free(50, "the machine has less than the group would give");
    is_int(tb_mem_total_under(root) >> 20, 135, "all there ever is: the least limit");
    take_away("/sys/fs/cgroup/memory/docker/7/in/memory.limit_in_bytes");
    take_away("/sys/fs/cgroup/memory/docker/7/memory.limit_in_bytes");
    is_int(tb_mem_total_under(root) >> 20, 1800, "without limits: that of the machine");
}

int main(void)
{
    const char *temp = getenv("TMPDIR");
    snprintf(root, sizeof root, "%s/tb-mem-XXXXXX", temp && *temp ? temp : "/tmp");
    if (!ok(mkdtemp(root) != NULL, "a folder"))
        return done();
    put("/proc/meminfo", "MemTotal:        2048000 kB\nMemFree:           102400 kB\nMemAvailable:    1024000 kB\n");
    is_free(1000, "no control groups: what the machine has");
    version_2();
    version_1();
    ok(tb_dir_remove(root, NULL), "the folder is removed");
    return done();
}
