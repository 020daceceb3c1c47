/* SPDX-License-Identifier: MIT */
/* man.c - reads a page of man/:
 *     @page NAME SECTION DATE: BRIEF       first line
 *     # TITLE   ## Part of a section       words to the end of the line
 *     - TERM :: what it means              further lines are indented
 *         four blanks before a line        lines as they are
 *     @name word                           what a table says (tb_man_part)
 * All else is paragraphs between blank lines. The files come with the program, so what they lack is a bug of ours. */
#include "cli/man.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/hidden.h"
#include "cli/out.h"

enum piece { NOTHING, PARAGRAPH, ITEM, LINES };

struct page {
    struct tb_doc *d;
    struct tb_buf words; /* of the piece that is being read */
    enum piece piece;
};

const char *tb_man_at(int i)
{
    return tb_man_pages[i].name;
}

static const struct tb_man_page *find(const char *name)
{
    for (const struct tb_man_page *p = tb_man_pages; p->name; p++)
        if (strcmp(p->name, name) == 0)
            return p;
    return NULL;
}

static void put_item(struct tb_doc *d, const char *words)
{
    const char *at = strstr(words, " ::");
    tb_assert(at);
    char *term = tb_xasprintf("%.*s", (int)(at - words), words);
    tb_doc_item(d, term, at + 3);
    free(term);
}

static void end_piece(struct page *p)
{
    const char *words = p->words.p ? p->words.p : "";
    if (p->piece == PARAGRAPH)
        tb_doc_paragraph(p->d, words);
    else if (p->piece == ITEM)
        put_item(p->d, words);
    else if (p->piece == LINES)
        tb_doc_lines(p->d, words);
    tb_buf_clear(&p->words);
    p->piece = NOTHING;
}

static void add_words(struct page *p, enum piece piece, const char *words)
{
    if (p->piece != NOTHING && (piece != p->piece || piece == ITEM))
        end_piece(p);
    p->piece = piece;
    tb_buf_fmt(&p->words, "%s\n", words);
}

/* "@page tunebench 1 November 26, 2026: what it is". */
static void begin(struct page *p, char *line)
{
    char *name = strsep(&line, " "), *section = strsep(&line, " "), *date = strsep(&line, ":");
    tb_assert(name && section && date && line);
    tb_doc_begin(p->d, name, atoi(section), date, line + strspn(line, " "));
}

static void put_part(struct page *p, char *line)
{
    static const struct tb_man_part *const lists[] = { tb_man_verbs, tb_man_recipe, tb_man_store };
    char *name = strsep(&line, " ");
    const struct tb_man_part *found = NULL;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (const struct tb_man_part *m = lists[i]; m->name; m++)
            found = strcmp(m->name, name) == 0 ? m : found;
    tb_assert(found);
    found->put(p->d, line ? line : "");
}

static void read_line(struct page *p, char *line)
{
    bool is_further = p->piece == ITEM && tb_str_starts(line, "  ");
    if (is_further) {
        tb_buf_fmt(&p->words, "%s\n", line);
    } else if (tb_str_starts(line, "    ")) {
        add_words(p, LINES, line + 4);
    } else if (tb_str_starts(line, "- ")) {
        add_words(p, ITEM, line + 2);
    } else if (*line && *line != '#' && *line != '@') {
        add_words(p, PARAGRAPH, line);
    } else {
        end_piece(p);
        if (tb_str_starts(line, "## "))
            tb_doc_part(p->d, line + 3);
        else if (tb_str_starts(line, "# "))
            tb_doc_section(p->d, line + 2);
        else if (tb_str_starts(line, "@page "))
            begin(p, line + 6);
        else if (*line == '@')
            put_part(p, line + 1);
    }
}

bool tb_man_write(struct tb_doc *d, const char *name, struct tb_err *err)
{
    const struct tb_man_page *page = find(name);
    struct page p = { .d = d };
    if (!page)
        return tb_fail(err, TB_ERR_USAGE, "there is no page '%.80s'", name);
    char *copy = tb_xasprintf("%.*s", (int)page->n, page->text), *rest = copy, *line;
    while ((line = strsep(&rest, "\n")))
        if (!tb_str_starts(line, "<!--")) /* the licence */
            read_line(&p, line);
    end_piece(&p);
    tb_doc_end(d);
    tb_buf_free(&p.words);
    free(copy);
    return true;
}

enum { WIDEST = 100 };

bool tb_man_print(const char *name, const struct tb_args *a, struct tb_err *err)
{
    struct tb_doc d = { 0 };
    struct tb_out o;
    if (!tb_out_open(&o, a, err))
        return false;
    d.is_bold = o.is_color;
    d.columns = o.columns == 0 ? 80 : o.columns > WIDEST ? WIDEST : o.columns < 40 ? 40 : o.columns;
    bool good = tb_man_write(&d, name, err);
    if (good)
        fwrite(d.out.p, 1, d.out.n, stdout);
    tb_buf_free(&d.out);
    return good;
}

int tb_hidden_man(int argc, char **argv)
{
    struct tb_doc d = { 0 };
    struct tb_err err = { 0 };
    bool good = argc == 1 && tb_man_write(&d, argv[0], &err);
    if (good)
        fwrite(d.out.p, 1, d.out.n, stdout);
    else
        fprintf(stderr, "tunebench: %s\n", argc == 1 ? err.text : "which page?");
    tb_buf_free(&d.out);
    return good ? 0 : tb_err_exit(TB_ERR_USAGE);
}
