/* SPDX-License-Identifier: MIT */
/* words.h - text in pieces: words between blanks, code points, words as numbers. */
#ifndef TB_SCORE_WORDS_H
#define TB_SCORE_WORDS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tb_word {
    const char *p; /* lent */
    size_t n;
};
struct tb_words {
    struct tb_word *at;
    size_t n, cap;
};
void tb_words_free(struct tb_words *w);
void tb_words_add(struct tb_words *w, const char *p, size_t n);
/* Appends what stands between blanks; they are those of Python's str.split(), Unicode's and four controls. */
void tb_words_split(struct tb_words *w, const char *s, size_t n);
bool tb_words_is_blank(uint32_t cp);
/* The code point at s[0 .. n-1], n > 0, and its bytes; U+FFFD and 1 where there is none. */
size_t tb_words_step(const char *s, size_t n, uint32_t *cp);
/* Numbers of the words of several texts, one text after the other: equal words have equal numbers, the largest is less
 * than the number of words. malloc'ed. */
uint32_t *tb_words_number(const struct tb_words *text, size_t n_texts);
/* Words as answers are compared by: case folded, blanks single, none at the ends, no final . , ; : ! ? malloc'ed. */
char *tb_words_normal(const char *s);

#endif
