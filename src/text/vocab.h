/* SPDX-License-Identifier: MIT */
/* vocab.h - tokens by id and ids by raw bytes. */
#ifndef TB_TEXT_VOCAB_H
#define TB_TEXT_VOCAB_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum tb_token_kind {
    TB_TOKEN_UNUSED, /* a hole in the numbering */
    TB_TOKEN_NORMAL,
    TB_TOKEN_ADDED,   /* always split off before anything else: "user defined" */
    TB_TOKEN_SPECIAL, /* control tokens: split off only where the caller says so */
};

struct tb_token {
    size_t at; /* into pool */
    uint32_t n;
    enum tb_token_kind kind;
};

struct tb_vocab {
    int n;
    struct tb_token *token; /* [n] */
    struct tb_buf pool;
    int32_t *slot;     /* open addressing, -1 empty */
    uint32_t n_slots;  /* a power of two */
    int32_t byte[256]; /* id of each single byte, -1 if it has none */
};

enum { TB_VOCAB_MAX = 1 << 22 };

/* n ids, all unused. `v` is overwritten. */
bool tb_vocab_open(struct tb_vocab *v, int64_t n, struct tb_err *err);
void tb_vocab_close(struct tb_vocab *v);
/* Gives id its bytes, once; fails if id is outside the vocabulary, or taken by other bytes. */
bool tb_vocab_set(struct tb_vocab *v, int64_t id, const char *raw, size_t n,
                  enum tb_token_kind kind, struct tb_err *err);
/* The same for text in the byte-level spelling; text that is not spelled so is taken as it stands.
 */
bool tb_vocab_set_spelled(struct tb_vocab *v, int64_t id, const char *text, size_t n,
                          enum tb_token_kind kind, struct tb_err *err);
/* Makes bytes findable; call once after the last set. Of equal bytes the lowest id is found,
 * special ones never. */
void tb_vocab_index(struct tb_vocab *v);
int32_t tb_vocab_find(const struct tb_vocab *v, const char *raw, size_t n); /* -1 if none */
/* Id of spelled text, as merges name it; -1 if none. */
int32_t tb_vocab_find_spelled(const struct tb_vocab *v, const char *text, size_t n);

static inline const char *tb_vocab_bytes(const struct tb_vocab *v, int32_t id, size_t *n)
{
    *n = v->token[id].n;
    return v->pool.p ? v->pool.p + v->token[id].at : "";
}

#endif
