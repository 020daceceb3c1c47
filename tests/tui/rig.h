/* SPDX-License-Identifier: MIT */
/* rig.h - the workbench in the test's own process, on a made store and no terminal; what must hold of every frame; and
 * the verbs it runs, which are this very test, answering whatever a hostile program might.
 * main: `if (argc > 1) return rig_verb(argc, argv);` first. */
#ifndef TB_TESTS_TUI_RIG_H
#define TB_TESTS_TUI_RIG_H

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/utf8.h"
#include "tests/recipes/words.h"
#include "tests/tap.h"
#include "tui/tui_priv.h"

static char rig_place[256];

/* ---- verbs */

static const char *const rig_answers[] = {
    "", "done\n", "one\ntwo\nthree\n", "\033[2J\033]0;title\a\xe2\x80\xae out of order\n\xff\xfe\n",
    "[]", "[{\"id\":\"1111111111111111\",\"name\":\"x\",\"text\":\"did it\",\"inverse\":\"tunebench tag x -y\"}]",
    "[{\"id\":5,\"name\":null,\"error\":\"\\u001b[31mno\",\"inverse\":[1]}, 7, \"x\", {\"inverse\":\"'open\"}]",
    "{\"event\":\"ready\"}\n{\"event\":\"piece\",\"id\":\"1\",\"text\":\"\\u0007\\u202e\"}\n{\"event\":\"end\"}\n{\n",
    "{\"models\":[{}],\"data\":[{\"path\":3}],\"runs\":[{\"method\":{}}],\"arms\":null,\"id\":1,\"error\":{}}\n",
    "stop\tends a run\n\ttab first\nlora-r16-s0\n\033[1m\tbold\n",
};
enum { RIG_ANSWERS = sizeof rig_answers / sizeof *rig_answers };

/* By its words alone, so that a seed tells a walk. */
static int rig_verb(int argc, char **argv)
{
    uint32_t h = 2166136261u;
    for (int i = 1; i < argc; i++)
        h = h * 31 + tb_fnv1a32(argv[i], strlen(argv[i]));
    fputs(rig_answers[h % RIG_ANSWERS], stdout);
    if (h & 64)
        fputs("tunebench: \033[31mit could not\n", stderr);
    return h & 128 ? (int)(h >> 8 & 3) : 0;
}

/* ---- places */

/* A place of its own, which is the working folder from now on, with a store if one can be made. */
static bool rig_open(void)
{
    char *tool = tb_xasprintf("%.*smake_store", (int)(tb_path_base(tb_proc_self()) - tb_proc_self()), tb_proc_self());
    int status = -1;
    char *argv[] = { tool, "tunebench.d", NULL };
    words_add();
    snprintf(rig_place, sizeof rig_place, "%s/tunebench-rig-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    bool good = mkdtemp(rig_place) && chdir(rig_place) == 0;
    setenv("XDG_STATE_HOME", rig_place, 1);
    setenv("XDG_CACHE_HOME", rig_place, 1);
    setenv("TUNEBENCH_NOW", "2026-01-02T03:04:05Z", 1);
    setenv("EDITOR", "true", 1);
    unsetenv("VISUAL");
    unsetenv("TUNEBENCH_STORE");
    good = good && access(tool, X_OK) == 0
        && tb_proc_run(argv, NULL, 0, &(struct tb_proc_limits){ .wall_s = 60 }, NULL, NULL, &status, NULL);
    free(tool);
    return good && status == 0;
}

static void rig_close(void)
{
    if (chdir("/") == 0)
        tb_dir_remove(rig_place, NULL);
}

static struct tb_tui *rig_start(int width, int height)
{
    static struct tb_tui t;
    struct tb_tui_flags f = { .store = "tunebench.d" };
    struct tb_err err = { 0 };
    if (!tb_tui_open(&t, &f, &err)) {
        printf("Bail out! %s\n", err.text);
        exit(1);
    }
    tb_tui_resize(&t, width, height);
    tb_tui_settle(&t);
    return &t;
}

/* ---- what must hold of every frame */

static bool rig_is_harmless(uint32_t cp)
{
    return cp >= ' ' && cp != 0x7f && !(cp >= 0x80 && cp < 0xa0) && !(cp >= 0x202a && cp <= 0x202e)
        && !(cp >= 0x2066 && cp <= 0x2069) && cp != 0x200e && cp != 0x200f && cp != 0x061c && cp != 0x2028
        && cp != 0x2029;
}

/* NULL, or what is wrong with a cell of it. */
static const char *rig_wrong_cell(const struct tb_sheet *s, int x, int y)
{
    const struct tb_glyph *g = tb_sheet_at(s, x, y);
    size_t n = strlen(g->s), step;
    if ((g->width == 0) != (x > 0 && tb_sheet_at(s, x - 1, y)->width == 2) || g->width > 2
        || (g->width == 2 && x + 1 == s->width))
        return "halves of wide characters";
    if ((g->width == 0) != (n == 0) || (n && tb_utf8_width(g->s, n) != g->width))
        return "bytes and width differ";
    for (size_t i = 0; i < n; i += step) {
        uint32_t cp = 0;
        step = tb_utf8_step(g->s + i, n - i, &cp);
        if (!step || !rig_is_harmless(cp) || (s->glyphs == TB_GLYPHS_ASCII && cp > 0x7f))
            return "a character that must not be sent";
    }
    return (g->style & TB_STYLE_NAME) < TB_N_STYLES ? NULL : "no such style";
}

static const char *rig_wrong(const struct tb_sheet *s)
{
    const char *wrong = NULL;
    for (int y = 0; !wrong && y < s->height; y++)
        for (int x = 0; !wrong && x < s->width; x++)
            wrong = rig_wrong_cell(s, x, y);
    if (!wrong && (s->cursor_x >= s->width || s->cursor_y >= s->height))
        return "the cursor is outside";
    return wrong;
}

#endif
