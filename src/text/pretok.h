/* SPDX-License-Identifier: MIT */
/* pretok.h - cutting text into pieces before the merges: a chain of patterns. */
#ifndef TB_TEXT_PRETOK_H
#define TB_TEXT_PRETOK_H

#include "base/err.h"

#include <stddef.h>

enum { TB_PRETOK_STAGES = 8 };

/* GPT-2's pattern, which ByteLevel(use_regex) means. */
extern const char tb_pretok_gpt2[];
/* Every numeral alone. */
extern const char tb_pretok_digits[];
/* GPT-2's with single numerals in one pattern, which the shipped tokenizer uses. */
extern const char tb_pretok_single[];

struct tb_regex;

struct tb_pretok {
    struct tb_regex *stage[TB_PRETOK_STAGES];
    int n;
};

/* Takes pieces in order; returns false to stop, *err filled. */
struct tb_pieces {
    bool (*take)(void *ctx, const char *s, size_t n, struct tb_err *err);
    void *ctx;
};

/* Adds a stage: every match and every gap between matches becomes a piece of its own. */
bool tb_pretok_add(struct tb_pretok *p, const char *pattern, struct tb_err *err);
/* The stages that a GGUF file means by its tokenizer.ggml.pre; an unknown name is an error that
 * lists the known. */
bool tb_pretok_named(struct tb_pretok *p, const char *name, struct tb_err *err);
void tb_pretok_close(struct tb_pretok *p);
/* Hands out the pieces of valid UTF-8; together they are the text. */
bool tb_pretok_split(const struct tb_pretok *p, const char *s, size_t n, const struct tb_pieces *to,
                     struct tb_err *err);

#endif
