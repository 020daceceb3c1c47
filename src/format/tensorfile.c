/* SPDX-License-Identifier: MIT */
/* tensorfile.c - the list of tensors of an open file. Names are found by bisection in an order
 * that is sorted once: unlike a hash table, no file can make that slow. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "format/tensorfile_priv.h"

struct tb_stored *tb_tensors_add(struct tb_tensors *all, const struct tb_stored *t,
                                 const char *name, size_t n)
{
    char *copy = tb_xstrndup(name, n);
    all->t = tb_grow(all->t, all->n, &all->cap, sizeof *all->t);
    all->t[all->n] = *t;
    all->t[all->n].name = copy;
    return &all->t[all->n++];
}

void tb_tensors_free(struct tb_tensors *all)
{
    for (size_t i = 0; i < all->n; i++)
        free((char *)(uintptr_t)all->t[i].name);
    free(all->by_name);
    free(all->t);
    *all = (struct tb_tensors){ 0 };
}

static int by_name(const void *a, const void *b)
{
    const struct tb_stored *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

/* By first byte; an empty tensor stands before the one that begins at the same byte. */
static int by_place(const void *a, const void *b)
{
    const struct tb_stored *x = *(const struct tb_stored *const *)a;
    const struct tb_stored *y = *(const struct tb_stored *const *)b;
    uintptr_t p = (uintptr_t)x->p, q = (uintptr_t)y->p;
    if (p != q)
        return p < q ? -1 : 1;
    return (x->bytes > y->bytes) - (x->bytes < y->bytes);
}

static bool check_apart(const struct tb_tensors *all, const char *path, struct tb_err *err)
{
    for (size_t i = 1; i < all->n; i++) {
        const struct tb_stored *a = all->by_name[i - 1], *b = all->by_name[i];
        if ((uintptr_t)b->p - (uintptr_t)a->p < a->bytes)
            return tb_fail_at(err, TB_ERR_FORMAT, path, 0,
                              "tensors %.150s and %.150s overlap: the file is damaged", a->name,
                              b->name);
    }
    return true;
}

static bool check_unique(const struct tb_tensors *all, const char *path, struct tb_err *err)
{
    for (size_t i = 1; i < all->n; i++) {
        if (strcmp(all->by_name[i - 1]->name, all->by_name[i]->name) == 0)
            return tb_fail_at(err, TB_ERR_FORMAT, path, 0, "tensor %s is there twice",
                              all->by_name[i]->name);
    }
    return true;
}

bool tb_tensors_index(struct tb_tensors *all, const char *path, struct tb_err *err)
{
    all->by_name = tb_xcalloc(all->n, sizeof *all->by_name);
    for (size_t i = 0; i < all->n; i++)
        all->by_name[i] = &all->t[i];
    qsort(all->by_name, all->n, sizeof *all->by_name, by_place);
    if (!check_apart(all, path, err))
        return false;
    qsort(all->by_name, all->n, sizeof *all->by_name, by_name);
    return check_unique(all, path, err);
}

const struct tb_stored *tb_tensors_find(const struct tb_tensors *all, const char *name)
{
    const struct tb_stored like = { .name = name }, *key = &like, *const *found = NULL;
    if (all->n)
        found = bsearch(&key, all->by_name, all->n, sizeof *all->by_name, by_name);
    return found ? *found : NULL;
}

bool tb_name_is_plain(const char *s, size_t n)
{
    uint32_t cp;
    for (size_t i = 0, step; i < n; i += step) {
        step = tb_utf8_step(s + i, n - i, &cp);
        if (!step || cp < ' ' || (cp >= 0x7f && cp < 0xa0))
            return false;
    }
    return n > 0;
}

bool tb_stored_measure(struct tb_stored *t, int block, int block_bytes, const char *path,
                       struct tb_err *err)
{
    int64_t n = 1, row = t->n_dims ? t->dims[t->n_dims - 1] : 1;
    bool is_empty = false, fits = true;
    /* A zero counts as one here, so that also products of some of the dimensions fit. */
    for (int i = 0; i < t->n_dims; i++) {
        is_empty |= t->dims[i] == 0;
        fits = fits && t->dims[i] >= 0
               && !__builtin_mul_overflow(n, t->dims[i] ? t->dims[i] : 1, &n);
    }
    uint64_t blocks = (uint64_t)n / (uint64_t)block;
    if (!fits || __builtin_mul_overflow(blocks, (uint64_t)block_bytes, &t->bytes))
        return tb_fail_at(err, TB_ERR_FORMAT, path, 0,
                          "tensor %.200s: the product of its dimensions overflows", t->name);
    if (row % block)
        return tb_fail_at(err, TB_ERR_FORMAT, path, 0,
                          "tensor %.200s: rows of %lld values, but %s has blocks of %d", t->name,
                          (long long)row, t->type_name, block);
    t->n = is_empty ? 0 : n;
    t->bytes = is_empty ? 0 : t->bytes;
    return true;
}

uint32_t tb_le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint64_t tb_le64(const uint8_t *p)
{
    return tb_le32(p) | (uint64_t)tb_le32(p + 4) << 32;
}
