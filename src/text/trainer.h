/* SPDX-License-Identifier: MIT */
/* trainer.h - learns a byte-level BPE from text and writes it as Hugging Face does. */
#ifndef TB_TEXT_TRAINER_H
#define TB_TEXT_TRAINER_H

#include "base/err.h"

#include <stddef.h>

struct tb_trainer_spec {
    int n_vocab; /* entries in all: special ones, 256 bytes, merges */
    const char *const
        *specials; /* ends with NULL; ids 0 .. ; the first one ends a text; NULL: "<|endoftext|>" */
    const char *pattern; /* pre-tokeniser; NULL: GPT-2's with single numerals */
};

struct tb_trainer;

/* NULL and *err if the vocabulary is too small or too large, or the pattern does not compile. */
struct tb_trainer *tb_trainer_open(const struct tb_trainer_spec *spec, struct tb_err *err);
void tb_trainer_close(struct tb_trainer *t);
/* Counts the pieces of one document: valid UTF-8, n bytes. */
bool tb_trainer_add(struct tb_trainer *t, const char *text, size_t n, struct tb_err *err);
/* Learns the merges and writes tokenizer.json and tokenizer_config.json into an existing folder.
 * *n_vocab (NULL allowed) is what came out: less than asked for where the text has no more pairs.
 * Once per trainer. */
bool tb_trainer_write(struct tb_trainer *t, const char *folder, int *n_vocab, struct tb_err *err);

#endif
