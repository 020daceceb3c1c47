/* SPDX-License-Identifier: MIT */
/* emit.c - a table as text, JSON, CSV or tab-separated lines. Nothing is cut: who wants fewer
 * columns asks for fewer. A line of text has no trailing blanks. */
#include "view/emit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

void tb_table_init(struct tb_table *t, const struct tb_table_column *columns, size_t n)
{
    *t = (struct tb_table){ .n_columns = n };
    t->column = tb_xcalloc(n + 1, sizeof *t->column);
    if (n)
        memcpy(t->column, columns, n * sizeof *columns);
}

void tb_table_free(struct tb_table *t)
{
    for (size_t i = 0; i < t->n_cells; i++)
        free(t->cell[i].s);
    free(t->cell);
    free(t->column);
    free(t->names);
    *t = (struct tb_table){ 0 };
}

static size_t column_named(const struct tb_table *t, const char *name)
{
    size_t c = 0;
    while (c < t->n_columns && strcmp(t->column[c].name, name) != 0)
        c++;
    return c;
}

bool tb_table_drop(struct tb_table *t, const char *name)
{
    size_t gone = column_named(t, name), kept = 0;
    if (gone == t->n_columns)
        return false;
    for (size_t i = 0; i < t->n_cells; i++) {
        if (i % t->n_columns == gone)
            free(t->cell[i].s);
        else
            t->cell[kept++] = t->cell[i];
    }
    t->n_cells = kept;
    t->n_columns--;
    memmove(t->column + gone, t->column + gone + 1, (t->n_columns - gone) * sizeof *t->column);
    return true;
}

void tb_table_cell(struct tb_table *t, const struct tb_cell *c)
{
    t->cell = tb_grow(t->cell, t->n_cells, &t->cap, sizeof *t->cell);
    t->cell[t->n_cells] = *c;
    t->cell[t->n_cells++].s = tb_xstrdup(c->s);
}

void tb_table_none(struct tb_table *t)
{
    tb_table_cell(t, &(struct tb_cell){ .type = TB_CELL_NONE });
}

void tb_table_int(struct tb_table *t, int64_t v)
{
    tb_table_cell(t, &(struct tb_cell){ .type = TB_CELL_INT, .i = v });
}

void tb_table_real(struct tb_table *t, double v)
{
    tb_table_cell(t, &(struct tb_cell){ .type = TB_CELL_REAL, .r = v });
}

void tb_table_known_int(struct tb_table *t, int64_t v)
{
    if (v < 0)
        tb_table_none(t);
    else
        tb_table_int(t, v);
}

void tb_table_known_real(struct tb_table *t, double v)
{
    if (isnan(v))
        tb_table_none(t);
    else
        tb_table_real(t, v);
}

void tb_table_text(struct tb_table *t, const char *s)
{
    if (s && *s)
        tb_table_cell(t, &(struct tb_cell){ .type = TB_CELL_TEXT, .s = (char *)s });
    else
        tb_table_none(t);
}

size_t tb_table_rows(const struct tb_table *t)
{
    return t->n_columns ? t->n_cells / t->n_columns : 0;
}

void tb_table_add(struct tb_table *t, const struct tb_table_column *column, const char *const *text)
{
    size_t n = t->n_columns, rows = tb_table_rows(t);
    struct tb_table wide;
    struct tb_table_column *head = tb_xcalloc(n + 1, sizeof *head);
    memcpy(head, t->column, n * sizeof *head);
    head[n] = *column;
    tb_table_init(&wide, head, n + 1);
    for (size_t i = 0; i < rows; i++) {
        for (size_t c = 0; c < n; c++)
            tb_table_cell(&wide, &t->cell[i * n + c]);
        tb_table_text(&wide, text[i]);
    }
    wide.names = t->names;
    t->names = NULL;
    tb_table_free(t);
    *t = wide;
    free(head);
}

/* "0.0005,0.01" as 5e-4+1e-2 */
static void text_numbers(struct tb_buf *b, const char *s, enum tb_unit unit)
{
    char number[64];
    for (const char *at = s; *at; at += strcspn(at, ","), at += *at == ',')
        tb_buf_fmt(b, "%s%s", at == s ? "" : "+", tb_fmt_unit(number, sizeof number, unit, strtod(at, NULL)));
}

