/* SPDX-License-Identifier: MIT */
/* Every screen at all sizes from 20 x 5 to 400 x 120: it draws on its own canvas alone, and nothing that may not be
 * sent. */
#include "tests/tui/rig.h"

enum { MARGIN = 3 };
static int n_sizes; /* TB_SIZES; all widths and heights are met with 1000 */
static const char mark[] = "~";

/* Marks around the canvas are as they were. */
static bool kept_inside(const struct tb_sheet *s, int width, int height)
{
    for (int y = 0; y < s->height; y++)
        for (int x = 0; x < s->width; x++) {
            bool is_inside = x >= MARGIN && y >= MARGIN && x < MARGIN + width && y < MARGIN + height;
            if (!is_inside && strcmp(tb_sheet_at(s, x, y)->s, mark) != 0)
                return false;
        }
    return true;
}

static const char *draw_at(struct tb_screen *screen, int width, int height)
{
    static struct tb_sheet s;
    s.glyphs = TB_GLYPHS_BRAILLE;
    tb_sheet_resize(&s, width + 2 * MARGIN, height + 2 * MARGIN);
    struct tb_canvas whole = tb_canvas_whole(&s),
                     c = tb_canvas_part(&whole, (struct tb_rect){ MARGIN, MARGIN, width, height });
    for (int y = 0; y < s.height; y++)
        for (int x = 0; x < s.width; x++)
            tb_canvas_text(&whole, x, y, TB_STYLE_PLAIN, mark);
    tb_canvas_fill(&c, tb_canvas_rect(&c), TB_STYLE_PLAIN);
    s.cursor_x = s.cursor_y = -1;
    screen->class->draw(screen, &c);
    bool is_cursor_in = s.cursor_x < 0 || tb_rect_has((struct tb_rect){ MARGIN, MARGIN, width, height }, s.cursor_x,
                                                      s.cursor_y);
    const char *wrong = !kept_inside(&s, width, height) ? "it drew outside"
                      : is_cursor_in ? rig_wrong(&s) : "the cursor is outside";
    if (width == 400 && height == 120)
        tb_sheet_free(&s);
    return wrong;
}

/* All widths and all heights, each with some of the other; the whole square would take minutes. */
static void all_sizes(struct tb_screen *screen, const char *what)
{
    const char *wrong = NULL;
    int width = 20, height = 5;
    for (int i = 0; !wrong && i <= n_sizes; i++) {
        wrong = draw_at(screen, width, height);
        if (wrong)
            break;
        width = i == n_sizes - 1 ? 400 : 20 + (width - 20 + 151) % 381;
        height = i == n_sizes - 1 ? 120 : 5 + (height - 5 + 45) % 116;
    }
    ok(!wrong, "%s, %s: %d sizes", screen->class->name, what, n_sizes + 1);
    if (wrong)
        printf("# %d x %d: %s\n", width, height, wrong);
}

/* As the frame lays it out, down to where it says that there is no room. */
static void frames(struct tb_tui *t, const char *what)
{
    const char *wrong = NULL;
    for (int width = 1; !wrong && width <= 400; width += width < 130 && n_sizes >= 1000 ? 1 : 27)
        for (int height = 1; !wrong && height <= 120; height += height < 20 ? 3 : 29) {
            tb_tui_resize(t, width, height);
            tb_tui_draw(t);
            wrong = rig_wrong(&t->sheet);
            if (wrong)
                printf("# %d x %d: %s\n", width, height, wrong);
        }
    ok(!wrong, "%s, %s: frames", tb_route_screen(&t->desk)->class->name, what);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return rig_verb(argc, argv);
    n_sizes = getenv("TB_SIZES") ? atoi(getenv("TB_SIZES")) : 200;
    if (!rig_open()) {
        skip("screens at all sizes", "tests/bin/make_store is not built");
        rig_close();
        return done();
    }
    struct tb_tui *t = rig_start(80, 24);
    for (int i = 0; i < t->desk.n_screens; i++) {
        tb_tui_resize(t, 120, 40);
        tb_tui_press(t, &(struct tb_press){ .key = (uint32_t)t->desk.screen[i].class->key });
        tb_tui_settle(t);
        all_sizes(&t->desk.screen[i], "as it opens");
        frames(t, "as it opens");
        for (const char *keys = "*\t "; *keys; keys++)
            tb_tui_press(t, &(struct tb_press){ .key = (uint32_t)*keys });
        tb_tui_settle(t);
        all_sizes(&t->desk.screen[i], "with marks");
        tb_tui_press(t, &(struct tb_press){ .key = TB_PRESS_ESC });
        tb_tui_press(t, &(struct tb_press){ .key = '*' });
    }
    tb_tui_close(t);
    rig_close();
    return done();
}
