/* SPDX-License-Identifier: MIT */
/* Panes of lines: what is broken, what is cut and says so, where rows are that a line takes several of. */
#include "tests/tap.h"
#include "tui/text.h"

static struct tb_sheet sheet;

static const char *row(int y)
{
    static char text[256];
    text[0] = '\0';
    for (int x = 0; x < sheet.width; x++)
        strncat(text, tb_sheet_at(&sheet, x, y)->s, sizeof text - strlen(text) - 1);
    for (size_t n = strlen(text); n > 0 && text[n - 1] == ' ';)
        text[--n] = '\0';
    return text;
}

static void draw(const struct tb_text *t, int width, int height)
{
    tb_sheet_resize(&sheet, width, height);
    struct tb_canvas c = tb_canvas_whole(&sheet);
    tb_text_draw(t, &c);
}

static void test_cut(void)
{
    struct tb_text t = { 0 };
    tb_text_add(&t, 0, "0123456789abcdefghij\n0123456789");
    draw(&t, 10, 3);
    is_str(row(0), "01234567..", "what is cut says so");
    is_str(row(1), "0123456789", "what fits does not");
    tb_text_press(&t, 10, 3, &(struct tb_press){ .key = TB_PRESS_RIGHT });
    draw(&t, 10, 3);
    is_str(row(0), "89abcdef..", "the arrows lead on");
    tb_text_press(&t, 10, 3, &(struct tb_press){ .key = TB_PRESS_RIGHT });
    draw(&t, 10, 3);
    is_str(row(0), "ghij", "to the end, which is not cut");
    tb_text_free(&t);
}

static void test_broken(void)
{
    struct tb_text t = { 0 };
    tb_text_wrap(&t, 0, 4, "k   one two three four");
    tb_text_wrap(&t, 0, 0, "%s", "");
    tb_text_wrap(&t, 0, 0, "last");
    draw(&t, 12, 6);
    is_str(row(0), "k   one two", "between words");
    is_str(row(1), "    three", "set in by the hang");
    is_str(row(2), "    four", "as often as it takes");
    is_str(row(3), "", "an empty line is a row");
    is_str(row(4), "last", "and what comes behind it stands below");
    is_int(tb_text_rows(&t, 12), 5, "so many rows");
    is_int(tb_text_rows(&t, 80), 3, "fewer where it is wide");
    draw(&t, 6, 6);
    is_str(row(1), "  one", "a hang that leaves no room gives way");
    tb_text_free(&t);
}

static void test_told(void)
{
    struct tb_text t = { 0 };
    tb_text_tell(&t, 0, "written: some-folder with files\nload  with this call of it\nname  state  loss  left");
    draw(&t, 16, 8);
    is_str(row(1), "some-folder with", "sentences are broken");
    is_str(row(3), "load  with this", "words behind a name too");
    is_str(row(4), "      call of it", "below the words");
    is_str(row(5), "name  state  l..", "a row of a table is cut");
    tb_text_free(&t);
}

static void test_scroll(void)
{
    struct tb_text t = { 0 };
    for (int i = 0; i < 4; i++)
        tb_text_wrap(&t, 0, 0, "line %d takes two", i);
    struct tb_beyond b = tb_text_beyond(&t, 10, 4);
    ok(!b.above && b.below, "more below at the top");
    tb_text_press(&t, 10, 4, &(struct tb_press){ .key = TB_PRESS_DOWN });
    draw(&t, 10, 4);
    is_str(row(0), "takes two", "a row further, in the middle of a line");
    b = tb_text_beyond(&t, 10, 4);
    ok(b.above && b.below, "more above and below");
    tb_text_press(&t, 10, 4, &(struct tb_press){ .key = TB_PRESS_END });
    draw(&t, 10, 4);
    is_str(row(3), "takes two", "the end is the last row");
    b = tb_text_beyond(&t, 10, 4);
    ok(b.above && !b.below, "more above");
    tb_text_press(&t, 10, 4, &(struct tb_press){ .key = TB_PRESS_HOME });
    ok(tb_text_find(&t, 10, "LINE 2", 1), "found in any case");
    draw(&t, 10, 4);
    is_str(row(0), "line 2", "its first row is at the top");
    ok(!tb_text_find(&t, 10, NULL, 1) && t.first == 4, "no other one behind it");
    ok(tb_text_find(&t, 10, "line", -1) && t.first == 4, "back begins here");
    ok(tb_text_find(&t, 10, NULL, -1) && t.first == 2, "and goes on before");
    b = tb_text_beyond(&t, 80, 4);
    ok(!b.above && !b.below, "nothing where all is seen");
    tb_text_free(&t);
}

int main(void)
{
    test_cut();
    test_broken();
    test_told();
    test_scroll();
    tb_sheet_free(&sheet);
    return done();
}
