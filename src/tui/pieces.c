/* SPDX-License-Identifier: MIT */
/* pieces.c - see pieces.h. */
#include "tui/pieces.h"

enum { GAP = 3, LEAST = 8 };

static int total(const struct tb_piece *p, int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++)
        sum += *p[i].text ? tb_text_width(p[i].text) + GAP : 0;
    return sum ? sum - GAP : 0;
}

/* The one that goes next, the last of equals; -1: all stay. */
static int next_to_go(const struct tb_piece *p, int n)
{
    int found = -1;
    for (int i = 0; i < n; i++)
        if (*p[i].text && p[i].drop && (found < 0 || p[i].drop >= p[found].drop))
            found = i;
    return found;
}

static int longest(const struct tb_piece *p, int n)
{
    int found = 0;
    for (int i = 1; i < n; i++)
        found = tb_text_width(p[i].text) > tb_text_width(p[found].text) ? i : found;
    return found;
}

int tb_pieces_draw(struct tb_canvas *c, int x, int y, struct tb_piece *p, int n)
{
    int room = c->width - x, gone;
    while (total(p, n) > room && (gone = next_to_go(p, n)) >= 0)
        p[gone].text[0] = '\0';
    int over = total(p, n) - room, cut = over > 0 ? longest(p, n) : -1;
    for (int i = 0; i < n; i++) {
        int width = tb_text_width(p[i].text), most = width - over > LEAST ? width - over : LEAST;
        if (!*p[i].text)
            continue;
        width = i == cut && width > most ? most : width;
        tb_canvas_field(c, x, y, width, p[i].style, p[i].text);
        x += width + GAP;
    }
    return x - GAP;
}
