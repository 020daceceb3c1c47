/* SPDX-License-Identifier: MIT */
/* doc.c - the two forms of a page side by side. Of mdoc only what mandoc and groff agree on is used: sections,
 * paragraphs, tag lists, literal displays; type faces are changed by escapes, so that no word of a table is ever taken
 * for a macro. */
#include "cli/doc.h"

#include <ctype.h>
#include <string.h>

#include "cli/wrap.h"

enum { BODY = 4, TEXT = 12 }; /* columns of text: paragraphs, what an item means */

/* ---- mdoc */

/* Whether a sentence ends in front of text[i], as mandoc sees it: its source has a line for each. */
static bool ends_sentence(const char *text, size_t i)
{
    while (i > 0 && strchr("\"')]`", text[i - 1]))
        i--;
    return i > 0 && strchr(".!?", text[i - 1]) != NULL;
}

enum where { PROSE, WORD, LINE };

/* One character that is no mark. A blank in a macro's line is part of its only word. */
static void put_char(struct tb_buf *b, char c, enum where where, bool is_typed)
{
    if (c == '\\')
        tb_buf_str(b, "\\e");
    else if (c == '-' && (is_typed || where != PROSE))
        tb_buf_str(b, "\\-");
    else if (c == '"' && where == WORD)
        tb_buf_str(b, "\\(dq");
    else if (c == ' ' && where == WORD)
        tb_buf_str(b, "\\ ");
    else
        tb_buf_char(b, c);
}

static void put_escaped(struct tb_buf *b, const char *text, size_t n, enum where where)
{
    bool is_open = false, at_start = where != WORD;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (at_start && (c == '.' || c == '\''))
            tb_buf_str(b, "\\&");
        if (where == PROSE && c == ' ' && ends_sentence(text, i))
            c = '\n';
        if (c == '`') {
            is_open = !is_open;
            tb_buf_str(b, is_open ? "\\fB" : "\\fR");
        } else {
            put_char(b, c, where, is_open);
        }
        at_start = where != WORD && c == '\n';
    }
}

static void put_macro(struct tb_buf *b, const char *macro, const char *word)
{
    bool is_typed = strcmp(macro, "It") == 0 && !strchr(word, '`');
    tb_buf_fmt(b, ".%s %s", macro, is_typed ? "\\fB" : "\\&");
    put_escaped(b, word, strlen(word), WORD);
    tb_buf_str(b, is_typed ? "\\fR\n" : "\n");
}

static void put_prose(struct tb_buf *b, const char *text)
{
    struct tb_buf lines = { 0 };
    tb_wrap(&lines, &(struct tb_wrap){ .columns = 100 }, 0, text);
    put_escaped(b, lines.p, lines.n, PROSE);
    tb_buf_free(&lines);
}

static void end_list(struct tb_doc *d)
{
    if (d->in_list && !d->columns)
        tb_buf_str(&d->out, ".El\n");
    d->in_list = false;
}

/* ---- text */

static void put_text(struct tb_doc *d, int at, int indent, const char *text)
{
    struct tb_wrap w = { .columns = d->columns, .indent = indent, .is_marked = true, .is_bold = d->is_bold };
    tb_wrap(&d->out, &w, at, text);
}

static void put_bold(struct tb_doc *d, int indent, const char *text)
{
    tb_buf_fmt(&d->out, "%*s%s%s%s\n", indent, "", d->is_bold ? "\033[1m" : "", text, d->is_bold ? "\033[0m" : "");
}

static void put_term(struct tb_doc *d, const char *term, const char *text)
{
    struct tb_buf plain = { 0 };
    bool has_marks = strchr(term, '`') != NULL;
    for (const char *p = term; *p; p++)
        if (*p != '`')
            tb_buf_char(&plain, *p);
    int at = BODY + (int)plain.n;
    bool fits = at + 2 <= TEXT && *text;
    tb_buf_fmt(&d->out, "%*s%s%s%s", BODY, "", d->is_bold && !has_marks ? "\033[1m" : "", plain.p ? plain.p : "",
               d->is_bold && !has_marks ? "\033[0m" : "");
    tb_buf_fmt(&d->out, "%s%*s", fits || !*text ? "" : "\n", !*text ? 0 : fits ? TEXT - at : TEXT, "");
    put_text(d, TEXT, TEXT, text);
    tb_buf_free(&plain);
}

/* ---- both */

static void gap(struct tb_doc *d, const char *macro)
{
    if (d->needs_gap)
        tb_buf_str(&d->out, d->columns ? "\n" : macro);
    d->needs_gap = true;
}

void tb_doc_begin(struct tb_doc *d, const char *name, int section, const char *date, const char *brief)
{
    if (d->columns) {
        put_bold(d, 0, "NAME");
        tb_buf_fmt(&d->out, "%*s%s - %s\n", BODY, "", name, brief);
        d->needs_gap = true;
        return;
    }
    tb_buf_fmt(&d->out, ".\\\" SPDX-License-Identifier: MIT\n.\\\" made by tunebench out of its tables; do not edit\n"
               ".Dd %s\n.Dt ", date);
    for (const char *p = name; *p; p++)
        tb_buf_char(&d->out, (char)toupper((unsigned char)*p));
    tb_buf_fmt(&d->out, " %d\n.Os\n.Sh NAME\n.Nm %s\n.Nd %s\n", section, name, brief);
}

void tb_doc_section(struct tb_doc *d, const char *title)
{
    end_list(d);
    if (d->columns) {
        gap(d, "");
        put_bold(d, 0, title);
    } else {
        tb_buf_fmt(&d->out, ".Sh %s\n", title); /* as it is: some titles mean something to man(1) */
    }
    d->needs_gap = false;
}

void tb_doc_part(struct tb_doc *d, const char *title)
{
    end_list(d);
    if (d->columns) {
        gap(d, "");
        put_bold(d, 2, title);
    } else {
        put_macro(&d->out, "Ss", title);
    }
    d->needs_gap = false;
}

void tb_doc_paragraph(struct tb_doc *d, const char *text)
{
    end_list(d);
    gap(d, ".Pp\n");
    if (d->columns) {
        tb_buf_fmt(&d->out, "%*s", BODY, "");
        put_text(d, BODY, BODY, text);
    } else {
        put_prose(&d->out, text);
    }
}

void tb_doc_item(struct tb_doc *d, const char *term, const char *text)
{
    if (!d->in_list && d->columns)
        gap(d, "");
    if (!d->in_list && !d->columns)
        tb_buf_str(&d->out, ".Bl -tag -width Ds\n");
    d->in_list = d->needs_gap = true;
    if (d->columns) {
        put_term(d, term, text);
    } else {
        put_macro(&d->out, "It", term);
        if (*text)
            put_prose(&d->out, text);
    }
}

void tb_doc_lines(struct tb_doc *d, const char *lines)
{
    end_list(d);
    if (d->columns)
        gap(d, "");
    else
        tb_buf_str(&d->out, ".Bd -literal -offset indent\n");
    for (size_t n; *lines; lines += n + (lines[n] == '\n')) {
        n = strcspn(lines, "\n");
        if (d->columns && n)
            tb_buf_fmt(&d->out, "%*s%.*s", BODY + 2, "", (int)n, lines);
        else
            put_escaped(&d->out, lines, n, LINE);
        tb_buf_char(&d->out, '\n');
    }
    if (!d->columns)
        tb_buf_str(&d->out, ".Ed\n");
    d->needs_gap = true;
}

void tb_doc_end(struct tb_doc *d)
{
    end_list(d);
}
