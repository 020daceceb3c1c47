/* SPDX-License-Identifier: MIT */
/* report_markdown.c - a report as Markdown, for a repository or an issue: tables, no charts. What comes out of a store
 * cannot begin a link, a tag or a table. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "view/report_priv.h"

static void put(struct tb_buf *b, const char *text)
{
    struct tb_buf safe = { 0 };
    tb_utf8_safe(&safe, text, strlen(text));
    for (size_t i = 0; i < safe.n; i++) {
        if (strchr("\\`*_[]|#~", safe.p[i]))
            tb_buf_char(b, '\\');
        if (safe.p[i] == '<' || safe.p[i] == '&')
            tb_buf_str(b, safe.p[i] == '<' ? "&lt;" : "&amp;");
        else
            tb_buf_char(b, safe.p[i]);
    }
    tb_buf_free(&safe);
}

static void put_table(struct tb_buf *b, const struct tb_table *t)
{
    size_t n = t->n_columns;
    for (size_t c = 0; c < n; c++) {
        tb_buf_str(b, "| ");
        put(b, t->column[c].title ? t->column[c].title : t->column[c].name);
        tb_buf_str(b, c + 1 < n ? " " : " |\n");
    }
    for (size_t c = 0; c < n; c++)
        tb_buf_fmt(b, "| %s%s", t->column[c].unit == TB_UNIT_TEXT ? "---" : "--:", c + 1 < n ? " " : " |\n");
    for (size_t i = 0; i < tb_table_rows(t) * n; i++) {
        struct tb_buf cell = { 0 };
        tb_table_cell_text(t, i / n, i % n, &cell);
        tb_buf_str(b, "| ");
        put(b, cell.p ? cell.p : "");
        tb_buf_str(b, i % n + 1 < n ? " " : " |\n");
        tb_buf_free(&cell);
    }
    tb_buf_char(b, '\n');
}

/* Indented by four, which nothing within can end. */
static void put_literal(struct tb_buf *b, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        tb_buf_str(b, "    ");
        tb_utf8_safe(b, text, n);
        tb_buf_char(b, '\n');
        text += n + (text[n] == '\n');
    }
    tb_buf_char(b, '\n');
}

static void put_part(struct tb_buf *b, const struct tb_report_part *p)
{
    tb_buf_fmt(b, "## %s\n\n", p->title);
    if (*p->lead) {
        put(b, p->lead);
        tb_buf_str(b, "\n\n");
    }
    if (p->table.n_columns)
        put_table(b, &p->table);
    for (size_t i = 0; i < p->n_lines; i++) {
        if (p->is_literal) {
            put_literal(b, p->line[i].words);
            continue;
        }
        tb_buf_str(b, "- **");
        put(b, p->line[i].name);
        tb_buf_str(b, "** ");
        put(b, p->line[i].words);
        tb_buf_char(b, '\n');
    }
    if (p->n_lines && !p->is_literal)
        tb_buf_char(b, '\n');
}

char *tb_report_markdown(const struct tb_report *r)
{
    struct tb_buf b = { 0 };
    size_t n;
    struct tb_report_part *part = tb_report_parts(r, &n);
    char *title = tb_report_title(r);
    tb_buf_str(&b, "# ");
    put(&b, title);
    tb_buf_str(&b, "\n\n");
    for (size_t i = 0; i < n; i++)
        put_part(&b, &part[i]);
    tb_report_parts_free(part, n);
    free(title);
    return tb_buf_take(&b);
}
