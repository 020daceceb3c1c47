/* SPDX-License-Identifier: MIT */
/* text.h - a pane of lines that is scrolled and searched: logs, help, answers of verbs, recipes. */
#ifndef TB_TUI_TEXT_H
#define TB_TUI_TEXT_H

#include "base/buf.h"
#include "tui/canvas.h"
#include "tui/press.h"

struct tb_text_line {
    size_t from, n; /* bytes */
    uint16_t style;
};

struct tb_text {
    struct tb_buf bytes;
    struct tb_text_line *line;
    size_t n, cap;
    int first;     /* line at the top */
    int column;    /* columns scrolled to the right */
    bool follow;   /* stays at the end while lines are added */
    char *needle;  /* searched for; NULL: nothing */
};

void tb_text_clear(struct tb_text *t); /* lines go, place and search stay */
void tb_text_free(struct tb_text *t);
void tb_text_add(struct tb_text *t, unsigned style, const char *line); /* newlines begin lines of their own */
void tb_text_fmt(struct tb_text *t, unsigned style, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Arrows, Page, ^d ^u, Home, End, wheel; false if the key means nothing here. `page`: rows seen. */
bool tb_text_press(struct tb_text *t, int page, const struct tb_press *p);
/* Looks for needle (NULL: the last one) from the line behind the top (step 1) or before it (-1) on, any case; false if
 * it is nowhere. */
bool tb_text_find(struct tb_text *t, const char *needle, int step);
void tb_text_draw(const struct tb_text *t, struct tb_canvas *c);

#endif
