/* SPDX-License-Identifier: MIT */
/* cpu.c - opening and closing the CPU back ends, scratch, and the static split of work. The table starts as ref's;
 * the operations compiled for the instruction set overwrite it (TB_CPU_FILLS of fills.h), then GEMM and attention.
 * Whatever is cut here is cut so that no sum depends on the number of threads. */
#include "kernels/cpu/cpu.h"

#include <stdlib.h>

#include "kernels/cpu/attention.h"
#include "kernels/cpu/fills.h"
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/pool.h"

enum {
    GRAIN = 1 << 14, /* cells times cost that are worth waking a thread */
    ALIGN = 64,
    STEP = 16 /* columns */
};

static void close_cpu(struct tb_kernels *k)
{
    struct tb_cpu *c = k->state;
    tb_pool_close(c->pool);
    for (int i = 0; c->room && i < c->n_threads; i++)
        free(c->room[i].p);
    free(c->room);
    tb_memory_close(&c->memory);
    free(c);
    free(k);
}

static void reserve(struct tb_kernels *k, int head_dim, int n_keys, int n_runs)
{
    size_t attention = tb_cpu_attention_floats(head_dim, n_keys, n_runs);
    for (int i = 0; i < ((struct tb_cpu *)k->state)->n_threads; i++) {
        size_t gemm = tb_cpu_gemm_floats(i);
        tb_cpu_scratch(k, i, gemm > attention ? gemm : attention);
    }
}

static void fill(struct tb_kernels *k, bool avx512)
{
#define TB_FILL(name) (avx512 ? tb_cpu_##name##_fill_avx512 : tb_cpu_##name##_fill_avx2)(k);
    TB_CPU_FILLS
#undef TB_FILL
    tb_cpu_gemm_fill(k, avx512);
    tb_cpu_attention_fill(k, avx512);
    tb_memory_fill(k);
    k->reserve = reserve;
    k->close = close_cpu;
}

bool tb_cpu_open(struct tb_kernels *k, int n_threads, bool avx512)
{
    struct tb_cpu *c = calloc(1, sizeof *c);
    if (!c)
        return false;
    c->n_threads = n_threads;
    c->avx512 = avx512;
    c->room = calloc((size_t)n_threads, sizeof *c->room);
    c->pool = c->room ? tb_pool_open(n_threads) : NULL;
    if (!c->pool) {
        free(c->room);
        free(c);
        return false;
    }
    k->name = avx512 ? "avx512" : "avx2";
    k->n_threads = n_threads;
    k->state = c;
    fill(k, avx512);
    return true;
}

float *tb_cpu_scratch(struct tb_kernels *k, int thread, size_t floats)
{
    struct tb_cpu_room *room = &((struct tb_cpu *)k->state)->room[thread];
    if (floats <= room->floats && room->p)
        return room->p;
    size_t bytes = (floats * sizeof(float) / ALIGN + 1) * ALIGN;
    free(room->p);
    room->p = aligned_alloc(ALIGN, bytes);
    if (!room->p)
        abort();
    room->floats = bytes / sizeof(float);
    return room->p;
}

struct job {
    struct tb_part whole;
    bool by_row;
    int n;
    void (*part)(const void *job, const struct tb_part *p);
    const void *job;
};

static void task(void *arg, int i, int thread)
{
    const struct job *j = arg;
    struct tb_part p = j->whole;
    p.thread = thread;
    if (j->by_row) {
        p.r0 = j->whole.r1 * i / j->n;
        p.r1 = j->whole.r1 * (i + 1) / j->n;
    } else {
        int64_t steps = (j->whole.c1 + STEP - 1) / STEP;
        p.c0 = steps * i / j->n * STEP;
        if (i + 1 < j->n)
            p.c1 = steps * (i + 1) / j->n * STEP;
    }
    if (p.r0 < p.r1 && p.c0 < p.c1)
        j->part(j->job, &p);
}

void tb_cpu_split(struct tb_kernels *k, enum tb_cut cut, struct tb_part whole, int cost,
                  void (*part)(const void *job, const struct tb_part *p), const void *job)
{
    const struct tb_cpu *c = k->state;
    if (whole.r1 <= 0 || whole.c1 <= 0)
        return;
    double work = (double)whole.r1 * (double)whole.c1 * cost;
    struct job j = { .whole = whole, .n = work < GRAIN ? 1 : c->n_threads, .part = part, .job = job };
    j.by_row = cut == TB_CUT_ROWS || (cut == TB_CUT_CELLS && whole.r1 >= 4 * j.n);
    tb_pool_run(c->pool, j.n, task, &j);
}
