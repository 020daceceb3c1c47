/* SPDX-License-Identifier: MIT */
/* keymap.c - all tables of keys one after the other, for the manual. */
#include <stdio.h>

#include "tui/screen.h"
#include "tui/tui.h"

struct place {
    const char *title;
    const struct tb_bind *table;
};

/* Everywhere, on runs, then the screens; title NULL behind the last. */
static struct place place_at(int i)
{
    if (i == 0)
        return (struct place){ "Everywhere", tb_binds_global };
    if (i == 1)
        return (struct place){ "On runs, on every screen that shows some", tb_binds_runs };
    const struct tb_screen_class *c = tb_screen_at(i - 2);
    return (struct place){ c ? c->title : NULL, c ? c->binds : NULL };
}

bool tb_tui_key_at(int i, const char **place, const char **keys, const char **what)
{
    static char text[64], words[200];
    struct place p;
    for (int at = 0; (p = place_at(at)).title; at++)
        for (const struct tb_bind *b = p.table; b && b->key; b++) {
            if (!tb_bind_is_told(p.table, b) || i-- > 0)
                continue;
            tb_bind_keys(p.table, b->name, text, sizeof text);
            snprintf(words, sizeof words, "%s (`:%s`)", b->help, b->name);
            *place = p.title;
            *keys = text;
            *what = words;
            return true;
        }
    return false;
}
