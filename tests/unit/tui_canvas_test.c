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

int main(void)
{
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
