/* SPDX-License-Identifier: MIT */
/* mouse.h - reports of a mouse as terminals send them (xterm's 1006), turned into presses. */
#ifndef TB_TUI_MOUSE_H
#define TB_TUI_MOUSE_H

#include "tui/press.h"

/* What was clicked last: a second click on the same cell soon after is a double one. Zero at first. */
struct tb_mouse {
    int x, y;
    double at; /* monotonic seconds; 0: never */
};

/* A report without its beginning, "0;10;5M"; TB_PRESS_NONE if it says nothing that is known here. */
struct tb_press tb_mouse_press(struct tb_mouse *m, const char *report, double now);

#endif
