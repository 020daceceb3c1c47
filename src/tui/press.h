/* SPDX-License-Identifier: MIT */
/* press.h - what a person does with keyboard and mouse, whatever terminal it came through, and its names in scripts. */
#ifndef TB_TUI_PRESS_H
#define TB_TUI_PRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A key is a code point (what was typed), a control character, or one of these. Enter is '\n', Tab '\t', Esc 27. */
enum {
    TB_PRESS_NONE,
    TB_PRESS_ESC = 27,
    TB_PRESS_BACKSPACE = 127,
    TB_PRESS_UP = 0x110000,
    TB_PRESS_DOWN,
    TB_PRESS_LEFT,
    TB_PRESS_RIGHT,
    TB_PRESS_HOME,
    TB_PRESS_END,
    TB_PRESS_PAGE_UP,
    TB_PRESS_PAGE_DOWN,
    TB_PRESS_DELETE,
    TB_PRESS_BACKTAB,
    TB_PRESS_PASTE,       /* text, n */
    TB_PRESS_CLICK,       /* x, y: cells of the whole screen, of a screen's own where it gets them */
    TB_PRESS_DOUBLE,
    TB_PRESS_RIGHT_CLICK,
    TB_PRESS_DRAG,
    TB_PRESS_RELEASE,
    TB_PRESS_WHEEL_UP,
    TB_PRESS_WHEEL_DOWN,
    TB_PRESS_RESIZE,
};
#define TB_CTRL(c) ((c) & 31)

struct tb_press {
    uint32_t key;
    int x, y;
    const char *text; /* of a paste; lent, any bytes */
    size_t n;
};

bool tb_press_is_mouse(uint32_t key);
bool tb_press_is_text(uint32_t key); /* a code point that can be typed into a field */
/* "a", "space", "enter", "esc", "tab", "S-tab", "^d", "up", .. into dst (n >= 16); returns it. */
char *tb_press_name(uint32_t key, char *dst, size_t n);
uint32_t tb_press_named(const char *name); /* TB_PRESS_NONE if there is no such key */
/* Moves *at, a row, as arrows, Page, ^d ^u, Home, End and the wheel do; `last`: the farthest there is. It may lie
 * outside afterwards. False if the key moves nothing. */
bool tb_press_scrolls(uint32_t key, int page, int last, int *at);

#endif
