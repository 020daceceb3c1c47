/* SPDX-License-Identifier: MIT */
/* pool.h - the threads of a CPU back end. Work is split statically; the caller is thread 0. */
#ifndef TB_KERNELS_CPU_POOL_H
#define TB_KERNELS_CPU_POOL_H

struct tb_pool;

/* A pool of n_threads >= 1; 1 starts no thread. NULL if the threads or the memory cannot be had. */
struct tb_pool *tb_pool_open(int n_threads);

/* Ends the threads; NULL is fine. */
void tb_pool_close(struct tb_pool *pool);

/* Calls task(arg, i, thread) once for each i < n_tasks and returns when all are done. Thread t runs
 * the t-th of equal runs of neighbouring i. One run at a time, and no run inside a task. A single
 * task runs on the caller, nobody is woken. */
void tb_pool_run(struct tb_pool *pool, int n_tasks, void (*task)(void *arg, int i, int thread),
                 void *arg);

/* Inside a task of a run with n_tasks == number of threads: returns when every task has called it
 * as often. */
void tb_pool_barrier(struct tb_pool *pool);

#endif
