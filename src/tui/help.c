/* SPDX-License-Identifier: MIT */
/* help.c - `?`: the keys of this screen first, then those of runs, then those that work everywhere; all out of the
 * tables that dispatch them. */
#include "tui/overlay_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { HANG = 2 + 11 + 1 + 12 + 1 }; /* columns before the help of a key */

static const char always[] =
    "  arrows hjkl move; < > ends, ^d ^u half a page, enter in, tab next pane\n"
    "  text        in a pane of text, as an answer or the log of verbs, / looks for words, n and N for the next and the"
    " one before\n"
    "  mouse       click a tab, a hint, a row; twice: as enter; the wheel scrolls";

static bool matches(const char *needle, const struct tb_bind *b, const char *keys)
{
    return !*needle || strcasestr(b->name, needle) || strcasestr(b->help, needle) || strcmp(keys, needle) == 0;
}

static bool is_shown(const struct tb_desk *d, const struct tb_bind *table, const struct tb_bind *own,
                     const struct tb_bind *b)
{
    return tb_bind_is_told(table, b) && !tb_bind_of(own, b->key) && tb_route_has(d, b);
}

/* One line for all keys of a name; not for those that the screen has rows of its own for (own). */
static void add_table(struct tb_desk *d, const char *title, const struct tb_bind *table, const struct tb_bind *own,
                      const char *needle)
{
    struct tb_text *t = &d->overlay->text;
    bool has_title = false;
    for (const struct tb_bind *b = table; b && b->key; b++) {
        char keys[64];
        tb_bind_keys(table, b->name, keys, sizeof keys);
        if (!is_shown(d, table, own, b) || !matches(needle, b, keys))
            continue;
        if (!has_title)
            tb_text_fmt(t, TB_STYLE_HEAD, "%s%s", t->n ? "\n" : "", title);
        has_title = true;
        tb_text_wrap(t, TB_STYLE_PLAIN, HANG, "  %-11s %-12s %s%s%s%s", keys, b->name, b->help,
                     b->verb ? "  (" : "", b->verb ? b->verb : "", b->verb ? ")" : "");
    }
}

void tb_help_fill(struct tb_desk *d, const char *needle)
{
    struct tb_text *t = &d->overlay->text;
    const struct tb_screen_class *c = tb_route_screen(d)->class;
    tb_text_clear(t);
    t->first = 0;
    add_table(d, c->title, c->binds, NULL, needle);
    if (c->has_runs)
        add_table(d, "Runs, on any screen", tb_binds_runs, c->binds, needle);
    add_table(d, "Everywhere", tb_binds_global, c->binds, needle);
    if (!*needle)
        tb_text_wrap(t, TB_STYLE_PLAIN, 2 + 11 + 1, "%s", always);
    if (t->n == 0)
        tb_text_fmt(t, TB_STYLE_DIM, "no key for '%s' here", needle);
}

void tb_help_open(struct tb_desk *d)
{
    char *title = tb_xasprintf("keys of %s; type to search, esc closes", tb_route_screen(d)->class->title);
    tb_overlay_open(d, TB_OVERLAY_KEYS, title);
    free(title);
    tb_help_fill(d, "");
}
