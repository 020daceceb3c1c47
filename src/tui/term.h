/* SPDX-License-Identifier: MIT */
/* term.h - the terminal: keys in, cells out. The only part that knows curses. */
#ifndef TB_TUI_TERM_H
#define TB_TUI_TERM_H

#include "tui/canvas.h"
#include "tui/press.h"

/* Whether there is one that can be used; false with *err that says what to use instead. */
bool tb_term_is_there(struct tb_err *err);
/* Takes the screen, and gives it back however the process ends. One at a time. */
bool tb_term_open(struct tb_err *err);
void tb_term_close(void);
/* Most colours and finest glyphs that terminal, locale and NO_COLOR allow. Before open. */
enum tb_depth tb_term_depth(void);
enum tb_glyphs tb_term_glyphs(void);
void tb_term_size(int *width, int *height);
/* The next press, TB_PRESS_NONE if there is none now. Text of a paste is lent until the next call. */
struct tb_press tb_term_read(void);
int tb_term_fd(void);
int tb_term_wake_fd(void); /* readable when a signal has come; emptied by tb_term_read */
/* Cells that differ from what is there are sent, in one write. `is_whole`: all of them. */
void tb_term_show(const struct tb_sheet *s, enum tb_depth depth, bool is_whole);
/* Into the clipboard, where the terminal may know how: whether it was asked to. */
bool tb_term_copy(const char *s, size_t n);
void tb_term_suspend(void); /* stops the process until it is continued */
bool tb_term_is_stopped(void); /* a signal asked for that since the last time */
bool tb_term_is_gone(void); /* a signal said so, or the terminal is dead */
int tb_term_signal(void);   /* that ended it, 0: none */
/* Gives the screen to another program, and takes it back. */
void tb_term_lend(void);
void tb_term_take_back(void);

#endif
