/* SPDX-License-Identifier: MIT */
/* source.c - plain search in plain text: Lua is not parsed here, only looked at. */
#include "tui/source.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

enum { NEAR = 40, WORD = 80 };

void tb_source_free(struct tb_source *s)
{
    free(s->text);
    free(s->line);
    *s = (struct tb_source){ 0 };
}

void tb_source_set(struct tb_source *s, const char *text, size_t n)
{
    size_t cap = 0;
    char *copy = tb_xcalloc(n + 1, 1);
    memcpy(copy, text, n);
    tb_source_free(s);
    s->text = copy;
    s->n = n;
    for (size_t at = 0; s->n_lines == 0 || at < n;) {
        s->line = tb_grow(s->line, (size_t)s->n_lines, &cap, sizeof *s->line);
        s->line[s->n_lines++] = at;
        const char *end = n > at ? memchr(copy + at, '\n', n - at) : NULL;
        at = end ? (size_t)(end - copy) + 1 : n;
    }
}

const char *tb_source_line(const struct tb_source *s, int i, size_t *n)
{
    *n = 0;
    if (i < 0 || i >= s->n_lines)
        return "";
    size_t from = s->line[i], end = i + 1 < s->n_lines ? s->line[i + 1] : s->n;
    while (end > from && (s->text[end - 1] == '\n' || s->text[end - 1] == '\r'))
        end--;
    *n = end - from;
    return s->text + from;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* ---- errors */

/* What stands in the first pair of quotes: 'aplha'. */
static size_t quoted(const char *text, char word[WORD])
{
    const char *from = strchr(text, '\''), *end = from ? strchr(from + 1, '\'') : NULL;
    size_t n = end ? (size_t)(end - from - 1) : 0;
    if (n == 0 || n >= WORD)
        return 0;
    memcpy(word, from + 1, n);
    word[n] = '\0';
    return n;
}

/* "t.lora: r must be .." names its key in front. */
static size_t named(const char *text, char word[WORD])
{
    const char *colon = strstr(text, ": "), *from = colon ? colon + 2 : text;
    size_t n = 0;
    while (is_word(from[n]))
        n++;
    if (n == 0 || n >= WORD || strncmp(from + n, " must", 5) != 0)
        return 0;
    memcpy(word, from, n);
    word[n] = '\0';
    return n;
}

/* A word in a line as a whole word, the whole line otherwise. */
static bool find_in(const struct tb_source *s, int i, const char *word, size_t n_word, struct tb_place_in *at)
{
    size_t n;
    const char *line = tb_source_line(s, i, &n);
    for (size_t k = 0; k + n_word <= n; k++) {
        bool begins = k == 0 || !is_word(line[k - 1]) || !is_word(word[0]);
        bool ends = k + n_word == n || !is_word(line[k + n_word]) || !is_word(word[n_word - 1]);
        if (!begins || !ends || memcmp(line + k, word, n_word) != 0)
            continue;
        *at = (struct tb_place_in){ i, k, n_word };
        return true;
    }
    return false;
}

struct tb_place_in tb_source_error(const struct tb_source *s, const struct tb_err *err)
{
    char word[WORD];
    int line = err->line > s->n_lines ? s->n_lines : err->line;
    struct tb_place_in at = { line - 1, 0, 0 };
    if (line < 1)
        return (struct tb_place_in){ -1, 0, 0 };
    size_t n = quoted(err->text, word);
    n = n ? n : named(err->text, word);
    for (int off = 0; n && off <= NEAR; off++)
        if (find_in(s, line - 1 - off, word, n, &at) || find_in(s, line - 1 + off, word, n, &at))
            break;
    return at;
}

/* ---- words */

struct tb_place_in tb_source_word(const struct tb_source *s, int line, size_t at)
{
    size_t n;
    const char *text = tb_source_line(s, line, &n);
    size_t from = at < n ? at : n;
    while (from > 0 && (from == n || !is_word(text[from])))
        from--;
    size_t end = from;
    while (end < n && is_word(text[end]))
        end++;
    while (from > 0 && is_word(text[from - 1]))
        from--;
    return (struct tb_place_in){ end > from ? line : -1, from, end - from };
}

/* The byte of the bracket that is open at `at`; n if none is. */
static size_t open_bracket(const struct tb_source *s, size_t at)
{
    int depth = 0;
    for (size_t i = at; i-- > 0;) {
        depth += s->text[i] == '}' || s->text[i] == ')';
        depth -= s->text[i] == '{' || s->text[i] == '(';
        if (depth < 0)
            return i;
    }
    return s->n;
}

void tb_source_around(const struct tb_source *s, int line, size_t at, char *name, size_t n)
{
    *name = '\0';
    if (line < 0 || line >= s->n_lines)
        return;
    size_t bracket = open_bracket(s, s->line[line] + at < s->n ? s->line[line] + at : s->n);
    size_t end = bracket, from;
    while (bracket < s->n && end > 0 && isspace((unsigned char)s->text[end - 1]))
        end--;
    for (from = end; bracket < s->n && from > 0 && is_word(s->text[from - 1]);)
        from--;
    if (bracket == s->n || from < 2 || end == from || end - from >= n || strncmp(s->text + from - 2, "t.", 2) != 0)
        return;
    memcpy(name, s->text + from, end - from);
    name[end - from] = '\0';
}

/* ---- for the eye */

void tb_source_paint(const char *line, size_t n, uint8_t *ink)
{
    char quote = '\0';
    for (size_t i = 0; i < n; i++) {
        if (!quote && line[i] == '-' && i + 1 < n && line[i + 1] == '-') {
            memset(ink + i, TB_INK_COMMENT, n - i);
            return;
        }
        bool ends = quote && line[i] == quote;
        if (!quote && (line[i] == '"' || line[i] == '\''))
            quote = line[i];
        ink[i] = quote ? TB_INK_STRING : TB_INK_PLAIN;
        if (quote && line[i] == '\\' && i + 1 < n)
            ink[++i] = TB_INK_STRING;
        else if (ends)
            quote = '\0';
        bool is_ours = !quote && !ends && i >= 2 && is_word(line[i])
                       && ((line[i - 1] == '.' && line[i - 2] == 't' && (i < 3 || !is_word(line[i - 3])))
                           || ink[i - 1] == TB_INK_WORD);
        if (is_ours)
            ink[i] = TB_INK_WORD;
    }
}

char *tb_source_insert(const struct tb_source *s, int i, const char *more)
{
    struct tb_buf b = { 0 };
    size_t n, indent = 0, behind = i + 1 < s->n_lines ? s->line[i + 1] : s->n;
    const char *line = tb_source_line(s, i, &n);
    while (indent < n && (line[indent] == ' ' || line[indent] == '\t'))
        indent++;
    tb_buf_add(&b, s->text, behind);
    if (behind > 0 && s->text[behind - 1] != '\n')
        tb_buf_char(&b, '\n');
    tb_buf_add(&b, line, indent);
    tb_buf_fmt(&b, "%s\n", more);
    tb_buf_add(&b, s->text + behind, s->n - behind);
    return tb_buf_take(&b);
}
