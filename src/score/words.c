/* SPDX-License-Identifier: MIT */
/* words.c - splitting, numbering and a normal form of text. Numbers come from sorting, so no text can make it slow. */
#include "score/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

void tb_words_free(struct tb_words *w)
{
    free(w->at);
    *w = (struct tb_words){ 0 };
}

void tb_words_add(struct tb_words *w, const char *p, size_t n)
{
    w->at = tb_grow(w->at, w->n, &w->cap, sizeof *w->at);
    w->at[w->n++] = (struct tb_word){ p, n };
}

bool tb_words_is_blank(uint32_t cp)
{
    return (cp >= 9 && cp <= 13) || (cp >= 0x1c && cp <= 0x20) || cp == 0x85 || cp == 0xa0 || cp == 0x1680
        || (cp >= 0x2000 && cp <= 0x200a) || cp == 0x2028 || cp == 0x2029 || cp == 0x202f || cp == 0x205f
        || cp == 0x3000;
}

size_t tb_words_step(const char *s, size_t n, uint32_t *cp)
{
    size_t step = tb_utf8_step(s, n, cp);
    if (step)
        return step;
    *cp = 0xfffd;
    return 1;
}

void tb_words_split(struct tb_words *w, const char *s, size_t n)
{
    size_t first = 0;
    uint32_t cp;
    for (size_t i = 0, step; i < n; i += step) {
        step = tb_words_step(s + i, n - i, &cp);
        if (!tb_words_is_blank(cp))
            continue;
        if (i > first)
            tb_words_add(w, s + first, i - first);
        first = i + step;
    }
    if (n > first)
        tb_words_add(w, s + first, n - first);
}

struct place {
    struct tb_word word;
    size_t at;
};

static int by_word(const void *a, const void *b)
{
    const struct tb_word *x = &((const struct place *)a)->word, *y = &((const struct place *)b)->word;
    if (x->n != y->n)
        return x->n < y->n ? -1 : 1;
    return memcmp(x->p, y->p, x->n);
}

uint32_t *tb_words_number(const struct tb_words *text, size_t n_texts)
{
    size_t n = 0;
    for (size_t t = 0; t < n_texts; t++)
        n += text[t].n;
    struct place *all = tb_xcalloc(n + 1, sizeof *all);
    uint32_t *id = tb_xcalloc(n + 1, sizeof *id), number = 0;
    n = 0;
    for (size_t t = 0; t < n_texts; t++)
        for (size_t i = 0; i < text[t].n; i++, n++)
            all[n] = (struct place){ text[t].at[i], n };
    qsort(all, n, sizeof *all, by_word);
    for (size_t i = 0; i < n; i++) {
        number += i > 0 && by_word(&all[i - 1], &all[i]) != 0;
        id[all[i].at] = number;
    }
    free(all);
    return id;
}

/* What an answer may end with: ASCII's, the ellipsis, and the full-width ones. */
static bool is_final(uint32_t cp)
{
    return cp == '.' || cp == ',' || cp == ';' || cp == ':' || cp == '!' || cp == '?' || cp == 0x2026 || cp == 0x3002
        || cp == 0xff01 || cp == 0xff1f;
}

/* Bytes of s without blanks and final punctuation at its end. */
static size_t without_end(const char *s, size_t n)
{
    size_t end = 0;
    uint32_t cp;
    for (size_t i = 0, step; i < n; i += step) {
        step = tb_words_step(s + i, n - i, &cp);
        if (!is_final(cp) && !tb_words_is_blank(cp))
            end = i + step;
    }
    return end;
}

char *tb_words_normal(const char *s)
{
    struct tb_words w = { 0 };
    struct tb_buf b = { 0 };
    size_t n;
    char *folded = tb_utf8_fold(s, strlen(s), &n);
    tb_words_split(&w, folded, without_end(folded, n));
    for (size_t i = 0; i < w.n; i++) {
        tb_buf_str(&b, i ? " " : "");
        tb_buf_add(&b, w.at[i].p, w.at[i].n);
    }
    tb_words_free(&w);
    free(folded);
    return tb_buf_take(&b);
}
