/* SPDX-License-Identifier: MIT */
/* emulator.h - a terminal for tests (libvterm): what bytes do to its cells and modes. */
#ifndef TB_TESTS_TUI_EMULATOR_H
#define TB_TESTS_TUI_EMULATOR_H

#include <stdlib.h>
#include <string.h>
#include <vterm.h>

#include "base/buf.h"
#include "base/utf8.h"

struct emulator {
    VTerm *vt;
    VTermScreen *screen;
    int width, height;
    bool is_other_screen, has_cursor, has_mouse;
    int n_bells;
};

static int emulator_prop(VTermProp prop, VTermValue *value, void *arg)
{
    struct emulator *e = arg;
    if (prop == VTERM_PROP_ALTSCREEN)
        e->is_other_screen = value->boolean;
    else if (prop == VTERM_PROP_CURSORVISIBLE)
        e->has_cursor = value->boolean;
    else if (prop == VTERM_PROP_MOUSE)
        e->has_mouse = value->number != 0;
    return 1;
}

static const VTermScreenCallbacks emulator_callbacks = { .settermprop = emulator_prop };

static inline void emulator_open(struct emulator *e, int width, int height)
{
    *e = (struct emulator){ .vt = vterm_new(height, width), .width = width, .height = height, .has_cursor = true };
    vterm_set_utf8(e->vt, 1);
    e->screen = vterm_obtain_screen(e->vt);
    vterm_screen_enable_altscreen(e->screen, 1);
    vterm_screen_set_callbacks(e->screen, &emulator_callbacks, e);
    vterm_screen_reset(e->screen, 1);
}

static inline void emulator_resize(struct emulator *e, int width, int height)
{
    e->width = width;
    e->height = height;
    vterm_set_size(e->vt, height, width);
}

static inline VTermScreenCell emulator_cell(const struct emulator *e, int x, int y)
{
    VTermScreenCell cell;
    memset(&cell, 0, sizeof cell);
    vterm_screen_get_cell(e->screen, (VTermPos){ .row = y, .col = x }, &cell);
    return cell;
}

/* The characters of a row without blanks at its end; lent until the next call. */
static inline const char *emulator_row(const struct emulator *e, int y)
{
    static struct tb_buf row;
    tb_buf_clear(&row);
    tb_buf_str(&row, "");
    for (int x = 0; x < e->width; x++) {
        VTermScreenCell cell = emulator_cell(e, x, y);
        char utf8[4];
        if (cell.chars[0] == 0)
            tb_buf_char(&row, ' ');
        for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i] && cell.chars[i] != (uint32_t)-1; i++)
            tb_buf_add(&row, utf8, tb_utf8_put(utf8, cell.chars[i]));
        x += cell.width > 1 ? cell.width - 1 : 0;
    }
    while (row.n > 0 && row.p[row.n - 1] == ' ')
        row.p[--row.n] = '\0';
    return row.p ? row.p : "";
}

#endif
