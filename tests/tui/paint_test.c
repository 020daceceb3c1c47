/* SPDX-License-Identifier: MIT */
/* Frames as they reach a terminal: random sheets one after the other, each of which the emulator shows cell by cell;
 * what is sent is little; reports of a mouse. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include "tests/tap.h"
#include "tui/mouse.h"
#include "tui/paint.h"

static const char *bytes(struct tb_paint *p, const struct tb_sheet *s, enum tb_depth depth)
{
    static struct tb_buf b;
    tb_buf_clear(&b);
    tb_buf_str(&b, "");
    tb_paint_frame(p, s, depth, &b);
    return b.n ? b.p : "";
}

static void test_bytes(void)
{
    struct tb_sheet s = { .glyphs = TB_GLYPHS_BRAILLE };
    struct tb_paint p = { 0 };
    tb_sheet_resize(&s, 10, 3);
    struct tb_canvas c = tb_canvas_whole(&s);
    is_str(bytes(&p, &s, TB_DEPTH_256), "\033[0m\033[2J\033[?25l", "an empty screen");
    is_str(bytes(&p, &s, TB_DEPTH_256), "", "nothing for the same frame");
    tb_canvas_text(&c, 2, 1, TB_STYLE_BAD, "ab");
    is_str(bytes(&p, &s, TB_DEPTH_256), "\033[2;3H\033[0;1;38;5;167mab", "what differs, in 256 colours");
    tb_sheet_clear(&s);
    is_str(bytes(&p, &s, TB_DEPTH_256), "\033[2;1H\033[0m\033[K", "a row that became blank");
    tb_canvas_text(&c, 9, 2, TB_STYLE_BAD, "x");
    p.has_sync = true;
    is_str(bytes(&p, &s, TB_DEPTH_256), "\033[?2026h\033[3;10H\033[0;1;38;5;167mx\033[?2026l", "at once");
    is_str(bytes(&p, &s, TB_DEPTH_256), "", "still nothing for the same frame");
    ok(strstr(bytes(&p, &s, TB_DEPTH_TRUE), ";38;2;217;83;79m") != NULL, "24 bits");
    ok(strstr(bytes(&p, &s, TB_DEPTH_16), "\033[0;1;31m") != NULL, "16 colours");
    ok(strstr(bytes(&p, &s, TB_DEPTH_MONO), "\033[0;1mx") != NULL, "none");
    tb_paint_free(&p);
    tb_sheet_free(&s);
}

static void test_mouse(void)
{
    struct tb_mouse m = { 0 };
    static const struct {
        const char *report;
        double at;
        uint32_t key;
        int x, y;
    } cases[] = {
        { "0;10;5M", 1, TB_PRESS_CLICK, 9, 4 }, { "0;10;5m", 1.1, TB_PRESS_RELEASE, 9, 4 },
        { "0;10;5M", 1.2, TB_PRESS_DOUBLE, 9, 4 }, { "0;10;5M", 1.3, TB_PRESS_CLICK, 9, 4 },
        { "0;10;5M", 2.0, TB_PRESS_CLICK, 9, 4 }, { "0;11;5M", 2.1, TB_PRESS_CLICK, 10, 4 },
        { "32;11;6M", 2.2, TB_PRESS_DRAG, 10, 5 }, { "2;1;1M", 2.3, TB_PRESS_RIGHT_CLICK, 0, 0 },
        { "64;300;90M", 2.4, TB_PRESS_WHEEL_UP, 299, 89 }, { "65;1;1M", 2.5, TB_PRESS_WHEEL_DOWN, 0, 0 },
        { "16;3;3M", 2.6, TB_PRESS_CLICK, 2, 2 }, { "35;3;3M", 2.7, TB_PRESS_NONE, 2, 2 },
        { "0;0;3M", 2.8, TB_PRESS_NONE, 0, 0 }, { "", 2.9, TB_PRESS_NONE, 0, 0 }, { "0;1;1", 3, TB_PRESS_NONE, 0, 0 },
        { "99999999999999999999", 3, TB_PRESS_NONE, 0, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tb_press p = tb_mouse_press(&m, cases[i].report, cases[i].at);
        ok(p.key == cases[i].key && p.x == cases[i].x && p.y == cases[i].y, "mouse %s at %.1f", cases[i].report,
           cases[i].at);
    }
}

#ifdef HAVE_VTERM
#include "tests/tui/emulator.h"

static uint32_t seed = 12345;

static uint32_t below(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static void scribble(struct tb_sheet *s)
{
    static const char *const words[] = { "abc", " ", "          ", "⣿⡇", "─│", "漢字", "e\xcc\x81",
                                         "▁▂▃", "x y  z" };
    struct tb_canvas c = tb_canvas_whole(s);
    if (below(5) == 0)
        tb_sheet_clear(s);
    for (uint32_t i = below(30); i > 0; i--)
        tb_canvas_text(&c, (int)below((uint32_t)s->width) - 1, (int)below((uint32_t)s->height),
                       below(TB_N_STYLES) | (below(4) ? 0 : TB_STYLE_REVERSE), words[below(9)]);
    s->cursor_x = below(2) ? (int)below((uint32_t)s->width) : -1;
    s->cursor_y = s->cursor_x < 0 ? -1 : (int)below((uint32_t)s->height);
}

static bool is_cell(const struct emulator *e, const struct tb_sheet *s, int x, int y)
{
    VTermScreenCell cell = emulator_cell(e, x, y);
    const struct tb_glyph *g = tb_sheet_at(s, x, y);
    char text[64] = "";
    size_t n = 0;
    if (g->width == 0)
        return true;
    for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++)
        n += tb_utf8_put(text + n, cell.chars[i]);
    struct tb_ink ink = tb_theme_ink(TB_DEPTH_256, g->style);
    bool is_default = VTERM_COLOR_IS_DEFAULT_FG(&cell.fg), is_space = strcmp(g->s, " ") == 0;
    return (strcmp(g->s, text) == 0 || (is_space && n == 0)) && cell.attrs.bold == !!(ink.bits & TB_STYLE_BOLD)
        && cell.attrs.reverse == !!(ink.bits & TB_STYLE_REVERSE)
        && (ink.fg < 0 ? is_default : VTERM_COLOR_IS_INDEXED(&cell.fg) && cell.fg.indexed.idx == ink.fg);
}

static void test_cells(void)
{
    struct emulator e;
    struct tb_paint p = { .has_sync = true };
    struct tb_sheet s = { .glyphs = TB_GLYPHS_BRAILLE };
    int wrong = 0, x = 0, y = 0;
    emulator_open(&e, 40, 12);
    tb_sheet_resize(&s, 40, 12);
    vterm_input_write(e.vt, "\033[?7l", 5);
    for (int i = 0; i < 2000 && !wrong; i++) {
        if (below(50) == 0) {
            tb_sheet_resize(&s, 1 + (int)below(60), 1 + (int)below(20));
            emulator_resize(&e, s.width, s.height);
        }
        scribble(&s);
        const char *b = bytes(&p, &s, TB_DEPTH_256);
        vterm_input_write(e.vt, b, strlen(b));
        for (y = 0; y < s.height && !wrong; y++)
            for (x = 0; x < s.width && !wrong; x++)
                wrong = !is_cell(&e, &s, x, y);
        wrong = wrong || e.has_cursor != (s.cursor_x >= 0);
    }
    ok(!wrong, "2,000 frames, cell by cell");
    if (wrong)
        printf("# at %d %d of %d x %d\n", x - 1, y - 1, s.width, s.height);
    vterm_free(e.vt);
    tb_paint_free(&p);
    tb_sheet_free(&s);
}
#endif

int main(void)
{
    test_bytes();
    test_mouse();
#ifdef HAVE_VTERM
    test_cells();
#else
    skip("frames cell by cell", "libvterm is not there");
#endif
    return done();
}
