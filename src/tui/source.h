/* SPDX-License-Identifier: MIT */
/* source.h - the text of a recipe as lines, and places in it: where an error is, what word is under a cursor. */
#ifndef TB_TUI_SOURCE_H
#define TB_TUI_SOURCE_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct tb_source {
    char *text;   /* NULL: none */
    size_t n;
    size_t *line; /* where each begins; there is at least one */
    int n_lines;
};

void tb_source_set(struct tb_source *s, const char *text, size_t n);
void tb_source_free(struct tb_source *s);
/* Bytes of line i (from 0) without its end. */
const char *tb_source_line(const struct tb_source *s, int i, size_t *n);

struct tb_place_in {
    int line;         /* from 0; -1: nowhere */
    size_t column, n; /* bytes; n 0: the whole line */
};

/* Where an error of a recipe is: its line, and in it, or in one near it, the word that the error quotes first: Lua
 * knows the line of a call, and the key that is wrong may stand lines away. */
struct tb_place_in tb_source_error(const struct tb_source *s, const struct tb_err *err);
/* The word (letters, digits, '_') at or before a byte of a line. */
struct tb_place_in tb_source_word(const struct tb_source *s, int line, size_t at);
/* The name behind "t." that a place is an argument of, "lora" in t.lora { r = |4 }; empty if there is none. */
void tb_source_around(const struct tb_source *s, int line, size_t at, char *name, size_t n);

/* Kinds of a line's bytes, for the eye: comments, strings, words of the language behind "t.". */
enum tb_source_ink { TB_INK_PLAIN, TB_INK_COMMENT, TB_INK_STRING, TB_INK_WORD };
void tb_source_paint(const char *line, size_t n, uint8_t *ink); /* n of them */

/* A new text with `more` as a line of its own behind line i, indented as that one; malloc'ed. */
char *tb_source_insert(const struct tb_source *s, int i, const char *more);

#endif
