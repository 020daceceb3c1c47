/* SPDX-License-Identifier: MIT */
/* kernels.h - one opened compute back end: its table of operations (ops.def), its memory and its threads.
 *
 * ref     plain loops, one thread: the contract
 * avx2, avx512   packed GEMM and attention by hand, everything else one source compiled for each
 * guard   ref, with all device memory PROT_NONE outside operations: a host dereference traps
 *
 * Memory is a device handle on every back end. put and get move bytes; everything else is an operation. */
#ifndef TB_KERNELS_KERNELS_H
#define TB_KERNELS_KERNELS_H

#include "kernels/types.h"

struct tb_kernels {
    const char *name; /* "ref", "avx2", "avx512", "guard" */
    int n_threads;
    void *state; /* the back end's own */

#define TB_OP(name, params, args) void (*name) params;
#include "kernels/ops.def"
#undef TB_OP

    /* Device memory, 64-byte aligned, zeroed; NULL if there is not enough. */
    void *(*alloc)(struct tb_kernels *k, size_t bytes);
    void (*release)(struct tb_kernels *k, void *p); /* NULL is fine */
    void (*put)(struct tb_kernels *k, void *device, const void *host, size_t bytes);
    void (*get)(struct tb_kernels *k, void *host, const void *device, size_t bytes);
    /* Takes now what operations need inside, so that no later one allocates: products of any size, and attention with
     * heads of head_dim where a segment and all that it continues hold n_keys keys in n_runs stretches at most, virtual
     * rows among them. ref and guard take theirs in each operation. */
    void (*reserve)(struct tb_kernels *k, int head_dim, int n_keys, int n_runs);
    void (*close)(struct tb_kernels *k); /* frees k and all its memory */
};

/* Opens a back end: "ref", "avx2", "avx512", "guard", or NULL for what TUNEBENCH_CPU says, else the best that this
 * processor's feature bits allow. n_threads >= 1 (the caller counts as one). NULL and a sentence in why[n] if it
 * cannot. */
struct tb_kernels *tb_kernels_open(const char *name, int n_threads, char *why, size_t n);

/* Number of processors this process may use (affinity, cgroup quota), at least 1. */
int tb_kernels_default_threads(void);

/* GFLOP/s of fused multiply-add on all threads of k in about `seconds`: the speed probe beside which rates are told. */
double tb_kernels_probe(struct tb_kernels *k, double seconds);

#endif
