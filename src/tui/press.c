/* SPDX-License-Identifier: MIT */
/* press.c - one table of names, for scripts, help and hints. */
#include "tui/press.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"

static const struct {
    const char *name;
    uint32_t key;
} names[] = {
    { "space", ' ' }, { "enter", '\n' }, { "esc", TB_PRESS_ESC }, { "tab", '\t' }, { "S-tab", TB_PRESS_BACKTAB },
    { "backspace", TB_PRESS_BACKSPACE }, { "up", TB_PRESS_UP }, { "down", TB_PRESS_DOWN }, { "left", TB_PRESS_LEFT },
    { "right", TB_PRESS_RIGHT }, { "home", TB_PRESS_HOME }, { "end", TB_PRESS_END }, { "pgup", TB_PRESS_PAGE_UP },
    { "pgdn", TB_PRESS_PAGE_DOWN }, { "del", TB_PRESS_DELETE }, { "wheelup", TB_PRESS_WHEEL_UP },
    { "wheeldown", TB_PRESS_WHEEL_DOWN },
};
enum { N_NAMES = sizeof names / sizeof *names };

bool tb_press_is_mouse(uint32_t key)
{
    return key >= TB_PRESS_CLICK && key <= TB_PRESS_WHEEL_DOWN;
}

bool tb_press_is_text(uint32_t key)
{
    return key >= ' ' && key != TB_PRESS_BACKSPACE && (key < 0x80 || (key >= 0xa0 && key < TB_PRESS_UP));
}

char *tb_press_name(uint32_t key, char *dst, size_t n)
{
    char utf8[4];
    for (int i = 0; i < N_NAMES; i++)
        if (names[i].key == key) {
            tb_str_copy(dst, n, names[i].name);
            return dst;
        }
    if (key < ' ')
        snprintf(dst, n, "^%c", (int)(key | 0x60));
    else if (tb_press_is_text(key))
        snprintf(dst, n, "%.*s", (int)tb_utf8_put(utf8, key), utf8);
    else
        snprintf(dst, n, "?");
    return dst;
}

uint32_t tb_press_named(const char *name)
{
    uint32_t cp;
    size_t n = strlen(name);
    for (int i = 0; i < N_NAMES; i++)
        if (strcmp(names[i].name, name) == 0)
            return names[i].key;
    if (n == 2 && name[0] == '^' && ((name[1] >= 'a' && name[1] <= 'z') || name[1] == '_'))
        return (uint32_t)TB_CTRL(name[1]);
    return n > 0 && tb_utf8_step(name, n, &cp) == n && tb_press_is_text(cp) ? cp : TB_PRESS_NONE;
}

bool tb_press_scrolls(uint32_t key, int page, int last, int *at)
{
    switch (key) {
    case TB_PRESS_UP: --*at; return true;
    case TB_PRESS_DOWN: ++*at; return true;
    case TB_PRESS_WHEEL_UP: *at -= 3; return true;
    case TB_PRESS_WHEEL_DOWN: *at += 3; return true;
    case TB_PRESS_PAGE_UP: *at -= page; return true;
    case TB_PRESS_PAGE_DOWN: *at += page; return true;
    case TB_CTRL('u'): *at -= page / 2; return true;
    case TB_CTRL('d'): *at += page / 2; return true;
    case TB_PRESS_HOME: *at = 0; return true;
    case TB_PRESS_END: *at = last; return true;
    default: return false;
    }
}
