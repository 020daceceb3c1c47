/* SPDX-License-Identifier: MIT */
/* tokenizer_priv.h - what the loaders fill in. */
#ifndef TB_TEXT_TOKENIZER_PRIV_H
#define TB_TEXT_TOKENIZER_PRIV_H

#include "text/bpe.h"
#include "text/pretok.h"
#include "text/tokenizer.h"
#include "text/vocab.h"

/* Tokens that are split off the text, by first byte, longest first. */
struct tb_added {
    int32_t *id;
    int first[257]; /* ids of byte b: first[b] .. first[b + 1] - 1 */
};

struct tb_tokenizer {
    struct tb_vocab vocab;
    struct tb_bpe bpe;
    struct tb_pretok pretok;
    struct tb_added added;
    bool is_nfc;         /* text is normalised first */
    bool ignores_merges; /* a piece that is a token is that token */
    bool adds_bos;
    int32_t bos, eos;
    struct tb_word *cache;
    int32_t *piece; /* scratch of one piece */
    size_t piece_cap;
};

/* Fill an empty tokenizer. What they made is freed by tb_tokenizer_close, also when they fail. */
bool tb_tokenizer_load_hf(struct tb_tokenizer *t, const char *path, struct tb_err *err);
bool tb_tokenizer_load_gguf(struct tb_tokenizer *t, const char *path, struct tb_err *err);

/* Adds the merge of two tokens in the byte-level spelling; all three must be in the vocabulary. */
bool tb_tokenizer_merge(struct tb_tokenizer *t, const char *left, const char *right,
                        struct tb_err *err);
/* The same for "left right" in one string. */
bool tb_tokenizer_merge_line(struct tb_tokenizer *t, const char *line, struct tb_err *err);

#endif
