/* SPDX-License-Identifier: MIT */
/* The table: where its cursor is when rows move, which columns go first, headings. */
#include <stdio.h>

#include "base/str.h"
#include "tests/tap.h"
#include "tui/grid.h"

/* Rows named by the letters of a text; '-' is a heading. */
static void cell(const void *arg, int row, int column, struct tb_grid_cell *c)
{
    const char *text = arg;
    snprintf(c->text, sizeof c->text, "%c%d", text[row], column);
}

static const char *id(const void *arg, int row)
{
    static char name[2];
    name[0] = ((const char *)arg)[row];
    return name[0] == '-' ? NULL : name;
}

static struct tb_grid_rows rows_of(const char *text)
{
    return (struct tb_grid_rows){ .arg = text, .n = (int)strlen(text), .cell = cell, .id = id };
}

static bool press(struct tb_grid *g, const char *text, uint32_t key)
{
    struct tb_grid_rows rows = rows_of(text);
    return tb_grid_press(g, &rows, 3, &(struct tb_press){ .key = key });
}

static void test_cursor(void)
{
    struct tb_grid g = { .column = -1 };
    struct tb_grid_rows moved = rows_of("xcxb"), gone = rows_of("xy"), none = rows_of("");
    press(&g, "abcd", TB_PRESS_DOWN);
    is_str(g.id, "b", "down");
    tb_grid_follow(&g, &moved, 3);
    is_int(g.cursor, 3, "rows move, the cursor stays on its own");
    is_int(g.first, 1, "which is in sight");
    tb_grid_follow(&g, &gone, 3);
    is_int(g.cursor, 1, "its row is gone: the nearest one");
    tb_grid_follow(&g, &none, 3);
    is_int(g.cursor, 0, "no rows");
    ok(!press(&g, "", TB_PRESS_DOWN), "no keys then");
    press(&g, "abcd", TB_PRESS_END);
    is_str(g.id, "d", "end");
    press(&g, "abcd", TB_PRESS_DOWN);
    is_str(g.id, "d", "no further");
    press(&g, "abcd", TB_PRESS_HOME);
    press(&g, "abcd", TB_PRESS_DOWN);
    ok(press(&g, "abcd", TB_PRESS_PAGE_UP), "a page up from the second row");
    is_str(g.id, "a", "goes to the first");
    press(&g, "abcd", TB_PRESS_DOWN);
    ok(press(&g, "abcd", TB_PRESS_WHEEL_UP), "so does the wheel");
    is_str(g.id, "a", "to the first");
    ok(!press(&g, "abcd", 'z'), "other keys mean nothing");
}

static void test_headings(void)
{
    struct tb_grid g = { .column = -1 };
    struct tb_grid_rows rows = rows_of("-ab-c");
    tb_grid_follow(&g, &rows, 3);
    is_str(g.id, "a", "the cursor does not stop on a heading");
    is_int(g.first, 0, "which is seen all the same");
    press(&g, "-ab-c", TB_PRESS_END);
    press(&g, "-ab-c", TB_PRESS_UP);
    is_str(g.id, "b", "over one upwards");
    press(&g, "-ab-c", TB_PRESS_DOWN);
    is_str(g.id, "c", "and downwards");
    press(&g, "-ab-c", TB_PRESS_HOME);
    is_str(g.id, "a", "home");
    is_int(g.first, 0, "with its heading");
}

static const char *titles(int width)
{
    static const struct tb_grid_column column[] = { { "name", 4, 9, 0, false }, { "one", 3, 0, 1, false },
                                                    { "two", 3, 0, 2, true }, { "six", 3, 0, 1, false } };
    static char text[128];
    struct tb_sheet s = { 0 };
    struct tb_grid g = { .column = -1 };
    struct tb_grid_rows rows = rows_of("ab");
    tb_sheet_resize(&s, width, 3);
    struct tb_canvas c = tb_canvas_whole(&s);
    tb_grid_draw(&g, &c, column, 4, &rows, true);
    text[0] = '\0';
    for (int x = 0; x < width; x++)
        strcat(text, tb_sheet_at(&s, x, 0)->s);
    while (text[0] && text[strlen(text) - 1] == ' ')
        text[strlen(text) - 1] = '\0';
    tb_sheet_free(&s);
    return text;
}

