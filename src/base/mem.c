/* SPDX-License-Identifier: MIT */
/* mem.c - checked allocation of small objects, and how much memory there is.
 * Free memory is the least of MemAvailable and, for the process's control group and every group
 * above it (v2: memory.max, memory.current; v1: memory.limit_in_bytes, memory.usage_in_bytes), the
 * limit minus use. Inactive page cache of a group counts as free: the kernel drops it before it
 * refuses. Files of /proc are read without malloc, so that asking does not change the answer.
 * With TB_COUNT_MALLOC, malloc and its family are wrapped around glibc's own and counted. */
#include "base/mem.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"

enum { MAX_PATH = 1200 };

static _Noreturn void gone(size_t n, size_t size)
{
    tb_log(TB_LOG_ERROR, "out of memory: %zu x %zu bytes refused", n, size);
    abort();
}

void *tb_xcalloc(size_t n, size_t size)
{
    void *p = n && size ? calloc(n, size) : calloc(1, 1);
    if (!p)
        gone(n, size);
    return p;
}

void *tb_xrealloc(void *p, size_t n, size_t size)
{
    if (size && n > SIZE_MAX / size)
        gone(n, size);
    void *q = realloc(p, n && size ? n * size : 1);
    if (!q)
        gone(n, size);
    return q;
}

char *tb_xstrdup(const char *s)
{
    if (!s)
        return NULL;
    size_t n = strlen(s) + 1;
    return memcpy(tb_xrealloc(NULL, n, 1), s, n);
}

char *tb_xstrndup(const char *s, size_t n)
{
    char *copy = tb_xcalloc(n + 1, 1);
    if (n)
        memcpy(copy, s, n);
    return copy;
}

char *tb_xvasprintf(const char *fmt, va_list ap)
{
    va_list again;
    tb_assert(fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    tb_assert(n >= 0);
    char *s = tb_xrealloc(NULL, (size_t)n + 1, 1);
    vsnprintf(s, (size_t)n + 1, fmt, ap);
    return s;
}

char *tb_xasprintf(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *s = tb_xvasprintf(fmt, ap);
    va_end(ap);
    return s;
}

void *tb_grow(void *p, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return p;
    if (*cap > SIZE_MAX / 2)
        gone(*cap, size);
    *cap = *cap ? 2 * *cap : 8;
    return tb_xrealloc(p, *cap, size);
}

/* First bytes of a small file, zero-terminated; false if it cannot be read. */
static bool slurp(const char *path, char *dst, size_t n)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    size_t at = 0;
    ssize_t got = 1;
    while (at + 1 < n && (got = read(fd, dst + at, n - 1 - at)) > 0)
        at += (size_t)got;
    dst[at] = '\0';
    close(fd);
    return got >= 0;
}

/* The number behind `key` at the beginning of a line; false if there is no such line. */
static bool field(const char *text, const char *key, uint64_t *out)
{
    size_t n = strlen(key);
    for (const char *s = text; s; s = strchr(s, '\n')) {
        s += *s == '\n';
        if (strncmp(s, key, n))
            continue;
        char *end;
        *out = strtoull(s + n, &end, 10);
        return end != s + n;
    }
    return false;
}

/* Files of one version of control groups; root: where it is mounted. */
struct group_files {
    const char *root, *limit, *used, *cache;
};
static const struct group_files v2 = { "/sys/fs/cgroup", "memory.max", "memory.current",
                                       "inactive_file " };
static const struct group_files v1 = { "/sys/fs/cgroup/memory", "memory.limit_in_bytes",
                                       "memory.usage_in_bytes", "total_inactive_file " };

static bool group_read(const char *mount, const char *group, const char *file, char *dst, size_t n)
{
    char path[MAX_PATH];
    int len = snprintf(path, sizeof path, "%s%s/%s", mount, group, file);
    return len > 0 && (size_t)len < sizeof path && slurp(path, dst, n);
}

/* What one group may still take, `whole`: may ever have; UINT64_MAX if it sets no limit ("max") or cannot be read. */
static uint64_t group_left(const struct group_files *v, const char *mount, const char *group, bool whole)
{
    char text[4096];
    uint64_t limit, used, cache = 0;
    if (!group_read(mount, group, v->limit, text, sizeof text) || !field(text, "", &limit))
        return UINT64_MAX;
    if (whole)
        return limit;
    if (!group_read(mount, group, v->used, text, sizeof text) || !field(text, "", &used))
        return UINT64_MAX;
    if (group_read(mount, group, "memory.stat", text, sizeof text))
        field(text, v->cache, &cache);
    used -= cache < used ? cache : used;
    return limit > used ? limit - used : 0;
}

/* From a group up to the root; a container's group may be visible only as the root. */
static uint64_t groups_left(const struct group_files *v, const char *root, char *group, bool whole)
{
    char mount[MAX_PATH];
    uint64_t least = UINT64_MAX;
    snprintf(mount, sizeof mount, "%s%s", root, v->root);
    for (;;) {
        uint64_t left = group_left(v, mount, group, whole);
        least = left < least ? left : least;
        char *slash = strrchr(group, '/');
        if (!slash)
            return least;
        *slash = '\0';
    }
}

