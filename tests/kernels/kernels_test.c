/* SPDX-License-Identifier: MIT */
/* kernels_test.c - opening back ends, what they say when they cannot, the guard's trap, counting processors, the
 * probe. */
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernels/kernels.h"
#include "kernels/quota.h"
#include "kernels/timed.h"
#include "tests/tap.h"

static void opening(void)
{
    static const char *const names[] = { "ref", "guard", "avx2", "avx512" };
    char why[256], small[8];
    for (int i = 0; i < 4; i++) {
        struct tb_kernels *k = tb_kernels_open(names[i], 2, why, sizeof why);
        if (!k) {
            ok(i > 1 && strstr(why, names[i]) && strstr(why, "works here"), "%s: %s", names[i], why);
            continue;
        }
        is_str(k->name, names[i], names[i]);
        is_int(k->n_threads, i > 1 ? 2 : 1, "its threads");
        float *p = k->alloc(k, 5 * sizeof *p), got[5] = { 1, 1, 1, 1, 1 };
        k->get(k, got, p, sizeof got);
        ok(got[0] == 0 && got[4] == 0 && (uintptr_t)p % 64 == 0, "memory is zeroed and aligned");
        k->fill(k, tb_mat_of(p, 1, 5), 2);
        k->get(k, got, p, sizeof got);
        ok(got[0] == 2 && got[4] == 2, "an operation runs");
        ok(tb_kernels_probe(k, 0.01) > 0.01, "the probe says something");
        ok(!k->alloc(k, SIZE_MAX / 2 + 1) && !k->alloc(k, SIZE_MAX / 4), "there is not that much memory");
        k->release(k, NULL);
        k->close(k);
    }
    ok(!tb_kernels_open("sse", 1, why, sizeof why), "no such back end");
    is_str(strchr(why, '"') ? "quoted" : why, "quoted", "its name is in the sentence");
    ok(strstr(why, "ref") && strstr(why, "guard"), "and what there is");
    ok(!tb_kernels_open("a name that is rather long", 1, small, sizeof small) && strlen(small) == 7, "a short buffer");
}

static void timing(void)
{
    char why[256];
    struct tb_timed t;
    struct tb_kernels *k = tb_kernels_open("ref", 1, why, sizeof why);
    float *p = k ? k->alloc(k, 4096 * sizeof *p) : NULL, got = 0;
    ok(p != NULL, "memory of ref");
    if (!p)
        return;
    tb_timed_begin(&t, k);
    float *q = k->alloc(k, 16);
    for (int i = 0; i < 50; i++)
        k->fill(k, tb_mat_of(p, 64, 64), 3);
    k->get(k, &got, p + 4095, sizeof got);
    k->put(k, q, &got, sizeof got);
    k->release(k, q);
    tb_timed_end(&t, k);
    ok(got == 3 && t.seconds[TB_OP_fill] > 0 && t.seconds[TB_OP_copy] == 0, "operations run and are timed, each apart");
    const double before = t.seconds[TB_OP_fill];
    k->fill(k, tb_mat_of(p, 64, 64), 4);
    ok(t.seconds[TB_OP_fill] == before, "and no longer afterwards");
    k->close(k);
}

static void by_environment(void)
{
    char why[256];
    struct tb_kernels *k;
    setenv("TUNEBENCH_CPU", "guard", 1);
    k = tb_kernels_open(NULL, 1, why, sizeof why);
    is_str(k ? k->name : why, "guard", "TUNEBENCH_CPU chooses");
    if (k)
        k->close(k);
    setenv("TUNEBENCH_CPU", "quick", 1);
    ok(!tb_kernels_open(NULL, 1, why, sizeof why) && strstr(why, "quick"), "and may be wrong: %s", why);
    setenv("TUNEBENCH_CPU", "", 1);
    k = tb_kernels_open(NULL, 0, why, sizeof why);
    ok(k && strcmp(k->name, "guard") != 0 && k->n_threads == 1, "empty means the best, no threads mean one");
    if (k)
        k->close(k);
    unsetenv("TUNEBENCH_CPU");
}

/* How a child ends that reads device memory of the guard on the host. */
static int end_of_reader(struct tb_kernels *k, const volatile float *p)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
        signal(SIGSEGV, SIG_DFL);
        _exit(p[0] > -1 ? 0 : 1);
    }
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void guard(void)
{
    char why[256];
    struct tb_kernels *k = tb_kernels_open("guard", 1, why, sizeof why);
    float *p = k->alloc(k, 64), x = 3, got = 0;
    is_int(end_of_reader(k, p), SIGSEGV, "reading device memory on the host is fatal");
    k->put(k, p, &x, sizeof x);
    k->scale(k, tb_mat_of(p, 1, 1), 2);
    k->get(k, &got, p, sizeof got);
    is_int((int)got, 6, "operations may");
    is_int(end_of_reader(k, p), SIGSEGV, "and it is shut again behind them");
    k->close(k);
}

static char root[] = "/tmp/tb-quota-XXXXXX";

static void put_file(const char *path, const char *text)
{
    char whole[512];
    snprintf(whole, sizeof whole, "%s%s", root, path);
    for (char *s = strchr(whole + strlen(root) + 1, '/'); s; s = strchr(s + 1, '/')) {
        *s = 0;
        mkdir(whole, 0700);
        *s = '/';
    }
    FILE *f = fopen(whole, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0)
        ok(false, "cannot write %s", whole);
}

static void quota(void)
{
    char command[64];
    if (!ok(mkdtemp(root) != NULL, "a folder"))
        return;
    is_int(tb_quota_cpus(root), 0, "no control groups");
    put_file("/proc/self/cgroup", "0::/a/b\n");
    put_file("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
    is_int(tb_quota_cpus(root), 0, "version 2 without a limit");
    put_file("/sys/fs/cgroup/a/cpu.max", "250000 100000\n");
    is_int(tb_quota_cpus(root), 3, "the limit of the group above, rounded up");
    put_file("/sys/fs/cgroup/a/b/cpu.max", "100000 100000\n");
    is_int(tb_quota_cpus(root), 1, "the least one");
    put_file("/proc/self/cgroup", "0::/somewhere/else\n");
    put_file("/sys/fs/cgroup/cpu.max", "400000 100000\n");
    is_int(tb_quota_cpus(root), 4, "a path of the host: the root of the mount");
    put_file("/proc/self/cgroup", "5:cpuset:/x\n4:cpu,cpuacct:/docker/1\n1:name=systemd:/y\n");
    put_file("/sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.cfs_quota_us", "150000\n");
    put_file("/sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.cfs_period_us", "100000\n");
    put_file("/sys/fs/cgroup/cpuset/x/cpu.cfs_quota_us", "100000\n");
    put_file("/sys/fs/cgroup/cpuset/x/cpu.cfs_period_us", "100000\n");
    is_int(tb_quota_cpus(root), 2, "version 1");
    put_file("/sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.cfs_quota_us", "-1\n");
    is_int(tb_quota_cpus(root), 0, "version 1 without a limit");
    put_file("/sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.cfs_period_us", "");
    is_int(tb_quota_cpus(root), 0, "an empty file");
    snprintf(command, sizeof command, "rm -r %s", root);
    ok(system(command) == 0, "the folder is removed");
}

int main(void)
{
    opening();
    timing();
    by_environment();
    guard();
    quota();
    ok(tb_kernels_default_threads() >= 1, "%d threads by default", tb_kernels_default_threads());
    return done();
}
