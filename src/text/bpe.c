/* SPDX-License-Identifier: MIT */
/* bpe.c - byte-pair encoding (Sennrich et al. 2016, arXiv:1508.07909) as GPT-2 and the tokenizers
 * library carry it out: of all neighbours that can merge, the pair of lowest rank goes first, the
 * leftmost among equals. Symbols are a doubly linked list, candidates a binary heap ordered by
 * rank << 32 | position; a candidate whose symbols have changed since is dropped when it comes up,
 * so a piece of a megabyte costs n log n. */
#include "text/bpe.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { GONE = -1, NONE = -1 };

struct symbol {
    int32_t id; /* GONE: swallowed by its left neighbour */
    int32_t prev, next;
};

struct candidate {
    uint64_t order;
    int32_t left, right, made;
};

struct tb_bpe_work {
    struct symbol *symbol;
    size_t symbol_cap;
    struct candidate *heap;
    size_t n_heap, heap_cap;
};

void tb_bpe_open(struct tb_bpe *b, uint32_t n_merges)
{
    *b = (struct tb_bpe){ .n_slots = 1024 };
    while (b->n_slots < 2 * n_merges)
        b->n_slots *= 2;
    b->slot = tb_xcalloc(b->n_slots, sizeof *b->slot);
    for (uint32_t i = 0; i < b->n_slots; i++)
        b->slot[i].left = -1;
    b->work = tb_xcalloc(1, sizeof *b->work);
}

void tb_bpe_close(struct tb_bpe *b)
{
    if (b->work) {
        free(b->work->symbol);
        free(b->work->heap);
    }
    free(b->work);
    free(b->slot);
    *b = (struct tb_bpe){ 0 };
}

static struct tb_merge *merge_of(const struct tb_bpe *b, int32_t left, int32_t right)
{
    uint64_t key = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
    uint32_t mask = b->n_slots - 1, at = (uint32_t)(key * 0x9e3779b97f4a7c15u >> 32) & mask;
    while (b->slot[at].left >= 0 && (b->slot[at].left != left || b->slot[at].right != right))
        at = (at + 1) & mask;
    return &b->slot[at];
}

void tb_bpe_add(struct tb_bpe *b, int32_t left, int32_t right, int32_t made)
{
    struct tb_merge *m = merge_of(b, left, right);
    tb_assert(b->n < b->n_slots / 2);
    if (m->left < 0)
        *m = (struct tb_merge){ left, right, made, b->n };
    b->n++;
}

static void push(struct tb_bpe_work *w, struct candidate c)
{
    w->heap = tb_grow(w->heap, w->n_heap, &w->heap_cap, sizeof *w->heap);
    size_t at = w->n_heap++;
    for (; at && w->heap[(at - 1) / 2].order > c.order; at = (at - 1) / 2)
        w->heap[at] = w->heap[(at - 1) / 2];
    w->heap[at] = c;
}

static struct candidate pop(struct tb_bpe_work *w)
{
    struct candidate top = w->heap[0], last = w->heap[--w->n_heap];
    size_t at = 0, child;
    while ((child = 2 * at + 1) < w->n_heap) {
        if (child + 1 < w->n_heap && w->heap[child + 1].order < w->heap[child].order)
            child++;
        if (w->heap[child].order >= last.order)
            break;
        w->heap[at] = w->heap[child];
        at = child;
    }
    w->heap[at] = last;
    return top;
}

/* A candidate for the symbol at `at` and the one behind it, if they can merge. */
static void offer(struct tb_bpe *b, int32_t at)
{
    struct symbol *s = b->work->symbol;
    if (at == NONE || s[at].next == NONE)
        return;
    const struct tb_merge *m = merge_of(b, s[at].id, s[s[at].next].id);
    if (m->left >= 0)
        push(b->work, (struct candidate){ (uint64_t)m->rank << 32 | (uint32_t)at, m->left, m->right,
                                          m->made });
}

static void apply(struct tb_bpe *b, const struct candidate *c)
{
    struct symbol *s = b->work->symbol;
    int32_t at = (int32_t)(uint32_t)c->order, next = s[at].next;
    if (s[at].id != c->left || next == NONE || s[next].id != c->right)
        return;
    s[at].id = c->made;
    s[at].next = s[next].next;
    s[next].id = GONE;
    if (s[at].next != NONE)
        s[s[at].next].prev = at;
    offer(b, s[at].prev);
    offer(b, at);
}

size_t tb_bpe_run(struct tb_bpe *b, int32_t *ids, size_t n)
{
    struct tb_bpe_work *w = b->work;
    size_t left = 0;
    if (n < 2)
        return n;
    tb_assert(n < INT32_MAX);
    if (n > w->symbol_cap) {
        w->symbol_cap = n + n / 2;
        w->symbol = tb_xrealloc(w->symbol, w->symbol_cap, sizeof *w->symbol);
    }
    for (size_t i = 0; i < n; i++)
        w->symbol[i] = (struct symbol){ ids[i], (int32_t)i - 1, i + 1 < n ? (int32_t)i + 1 : NONE };
    w->n_heap = 0;
    for (size_t i = 0; i + 1 < n; i++)
        offer(b, (int32_t)i);
    while (w->n_heap) {
        struct candidate c = pop(w);
        apply(b, &c);
    }
    for (int32_t i = 0; i != NONE; i = w->symbol[i].next)
        ids[left++] = w->symbol[i].id;
    return left;
}
