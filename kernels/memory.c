/* SPDX-License-Identifier: MIT */
/* memory.c - blocks of device memory on the host, kept in a list so that closing a back end frees them all. Plain
 * blocks come from the C library when small (a sanitizer sees their ends) and from mmap when large (pages that nobody
 * touches cost nothing). Guarded blocks are pages of their own, pushed against a page that is always shut. */
#include "kernels/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ALIGN = 64, LARGE = 1 << 20 };

struct tb_memory_block {
    struct tb_memory_block *next;
    void *p;
    void *map; /* NULL: from the C library */
    size_t map_bytes, open_bytes;
};

static size_t round_up(size_t n, size_t unit)
{
    return (n + unit - 1) / unit * unit;
}

static void free_block(struct tb_memory_block *b)
{
    if (b->map)
        munmap(b->map, b->map_bytes);
    else
        free(b->p);
    free(b);
}

static bool from_map(struct tb_memory_block *b, size_t bytes, bool is_guarded)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    b->open_bytes = round_up(bytes, page);
    b->map_bytes = b->open_bytes + (is_guarded ? page : 0);
    b->map = mmap(NULL, b->map_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (b->map == MAP_FAILED) {
        b->map = NULL;
        return false;
    }
    b->p = (char *)b->map + (is_guarded ? b->open_bytes - bytes : 0);
    return !is_guarded || mprotect((char *)b->map + b->open_bytes, page, PROT_NONE) == 0;
}

static bool from_library(struct tb_memory_block *b, size_t bytes)
{
    b->p = aligned_alloc(ALIGN, bytes);
    if (b->p)
        memset(b->p, 0, bytes);
    return b->p != NULL;
}

static void shut_block(const struct tb_memory_block *b, bool open)
{
    if (mprotect(b->map, b->open_bytes, open ? PROT_READ | PROT_WRITE : PROT_NONE) != 0)
        abort();
}

void *tb_memory_alloc(struct tb_memory *m, size_t bytes)
{
    struct tb_memory_block *b = calloc(1, sizeof *b);
    if (!b || bytes > SIZE_MAX / 2) {
        free(b);
        return NULL;
    }
    bytes = round_up(bytes ? bytes : 1, ALIGN);
    bool good = m->is_guarded || bytes >= LARGE ? from_map(b, bytes, m->is_guarded) : from_library(b, bytes);
    if (!good) {
        free_block(b);
        return NULL;
    }
    b->next = m->first;
    m->first = b;
    if (m->is_guarded && !m->is_open)
        shut_block(b, false);
    return b->p;
}

void tb_memory_release(struct tb_memory *m, void *p)
{
    for (struct tb_memory_block **at = &m->first, *b; p && (b = *at); at = &b->next)
        if (b->p == p) {
            *at = b->next;
            free_block(b);
            return;
        }
}

void tb_memory_protect(struct tb_memory *m, bool open)
{
    m->is_open = open;
    for (const struct tb_memory_block *b = m->first; b; b = b->next)
        shut_block(b, open);
}

void tb_memory_close(struct tb_memory *m)
{
    for (struct tb_memory_block *b = m->first, *next; b; b = next) {
        next = b->next;
        free_block(b);
    }
    m->first = NULL;
}

static void *alloc(struct tb_kernels *k, size_t bytes)
{
    return tb_memory_alloc(k->state, bytes);
}

static void release(struct tb_kernels *k, void *p)
{
    tb_memory_release(k->state, p);
}

static void put(struct tb_kernels *k, void *device, const void *host, size_t bytes)
{
    if (bytes)
        memcpy(device, host, bytes);
}

static void get(struct tb_kernels *k, void *host, const void *device, size_t bytes)
{
    if (bytes)
        memcpy(host, device, bytes);
}

static void reserve(struct tb_kernels *k, int head_dim, int n_keys, int n_runs)
{
}

void tb_memory_fill(struct tb_kernels *k)
{
    k->alloc = alloc;
    k->release = release;
    k->put = put;
    k->get = get;
    k->reserve = reserve;
}
