/* SPDX-License-Identifier: MIT */
/* vocab.c - the tokens of a tokenizer: raw bytes in one pool, found by FNV-1a and linear probing in
 * a table at most half full. Ids and lengths come out of files, so every one is checked here. */
#include "text/vocab.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "text/bytes.h"

bool tb_vocab_open(struct tb_vocab *v, int64_t n, struct tb_err *err)
{
    *v = (struct tb_vocab){ 0 };
    memset(v->byte, -1, sizeof v->byte);
    if (n < 1 || n > TB_VOCAB_MAX)
        return tb_fail(err, TB_ERR_FORMAT, "a vocabulary of %lld tokens; expected 1 to %d",
                       (long long)n, TB_VOCAB_MAX);
    v->n = (int)n;
    v->token = tb_xcalloc((size_t)n, sizeof *v->token);
    return true;
}

void tb_vocab_close(struct tb_vocab *v)
{
    free(v->token);
    free(v->slot);
    tb_buf_free(&v->pool);
    *v = (struct tb_vocab){ 0 };
}

bool tb_vocab_set(struct tb_vocab *v, int64_t id, const char *raw, size_t n,
                  enum tb_token_kind kind, struct tb_err *err)
{
    if (id < 0 || id >= v->n)
        return tb_fail(err, TB_ERR_FORMAT, "token id %lld is outside the vocabulary of %d",
                       (long long)id, v->n);
    struct tb_token *t = &v->token[id];
    if (t->kind != TB_TOKEN_UNUSED)
        return (t->n == n && (n == 0 || memcmp(v->pool.p + t->at, raw, n) == 0))
               || tb_fail(err, TB_ERR_FORMAT, "token id %lld is given twice", (long long)id);
    if (n > INT_MAX)
        return tb_fail(err, TB_ERR_FORMAT, "token %lld has %zu bytes", (long long)id, n);
    *t = (struct tb_token){ v->pool.n, (uint32_t)n, kind };
    tb_buf_add(&v->pool, raw, n);
    return true;
}

bool tb_vocab_set_spelled(struct tb_vocab *v, int64_t id, const char *text, size_t n,
                          enum tb_token_kind kind, struct tb_err *err)
{
    struct tb_buf raw = { 0 };
    bool is_spelled = tb_bytes_unspell(&raw, text, n);
    bool good = is_spelled ? tb_vocab_set(v, id, raw.p ? raw.p : "", raw.n, kind, err)
                           : tb_vocab_set(v, id, text, n, kind, err);
    tb_buf_free(&raw);
    return good;
}

/* The slot that holds these bytes, or the empty one where they belong. */
static uint32_t slot_of(const struct tb_vocab *v, const char *raw, size_t n)
{
    uint32_t mask = v->n_slots - 1, at = tb_fnv1a32(raw, n) & mask;
    for (; v->slot[at] >= 0; at = (at + 1) & mask) {
        const struct tb_token *t = &v->token[v->slot[at]];
        if (t->n == n && memcmp(v->pool.p + t->at, raw, n) == 0)
            break;
    }
    return at;
}

void tb_vocab_index(struct tb_vocab *v)
{
    v->n_slots = 1024;
    while (v->n_slots < 2 * (uint32_t)v->n)
        v->n_slots *= 2;
    v->slot = tb_xrealloc(v->slot, v->n_slots, sizeof *v->slot);
    memset(v->slot, -1, v->n_slots * sizeof *v->slot);
    for (int id = 0; id < v->n; id++) {
        const struct tb_token *t = &v->token[id];
        if (t->kind == TB_TOKEN_UNUSED || t->kind == TB_TOKEN_SPECIAL || t->n == 0)
            continue;
        uint32_t at = slot_of(v, v->pool.p + t->at, t->n);
        if (v->slot[at] < 0)
            v->slot[at] = id;
    }
    for (int b = 0; b < 256; b++)
        v->byte[b] = tb_vocab_find(v, &(char){ (char)b }, 1);
}

int32_t tb_vocab_find(const struct tb_vocab *v, const char *raw, size_t n)
{
    return v->slot && n ? v->slot[slot_of(v, raw, n)] : -1;
}

int32_t tb_vocab_find_spelled(const struct tb_vocab *v, const char *text, size_t n)
{
    struct tb_buf raw = { 0 };
    bool is_spelled = tb_bytes_unspell(&raw, text, n);
    int32_t id = is_spelled ? tb_vocab_find(v, raw.p, raw.n) : tb_vocab_find(v, text, n);
    tb_buf_free(&raw);
    return id;
}
