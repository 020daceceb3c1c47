/* SPDX-License-Identifier: MIT */
/* locate.c - the line on which a key of a table is written. Lua knows only the line of the call that was given the
 * table, so the key is looked for in the text, from that line on to where what is opened there is closed: a name behind
 * `{`, `,` or `;` and before `=`, outside of strings and comments. A key that lies less deep comes first, so that
 * `seed` of t.sweep is not taken for that of a text in it. What is not found keeps the line of the call. */
#include <ctype.h>
#include <string.h>

#include "base/file.h"
#include "recipe/recipe_priv.h"

struct scan {
    const char *p, *end;
    int line;
    int depth; /* brackets that are open */
};

struct token {
    const char *p;
    size_t n;
    int line; /* where it begins */
    char kind; /* 'a' a name, 's' a string, '0' a number, else the character itself; 0 at the end */
};

static void step(struct scan *s)
{
    s->line += *s->p++ == '\n';
}

/* The '=' of a long bracket that begins here ("[==["), or -1. */
static int long_level(const struct scan *s)
{
    const char *p = s->p + 1;
    if (s->p >= s->end || *s->p != '[')
        return -1;
    while (p < s->end && *p == '=')
        p++;
    return p < s->end && *p == '[' ? (int)(p - s->p) - 1 : -1;
}

static void skip_long(struct scan *s, int level)
{
    for (s->p += level + 2; s->p < s->end; step(s)) {
        const char *p = s->p + 1;
        if (*s->p != ']')
            continue;
        while (p < s->end && *p == '=')
            p++;
        if (p < s->end && *p == ']' && p - s->p - 1 == level) {
            s->p = p + 1;
            return;
        }
    }
}

static void skip_string(struct scan *s)
{
    char quote = *s->p++;
    while (s->p < s->end && *s->p != quote && *s->p != '\n') {
        if (*s->p == '\\' && s->p + 1 < s->end)
            step(s);
        step(s);
    }
    if (s->p < s->end)
        step(s);
}

/* Blanks and comments. */
static void skip_blanks(struct scan *s)
{
    for (;;) {
        while (s->p < s->end && isspace((unsigned char)*s->p))
            step(s);
        if (s->end - s->p < 2 || s->p[0] != '-' || s->p[1] != '-')
            return;
        s->p += 2;
        int level = long_level(s);
        if (level >= 0)
            skip_long(s, level);
        else
            while (s->p < s->end && *s->p != '\n')
                s->p++;
    }
}

static bool is_letter(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static struct token next(struct scan *s)
{
    skip_blanks(s);
    struct token t = { .p = s->p, .line = s->line };
    if (s->p >= s->end)
        return t;
    t.kind = *s->p;
    int level = long_level(s);
    if (level >= 0 || *s->p == '"' || *s->p == '\'') {
        t.kind = 's';
        level >= 0 ? skip_long(s, level) : skip_string(s);
    } else if (is_letter(*s->p)) {
        t.kind = isdigit((unsigned char)*s->p) ? '0' : 'a';
        while (s->p < s->end && is_letter(*s->p))
            s->p++;
    } else {
        s->p += s->end - s->p > 1 && s->p[0] == '=' && s->p[1] == '=' ? 2 : 1;
        s->depth += memchr("({[", t.kind, 3) != NULL;
        s->depth -= memchr(")}]", t.kind, 3) != NULL;
    }
    t.n = (size_t)(s->p - t.p);
    return t;
}

/* From the beginning of a line to where what is opened on it is closed again. */
static struct scan scope_of_call(const char *text, int line)
{
    struct scan s = { .p = text, .end = text + strlen(text), .line = 1 };
    for (skip_blanks(&s); s.p < s.end && s.line < line; skip_blanks(&s))
        next(&s);
    struct scan begin = s;
    int least = s.depth;
    for (struct token t = next(&s); t.kind; t = next(&s)) {
        least = t.line == line && s.depth < least ? s.depth : least;
        if (t.line > line && s.depth <= least)
            break;
    }
    begin.end = s.p;
    return begin;
}

/* From behind the '=' to the end of the value. */
static struct scan scope_of_value(struct scan s)
{
    struct scan begin = s;
    int depth = s.depth;
    for (struct token t = next(&s); t.kind && s.depth >= depth; t = next(&s))
        if (s.depth == depth && (t.kind == ',' || t.kind == ';'))
            break;
    begin.end = s.p;
    return begin;
}

/* The key that lies least deep: its line, and *behind its '='; 0 if there is none. */
static int find_key(struct scan s, const char *key, size_t n, struct scan *behind)
{
    int line = 0, depth = 0;
    char before = 0;
    for (struct token t = next(&s); t.kind; before = t.kind, t = next(&s)) {
        bool is_first = before == '{' || before == ',' || before == ';';
        if (t.kind != 'a' || !is_first || t.n != n || memcmp(t.p, key, n) != 0 || (line && s.depth >= depth))
            continue;
        struct scan after = s;
        struct token sign = next(&after);
        if (sign.kind != '=' || sign.n != 1)
            continue;
        line = t.line;
        depth = s.depth;
        *behind = after;
    }
    return line;
}

static int line_of(const char *text, int line, const char *key)
{
    struct scan s = scope_of_call(text, line), behind;
    for (const char *dot; *key; key = dot + (*dot == '.')) {
        dot = key + strcspn(key, ".");
        int found = find_key(s, key, (size_t)(dot - key), &behind);
        if (!found)
            break;
        line = found;
        s = scope_of_value(behind);
    }
    return line;
}

/* The text of a file as it was read; NULL if it is none of the recipe's. */
static const char *text_of(const struct tb_child *c, const char *file)
{
    const char *base = tb_path_base(file);
    if (strncmp(file, c->path, sizeof ((struct tb_place *)0)->file - 1) == 0)
        return c->plan->recipe;
    for (size_t i = 0; i < c->plan->n_modules; i++) {
        size_t n = strlen(c->plan->modules[i].name);
        if (strncmp(base, c->plan->modules[i].name, n) == 0 && strcmp(base + n, ".lua") == 0)
            return c->plan->modules[i].text;
    }
    return NULL;
}

void tb_locate_key(const struct tb_child *c, struct tb_place *at, const char *key)
{
    const char *text = key && at->line > 0 ? text_of(c, at->file) : NULL;
    if (text)
        at->line = line_of(text, at->line, key);
}
