/* SPDX-License-Identifier: MIT */
/* Start at all sizes: nothing overlaps, nothing lies outside, and what must be seen is seen. */
#include "tui/start_layout.h"

#include "tests/tap.h"

enum { PARTS = 8 };

static bool apart(struct tb_rect a, struct tb_rect b)
{
    return !a.width || !a.height || !b.width || !b.height || a.x + a.width <= b.x || b.x + b.width <= a.x
           || a.y + a.height <= b.y || b.y + b.height <= a.y;
}

/* With its heading above it. */
static struct tb_rect headed(struct tb_rect r)
{
    return r.height ? (struct tb_rect){ r.x, r.y - 1, r.width, r.height + 1 } : r;
}

static bool holds(int width, int height, const struct start_sizes *n)
{
    struct start_layout l = start_lay_out(width, height, n);
    struct tb_rect recipe = l.recipe.height ? headed(l.recipe) : l.recipe,
                   command = l.recipe.height ? l.command : headed(l.command);
    struct tb_rect part[PARTS] = { headed(l.models), headed(l.data), l.preview, headed(l.methods),
                                   l.sums,           l.settings,     recipe,    command };
    for (int i = 0; i < PARTS; i++) {
        struct tb_rect r = part[i];
        if (r.height && (r.x < 0 || r.y < 0 || r.x + r.width > width || r.y + r.height > height))
            return false;
        for (int k = 0; k < i; k++)
            if (!apart(r, part[k]))
                return false;
    }
    return l.models.height >= 1 && l.data.height >= 1 && l.methods.height >= 3 && l.sums.height >= 1
           && l.settings.height >= 1 && apart(l.foot, l.command);
}

int main(void)
{
    static const struct start_sizes some[] = {
        { 1, 1, 8, 10, 3, 2 }, { 3, 9, 8, 12, 4, 3 }, { 200, 1000, 40, 60, 20, 9 }, { 1, 3, 3, 0, 0, 1 }
    };
    for (int i = 0; i < 4; i++) {
        int bad_w = 0, bad_h = 0;
        for (int w = 60; w <= 400 && !bad_w; w += w < 130 ? 1 : 27)
            for (int h = 11; h <= 116 && !bad_w; h++)
                if (!holds(w, h, &some[i])) {
                    bad_w = w;
                    bad_h = h;
                }
        if (!ok(!bad_w, "sizes %d: all fits from 60x11 to 400x116", i))
            printf("# not at %dx%d\n", bad_w, bad_h);
    }
    struct start_layout l = start_lay_out(100, 26, &some[0]);
    if (!ok(l.is_beside && l.recipe.height >= 3 && l.command.height == 2 && l.preview.height == 2,
            "100x30: recipe, preview"))
        printf("# recipe %d command %d preview %d\n", l.recipe.height, l.command.height, l.preview.height);
    l = start_lay_out(80, 20, &some[0]);
    ok(!l.is_beside && l.recipe.height == 0 && l.command.height >= 2, "80x24: the command alone");
    return done();
}
