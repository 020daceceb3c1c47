/* SPDX-License-Identifier: MIT */
/* phrases.h - what a text says: word sequences in it, and whether it says yes or no of something. */
#ifndef TB_SCORE_PHRASES_H
#define TB_SCORE_PHRASES_H

#include "score/words.h"

/* A text as words to compare: case folded; runs of letters and digits, apostrophes within them count. */
struct tb_said {
    char *text;
    struct tb_words words;
    bool *is_taken; /* [words.n] words that are part of something else and match nothing more */
};
void tb_said_open(struct tb_said *s, const char *text);
void tb_said_close(struct tb_said *s);

/* Takes all occurrences of the words of `value` (plural s or not at the end) and returns their number. */
size_t tb_said_take(struct tb_said *s, const struct tb_said *value);
bool tb_said_has(const struct tb_said *s, const struct tb_said *value);

/* Phrases separated by ";", words by blanks: "low pric*; low ? rating". A star stands for the rest of a word, ? for any
 * word. */
bool tb_said_phrases(const struct tb_said *s, const char *phrases);
/* Whether the text says of one of these words yes (1), no (-1), or nothing (0): no if one of them is denied. */
int tb_said_of(const struct tb_said *s, const char *words);

#endif
