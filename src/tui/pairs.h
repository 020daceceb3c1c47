/* SPDX-License-Identifier: MIT */
/* pairs.h - names with texts behind them, broken between words, in a pane that is scrolled and searched. */
#ifndef TB_TUI_PAIRS_H
#define TB_TUI_PAIRS_H

#include "tui/canvas.h"
#include "tui/press.h"

struct tb_pair {
    char *name, *text;
    unsigned style; /* of the text */
};

struct tb_pairs {
    struct tb_pair *at;
    size_t n, cap;
    int first;    /* row at the top */
    char *needle; /* searched for; NULL: nothing */
};

void tb_pairs_clear(struct tb_pairs *p); /* pairs go, place and search stay */
void tb_pairs_free(struct tb_pairs *p);
/* A text without a name ("") stands below the one before; without a text the name is a heading. */
void tb_pairs_add(struct tb_pairs *p, unsigned style, const char *name, const char *text);
void tb_pairs_fmt(struct tb_pairs *p, unsigned style, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Arrows, Page, ^d ^u, Home, End, wheel; false if the key means nothing here. */
bool tb_pairs_press(struct tb_pairs *p, int width, int height, const struct tb_press *press);
/* As tb_text_find. */
bool tb_pairs_find(struct tb_pairs *p, int width, const char *needle, int step);
int tb_pairs_rows(const struct tb_pairs *p, int width); /* that all of it takes */
struct tb_beyond tb_pairs_beyond(const struct tb_pairs *p, int width, int height);
void tb_pairs_draw(const struct tb_pairs *p, struct tb_canvas *c);

#endif
