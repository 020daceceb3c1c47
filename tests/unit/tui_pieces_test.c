/* SPDX-License-Identifier: MIT */
/* Facts on a line: who gives way first, and what is cut when nobody is left to. */
#include "base/str.h"
#include "tests/tap.h"
#include "tui/pieces.h"

static const char *drawn(int width)
{
    static char text[256];
    struct tb_sheet s = { 0 };
    struct tb_piece p[4] = { { "id", 0, 0 }, { "recipe-of-12", 0, 0 }, { "minor", 0, 3 }, { "major", 0, 1 } };
    tb_sheet_resize(&s, width, 1);
    struct tb_canvas c = tb_canvas_whole(&s);
    tb_pieces_draw(&c, 1, 0, p, 4);
    text[0] = '\0';
    for (int x = 0; x < width; x++)
        strcat(text, tb_sheet_at(&s, x, 0)->s);
    for (size_t n = strlen(text); n > 0 && text[n - 1] == ' ';)
        text[--n] = '\0';
    tb_sheet_free(&s);
    return text;
}

int main(void)
{
    is_str(drawn(34), " id   recipe-of-12   minor   major", "all fit");
    is_str(drawn(33), " id   recipe-of-12   major", "the highest number goes first");
    is_str(drawn(25), " id   recipe-of-12", "then the next");
    is_str(drawn(16), " id   recipe-o..", "then the longest is cut, with a sign");
    is_str(drawn(60), " id   recipe-of-12   minor   major", "more room changes nothing");
    return done();
}
