/* SPDX-License-Identifier: MIT */
/* trainer.c - learns byte-pair merges. Every distinct piece is kept once with its count. Each round
 * takes the pair of highest count, of equal counts the one with the smaller ids (left, then right),
 * as the tokenizers library does, so both learn the same merges from the same text; ids are the
 * special tokens, the 256 bytes in the order of their characters, then the merges.
 * Pair counts are kept up to date instead of counted again: a pair knows the words it was seen in,
 * and a heap orders the pairs; an entry whose count has changed is put back when it comes up. */
#include "text/trainer.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "text/bytes.h"
#include "text/pretok.h"
#include "text/trainer_priv.h"

enum { MAX_VOCAB = 1 << 20, N_BYTES = 256 };

static const char *const default_specials[] = { "<|endoftext|>", NULL };

struct word {
    size_t at; /* into symbols; the bytes of the piece while text is being counted */
    uint32_t n;
    int64_t count;
};

struct pair {
    int32_t left, right; /* left -1: an empty slot */
    int64_t count;
    uint32_t *in; /* words that hold or held it, none twice in a row */
    size_t n_in, in_cap;
};

struct entry {
    int64_t count;
    int32_t left, right;
};

struct tb_trainer {
    struct tb_learned learned;
    struct tb_pretok pretok;
    int n_vocab, n_fixed; /* n_fixed: special tokens and bytes */
    struct word *word;
    size_t n_words, word_cap;
    uint32_t *word_slot; /* index of word + 1 */
    size_t n_word_slots;
    int32_t *symbol;
    size_t n_symbols, symbol_cap;
    int32_t byte_id[N_BYTES];
    struct pair *pair;
    size_t n_pairs, n_pair_slots;
    struct entry *heap;
    size_t n_heap, heap_cap;
};

static void number_bytes(struct tb_trainer *t)
{
    int32_t id = t->learned.n_specials;
    for (uint32_t c = 0; c < 0x144; c++) {
        for (int b = 0; b < N_BYTES; b++) {
            if (tb_bytes_char((uint8_t)b) == c)
                t->byte_id[b] = id++;
        }
    }
    t->n_fixed = id;
}

struct tb_trainer *tb_trainer_open(const struct tb_trainer_spec *spec, struct tb_err *err)
{
    struct tb_trainer *t = tb_xcalloc(1, sizeof *t);
    t->learned.specials = spec->specials ? spec->specials : default_specials;
    t->learned.pattern = spec->pattern ? spec->pattern : tb_pretok_single;
    while (t->learned.specials[t->learned.n_specials])
        t->learned.n_specials++;
    t->n_vocab = spec->n_vocab;
    number_bytes(t);
    if (t->n_vocab < t->n_fixed || t->n_vocab > MAX_VOCAB) {
        tb_fail(err, TB_ERR_LIMIT,
                "a vocabulary of %d; expected %d (bytes and special tokens) to %d", t->n_vocab,
                t->n_fixed, MAX_VOCAB);
        goto fail;
    }
    if (!tb_pretok_add(&t->pretok, t->learned.pattern, err))
        goto fail;
    t->n_word_slots = 1 << 16;
    t->word_slot = tb_xcalloc(t->n_word_slots, sizeof *t->word_slot);
    return t;
fail:
    tb_trainer_close(t);
    return NULL;
}

void tb_trainer_close(struct tb_trainer *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->n_pair_slots; i++)
        free(t->pair[i].in);
    tb_pretok_close(&t->pretok);
    free(t->learned.merge);
    free(t->word);
    free(t->word_slot);
    free(t->symbol);
    free(t->pair);
    free(t->heap);
    free(t);
}

static int32_t *new_symbols(struct tb_trainer *t, size_t n)
{
    if (t->n_symbols + n > t->symbol_cap) {
        t->symbol_cap = (t->n_symbols + n) * 2;
        t->symbol = tb_xrealloc(t->symbol, t->symbol_cap, sizeof *t->symbol);
    }
    t->n_symbols += n;
    return t->symbol + t->n_symbols - n;
}

static bool is_word(const struct tb_trainer *t, uint32_t index, const char *s, size_t n)
{
    const struct word *w = &t->word[index];
    if (w->n != n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (t->symbol[w->at + i] != t->byte_id[(uint8_t)s[i]])
            return false;
    }
    return true;
}

