/* SPDX-License-Identifier: MIT */
/* text.h - a pane of lines that is scrolled and searched: logs, help, answers of verbs, recipes. A line that is longer
 * than the pane is wide is cut, which ".." at its end tells, and arrows scroll to the rest; or it is broken between
 * words. */
#ifndef TB_TUI_TEXT_H
#define TB_TUI_TEXT_H

#include "base/buf.h"
#include "tui/canvas.h"
#include "tui/press.h"

struct tb_text_line {
    size_t from, n; /* bytes */
    uint16_t style;
    int16_t hang;   /* columns that what goes on below is set in; -1: the line is cut */
};

struct tb_text {
    struct tb_buf bytes;
    struct tb_text_line *line;
    size_t n, cap;
    size_t n_broken; /* lines that may take several rows */
    int first;     /* row at the top */
    int column;    /* columns scrolled to the right */
    bool follow;   /* stays at the end while lines are added */
    char *needle;  /* searched for; NULL: nothing */
};

void tb_text_clear(struct tb_text *t); /* lines go, place and search stay */
void tb_text_free(struct tb_text *t);
void tb_text_add(struct tb_text *t, unsigned style, const char *line); /* newlines begin lines of their own */
void tb_text_fmt(struct tb_text *t, unsigned style, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Broken between words where it is too long; what goes on is set in by `hang` columns. */
void tb_text_wrap(struct tb_text *t, unsigned style, int hang, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* What a verb has printed: sentences and "name  words" are broken, rows of tables are cut. */
void tb_text_tell(struct tb_text *t, unsigned style, const char *lines);
/* Arrows, Page, ^d ^u, Home, End, wheel; false if the key means nothing here. `height`: rows seen. */
bool tb_text_press(struct tb_text *t, int width, int height, const struct tb_press *p);
/* Looks for needle (NULL: the last one) from the line behind the top (step 1) or before it (-1) on, any case; false if
 * it is nowhere. */
bool tb_text_find(struct tb_text *t, int width, const char *needle, int step);
int tb_text_rows(const struct tb_text *t, int width); /* that all of it takes */
void tb_text_draw(const struct tb_text *t, struct tb_canvas *c);
/* Whether a line that is seen goes on to the right of the pane. */
bool tb_text_is_cut(const struct tb_text *t, int width, int height);
/* Whether there are rows above and below those that are seen. */
struct tb_beyond tb_text_beyond(const struct tb_text *t, int width, int height);

#endif
