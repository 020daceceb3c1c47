/* SPDX-License-Identifier: MIT */
/* phrases.c - English as people write it, by word sequences: no judge of style. */
#include "score/phrases.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

static void add_word(struct tb_said *s, size_t first, size_t end)
{
    while (end > first && s->text[end - 1] == '\'')
        end--;
    if (end > first)
        tb_words_add(&s->words, s->text + first, end - first);
}

void tb_said_open(struct tb_said *s, const char *text)
{
    size_t n, first = 0, step, at = 0;
    uint32_t cp;
    *s = (struct tb_said){ .text = tb_utf8_fold(text, strlen(text), &n) };
    for (size_t i = 0; i < n; i += step) {
        step = tb_words_step(s->text + i, n - i, &cp);
        bool is_mark = cp == '\'' || cp == 0x2019;
        if (is_mark && at > first) {
            s->text[at++] = '\''; /* one byte where three were, or one */
        } else if (tb_utf8_is_wordy(cp)) {
            memmove(s->text + at, s->text + i, step);
            at += step;
        } else {
            add_word(s, first, at);
            first = at;
        }
    }
    add_word(s, first, at);
    s->is_taken = tb_xcalloc(s->words.n + 1, sizeof *s->is_taken);
}

void tb_said_close(struct tb_said *s)
{
    tb_words_free(&s->words);
    free(s->is_taken);
    free(s->text);
    *s = (struct tb_said){ 0 };
}

static bool is_equal(const struct tb_word *a, const struct tb_word *b)
{
    return a->n == b->n && memcmp(a->p, b->p, a->n) == 0;
}

/* "owls" and "owl's" of "owl". */
static bool is_plural(const struct tb_word *many, const struct tb_word *one)
{
    size_t more = many->n - one->n;
    if (many->n <= one->n || memcmp(many->p, one->p, one->n) != 0)
        return false;
    return (more == 1 && one->n > 2 && many->p[one->n] == 's') || (more == 2 && memcmp(many->p + one->n, "'s", 2) == 0);
}

/* Words of the value from word `at` of the text on. */
static bool is_at(const struct tb_said *s, size_t at, const struct tb_said *value)
{
    const struct tb_word *text = s->words.at + at, *v = value->words.at;
    size_t n = value->words.n;
    if (n == 0 || n > s->words.n - at)
        return false;
    for (size_t i = 0; i < n; i++) {
        bool is_loose = i + 1 == n && (is_plural(&text[i], &v[i]) || is_plural(&v[i], &text[i]));
        if (s->is_taken[at + i] || !(is_loose || is_equal(&text[i], &v[i])))
            return false;
    }
    return true;
}

size_t tb_said_take(struct tb_said *s, const struct tb_said *value)
{
    size_t found = 0;
    for (size_t i = 0; i < s->words.n; i++) {
        if (!is_at(s, i, value))
            continue;
        memset(s->is_taken + i, true, value->words.n);
        found++;
    }
    return found;
}

bool tb_said_has(const struct tb_said *s, const struct tb_said *value)
{
    for (size_t i = 0; i < s->words.n; i++)
        if (is_at(s, i, value))
            return true;
    return false;
}

static bool is_like(const struct tb_word *word, const char *form, size_t n)
{
    if (n && form[n - 1] == '*')
        return word->n >= n - 1 && memcmp(word->p, form, n - 1) == 0;
    return (n == 1 && *form == '?') || (word->n == n && memcmp(word->p, form, n) == 0);
}

/* Whether the phrase, up to ";" or the end, stands at word `at`. */
static bool is_phrase(const struct tb_said *s, size_t at, const char *phrase)
{
    for (size_t n; phrase += strspn(phrase, " "), (n = strcspn(phrase, " ;")) > 0; phrase += n, at++)
        if (at >= s->words.n || s->is_taken[at] || !is_like(&s->words.at[at], phrase, n))
            return false;
    return true;
}

/* Whether a phrase of the list stands at word `at`. */
static bool is_any(const struct tb_said *s, size_t at, const char *phrases)
{
    while (!is_phrase(s, at, phrases)) {
        phrases = strchr(phrases, ';');
        if (!phrases)
            return false;
        phrases++;
    }
    return true;
}

bool tb_said_phrases(const struct tb_said *s, const char *phrases)
{
    for (size_t i = 0; i < s->words.n; i++)
        if (is_any(s, i, phrases))
            return true;
    return false;
}

/* What may stand between "not" and "families". */
static const char filler[] = "a; an; be; at; all; very; really; suitable; good; meant; ideal; recommended; welcome; "
    "welcoming; accept; allow; place; the; to; for; whole";
static const char negation[] = "not; cannot; never; no; unsuitable; non";
static const char refused[] = "are not; is not; aren't; isn't; cannot; are never; are unwelcome";

static bool is_denied_before(const struct tb_said *s, size_t at)
{
    while (at > 0 && is_any(s, at - 1, filler))
        at--;
    if (at == 0 || s->is_taken[at - 1])
        return false;
    const struct tb_word *w = &s->words.at[at - 1];
    return is_any(s, at - 1, negation) || (w->n > 3 && memcmp(w->p + w->n - 3, "n't", 3) == 0);
}

int tb_said_of(const struct tb_said *s, const char *words)
{
    int said = 0;
    for (size_t i = 0; i < s->words.n; i++) {
        if (!is_any(s, i, words))
            continue;
        if (is_denied_before(s, i) || is_any(s, i + 1, refused))
            return -1;
        said = 1;
    }
    return said;
}
