/* SPDX-License-Identifier: MIT */
/* session_doctor.c - what this machine and this store can do, each point with what to do about it. A point
 * fails if runs cannot work or would not be safe, warns if they work worse than they could. Trying is
 * believed, not asking: locks, syncs and back ends are used once. */
#include "worker/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/numeric.h"
#include "base/str.h"
#include "kernels/kernels.h"
#include "recipe/recipe.h"
#include "store/run.h"
#include "view/fmt.h"

enum { LITTLE_MEMORY = 512 << 20, LITTLE_DISK = 256 << 20 };

enum level { OK, WARN, FAIL };

static void add(struct tb_json *list, const char *check, enum level level, const char *advice, char *text)
{
    static const char *const names[] = { "ok", "warn", "fail" };
    struct tb_json *j = tb_json_new_map();
    tb_json_set(j, "check", tb_json_new_str(check));
    tb_json_set(j, "status", tb_json_new_str(names[level]));
    tb_json_set(j, "ok", tb_json_new_bool(level != FAIL));
    tb_json_set(j, "text", tb_json_new_str(text));
    if (advice)
        tb_json_set(j, "advice", tb_json_new_str(advice));
    tb_json_append(list, j);
    free(text);
}

static char *bytes(char dst[64], uint64_t n)
{
    return tb_fmt_unit(dst, 64, TB_UNIT_BYTES, (double)n);
}

static void check_program(struct tb_json *list)
{
    struct tb_json *env = tb_run_env(NULL, TB_VERSION, TB_NUMERIC);
    add(list, "program", OK, NULL,
        tb_xasprintf("tunebench " TB_VERSION ", numbers of version %d, %s", TB_NUMERIC,
                     tb_json_str(tb_json_get(env, "compiler"), "unknown compiler")));
    add(list, "libraries", OK, NULL,
        tb_xasprintf("HDF5 %s, %s", tb_json_str(tb_json_get(env, "hdf5"), "?"), tb_recipe_lua_version()));
    tb_json_free(env);
}

/* "model name : .." of /proc/cpuinfo, malloc'ed. */
static char *processor_name(void)
{
    char line[256];
    FILE *f = fopen("/proc/cpuinfo", "re");
    char *name = NULL;
    while (f && !name && fgets(line, sizeof line, f)) {
        char *colon = strchr(line, ':');
        line[strcspn(line, "\n")] = '\0';
        if (colon && tb_str_starts(line, "model name"))
            name = tb_xstrdup(colon + 1 + strspn(colon + 1, " "));
    }
    if (f)
        fclose(f);
    return name ? name : tb_xstrdup("processor without a name");
}

static bool opens(const char *backend)
{
    char why[200];
    struct tb_kernels *k = tb_kernels_open(backend, 1, why, sizeof why);
    if (k)
        k->close(k);
    return k != NULL;
}

static void check_processor(struct tb_json *list)
{
    char *name = processor_name();
    add(list, "processor", OK, NULL,
        tb_xasprintf("%s; AVX2 %s, AVX-512 %s", name, opens("avx2") ? "yes" : "no", opens("avx512") ? "yes" : "no"));
    free(name);
}

static void check_backend(struct tb_json *list)
{
    char why[240] = "";
    const char *forced = getenv("TUNEBENCH_CPU");
    int n = tb_kernels_default_threads();
    struct tb_kernels *k = tb_kernels_open(NULL, n, why, sizeof why);
    if (!k) {
        add(list, "back end", FAIL, "unset TUNEBENCH_CPU, or set it to a back end that works here",
            tb_xasprintf("%s", why));
        return;
    }
    bool is_slow = strcmp(k->name, "ref") == 0 || strcmp(k->name, "guard") == 0;
    const char *advice = !is_slow ? NULL : forced && *forced ? "unset TUNEBENCH_CPU unless you are looking for a bug"
                       : "use a processor with AVX2 and FMA: these are the plain loops";
    add(list, "back end", is_slow ? WARN : OK, advice,
        tb_xasprintf("%s%s%s", k->name, forced && *forced ? ", forced by TUNEBENCH_CPU=" : "", forced ? forced : ""));
    add(list, "threads", OK, NULL, tb_xasprintf("%d (affinity and control group considered)", n));
    k->close(k);
}

static void check_memory(struct tb_json *list)
{
    char text[64];
    uint64_t n = tb_mem_free_bytes();
    bool is_little = n < (uint64_t)LITTLE_MEMORY;
    add(list, "memory", is_little ? WARN : OK,
        is_little ? "free some, or raise the control group's limit; 'tunebench plan' says what a run needs" : NULL,
        tb_xasprintf("%s may be used (control group considered)", bytes(text, n)));
}

/* Where the store is or would be made: its folder or the nearest one above it that exists. */
static char *folder_of(const char *path)
{
    char *dir = tb_xstrdup(path);
    while (!tb_dir_exists(dir)) {
        char *slash = strrchr(dir, '/');
        bool is_root = slash == dir;
        if (slash && !is_root)
            *slash = '\0';
        else
            tb_str_copy(dir, strlen(path) + 1, is_root ? "/" : ".");
        if (is_root || !slash)
            break;
    }
    return dir;
}

