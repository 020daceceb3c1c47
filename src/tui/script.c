/* SPDX-License-Identifier: MIT */
/* script.c - keys out of a file, frames into files; no terminal is touched. A line of the file is one of
 *     down down enter      keys by name (press.h)
 *     type some text       as typed, to the end of the line
 *     paste 1000 text      that text 1,000 times, as one paste
 *     click 10 5           also double, right-click, drag, release, wheel-up, wheel-down
 *     size 80x24
 *     answers FILE         children that stay open (a chat) say what is written in it (tb_child_play)
 *     wait                 until every verb has answered (10 s at most)
 *     frame name           writes DIR/name.frame
 *     # a comment
 * A frame is the text of all rows; with colours a map of styles follows, a letter a cell, and what each letter is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "tui/tui_priv.h"

enum { SCRIPT_BYTES = 1 << 20, MOST_LOOKS = 52, WAIT_S = 10 };

struct script {
    struct tb_tui *t;
    const char *path, *frames;
    int line;
};

static bool wrong(const struct script *s, struct tb_err *err, const char *what)
{
    return tb_fail_at(err, TB_ERR_USAGE, s->path, s->line, "%.80s", what);
}

static bool read_size(const char *text, int *width, int *height)
{
    char more;
    return text && sscanf(text, "%dx%d%c", width, height, &more) == 2 && *width > 0 && *height > 0 && *width <= 1000
        && *height <= 1000;
}

/* ---- frames */

static void add_rows(struct tb_buf *b, const struct tb_sheet *s)
{
    for (int y = 0; y < s->height; y++) {
        size_t end = b->n;
        for (int x = 0; x < s->width; x++) {
            const struct tb_glyph *g = tb_sheet_at(s, x, y);
            tb_buf_str(b, g->s);
            end = g->s[0] && strcmp(g->s, " ") != 0 ? b->n : end;
        }
        b->n = end;
        tb_buf_char(b, '\n');
    }
}

struct looks {
    struct tb_ink ink[MOST_LOOKS];
    int n;
};

static char letter(int i)
{
    return (char)(i < 26 ? 'a' + i : 'A' + i - 26);
}

/* '.' for text as it is, else a letter for each look. */
static char letter_of(struct looks *l, enum tb_depth depth, unsigned style)
{
    static const struct tb_ink plain = { -1, -1, 0 };
    struct tb_ink ink = tb_theme_ink(depth, style);
    int i = 0;
    if (tb_ink_is(ink, plain))
        return '.';
    while (i < l->n && !tb_ink_is(l->ink[i], ink))
        i++;
    if (i == l->n && i < MOST_LOOKS)
        l->ink[l->n++] = ink;
    return i < MOST_LOOKS ? letter(i) : '?';
}

static void add_looks(struct tb_buf *b, const struct tb_sheet *s, enum tb_depth depth)
{
    struct looks l = { .n = 0 };
    tb_buf_str(b, "-- styles\n");
    for (int y = 0; y < s->height; y++) {
        size_t end = b->n;
        for (int x = 0; x < s->width; x++) {
            char look = letter_of(&l, depth, tb_sheet_at(s, x, y)->style);
            tb_buf_char(b, look);
            end = look == '.' ? end : b->n;
        }
        b->n = end;
        tb_buf_char(b, '\n');
    }
    for (int i = 0; i < l.n; i++)
        tb_buf_fmt(b, "%c: color %d%s%s%s%s\n", letter(i), (int)l.ink[i].fg,
                   l.ink[i].bits & TB_STYLE_BOLD ? " bold" : "", l.ink[i].bits & TB_STYLE_FAINT ? " faint" : "",
                   l.ink[i].bits & TB_STYLE_UNDERLINE ? " underline" : "",
                   l.ink[i].bits & TB_STYLE_REVERSE ? " reverse" : "");
}

static bool write_frame(const struct script *s, const char *name, struct tb_err *err)
{
    struct tb_buf b = { 0 };
    if (!*name || strchr(name, '/') || !s->frames)
        return wrong(s, err, s->frames ? "frame: a name is missing" : "frame: --frames DIR is missing");
    tb_tui_settle(s->t);
    tb_tui_draw(s->t);
    add_rows(&b, &s->t->sheet);
    if (s->t->desk.depth != TB_DEPTH_MONO)
        add_looks(&b, &s->t->sheet, s->t->desk.depth);
    char *path = tb_xasprintf("%s/%s.frame", s->frames, name);
    bool good = tb_file_replace(path, b.p, b.n, err);
    free(path);
    tb_buf_free(&b);
    return good;
}

/* ---- lines */

static void type(const struct script *s, const char *text)
{
    for (size_t n; *text; text += n) {
        struct tb_press p = { 0 };
        n = tb_utf8_step(text, strlen(text), &p.key);
        n = n ? n : 1;
        if (p.key)
            tb_tui_press(s->t, &p);
    }
}