/* Whether a word is in a list like "cpu,cpuacct". */
static bool has_word(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *s = list; s; s = strchr(s, ',')) {
        s += *s == ',';
        if (strncmp(s, word, n) == 0 && (s[n] == '\0' || s[n] == ','))
            return true;
    }
    return false;
}

/* Lines of /proc/self/cgroup: "0::/path" (v2) and "9:memory:/path" (v1). */
static uint64_t cgroup_left(const char *root, bool whole)
{
    char path[MAX_PATH], text[16384], *save = NULL;
    uint64_t least = UINT64_MAX;
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    if (!slurp(path, text, sizeof text))
        return least;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *names = strchr(line, ':'), *group = names ? strchr(names + 1, ':') : NULL;
        if (!group)
            continue;
        *group++ = '\0';
        const struct group_files *v = !names[1] ? &v2 : has_word(names + 1, "memory") ? &v1 : NULL;
        uint64_t left = v ? groups_left(v, root, group, whole) : UINT64_MAX;
        least = left < least ? left : least;
    }
    return least;
}

static uint64_t memory_under(const char *root, bool whole)
{
    char path[MAX_PATH], text[4096];
    uint64_t kib, bytes = 0, left = cgroup_left(root, whole);
    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    if (slurp(path, text, sizeof text) && field(text, whole ? "MemTotal:" : "MemAvailable:", &kib))
        bytes = kib * 1024;
    else if (sysconf(_SC_AVPHYS_PAGES) > 0)
        bytes = (uint64_t)sysconf(whole ? _SC_PHYS_PAGES : _SC_AVPHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    return (left < bytes ? left : bytes) / 10 * 9;
}

uint64_t tb_mem_free_under(const char *root)
{
    return memory_under(root, false);
}

uint64_t tb_mem_total_under(const char *root)
{
    return memory_under(root, true);
}

static uint64_t status_bytes(const char *key)
{
    char text[8192];
    uint64_t kib;
    return slurp("/proc/self/status", text, sizeof text) && field(text, key, &kib) ? kib * 1024 : 0;
}

/* Of a limit on the address space (ulimit -v), UINT64_MAX without one. */
static uint64_t space_left(bool whole)
{
    struct rlimit most;
    if (getrlimit(RLIMIT_AS, &most) != 0 || most.rlim_cur == RLIM_INFINITY)
        return UINT64_MAX;
    uint64_t used = whole ? 0 : status_bytes("VmSize:");
    return most.rlim_cur > used ? most.rlim_cur - used : 0;
}

uint64_t tb_mem_free_bytes(void)
{
    uint64_t bytes = tb_mem_free_under(""), space = space_left(false);
    return space < bytes ? space : bytes;
}

uint64_t tb_mem_total_bytes(void)
{
    uint64_t bytes = tb_mem_total_under(""), space = space_left(true);
    return space < bytes ? space : bytes;
}

uint64_t tb_mem_rss_bytes(void)
{
    return status_bytes("VmRSS:");
}

uint64_t tb_mem_peak_bytes(void)
{
    return status_bytes("VmHWM:");
}

uint64_t tb_mem_anon_bytes(void)
{
    return status_bytes("RssAnon:");
}

_Bool tb_mem_peak_reset(void)
{
    int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool done = write(fd, "5", 1) == 1;
    close(fd);
    return done;
}

/* The sanitizers bring their own malloc, other C libraries have no second name for theirs. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#undef TB_COUNT_MALLOC
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) \
    || __has_feature(memory_sanitizer)
#undef TB_COUNT_MALLOC
#endif
#endif

#ifdef TB_COUNT_MALLOC
#include <errno.h>
#include <stdatomic.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);

static _Atomic uint64_t n_calls;

void *malloc(size_t n)
{
    atomic_fetch_add_explicit(&n_calls, 1, memory_order_relaxed);
    return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    atomic_fetch_add_explicit(&n_calls, 1, memory_order_relaxed);
    return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    atomic_fetch_add_explicit(&n_calls, 1, memory_order_relaxed);
    return __libc_realloc(p, n);
}

void *aligned_alloc(size_t align, size_t n)
{
    atomic_fetch_add_explicit(&n_calls, 1, memory_order_relaxed);
    return __libc_memalign(align, n);
}

int posix_memalign(void **out, size_t align, size_t n)
{
    if (align % sizeof(void *) || align == 0 || (align & (align - 1)))
        return EINVAL;
    void *p = aligned_alloc(align, n);
    if (!p)
        return ENOMEM;
    *out = p;
    return 0;
}

uint64_t tb_mem_allocations(void)
{
    return atomic_load_explicit(&n_calls, memory_order_relaxed);
}
#else
uint64_t tb_mem_allocations(void)
{
    return 0;
}
#endif
