/* SPDX-License-Identifier: MIT */
/* doc.h - a page of documentation, put together piece by piece, as source for man(1) (mdoc) or as text for a terminal.
 * Words `between these` are typed as they are; everything else is prose. */
#ifndef TB_CLI_DOC_H
#define TB_CLI_DOC_H

#include <stdbool.h>

#include "base/buf.h"

struct tb_doc {
    struct tb_buf out;
    int columns;   /* of text; 0: mdoc */
    bool is_bold;  /* text: what is typed is bold */
    bool in_list;
    bool needs_gap; /* something stands there already that a paragraph must be set off from */
};

void tb_doc_begin(struct tb_doc *d, const char *name, int section, const char *date, const char *brief);
void tb_doc_section(struct tb_doc *d, const char *title);
void tb_doc_part(struct tb_doc *d, const char *title); /* of a section */
void tb_doc_paragraph(struct tb_doc *d, const char *text);
/* What a term means; items that follow each other are one list. A term is typed as it is, unless it has marks. */
void tb_doc_item(struct tb_doc *d, const char *term, const char *text);
/* Lines as they are. */
void tb_doc_lines(struct tb_doc *d, const char *lines);
void tb_doc_end(struct tb_doc *d);

#endif
