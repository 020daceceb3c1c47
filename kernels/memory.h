/* SPDX-License-Identifier: MIT */
/* memory.h - device memory of the back ends whose device is the host. The state of each of them begins with a
 * struct tb_memory, so that they share alloc, release, put and get. */
#ifndef TB_KERNELS_MEMORY_H
#define TB_KERNELS_MEMORY_H

#include "kernels/kernels.h"

struct tb_memory_block;

struct tb_memory {
    struct tb_memory_block *first;
    bool is_guarded; /* own pages that can be shut, with a shut page behind the last byte */
    bool is_open;    /* of guarded memory: now */
};

/* Puts alloc, release, put and get for plain memory into the table, and a reserve that does nothing. */
void tb_memory_fill(struct tb_kernels *k);

/* 64-byte aligned zeroed bytes, NULL if there are not enough. */
void *tb_memory_alloc(struct tb_memory *m, size_t bytes);
void tb_memory_release(struct tb_memory *m, void *p);

/* Guarded memory: lets anybody in, or nobody. */
void tb_memory_protect(struct tb_memory *m, bool open);

/* Releases all blocks. */
void tb_memory_close(struct tb_memory *m);

#endif
