/* SPDX-License-Identifier: MIT */
/* What reaches a screen: clipping, wide characters, and that no text can do more than be shown. */
#include <stdlib.h>

#include "base/utf8.h"
#include "tests/tap.h"
#include "tui/canvas.h"

static struct tb_sheet sheet;

/* A row as text. */
static const char *row(int y)
{
    static char text[1024];
    text[0] = '\0';
    for (int x = 0; x < sheet.width; x++)
        strncat(text, tb_sheet_at(&sheet, x, y)->s, sizeof text - strlen(text) - 1);
    return text;
}

static struct tb_canvas fresh(int width, int height)
{
    tb_sheet_resize(&sheet, width, height);
    return tb_canvas_whole(&sheet);
}

static void test_clip(void)
{
    struct tb_canvas c = fresh(8, 3), part = tb_canvas_part(&c, (struct tb_rect){ 2, 1, 4, 1 });
    is_int(tb_canvas_text(&part, -1, 0, 0, "abcdefgh"), 4, "the column behind what is drawn, at most the width");
    is_str(row(1), "  bcde  ", "nothing outside the part");
    tb_canvas_text(&part, 0, 1, 0, "below");
    tb_canvas_text(&part, 0, -1, 0, "above");
    is_str(row(0), "        ", "nothing above it");
    is_str(row(2), "        ", "nothing below it");
    part = tb_canvas_part(&c, (struct tb_rect){ 6, 2, 40, 40 });
    is_int(part.width * 10 + part.height, 21, "a part is cut to what is there");
    part = tb_canvas_part(&c, (struct tb_rect){ -3, 0, 2, 1 });
    is_int(part.width, 0, "one outside is empty");
}

static void test_wide(void)
{
    struct tb_canvas c = fresh(6, 1);
    tb_canvas_text(&c, 0, 0, 0, "\xe6\xbc\xa2\xe5\xad\x97x");
    is_str(row(0), "\xe6\xbc\xa2\xe5\xad\x97x ", "two columns each");
    tb_canvas_text(&c, 1, 0, 0, "a");
    is_str(row(0), " a\xe5\xad\x97x ", "half a character is none");
    tb_canvas_text(&c, 5, 0, 0, "\xe6\xbc\xa2");
    is_str(row(0), " a\xe5\xad\x97x ", "one that would stand over the edge is a blank");
    tb_canvas_text(&c, 0, 0, 0, "e\xcc\x81z");
    is_str(row(0), "e\xcc\x81z\xe5\xad\x97x ", "a mark joins what is before it");
    is_int(tb_sheet_at(&sheet, 0, 0)->width, 1, "and takes no column");
}

static void test_safe(void)
{
    struct tb_canvas c = fresh(24, 1);
    tb_canvas_text(&c, 0, 0, 0, "a\x1b[2J\xe2\x80\xae\xff\x9b" "b\nc\td");
    ok(strchr(row(0), 0x1b) == NULL && strstr(row(0), "\xe2\x80\xae") == NULL, "no escape, no change of direction");
    ok(tb_utf8_valid(row(0), strlen(row(0))), "valid UTF-8");
    ok(strstr(row(0), "b c d") != NULL, "newline and tab are blanks");
    sheet.glyphs = TB_GLYPHS_ASCII;
    tb_canvas_text(&c, 0, 0, 0, "\xc3\xa9\xe6\xbc\xa2|");
    ok(strncmp(row(0), "???|", 4) == 0, "ASCII where nothing else can be shown, as wide as it would be");
    sheet.glyphs = TB_GLYPHS_BRAILLE;
}

static void test_marks_without_end(void)
{
    struct tb_canvas c = fresh(4, 1);
    char text[400] = "a";
    for (int i = 0; i < 100; i++)
        strcat(text, "\xcc\x81");
    tb_canvas_text(&c, 0, 0, 0, text);
    ok(strlen(tb_sheet_at(&sheet, 0, 0)->s) < sizeof tb_sheet_at(&sheet, 0, 0)->s, "as many marks as a cell holds");
    ok(tb_utf8_valid(row(0), strlen(row(0))), "and none of them cut");
}