static void test_columns(void)
{
    is_str(titles(16), "name one two six", "all fit");
    is_str(titles(15), "name one six", "the highest number goes first");
    is_str(titles(11), "name one", "of equals the right one");
    is_str(titles(4), "name", "what has none stays");
    is_str(titles(2), "na", "even cut");
}

/* The last column of a table of four rows, two of which are seen, from top to bottom. */
static const char *edge(int cursor, enum tb_glyphs glyphs, const char *text, int height)
{
    static const struct tb_grid_column column[] = { { "name", 4, 9, 0, false }, { "one", 3, 0, 1, false } };
    static char seen[64];
    struct tb_sheet s = { .glyphs = glyphs };
    struct tb_grid g = { .column = -1, .cursor = cursor };
    struct tb_grid_rows rows = rows_of(text);
    tb_sheet_resize(&s, 8, height);
    struct tb_canvas c = tb_canvas_whole(&s);
    tb_grid_draw(&g, &c, column, 2, &rows, true);
    seen[0] = '\0';
    for (int y = 0; y < height; y++)
        strcat(seen, tb_sheet_at(&s, 7, y)->s);
    tb_sheet_free(&s);
    return seen;
}

static void test_beyond(void)
{
    struct tb_grid_rows four = rows_of("abcd");
    is_str(edge(0, TB_GLYPHS_BRAILLE, "abcd", 3), "  \u2193", "rows below are told on the last row that is seen");
    is_str(edge(3, TB_GLYPHS_BRAILLE, "abcd", 3), "\u2191  ", "rows above on the line of titles");
    is_str(edge(2, TB_GLYPHS_ASCII, "abcd", 3), "^ v", "both, in ASCII");
    is_str(edge(2, TB_GLYPHS_ASCII, "abcd", 2), "^v", "where one row is seen");
    is_str(edge(0, TB_GLYPHS_BRAILLE, "ab", 3), "e  ", "else a title may stand there");
    is_int(tb_grid_room(&four, 8, 3), 6, "no cell stands where the sign does");
    is_int(tb_grid_room(&four, 8, 5), 8, "where all rows are seen there is none");
}

static void test_clicks(void)
{
    struct tb_grid g = { .column = -1 };
    struct tb_grid_rows rows = rows_of("abcd");
    tb_grid_press(&g, &rows, 3, &(struct tb_press){ .key = TB_PRESS_CLICK, .y = 2 });
    is_str(g.id, "b", "a click on a row");
    ok(!tb_grid_press(&g, &rows, 3, &(struct tb_press){ .key = TB_PRESS_CLICK, .y = 0 }), "the titles are no row");
}

static bool opens(const char *text, int page, uint32_t key, int y)
{
    struct tb_grid g = { .column = -1 };
    struct tb_grid_rows rows = rows_of(text);
    return tb_grid_opens(&g, &rows, page, &(struct tb_press){ .key = key, .y = y });
}

static void test_double_clicks(void)
{
    ok(opens("a-b", 3, TB_PRESS_DOUBLE, 1), "a double click opens a row");
    ok(!opens("a-b", 3, TB_PRESS_CLICK, 1), "one click does not");
    ok(!opens("a-b", 3, TB_PRESS_DOUBLE, 2), "nor two on a heading");
    ok(!opens("a-b", 3, TB_PRESS_DOUBLE, 0), "nor on the titles");
    ok(!opens("a-b", 9, TB_PRESS_DOUBLE, 4), "nor below the last row");
    ok(!opens("abcd", 3, TB_PRESS_DOUBLE, 4), "nor below the table");
}

int main(void)
{
    test_cursor();
    test_headings();
    test_columns();
    test_beyond();
    test_clicks();
    test_double_clicks();
    return done();
}
