/* SPDX-License-Identifier: MIT */
/* kernels.c - choosing and opening a back end, counting processors, and the speed probe. */
#include "kernels/kernels.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kernels/cpu/cpuid.h"
#include "kernels/guard.h"
#include "kernels/memory.h"
#include "kernels/quota.h"
#include "kernels/ref/ref.h"
#ifdef __x86_64__
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/fills.h"
#include "kernels/cpu/pool.h"
#endif

static void close_ref(struct tb_kernels *k)
{
    tb_memory_close(k->state);
    free(k->state);
    free(k);
}

static bool open_ref(struct tb_kernels *k, int n_threads)
{
    k->state = calloc(1, sizeof(struct tb_memory));
    if (!k->state)
        return false;
    tb_ref_fill(k);
    tb_memory_fill(k);
    k->name = "ref";
    k->n_threads = 1;
    k->close = close_ref;
    return true;
}

static bool open_guard(struct tb_kernels *k, int n_threads)
{
    return tb_guard_open(k);
}

static bool is_always(void)
{
    return true;
}

#ifdef __x86_64__
static bool open_avx2(struct tb_kernels *k, int n_threads)
{
    tb_ref_fill(k);
    return tb_cpu_open(k, n_threads, false);
}

static bool open_avx512(struct tb_kernels *k, int n_threads)
{
    tb_ref_fill(k);
    return tb_cpu_open(k, n_threads, true);
}
#endif

/* The fastest first; `guard` only where it is asked for. */
static const struct backend {
    const char *name;
    bool (*is_possible)(void);
    bool (*open)(struct tb_kernels *k, int n_threads);
    const char *needs;
} backends[] = {
#ifdef __x86_64__
    { "avx512", tb_cpuid_has_avx512, open_avx512, "AVX-512 F, BW, VL and DQ" },
    { "avx2", tb_cpuid_has_avx2, open_avx2, "AVX2, FMA and F16C" },
#endif
    { "ref", is_always, open_ref, "" },
    { "guard", is_always, open_guard, "" },
};

enum { N_BACKENDS = sizeof backends / sizeof *backends };

static const struct backend *best_backend(void)
{
    const struct backend *b = backends;
    while (!b->is_possible())
        b++;
    return b;
}

/* NULL and a sentence if there is none of that name or the processor lacks something. */
static const struct backend *find_backend(const char *name, char *why, size_t n)
{
    for (const struct backend *b = backends; b < backends + N_BACKENDS; b++) {
        if (strcmp(b->name, name) != 0)
            continue;
        if (b->is_possible())
            return b;
        snprintf(why, n, "back end %s needs a processor and a system with %s; %s works here", name, b->needs,
                 best_backend()->name);
        return NULL;
    }
    size_t used = (size_t)snprintf(why, n, "there is no back end \"%.32s\"; known:", name);
    for (int i = 0; i < N_BACKENDS && used < n; i++)
        used += (size_t)snprintf(why + used, n - used, " %s", backends[i].name);
    return NULL;
}

struct tb_kernels *tb_kernels_open(const char *name, int n_threads, char *why, size_t n)
{
    if (!name)
        name = getenv("TUNEBENCH_CPU");
    const struct backend *b = name && *name ? find_backend(name, why, n) : best_backend();
    if (!b)
        return NULL;
    struct tb_kernels *k = calloc(1, sizeof *k);
    if (k && b->open(k, n_threads < 1 ? 1 : n_threads))
        return k;
    snprintf(why, n, "no memory or threads for back end %s with %d threads", b->name, n_threads);
    free(k);
    return NULL;
}

/* Processors that the scheduler may put this process on. */
static int n_affine(void)
{
    int n = 0;
    errno = EINVAL;
    for (int room = 1024; !n && errno == EINVAL && room <= 1 << 20; room *= 4) {
        cpu_set_t *set = CPU_ALLOC((size_t)room);
        size_t bytes = CPU_ALLOC_SIZE((size_t)room);
        if (set && sched_getaffinity(0, bytes, set) == 0)
            n = CPU_COUNT_S(bytes, set);
        CPU_FREE(set);
    }
    return n ? n : (int)sysconf(_SC_NPROCESSORS_ONLN);
}

int tb_kernels_default_threads(void)
{
    int n = n_affine(), quota = tb_quota_cpus("");
    if (quota && quota < n)
        n = quota;
    return n < 1 ? 1 : n;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* What ref's plain loops could reach at best: independent chains as the compiler makes them. */
static double plain_chains(int64_t steps, float *sink)
{
    enum { CHAINS = 12 };
    float c[CHAINS];
    for (int i = 0; i < CHAINS; i++)
        c[i] = *sink + (float)i;
    for (int64_t s = 0; s < steps; s++)
        for (int i = 0; i < CHAINS; i++)
            c[i] = c[i] * 0.999f + 1e-3f;
    for (int i = 0; i < CHAINS; i++)
        *sink += c[i];
    return 2.0 * CHAINS * (double)steps;
}

struct probe {
    double (*chains)(int64_t steps, float *sink);
    double end;
    double flops[]; /* of each thread */
};

static void probe_task(void *arg, int task, int thread)
{
    enum { STEPS = 20000 };
    struct probe *p = arg;
    float sink = 1;
    double flops = 0;
    do
        flops += p->chains(STEPS, &sink);
    while (now() < p->end);
    p->flops[task] = sink > -1 ? flops : 0;
}

double tb_kernels_probe(struct tb_kernels *k, double seconds)
{
    struct probe *p = calloc(1, sizeof *p + (size_t)k->n_threads * sizeof *p->flops);
    if (!p)
        return 0;
    const double start = now();
    double flops = 0;
    p->end = start + seconds;
    p->chains = plain_chains;
#ifdef __x86_64__
    if (!strcmp(k->name, "avx2") || !strcmp(k->name, "avx512")) {
        const struct tb_cpu *cpu = k->state;
        p->chains = cpu->avx512 ? tb_cpu_chains_avx512 : tb_cpu_chains_avx2;
        tb_pool_run(cpu->pool, k->n_threads, probe_task, p);
    } else
#endif
        probe_task(p, 0, 0);
    for (int i = 0; i < k->n_threads; i++)
        flops += p->flops[i];
    free(p);
    return flops / (now() - start) * 1e-9;
}
