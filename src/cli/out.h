/* SPDX-License-Identifier: MIT */
/* out.h - how a verb answers on stdout: form, colour, glyphs. Whatever comes out of a store is made safe
 * before it reaches a terminal. Colour only repeats what the words say. */
#ifndef TB_CLI_OUT_H
#define TB_CLI_OUT_H

#include "cli/args.h"
#include "view/emit.h"

struct tb_out {
    enum tb_emit form; /* of the flags --json, --csv, --plain */
    bool is_color;
    bool is_ascii;     /* no glyphs beyond ASCII */
    bool is_terminal;
    int columns;       /* of the terminal, 0: no limit */
};

enum tb_paint {
    TB_PAINT_PLAIN, TB_PAINT_HEAD, TB_PAINT_DIM, TB_PAINT_GOOD, TB_PAINT_WARN, TB_PAINT_BAD, TB_PAINT_LIVE
};

/* From the flags and the environment (NO_COLOR, TERM, COLUMNS, the locale). TB_ERR_USAGE on two forms at once. */
bool tb_out_open(struct tb_out *o, const struct tb_args *a, struct tb_err *err);

/* Text that is safe already, in a colour if there are colours. */
void tb_out_paint(const struct tb_out *o, enum tb_paint paint, const char *text);
/* Text from a file. */
void tb_out_safe(const char *text);
/* "  name  value" with the value made safe; names padded to `width`. */
void tb_out_pair(const struct tb_out *o, int width, const char *name, const char *value);
/* The same for sentences: on a terminal they go on in lines of their own. */
void tb_out_words(const struct tb_out *o, int width, const char *name, const char *words);
/* An empty line and a heading; text form only. */
void tb_out_head(const struct tb_out *o, const char *title);
/* Columns of the widest line of a text. */
int tb_out_width(const struct tb_buf *text);
/* The table in the form that was asked for. */
void tb_out_table(const struct tb_out *o, const struct tb_table *t);
/* The same; in text on a terminal that is too narrow it gives up columns, the first of the list first (ends with
 * NULL). */
void tb_out_table_fit(const struct tb_out *o, struct tb_table *t, const char *const *missed_least);
/* Rows of a table that is told bit by bit, as CSV or separated by tabs; the line of names only if this is the first. */
void tb_out_rows(const struct tb_out *o, const struct tb_table *t, bool is_first);
/* A list of flat maps as a table in the form that was asked for: the columns are their keys. */
void tb_out_maps(const struct tb_out *o, const struct tb_json *list, const struct tb_table_column *columns, size_t n);
/* Indented JSON; takes j over. */
struct tb_json;
void tb_out_json(const struct tb_out *o, struct tb_json *j);
/* Bytes as they are, but safe line by line on a terminal. */
void tb_out_bytes(const struct tb_out *o, const char *p, size_t n);

#endif