static void text_cell(struct tb_buf *b, const struct tb_cell *c, const struct tb_table_column *col)
{
    char number[64];
    switch (c->type) {
    case TB_CELL_NONE: tb_buf_str(b, "-"); break;
    case TB_CELL_INT:
        if (col->unit == TB_UNIT_COUNT && c->i != -1)
            tb_buf_str(b, tb_fmt_count(number, sizeof number, c->i));
        else
            tb_buf_str(b, tb_fmt_unit(number, sizeof number, col->unit, (double)c->i));
        break;
    case TB_CELL_REAL:
        if (c->s && isnan(c->r))
            text_numbers(b, c->s, col->unit);
        else
            tb_buf_str(b, tb_fmt_unit(number, sizeof number, col->unit, c->r));
        break;
    case TB_CELL_TEXT:
    case TB_CELL_LIST: tb_utf8_safe(b, c->s, strlen(c->s)); break;
    }
}

void tb_table_cell_text(const struct tb_table *t, size_t row, size_t column, struct tb_buf *out)
{
    text_cell(out, &t->cell[row * t->n_columns + column], &t->column[column]);
}

static void pad(struct tb_buf *b, int n)
{
    static const char blanks[] = "                                ";
    for (int most = (int)sizeof blanks - 1; n > 0; n -= most)
        tb_buf_add(b, blanks, (size_t)(n < most ? n : most));
}

/* A text table before it is aligned: all cells in one buffer, row 0 is the titles. */
struct cells {
    struct tb_buf text;
    size_t n, *end; /* of each cell in the text */
    int *width;     /* of each cell */
    int *column;    /* the widest of each column */
};

static void open_cells(struct cells *x, const struct tb_table *t)
{
    size_t n = t->n_columns;
    *x = (struct cells){ .n = n * (tb_table_rows(t) + 1) };
    x->end = tb_xcalloc(x->n + 1, sizeof *x->end);
    x->width = tb_xcalloc(x->n + 1, sizeof *x->width);
    x->column = tb_xcalloc(n + 1, sizeof *x->column);
    for (size_t i = 0; i < x->n; i++) {
        const struct tb_table_column *col = &t->column[i % n];
        const char *title = col->title ? col->title : col->name;
        size_t from = x->text.n;
        if (i < n)
            tb_utf8_safe(&x->text, title, strlen(title));
        else
            text_cell(&x->text, &t->cell[i - n], col);
        x->end[i] = x->text.n;
        x->width[i] = x->text.n > from ? tb_utf8_width(x->text.p + from, x->text.n - from) : 0;
        if (x->width[i] > x->column[i % n])
            x->column[i % n] = x->width[i];
    }
}

static void close_cells(struct cells *x)
{
    free(x->column);
    free(x->width);
    free(x->end);
    tb_buf_free(&x->text);
}

void tb_table_fit(struct tb_table *t, int columns, const char *const *missed_least)
{
    struct cells x;
    int width = t->n_columns ? 2 * (int)t->n_columns - 2 : 0;
    open_cells(&x, t);
    for (size_t c = 0; c < t->n_columns; c++)
        width += x.column[c];
    for (; *missed_least && width > columns; missed_least++) {
        size_t c = column_named(t, *missed_least);
        if (c == t->n_columns)
            continue;
        width -= x.column[c] + 2;
        memmove(x.column + c, x.column + c + 1, (t->n_columns - c) * sizeof *x.column);
        tb_table_drop(t, *missed_least);
    }
    close_cells(&x);
}

static void emit_text(const struct tb_table *t, struct tb_buf *out)
{
    struct cells x;
    size_t n = t->n_columns;
    open_cells(&x, t);
    for (size_t i = 0, from = 0; i < x.n; from = x.end[i++]) {
        size_t c = i % n;
        int room = x.column[c] - x.width[i];
        bool is_text = t->column[c].unit == TB_UNIT_TEXT;
        pad(out, is_text ? 0 : room);
        if (x.end[i] > from)
            tb_buf_add(out, x.text.p + from, x.end[i] - from);
        while (c + 1 == n && out->n && out->p[out->n - 1] == ' ')
            out->n--;
        if (c + 1 == n)
            tb_buf_char(out, '\n');
        else
            pad(out, (is_text ? room : 0) + 2);
    }
    close_cells(&x);
}

