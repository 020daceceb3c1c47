/* SPDX-License-Identifier: MIT */
/* cpu.h - what the CPU back ends keep behind k->state, scratch by thread, and the split of work over threads. */
#ifndef TB_KERNELS_CPU_CPU_H
#define TB_KERNELS_CPU_CPU_H

#include "kernels/memory.h"

struct tb_pool;

struct tb_cpu_room {
    float *p;
    size_t floats;
};

/* k->state of "avx2" and "avx512". */
struct tb_cpu {
    struct tb_memory memory; /* first: see memory.h */
    struct tb_pool *pool;
    int n_threads;
    bool avx512;
    struct tb_cpu_room *room; /* [n_threads] */
};

/* Opens the threads and fills the whole table of k, whose entries are those of ref before; false if threads or memory
 * are lacking. The processor must have been asked (cpuid.h). */
bool tb_cpu_open(struct tb_kernels *k, int n_threads, bool avx512);

/* Scratch of a thread, 64-byte aligned: at least `floats`, grown when a call asks for more than any before (the
 * contents are then lost). It belongs to the operation at hand. Ends the process if memory is out. */
float *tb_cpu_scratch(struct tb_kernels *k, int thread, size_t floats);

/* How a matrix may be cut for the threads. */
enum tb_cut {
    TB_CUT_ROWS,
    TB_CUT_COLS, /* in steps of 16, rows stay whole: sums over rows */
    TB_CUT_CELLS /* either: nothing is summed */
};

/* The cells r0 .. r1 - 1 times c0 .. c1 - 1. */
struct tb_part {
    int64_t r0, r1, c0, c1;
    int thread;
};

/* Runs part(job, cells) for parts that together are rows x cols, on all threads if rows * cols * cost is worth it.
 * cost is about 1 for a load and a store. */
void tb_cpu_split(struct tb_kernels *k, enum tb_cut cut, struct tb_part whole, int cost,
                  void (*part)(const void *job, const struct tb_part *p), const void *job);

/* All cells of m. */
static inline struct tb_part tb_part_of(struct tb_mat m)
{
    return (struct tb_part){ .r1 = m.rows, .c1 = m.cols };
}

#endif