static void wait_for_acts(const struct script *s)
{
    double until = tb_clock_mono_s() + WAIT_S;
    tb_tui_work(s->t);
    while (tb_tui_is_busy(s->t) && tb_clock_mono_s() < until) {
        tb_clock_nap(0.01);
        tb_tui_work(s->t);
    }
    tb_tui_settle(s->t);
}

static bool paste(const struct script *s, const char *rest, struct tb_err *err)
{
    char *text;
    long n = strtol(rest, &text, 10);
    struct tb_buf b = { 0 };
    if (n < 1 || n > 1000000 || *text != ' ')
        return wrong(s, err, "paste: expected a count and a text");
    for (long i = 0; i < n && b.n < SCRIPT_BYTES; i++)
        tb_buf_str(&b, text + 1);
    tb_tui_press(s->t, &(struct tb_press){ .key = TB_PRESS_PASTE, .text = b.p, .n = b.n });
    tb_buf_free(&b);
    return true;
}

static bool mouse(const struct script *s, uint32_t key, const char *rest, struct tb_err *err)
{
    struct tb_press p = { .key = key };
    if (sscanf(rest, "%d %d", &p.x, &p.y) != 2)
        return wrong(s, err, "expected a column and a row");
    tb_tui_draw(s->t); /* places that can be clicked are those of the last frame */
    tb_tui_press(s->t, &p);
    return true;
}

static bool keys(const struct script *s, char *line, struct tb_err *err)
{
    for (char *word; (word = strsep(&line, " "));) {
        struct tb_press p = { .key = tb_press_named(word) };
        if (*word && p.key == TB_PRESS_NONE) {
            char *what = tb_xasprintf("no key is called '%s'", word);
            wrong(s, err, what);
            free(what);
            return false;
        }
        if (*word)
            tb_tui_press(s->t, &p);
        if (s->t->desk.program)
            tb_tui_run_program(s->t);
    }
    return true;
}

static const struct {
    const char *word;
    uint32_t key;
} mice[] = {
    { "click", TB_PRESS_CLICK }, { "double", TB_PRESS_DOUBLE }, { "right-click", TB_PRESS_RIGHT_CLICK },
    { "drag", TB_PRESS_DRAG }, { "release", TB_PRESS_RELEASE }, { "wheel-up", TB_PRESS_WHEEL_UP },
    { "wheel-down", TB_PRESS_WHEEL_DOWN },
};

static bool take_answers(const struct script *s, const char *path, struct tb_err *err)
{
    struct tb_desk *d = &s->t->desk;
    free(d->answers);
    d->answers_at = d->answers = tb_file_read(path, SCRIPT_BYTES, NULL, err);
    return d->answers != NULL;
}

static bool obey(const struct script *s, char *line, struct tb_err *err)
{
    char *rest = strchr(line, ' ');
    size_t n = rest ? (size_t)(rest - line) : strlen(line);
    int width, height;
    rest = rest ? rest + 1 : line + n;
#define IS(word) (n == sizeof word - 1 && strncmp(line, word, n) == 0)
    if (n == 0 || *line == '#')
        return true;
    if (IS("type"))
        return type(s, rest), true;
    if (IS("wait"))
        return wait_for_acts(s), true;
    if (IS("frame"))
        return write_frame(s, rest, err);
    if (IS("answers"))
        return take_answers(s, rest, err);
    if (IS("paste"))
        return paste(s, rest, err);
    for (size_t i = 0; i < sizeof mice / sizeof *mice; i++)
        if (strncmp(line, mice[i].word, n) == 0 && !mice[i].word[n])
            return mouse(s, mice[i].key, rest, err);
    if (IS("size")) {
        if (!read_size(rest, &width, &height))
            return wrong(s, err, "size: expected 80x24");
        return tb_tui_resize(s->t, width, height), true;
    }
#undef IS
    return keys(s, line, err);
}

int tb_script_run(struct tb_tui *t, const struct tb_tui_flags *f, struct tb_err *err)
{
    struct script s = { t, f->script, f->frames, 0 };
    int width = 80, height = 24;
    char *text = tb_file_read(f->script, SCRIPT_BYTES, NULL, err), *rest = text;
    bool good = text != NULL;
    if (good && f->size && !read_size(f->size, &width, &height))
        good = tb_fail(err, TB_ERR_USAGE, "--size %.40s: expected 100x30", f->size);
    if (good && f->frames)
        good = tb_dir_make(f->frames, 0777, err);
    tb_tui_resize(t, width, height);
    if (good)
        tb_tui_settle(t);
    for (char *line; good && !t->desk.wants_leave && (line = strsep(&rest, "\n")); s.line++)
        good = obey(&s, line, err);
    free(text);
    return good ? 0 : tb_err_exit(err->kind);
}