static void json_list(struct tb_buf *b, const char *s)
{
    tb_buf_char(b, '[');
    for (const char *at = s; *at;) {
        size_t n = strcspn(at, ",");
        char *part = tb_xasprintf("%.*s", (int)n, at);
        if (at != s)
            tb_buf_char(b, ',');
        tb_json_quote(b, part);
        free(part);
        at += n + (at[n] == ',');
    }
    tb_buf_char(b, ']');
}

static void json_cell(struct tb_buf *b, const struct tb_cell *c, const struct tb_table_column *col)
{
    char number[64];
    switch (c->type) {
    case TB_CELL_NONE: tb_buf_str(b, "null"); break;
    case TB_CELL_INT: tb_buf_fmt(b, "%lld", (long long)c->i); break;
    case TB_CELL_REAL:
        tb_buf_str(b,
                   isfinite(c->r) ? tb_fmt_raw(number, sizeof number, c->r, col->is_f32) : "null");
        break;
    case TB_CELL_TEXT: tb_json_quote(b, c->s); break;
    case TB_CELL_LIST: json_list(b, c->s); break;
    }
}

static void emit_json(const struct tb_table *t, struct tb_buf *out)
{
    size_t n = t->n_columns;
    tb_buf_char(out, '[');
    for (size_t i = 0; i < tb_table_rows(t) * n; i++) {
        tb_buf_str(out, i % n ? "," : i ? ",\n{" : "\n{");
        tb_json_quote(out, t->column[i % n].name);
        tb_buf_char(out, ':');
        json_cell(out, &t->cell[i], &t->column[i % n]);
        if (i % n == n - 1)
            tb_buf_char(out, '}');
    }
    tb_buf_str(out, tb_table_rows(t) ? "\n]\n" : "]\n");
}

/* Text that may hold lines and tabs, which CSV can say; other control characters are made safe: the file may be shown
 * on a terminal some day. */
static void csv_text(struct tb_buf *b, const char *s)
{
    bool is_quoted = s[strcspn(s, ",\"\r\n")] != '\0';
    tb_buf_str(b, is_quoted ? "\"" : "");
    while (*s) {
        size_t n = strcspn(s, "\"\n\t");
        tb_utf8_safe(b, s, n);
        s += n;
        if (*s == '"')
            tb_buf_char(b, '"');
        if (*s)
            tb_buf_char(b, *s++);
    }
    tb_buf_str(b, is_quoted ? "\"" : "");
}

static void line_text(struct tb_buf *b, const char *s, bool is_csv)
{
    if (is_csv)
        csv_text(b, s);
    else
        tb_utf8_safe(b, s, strlen(s));
}

static void line_cell(struct tb_buf *b, const struct tb_cell *c, const struct tb_table_column *col,
                      bool is_csv)
{
    char number[64];
    if (c->type == TB_CELL_INT)
        tb_buf_fmt(b, "%lld", (long long)c->i);
    else if (c->type == TB_CELL_REAL)
        tb_buf_str(b, tb_fmt_raw(number, sizeof number, c->r, col->is_f32));
    else if (c->type != TB_CELL_NONE)
        line_text(b, c->s, is_csv);
}

static void emit_lines(const struct tb_table *t, bool is_csv, struct tb_buf *out)
{
    size_t n = t->n_columns;
    for (size_t i = 0; i < n * (tb_table_rows(t) + 1); i++) {
        if (i < n)
            line_text(out, t->column[i].name, is_csv);
        else
            line_cell(out, &t->cell[i - n], &t->column[i % n], is_csv);
        if (i % n + 1 < n)
            tb_buf_char(out, is_csv ? ',' : '\t');
        else
            tb_buf_str(out, is_csv ? "\r\n" : "\n");
    }
}

void tb_table_emit(const struct tb_table *t, enum tb_emit how, struct tb_buf *out)
{
    if (how == TB_EMIT_TEXT)
        emit_text(t, out);
    else if (how == TB_EMIT_JSON)
        emit_json(t, out);
    else
        emit_lines(t, how == TB_EMIT_CSV, out);
}

struct tb_json *tb_table_json(const struct tb_table *t)
{
    struct tb_buf b = { 0 };
    tb_table_emit(t, TB_EMIT_JSON, &b);
    struct tb_json *j = tb_json_parse(b.p, b.n, "table", NULL);
    tb_buf_free(&b);
    return j;
}