static uint32_t hash_symbols(const struct tb_trainer *t, const struct word *w)
{
    return tb_fnv1a32(t->symbol + w->at, w->n * sizeof *t->symbol);
}

static void grow_words(struct tb_trainer *t)
{
    free(t->word_slot);
    t->n_word_slots *= 2;
    t->word_slot = tb_xcalloc(t->n_word_slots, sizeof *t->word_slot);
    for (size_t i = 0; i < t->n_words; i++) {
        size_t at = hash_symbols(t, &t->word[i]) & (t->n_word_slots - 1);
        while (t->word_slot[at])
            at = (at + 1) & (t->n_word_slots - 1);
        t->word_slot[at] = (uint32_t)i + 1;
    }
}

static bool count_piece(void *ctx, const char *s, size_t n, struct tb_err *err)
{
    struct tb_trainer *t = ctx;
    struct word w = { t->n_symbols, (uint32_t)n, 1 };
    if (t->n_words >= UINT32_MAX / 4 || n > INT32_MAX)
        return tb_fail(err, TB_ERR_LIMIT, "more than %zu distinct pieces of text", t->n_words);
    if (2 * t->n_words >= t->n_word_slots)
        grow_words(t);
    int32_t *symbol = new_symbols(t, n);
    for (size_t i = 0; i < n; i++)
        symbol[i] = t->byte_id[(uint8_t)s[i]];
    size_t at = hash_symbols(t, &w) & (t->n_word_slots - 1);
    for (; t->word_slot[at]; at = (at + 1) & (t->n_word_slots - 1)) {
        if (!is_word(t, t->word_slot[at] - 1, s, n))
            continue;
        t->word[t->word_slot[at] - 1].count++;
        t->n_symbols -= n;
        return true;
    }
    t->word = tb_grow(t->word, t->n_words, &t->word_cap, sizeof *t->word);
    t->word[t->n_words++] = w;
    t->word_slot[at] = (uint32_t)t->n_words;
    return true;
}

bool tb_trainer_add(struct tb_trainer *t, const char *text, size_t n, struct tb_err *err)
{
    struct tb_pieces pieces = { count_piece, t };
    if (!tb_utf8_valid(text, n))
        return tb_fail(err, TB_ERR_FORMAT, "text for a tokenizer is not valid UTF-8");
    return tb_pretok_split(&t->pretok, text, n, &pieces, err);
}

static struct pair *pair_slot(struct pair *slot, size_t n_slots, int32_t left, int32_t right)
{
    uint64_t key = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
    size_t at = (size_t)(key * 0x9e3779b97f4a7c15u >> 20) & (n_slots - 1);
    while (slot[at].left >= 0 && (slot[at].left != left || slot[at].right != right))
        at = (at + 1) & (n_slots - 1);
    return &slot[at];
}

static void grow_pairs(struct tb_trainer *t)
{
    size_t n = t->n_pair_slots ? 2 * t->n_pair_slots : 1 << 16;
    struct pair *slot = tb_xcalloc(n, sizeof *slot);
    for (size_t i = 0; i < n; i++)
        slot[i].left = -1;
    for (size_t i = 0; i < t->n_pair_slots; i++) {
        if (t->pair[i].left >= 0)
            *pair_slot(slot, n, t->pair[i].left, t->pair[i].right) = t->pair[i];
    }
    free(t->pair);
    t->pair = slot;
    t->n_pair_slots = n;
}

/* Adds a word's count (or takes it away) from a pair. Returns the pair; it moves at the next call.
 */
static struct pair *count_pair(struct tb_trainer *t, int32_t left, int32_t right, uint32_t word,
                               int64_t by)
{
    if (2 * t->n_pairs >= t->n_pair_slots)
        grow_pairs(t);
    struct pair *p = pair_slot(t->pair, t->n_pair_slots, left, right);
    if (p->left < 0) {
        p->left = left;
        p->right = right;
        t->n_pairs++;
    }
    p->count += by;
    if (by > 0 && (p->n_in == 0 || p->in[p->n_in - 1] != word)) {
        p->in = tb_grow(p->in, p->n_in, &p->in_cap, sizeof *p->in);
        p->in[p->n_in++] = word;
    }
    return p;
}

