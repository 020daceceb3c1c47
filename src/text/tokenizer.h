/* SPDX-License-Identifier: MIT */
/* tokenizer.h - text to ids and back: byte-level BPE of a Hugging Face folder or GGUF file. */
#ifndef TB_TEXT_TOKENIZER_H
#define TB_TEXT_TOKENIZER_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* A growing list of ids; free p with free(). */
struct tb_ids {
    int32_t *p;
    size_t n, cap;
};

struct tb_tokenizer;

/* Opens a folder with tokenizer.json (tokenizer_config.json and config.json say which tokens begin
 * and end a text), a tokenizer.json itself, or a .gguf file. NULL and *err if it is no byte-level
 * BPE, or uses what is not read here. */
struct tb_tokenizer *tb_tokenizer_open(const char *path, struct tb_err *err);
void tb_tokenizer_close(struct tb_tokenizer *t);

/* highest id + 1; the model's table may be larger */
int tb_tokenizer_vocab(const struct tb_tokenizer *t);
int32_t tb_tokenizer_bos(const struct tb_tokenizer *t); /* -1: none */
int32_t tb_tokenizer_eos(const struct tb_tokenizer *t); /* -1: none */
/* texts begin with bos; encode never adds it */
bool tb_tokenizer_adds_bos(const struct tb_tokenizer *t);
/* control tokens and holes; true outside */
bool tb_tokenizer_is_special(const struct tb_tokenizer *t, int32_t id);
/* Raw bytes of a token, lent, not terminated; "" and 0 outside the vocabulary. */
const char *tb_tokenizer_token(const struct tb_tokenizer *t, int32_t id, size_t *n);
/* Id whose bytes are exactly these, special tokens included; -1 if none. A linear search. */
int32_t tb_tokenizer_find(const struct tb_tokenizer *t, const char *raw, size_t n);

/* Appends the ids of n bytes of text. Control tokens in the text are plain text unless
 * parse_special. Bytes that are not UTF-8 are pieces of their own; a byte for which the vocabulary
 * has no token is left out, as the tokenizers library and llama.cpp do. One thread at a time. Fails
 * only if a pattern of the tokenizer gives up. */
bool tb_tokenizer_encode(struct tb_tokenizer *t, const char *text, size_t n, bool parse_special,
                         struct tb_ids *out, struct tb_err *err);
/* Appends the bytes of ids; fails on an id outside the vocabulary. decode(encode(x)) = x where
 * every byte of x has a token and the tokenizer has no normaliser. */
bool tb_tokenizer_decode(const struct tb_tokenizer *t, const int32_t *ids, size_t n,
                         struct tb_buf *out, struct tb_err *err);

#endif
