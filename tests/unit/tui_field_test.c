/* SPDX-License-Identifier: MIT */
/* Typing into a line: editing by characters, pastes of any size and content. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "tests/tap.h"
#include "tui/field.h"

static void keys(struct tb_field *f, const char *names)
{
    char *copy = tb_xstrdup(names), *rest = copy;
    for (char *word; (word = strsep(&rest, " "));)
        tb_field_press(f, &(struct tb_press){ .key = tb_press_named(word) });
    free(copy);
}

static void test_edit(void)
{
    struct tb_field f = { 0 };
    keys(&f, "a b c left X");
    is_str(tb_field_text(&f), "abXc", "in the middle");
    keys(&f, "backspace home del");
    is_str(tb_field_text(&f), "bc", "backspace, del");
    keys(&f, "left left end right d");
    is_str(tb_field_text(&f), "bcd", "ends are ends");
    tb_field_set(&f, "one two  ");
    keys(&f, "^w");
    is_str(tb_field_text(&f), "one ", "a word");
    keys(&f, "^a ^k");
    is_str(tb_field_text(&f), "", "all of it");
    ok(!tb_field_press(&f, &(struct tb_press){ .key = TB_PRESS_UP }), "up means nothing here");
    tb_field_free(&f);
}

static void test_characters(void)
{
    struct tb_field f = { 0 };
    tb_field_set(&f, "e\xcc\x81\xe6\xbc\xa2");
    keys(&f, "left left X");
    is_str(tb_field_text(&f), "Xe\xcc\x81\xe6\xbc\xa2", "a mark moves with its letter");
    keys(&f, "del");
    is_str(tb_field_text(&f), "X\xe6\xbc\xa2", "and goes with it");
    tb_field_free(&f);
}

static void test_paste(void)
{
    struct tb_field f = { 0 };
    size_t n = 100000;
    char *big = tb_xcalloc(n, 1);
    memset(big, 'y', n);
    tb_field_press(&f, &(struct tb_press){ .key = TB_PRESS_PASTE, .text = "a\nb\x1b[2J\xff" "c", .n = 9 });
    is_str(tb_field_text(&f), "a b [2Jc", "one line, no controls, valid");
    tb_field_press(&f, &(struct tb_press){ .key = TB_PRESS_PASTE, .text = big, .n = n });
    is_int(f.text.n, TB_FIELD_MOST, "100 kB: as much as a field takes");
    ok(f.was_cut, "and it says so");
    tb_field_press(&f, &(struct tb_press){ .key = 'z' });
    is_int(f.text.n, TB_FIELD_MOST, "no more");
    ok(tb_utf8_valid(tb_field_text(&f), f.text.n), "still valid");
    free(big);
    tb_field_free(&f);
}

static void test_draw(void)
{
    struct tb_field f = { 0 };
    struct tb_sheet s = { 0 };
    tb_sheet_resize(&s, 5, 1);
    struct tb_canvas c = tb_canvas_whole(&s);
    tb_field_set(&f, "abcdefgh");
    tb_field_draw(&f, &c, 0, 0, 5, 0, true);
    is_str(tb_sheet_at(&s, 0, 0)->s, "e", "scrolled to the cursor");
    is_int(s.cursor_x, 4, "which is behind the text");
    tb_field_press(&f, &(struct tb_press){ .key = TB_PRESS_HOME });
    tb_field_draw(&f, &c, 0, 0, 5, 0, true);
    is_str(tb_sheet_at(&s, 0, 0)->s, "a", "and back");
    tb_sheet_free(&s);
    tb_field_free(&f);
}

int main(void)
{
    test_edit();
    test_characters();
    test_paste();
    test_draw();
    return done();
}