static void check_locks(struct tb_json *list, const char *path, int fd)
{
    int other = open(path, O_RDWR | O_CLOEXEC);
    bool taken = flock(fd, LOCK_EX | LOCK_NB) == 0;
    int why = errno;
    bool refused = other >= 0 && flock(other, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (taken && refused)
        add(list, "locks", OK, NULL, tb_xstrdup("a second owner is refused"));
    else
        add(list, "locks", FAIL, "put the store on a file system where flock(2) works, or use it from one place only",
            taken ? tb_xstrdup("a second owner is let in") : tb_xasprintf("flock: %s", strerror(why)));
    if (other >= 0)
        close(other);
}

static void check_sync(struct tb_json *list, const char *dir, int fd)
{
    double begin = tb_clock_mono_s();
    struct tb_err why = { 0 };
    bool good = pwrite(fd, "tunebench", 9, 0) == 9 && fsync(fd) == 0;
    if (!good)
        tb_fail_errno(&why, "fsync");
    good = good && tb_dir_sync(dir, &why);
    if (good)
        add(list, "sync", OK, NULL, tb_xasprintf("fsync of file and folder work, %.1f ms",
                                                 1e3 * (tb_clock_mono_s() - begin)));
    else
        add(list, "sync", FAIL, "put the store on another file system: a power loss could destroy checkpoints here",
            tb_xstrdup(why.text));
}

static const struct { long magic; const char *name, *advice; } systems[] = {
    { 0xef53, "ext4", NULL },
    { 0x58465342, "xfs", NULL },
    { 0x9123683e, "btrfs", NULL },
    { 0x2fc12fc1, "zfs", NULL },
    { 0xf2f52010, "f2fs", NULL },
    { 0x794c7630, "overlay", NULL },
    { 0x01021994, "tmpfs", "this is memory: the store is gone after a restart" },
    { 0x6969, "nfs", "runs are seen from other hosts late; keep one worker a store" },
    { 0xff534d42, "cifs", "locks and renames may not be kept; prefer a local folder while training" },
    { 0xfe534d42, "smb2", "locks and renames may not be kept; prefer a local folder while training" },
    { 0x0bd00bd0, "lustre", "mounted without -o flock, locks hold on one host only" },
    { 0x47504653, "gpfs", NULL },
    { 0x65735546, "fuse", "whether syncs are kept depends on what is behind it" },
    { 0x01021997, "9p", "whether syncs are kept depends on the host" },
};

static void check_file_system(struct tb_json *list, const char *dir)
{
    struct statfs fs;
    struct statvfs room;
    char text[64], magic[32];
    const char *name = magic, *advice = NULL;
    if (statfs(dir, &fs) != 0 || statvfs(dir, &room) != 0)
        return;
    snprintf(magic, sizeof magic, "type 0x%lx", (unsigned long)fs.f_type & 0xffffffff);
    for (size_t i = 0; i < sizeof systems / sizeof *systems; i++)
        if (((unsigned long)fs.f_type & 0xffffffff) == (unsigned long)systems[i].magic) {
            name = systems[i].name;
            advice = systems[i].advice;
        }
    uint64_t n = (uint64_t)room.f_bavail * room.f_frsize;
    if (n < (uint64_t)LITTLE_DISK)
        advice = "make room: on a full disk runs are stalled until there is some";
    add(list, "file system", advice ? WARN : OK, advice, tb_xasprintf("%s, %s free", name, bytes(text, n)));
}

static void check_store(struct tb_json *list, const char *store)
{
    const char *env = getenv("TUNEBENCH_STORE"), *path = store ? store : env && *env ? env : "tunebench.d";
    char *dir = folder_of(path), *probe = tb_xasprintf("%s/.doctor-%ld", dir, (long)getpid());
    bool is_new = strcmp(dir, path) != 0;
    int fd = open(probe, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        add(list, "store", FAIL, "choose a folder you may write to: --store DIR or TUNEBENCH_STORE",
            tb_xasprintf("%s: cannot write in %s: %s", path, dir, strerror(errno)));
    } else {
        add(list, "store", OK, NULL,
            is_new ? tb_xasprintf("%s: not there yet, the first run makes it", path)
                   : tb_xasprintf("%s: can be written to", path));
        check_locks(list, probe, fd);
        check_sync(list, dir, fd);
        check_file_system(list, dir);
        close(fd);
        unlink(probe);
    }
    free(probe);
    free(dir);
}

static void check_data(struct tb_json *list)
{
    static const char advice[] = "run tunebench from its tree or install it; your own models and data work without";
    const char *dir = tb_session_data_dir();
    char *tiny = dir ? tb_path_join(dir, "tiny") : NULL;
    if (!dir)
        add(list, "data", WARN, advice, tb_xstrdup("the shipped data was not found"));
    else if (!tb_dir_exists(tiny))
        add(list, "data", WARN, advice, tb_xasprintf("%s: without the model 'tiny'", dir));
    else
        add(list, "data", OK, NULL, tb_xasprintf("%s: model 'tiny' and the task places.txt", dir));
    free(tiny);
}

static void check_cuda(struct tb_json *list)
{
    bool has_device = access("/dev/nvidiactl", F_OK) == 0;
    add(list, "cuda", OK, NULL,
        tb_xasprintf("no CUDA module in this build: runs use the processor%s",
                     has_device ? "; the NVIDIA device of this machine stays idle" : ""));
}

struct tb_json *tb_session_doctor(const char *store, struct tb_err *err)
{
    struct tb_json *list = tb_json_new_list();
    check_program(list);
    check_processor(list);
    check_backend(list);
    check_memory(list);
    check_cuda(list);
    check_store(list, store);
    check_data(list);
    return list;
}