/* a comes up before b. */
static bool is_before(const struct entry *a, const struct entry *b)
{
    if (a->count != b->count)
        return a->count > b->count;
    return a->left != b->left ? a->left < b->left : a->right < b->right;
}

static void push(struct tb_trainer *t, const struct pair *p)
{
    struct entry e = { p->count, p->left, p->right };
    t->heap = tb_grow(t->heap, t->n_heap, &t->heap_cap, sizeof *t->heap);
    size_t at = t->n_heap++;
    for (; at && is_before(&e, &t->heap[(at - 1) / 2]); at = (at - 1) / 2)
        t->heap[at] = t->heap[(at - 1) / 2];
    t->heap[at] = e;
}

static struct entry pop(struct tb_trainer *t)
{
    struct entry top = t->heap[0], last = t->heap[--t->n_heap];
    size_t at = 0, child;
    while ((child = 2 * at + 1) < t->n_heap) {
        if (child + 1 < t->n_heap && is_before(&t->heap[child + 1], &t->heap[child]))
            child++;
        if (!is_before(&t->heap[child], &last))
            break;
        t->heap[at] = t->heap[child];
        at = child;
    }
    t->heap[at] = last;
    return top;
}

/* The pair of highest count, out of the heap; NULL when none is left. */
static struct pair *best_pair(struct tb_trainer *t)
{
    while (t->n_heap) {
        struct entry e = pop(t);
        struct pair *p = pair_slot(t->pair, t->n_pair_slots, e.left, e.right);
        if (p->count == e.count && p->count > 0)
            return p;
        if (p->count > 0 && p->count < e.count)
            push(t, p);
    }
    return NULL;
}

static void count_all(struct tb_trainer *t)
{
    for (uint32_t w = 0; w < t->n_words; w++) {
        const int32_t *s = t->symbol + t->word[w].at;
        for (uint32_t i = 0; i + 1 < t->word[w].n; i++)
            count_pair(t, s[i], s[i + 1], w, t->word[w].count);
    }
    for (size_t i = 0; i < t->n_pair_slots; i++) {
        if (t->pair[i].left >= 0)
            push(t, &t->pair[i]);
    }
}

/* Replaces the pair by `made` in one word and puts its neighbours' counts right. A pair that gains
 * goes to the heap. */
static void merge_word(struct tb_trainer *t, uint32_t index, int32_t left, int32_t right,
                       int32_t made)
{
    struct word *w = &t->word[index];
    int32_t *s = t->symbol + w->at;
    uint32_t n = 0;
    for (uint32_t i = 0; i < w->n; i++, n++) {
        if (i + 1 >= w->n || s[i] != left || s[i + 1] != right) {
            s[n] = s[i];
            continue;
        }
        count_pair(t, left, right, index, -w->count);
        if (n) {
            count_pair(t, s[n - 1], left, index, -w->count);
            push(t, count_pair(t, s[n - 1], made, index, w->count));
        }
        if (i + 2 < w->n) {
            count_pair(t, right, s[i + 2], index, -w->count);
            push(t, count_pair(t, made, s[i + 2], index, w->count));
        }
        s[n] = made;
        i++;
    }
    w->n = n;
}

static void learn(struct tb_trainer *t)
{
    struct tb_learned *l = &t->learned;
    count_all(t);
    l->merge = tb_xcalloc((size_t)(t->n_vocab - t->n_fixed), sizeof *l->merge);
    while (t->n_fixed + l->n_merges < t->n_vocab) {
        struct pair *p = best_pair(t);
        if (!p)
            break;
        int32_t left = p->left, right = p->right, made = t->n_fixed + l->n_merges;
        uint32_t *in = p->in;
        size_t n_in = p->n_in;
        *p = (struct pair){ .left = left, .right = right, .count = p->count };
        l->merge[l->n_merges++] = (struct tb_learned_merge){ left, right };
        for (size_t i = 0; i < n_in; i++)
            merge_word(t, in[i], left, right, made);
        free(in);
    }
}

bool tb_trainer_write(struct tb_trainer *t, const char *folder, int *n_vocab, struct tb_err *err)
{
    tb_assert(!t->learned.merge);
    learn(t);
    if (n_vocab)
        *n_vocab = t->n_fixed + t->learned.n_merges;
    return tb_learned_write(&t->learned, folder, err);
}