static void test_fields(void)
{
    struct tb_canvas c = fresh(10, 2);
    tb_canvas_field(&c, 0, 0, 6, 0, "abcdefgh");
    is_str(row(0), "abcd..    ", "what does not fit ends in dots");
    tb_canvas_right(&c, 0, 1, 10, 0, "42");
    is_str(row(1), "        42", "right");
    is_int(tb_wrap_rows(10, "one two three\nfour"), 3, "rows of a text");
    is_int(tb_wrap_rows(4, "abcdefgh"), 2, "a long word is cut");
    is_int(tb_wrap_rows(0, "abc"), 0, "no width, no rows");
    c = fresh(10, 3);
    tb_canvas_wrap(&c, 0, 0, "one two three\nfour");
    is_str(row(1), "three     ", "broken between words");
}

static void test_box(void)
{
    struct tb_canvas c = fresh(14, 3);
    struct tb_rect in = tb_canvas_box(&c, (struct tb_rect){ 0, 0, 14, 3 }, "title");
    is_int(in.width * 10 + in.height, 121, "the rectangle within");
    ok(strstr(row(0), " title ") != NULL, "a title in the edge");
    in = tb_canvas_box(&c, (struct tb_rect){ 0, 0, 1, 3 }, "title");
    is_int(in.width, 0, "none where there is no room");
}

static void test_hot(void)
{
    struct tb_canvas c = fresh(10, 3);
    tb_canvas_hot(&c, (struct tb_rect){ 2, 1, 3, 1 }, 's');
    is_int(tb_sheet_hot_at(&sheet, 4, 1), 's', "a click there is the key");
    is_int(tb_sheet_hot_at(&sheet, 5, 1), 0, "not beside it");
    tb_sheet_clear(&sheet);
    is_int(tb_sheet_hot_at(&sheet, 4, 1), 0, "nor after the screen was cleared");
}

static const char *short_path(const char *s, int width)
{
    static char text[256];
    char *made = tb_text_short_paths(s, width);
    snprintf(text, sizeof text, "%s", made);
    free(made);
    return text;
}

static void test_paths(void)
{
    const char *said = "saved: /home/user/work/recipes/e2e-1.lua, undo";
    is_str(short_path(said, 60), said, "what fits stays");
    is_str(short_path(said, 44), "saved: /home/../work/recipes/e2e-1.lua, undo", "folders go from the left");
    is_str(short_path(said, 34), "saved: /home/../e2e-1.lua, undo", "as many as it takes");
    is_str(short_path(said, 10), "saved: /home/../e2e-1.lua, undo", "never the first one and the name");
    is_str(short_path("a/b and /x/y", 3), "a/b and /x/y", "where nothing lies between, nothing goes");
    is_str(short_path("/a/b/c/d /1/2/3/4/5/6", 20), "/a/b/c/d /1/../4/5/6", "the longest one first");
}

static void test_wrap_in(void)
{
    struct tb_canvas c = fresh(10, 2);
    tb_canvas_wrap_in(&c, 0, "one two three four five");
    is_str(row(0), "one two   ", "between words");
    is_str(row(1), "three fo..", "the last row tells that there is more");
    c = fresh(10, 2);
    tb_canvas_wrap_in(&c, 0, "one two three four");
    is_str(row(1), "three four", "and does not where all is there");
}

static void test_beyond(void)
{
    struct tb_canvas c = fresh(30, 1);
    tb_canvas_beyond(&c, 0, 0, (struct tb_beyond){ true, true });
    is_str(row(0), "        more above and below  ", "at the right end");
    c = fresh(14, 1);
    tb_canvas_beyond(&c, 2, 0, (struct tb_beyond){ false, true });
    is_str(row(0), "       below  ", "in fewer words where there is little room");
    c = fresh(14, 1);
    tb_canvas_beyond(&c, 8, 0, (struct tb_beyond){ false, true });
    is_str(row(0), "              ", "not over what stands there");
    tb_canvas_beyond(&c, 0, 0, (struct tb_beyond){ false, false });
    is_str(row(0), "              ", "nothing to tell");
}

int main(void)
{
    test_paths();
    test_wrap_in();
    test_beyond();
    test_clip();
    test_wide();
    test_safe();
    test_marks_without_end();
    test_fields();
    test_box();
    test_hot();
    tb_sheet_free(&sheet);
    return done();
}
