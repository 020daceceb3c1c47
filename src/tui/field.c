/* SPDX-License-Identifier: MIT */
/* field.c - editing by characters; marks of width 0 go with the character before them. */
#include "tui/field.h"

#include <string.h>

#include "base/utf8.h"

const char *tb_field_text(const struct tb_field *f)
{
    return f->text.p && f->text.n ? f->text.p : "";
}

void tb_field_free(struct tb_field *f)
{
    tb_buf_free(&f->text);
    *f = (struct tb_field){ 0 };
}

/* Characters of s that may stand in a line, as many as fit. */
static void take(struct tb_buf *to, const char *s, size_t n, size_t most)
{
    uint32_t cp;
    for (size_t i = 0, step; i < n; i += step) {
        step = tb_utf8_step(s + i, n - i, &cp);
        if (step && to->n + step > most)
            return;
        if (step && tb_press_is_text(cp))
            tb_buf_add(to, s + i, step);
        else if (step)
            tb_buf_char(to, ' ');
        step = step ? step : 1;
    }
}

static void insert(struct tb_field *f, const char *s, size_t n)
{
    struct tb_buf whole = { 0 };
    tb_buf_add(&whole, tb_field_text(f), f->cursor);
    take(&whole, s, n, TB_FIELD_MOST - (f->text.n - f->cursor));
    size_t cursor = whole.n;
    f->was_cut = n > cursor - f->cursor && TB_FIELD_MOST - f->text.n < n;
    tb_buf_str(&whole, tb_field_text(f) + f->cursor);
    tb_buf_free(&f->text);
    f->text = whole;
    f->cursor = cursor;
}

void tb_field_set(struct tb_field *f, const char *text)
{
    tb_buf_clear(&f->text);
    f->cursor = 0;
    insert(f, text, strlen(text));
}

static size_t before(const struct tb_field *f, size_t at)
{
    const char *s = tb_field_text(f);
    while (at > 0) {
        do
            at--;
        while (at > 0 && (s[at] & 0xc0) == 0x80);
        if (tb_utf8_width(s + at, tb_utf8_step(s + at, f->text.n - at, NULL)) > 0)
            break;
    }
    return at;
}

static size_t behind(const struct tb_field *f, size_t at)
{
    const char *s = tb_field_text(f);
    size_t step;
    if (at < f->text.n)
        at += tb_utf8_step(s + at, f->text.n - at, NULL);
    while (at < f->text.n && (step = tb_utf8_step(s + at, f->text.n - at, NULL)) && tb_utf8_width(s + at, step) == 0)
        at += step;
    return at;
}

static size_t word_before(const struct tb_field *f)
{
    size_t at = f->cursor;
    const char *s = tb_field_text(f);
    while (at > 0 && s[at - 1] == ' ')
        at--;
    while (at > 0 && s[at - 1] != ' ')
        at--;
    return at;
}

static void cut(struct tb_field *f, size_t from, size_t to)
{
    if (to > from) {
        memmove(f->text.p + from, f->text.p + to, f->text.n - to + 1);
        f->text.n -= to - from;
    }
    f->cursor = from;
}

static bool edit(struct tb_field *f, uint32_t key)
{
    switch (key) {
    case TB_PRESS_LEFT: f->cursor = before(f, f->cursor); return true;
    case TB_PRESS_RIGHT: f->cursor = behind(f, f->cursor); return true;
    case TB_PRESS_HOME:
    case TB_CTRL('a'): f->cursor = 0; return true;
    case TB_PRESS_END:
    case TB_CTRL('e'): f->cursor = f->text.n; return true;
    case TB_CTRL('h'):
    case TB_PRESS_BACKSPACE: cut(f, before(f, f->cursor), f->cursor); return true;
    case TB_PRESS_DELETE: cut(f, f->cursor, behind(f, f->cursor)); return true;
    case TB_CTRL('w'): cut(f, word_before(f), f->cursor); return true;
    case TB_CTRL('u'): cut(f, 0, f->cursor); return true;
    case TB_CTRL('k'): cut(f, f->cursor, f->text.n); return true;
    default: return false;
    }
}

bool tb_field_press(struct tb_field *f, const struct tb_press *p)
{
    char utf8[4];
    if (p->key == TB_PRESS_PASTE)
        insert(f, p->text, p->n);
    else if (tb_press_is_text(p->key))
        insert(f, utf8, tb_utf8_put(utf8, p->key));
    else
        return edit(f, p->key);
    return true;
}

void tb_field_draw(const struct tb_field *f, struct tb_canvas *c, int x, int y, int width, unsigned style,
                   bool has_focus)
{
    struct tb_canvas part = tb_canvas_part(c, (struct tb_rect){ x, y, width, 1 });
    const char *s = tb_field_text(f);
    size_t from = f->cursor, end;
    /* From the cursor backwards: a field may hold much. */
    for (size_t to = before(f, from); to < from && tb_utf8_width(s + to, f->cursor - to) < width; to = before(f, from))
        from = to;
    end = from + tb_text_fit(s + from, f->text.n - from, width);
    tb_canvas_fill(&part, tb_canvas_rect(&part), style);
    tb_canvas_bytes(&part, 0, 0, style, s + from, end - from);
    if (has_focus)
        tb_canvas_cursor(&part, tb_utf8_width(s + from, f->cursor - from), 0);
}
