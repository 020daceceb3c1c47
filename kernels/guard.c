/* SPDX-License-Identifier: MIT */
/* guard.c - every operation of ref, with device memory open only while it runs. Whoever dereferences a device handle
 * on the host dies there by SIGSEGV, as he would compute nonsense on a GPU. An access past the end of a block dies
 * too, if it is 64 bytes or more past the end. For tests: each operation costs two system calls a block. */
#include "kernels/guard.h"

#include <stdlib.h>
#include <string.h>

#include "kernels/memory.h"
#include "kernels/ref/ref.h"

struct guard {
    struct tb_memory memory; /* first: see memory.h */
    struct tb_kernels ref;
};

static void let(struct tb_kernels *k, bool open)
{
    tb_memory_protect(k->state, open);
}

#define TB_OP(name, params, args) \
    static void name##_guarded params \
    { \
        let(k, true); \
        ((struct guard *)k->state)->ref.name args; \
        let(k, false); \
    }
#include "kernels/ops.def"
#undef TB_OP

static void put(struct tb_kernels *k, void *device, const void *host, size_t bytes)
{
    let(k, true);
    if (bytes)
        memcpy(device, host, bytes);
    let(k, false);
}

static void get(struct tb_kernels *k, void *host, const void *device, size_t bytes)
{
    let(k, true);
    if (bytes)
        memcpy(host, device, bytes);
    let(k, false);
}

static void close_guard(struct tb_kernels *k)
{
    struct guard *g = k->state;
    tb_memory_close(&g->memory);
    free(g);
    free(k);
}

bool tb_guard_open(struct tb_kernels *k)
{
    struct guard *g = calloc(1, sizeof *g);
    if (!g)
        return false;
    g->memory.is_guarded = true;
    tb_ref_fill(&g->ref);
    tb_memory_fill(k);
#define TB_OP(name, params, args) k->name = name##_guarded;
#include "kernels/ops.def"
#undef TB_OP
    k->name = "guard";
    k->n_threads = 1;
    k->state = g;
    k->put = put;
    k->get = get;
    k->close = close_guard;
    return true;
}
