/* SPDX-License-Identifier: MIT */
/* mouse.c - button;column;row and M for down, m for up. Of the button bits 4, 8 and 16 are Shift, Alt and Control, 32
 * is movement, 64 the wheel. */
#include "tui/mouse.h"

#include <stdio.h>

enum { BUTTON = 3, HELD = 4 | 8 | 16, MOVES = 32, WHEEL = 64 };
static const double double_s = 0.4;

static uint32_t key_of(unsigned code, bool is_down)
{
    unsigned button = code & BUTTON;
    if (code & WHEEL)
        return button == 0 ? TB_PRESS_WHEEL_UP : button == 1 ? TB_PRESS_WHEEL_DOWN : TB_PRESS_NONE;
    if (code & MOVES)
        return button == 0 ? TB_PRESS_DRAG : TB_PRESS_NONE;
    if (button == 2)
        return is_down ? TB_PRESS_RIGHT_CLICK : TB_PRESS_NONE;
    return button != 0 ? TB_PRESS_NONE : is_down ? TB_PRESS_CLICK : TB_PRESS_RELEASE;
}

struct tb_press tb_mouse_press(struct tb_mouse *m, const char *report, double now)
{
    struct tb_press p = { 0 };
    unsigned code;
    char end;
    if (sscanf(report, "%4u;%5d;%5d%c", &code, &p.x, &p.y, &end) != 4 || (end != 'M' && end != 'm') || p.x < 1
        || p.y < 1)
        return (struct tb_press){ .key = TB_PRESS_NONE };
    p.x--;
    p.y--;
    p.key = key_of(code & ~(unsigned)HELD, end == 'M');
    if (p.key != TB_PRESS_CLICK)
        return p;
    bool is_second = m->at > 0 && m->x == p.x && m->y == p.y && now - m->at < double_s;
    *m = (struct tb_mouse){ p.x, p.y, is_second ? 0 : now };
    p.key = is_second ? TB_PRESS_DOUBLE : TB_PRESS_CLICK;
    return p;
}
