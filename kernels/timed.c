/* SPDX-License-Identifier: MIT */
/* timed.c - a table whose operations call those of another one between two looks at the clock. */
#include "kernels/timed.h"

#include <time.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#define TB_OP(name, params, args) \
    static void name##_timed params \
    { \
        struct tb_timed *t = k->state; \
        k = &t->inner; \
        const double start = now(); \
        k->name args; \
        t->seconds[TB_OP_##name] += now() - start; \
    }
#include "kernels/ops.def"
#undef TB_OP

static void *alloc_inner(struct tb_kernels *k, size_t bytes)
{
    struct tb_timed *t = k->state;
    return t->inner.alloc(&t->inner, bytes);
}

static void release_inner(struct tb_kernels *k, void *p)
{
    struct tb_timed *t = k->state;
    t->inner.release(&t->inner, p);
}

static void put_inner(struct tb_kernels *k, void *device, const void *host, size_t bytes)
{
    struct tb_timed *t = k->state;
    t->inner.put(&t->inner, device, host, bytes);
}

static void get_inner(struct tb_kernels *k, void *host, const void *device, size_t bytes)
{
    struct tb_timed *t = k->state;
    t->inner.get(&t->inner, host, device, bytes);
}

static void reserve_inner(struct tb_kernels *k, int head_dim, int n_keys, int n_runs)
{
    struct tb_timed *t = k->state;
    t->inner.reserve(&t->inner, head_dim, n_keys, n_runs);
}

void tb_timed_begin(struct tb_timed *t, struct tb_kernels *k)
{
    *t = (struct tb_timed){ .inner = *k };
#define TB_OP(name, params, args) k->name = name##_timed;
#include "kernels/ops.def"
#undef TB_OP
    k->alloc = alloc_inner;
    k->release = release_inner;
    k->put = put_inner;
    k->get = get_inner;
    k->reserve = reserve_inner;
    k->state = t;
}

void tb_timed_end(struct tb_timed *t, struct tb_kernels *k)
{
    *k = t->inner;
}
