/* SPDX-License-Identifier: MIT */
/* shot.h - a screen driven by keys inside a test, whose children the test program plays itself (main with arguments),
 * so that all figures are the same everywhere. What is drawn is compared with tests/tui/NAME.SIZE.frame: the text of
 * the screen's rows, then a letter for the style of each cell. TB_WRITE_FRAMES=1 writes them. */
#ifndef TB_TESTS_TUI_SHOT_H
#define TB_TESTS_TUI_SHOT_H

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "tests/tap.h"
#include "tui/tui_priv.h"
#include "tui/screen.h"

static struct tb_tui shot_tui;
static char *shot_frames, *shot_dir;

/* In an empty folder, with no store, at the screen of that name. */
static inline bool shot_open(const char *screen)
{
    const char *tmp = getenv("TMPDIR"), *src = getenv("srcdir");
    struct tb_tui_flags f = { .script = "keys" };
    struct tb_err err = { 0 };
    char *real = realpath(src ? src : ".", NULL);
    shot_frames = tb_path_join(real, "tests/tui");
    free(real);
    shot_dir = tb_xasprintf("%s/tb-shot-XXXXXX", tmp ? tmp : "/tmp");
    unsetenv("TUNEBENCH_STORE");
    return ok(mkdtemp(shot_dir) && chdir(shot_dir) == 0 && tb_tui_open(&shot_tui, &f, &err)
                  && tb_desk_go(&shot_tui.desk, screen),
              "the workbench in an empty folder: %s", err.text);
}

static inline void shot_close(void)
{
    tb_tui_close(&shot_tui);
    ok(chdir("/") == 0 && tb_dir_remove(shot_dir, NULL), "the folder is removed");
    free(shot_frames);
    free(shot_dir);
}

/* Until every child has answered. */
static inline void shot_wait(void)
{
    double until = tb_clock_mono_s() + 60;
    tb_tui_settle(&shot_tui);
    while (tb_tui_is_busy(&shot_tui) && tb_clock_mono_s() < until) {
        tb_clock_nap(0.002);
        tb_tui_work(&shot_tui);
    }
    tb_tui_settle(&shot_tui);
}

/* Keys by name, "down down enter"; "'text" is typed. */
static inline void shot_press(const char *keys)
{
    char *copy = tb_xstrdup(keys), *rest = copy;
    for (char *word; (word = strsep(&rest, " "));) {
        const char *s = word + 1;
        uint32_t cp;
        size_t n;
        if (*word != '\'')
            tb_tui_press(&shot_tui, &(struct tb_press){ .key = tb_press_named(word) });
        for (; *word == '\'' && (n = tb_utf8_step(s, strlen(s), &cp)); s += n)
            tb_tui_press(&shot_tui, &(struct tb_press){ .key = cp == '_' ? ' ' : cp });
    }
    free(copy);
}

static inline char *shot_take(int width, int height)
{
    struct tb_sheet sheet = { .glyphs = TB_GLYPHS_BRAILLE };
    struct tb_screen *s = tb_route_screen(&shot_tui.desk);
    struct tb_buf b = { 0 };
    tb_sheet_resize(&sheet, width, height);
    tb_sheet_clear(&sheet);
    struct tb_canvas c = tb_canvas_whole(&sheet);
    s->class->draw(s, &c);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++)
            if (tb_sheet_at(&sheet, x, y)->width)
                tb_buf_str(&b, *tb_sheet_at(&sheet, x, y)->s ? tb_sheet_at(&sheet, x, y)->s : " ");
        while (b.n && b.p[b.n - 1] == ' ')
            b.n--;
        tb_buf_char(&b, '\n');
    }
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            unsigned style = tb_sheet_at(&sheet, x, y)->style;
            tb_buf_char(&b, (char)((style & TB_STYLE_REVERSE ? 'A' : 'a') + (int)(style & TB_STYLE_NAME)));
        }
        tb_buf_char(&b, '\n');
    }
    tb_sheet_free(&sheet);
    return tb_buf_take(&b);
}

/* The area of a screen on a terminal of that size. */
static inline void shot(const char *name, int width, int height)
{
    struct tb_rect area = tb_frame_area(width, height);
    char *file = tb_xasprintf("%s/%s.%dx%d.frame", shot_frames, name, width, height), *now, *golden;
    tb_tui_resize(&shot_tui, width, height);
    tb_tui_settle(&shot_tui);
    now = shot_take(area.width, area.height);
    if (getenv("TB_WRITE_FRAMES"))
        tb_file_replace(file, now, strlen(now), NULL);
    golden = tb_file_read(file, 1 << 20, NULL, NULL);
    if (!ok(golden && strcmp(now, golden) == 0, "%s at %dx%d", name, width, height))
        for (char *line = strtok(now, "\n"); line; line = strtok(NULL, "\n"))
            printf("# %s\n", line);
    free(now);
    free(golden);
    free(file);
}

#endif
