/* SPDX-License-Identifier: MIT */
/* emit.h - one table, many ways out: aligned text, JSON, CSV, tab-separated. */
#ifndef TB_VIEW_EMIT_H
#define TB_VIEW_EMIT_H

#include "base/buf.h"
#include "base/json.h"
#include "view/fmt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tb_table_column {
    const char *name; /* as in JSON and CSV; lent, or in `names` of the table */
    const char *title; /* over the column in text; NULL: the name; lent */
    enum tb_unit unit;
    bool is_f32; /* reals are written with %.9g */
};

enum tb_cell_type { TB_CELL_NONE, TB_CELL_INT, TB_CELL_REAL, TB_CELL_TEXT, TB_CELL_LIST };
struct tb_cell {
    enum tb_cell_type type;
    int64_t i;
    double r;
    /* TEXT: owned by the table. LIST: entries joined by commas, a list of strings in JSON. REAL that is NaN:
     * numbers joined by commas that people see instead, or NULL. */
    char *s;
};

struct tb_table {
    struct tb_table_column *column;
    size_t n_columns;
    struct tb_cell *cell; /* row-major */
    size_t n_cells, cap;
    char *names; /* names of columns that were made for this table, or NULL; freed with it */
};

void tb_table_init(struct tb_table *t, const struct tb_table_column *columns, size_t n);
void tb_table_free(struct tb_table *t);
/* The next cell, left to right, row after row. Text is copied. */
void tb_table_none(struct tb_table *t);
void tb_table_int(struct tb_table *t, int64_t v);
void tb_table_real(struct tb_table *t, double v);
void tb_table_text(struct tb_table *t, const char *s); /* NULL or "": none */
void tb_table_known_int(struct tb_table *t, int64_t v); /* below 0: none */
void tb_table_known_real(struct tb_table *t, double v); /* NaN: none, so that it is empty in files, not nan */
void tb_table_cell(struct tb_table *t, const struct tb_cell *c);
size_t tb_table_rows(const struct tb_table *t);
/* One more column of texts behind those of a complete table, one a row (NULL: none). */
void tb_table_add(struct tb_table *t, const struct tb_table_column *column, const char *const *text);
/* Takes a column out of a complete table; false if there is none of that name. */
bool tb_table_drop(struct tb_table *t, const char *name);
/* Takes out columns until the text form is no wider than so many columns, the first of the list first (ends with
 * NULL; names of no column are passed over). */
void tb_table_fit(struct tb_table *t, int columns, const char *const *missed_least);

/* A cell as the text form shows it, safe for a terminal, appended. */
void tb_table_cell_text(const struct tb_table *t, size_t row, size_t column, struct tb_buf *out);

enum tb_emit { TB_EMIT_TEXT, TB_EMIT_JSON, TB_EMIT_CSV, TB_EMIT_PLAIN };
/* TEXT: aligned, with titles, numbers with units. JSON: a list of maps, a line each; NaN and
 * unknown null. CSV (RFC 4180) and PLAIN (tabs): exact numbers under a line of names; NaN is nan,
 * unknown is empty. Text from files is made safe for terminals but in JSON, which escapes it; CSV
 * keeps newlines and tabs. */
void tb_table_emit(const struct tb_table *t, enum tb_emit how, struct tb_buf *out);
/* What it emits as JSON, as a part of something larger; a new value. */
struct tb_json *tb_table_json(const struct tb_table *t);

#endif
