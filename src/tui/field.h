/* SPDX-License-Identifier: MIT */
/* field.h - a line of text that is being typed. What comes in is made fit for one line: controls become blanks, bytes
 * that are not UTF-8 are dropped, and beyond TB_FIELD_MOST bytes nothing is taken. */
#ifndef TB_TUI_FIELD_H
#define TB_TUI_FIELD_H

#include "base/buf.h"
#include "tui/canvas.h"
#include "tui/press.h"

enum { TB_FIELD_MOST = 65536 };

struct tb_field {
    struct tb_buf text;
    size_t cursor; /* byte, at the beginning of a character or behind the last */
    bool was_cut;  /* the last paste did not fit */
};

const char *tb_field_text(const struct tb_field *f); /* never NULL; lent */
void tb_field_set(struct tb_field *f, const char *text); /* cursor behind it */
void tb_field_free(struct tb_field *f);
/* Typing, paste, arrows, Home End ^a ^e, Backspace Del, ^w word, ^u all before, ^k all behind; false if the key means
 * nothing here. */
bool tb_field_press(struct tb_field *f, const struct tb_press *p);
/* In columns x .. x + width - 1, scrolled so that the cursor is seen; the terminal's cursor goes there if it has the
 * focus. */
void tb_field_draw(const struct tb_field *f, struct tb_canvas *c, int x, int y, int width, unsigned style,
                   bool has_focus);

#endif
