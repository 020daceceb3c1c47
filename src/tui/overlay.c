/* SPDX-License-Identifier: MIT */
/* overlay.c - opening, keys and drawing of what lies over a screen. Lines are typed where messages stand, so the screen
 * stays in sight; panes of text cover it. */
#include "tui/overlay_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/history.h"

enum { LEAST_FIELD = 12 };

static const char answers[] = "  y/N ";

void tb_overlay_close(struct tb_desk *d)
{
    struct tb_overlay *o = d->overlay;
    if (!o)
        return;
    tb_palette_clear(o);
    tb_field_free(&o->field);
    tb_text_free(&o->text);
    free(o->label);
    free(o);
    d->overlay = NULL;
}

struct tb_overlay *tb_overlay_open(struct tb_desk *d, enum tb_overlay_kind kind, const char *label)
{
    tb_overlay_close(d);
    d->overlay = tb_xcalloc(1, sizeof *d->overlay);
    d->overlay->kind = kind;
    d->overlay->label = tb_xstrdup(label);
    d->overlay->width = 40;
    d->overlay->height = 10;
    return d->overlay;
}

void tb_overlay_ask(struct tb_desk *d, const char *label, const char *initial, const struct tb_bind *bind, int act)
{
    struct tb_overlay *o = tb_overlay_open(d, TB_OVERLAY_ASK, label);
    o->bind = bind;
    o->act = act;
    tb_field_set(&o->field, initial ? initial : "");
}

void tb_overlay_confirm(struct tb_desk *d, const char *question, const struct tb_bind *bind)
{
    tb_overlay_open(d, TB_OVERLAY_CONFIRM, question)->bind = bind;
}

struct tb_text *tb_overlay_text(struct tb_desk *d, const char *title)
{
    return &tb_overlay_open(d, TB_OVERLAY_TEXT, title)->text;
}

/* ---- keys */

/* Closes it and goes on with what it was for. */
static unsigned go_on(struct tb_desk *d)
{
    const struct tb_bind *bind = d->overlay->bind;
    int act = d->overlay->act;
    if (d->overlay->kind == TB_OVERLAY_ASK)
        tb_history_add(d->history, d->overlay->label, tb_field_text(&d->overlay->field));
    free(d->text);
    d->text = tb_xstrdup(tb_field_text(&d->overlay->field));
    tb_overlay_close(d);
    return TB_DO_HANDLED | TB_DO_DRAW | tb_route_do(d, bind, act);
}

static unsigned press_filter(struct tb_desk *d, const struct tb_press *p)
{
    struct tb_screen *s = tb_route_screen(d);
    struct tb_err err = { 0 };
    char *text = tb_xstrdup(tb_field_text(&d->overlay->field));
    bool good = s->class->set_filter ? s->class->set_filter(s, text, &err) : tb_desk_choose(d, text, NULL, NULL, &err);
    free(text);
    if (p->key == '\n' && good) {
        tb_history_add(d->history, d->overlay->label, tb_field_text(&d->overlay->field));
        tb_overlay_close(d);
    }
    if (good)
        tb_desk_say(d, TB_STYLE_MESSAGE, "%s", "");
    else
        tb_desk_fail(d, &err);
    return TB_DO_HANDLED | TB_DO_LOAD;
}

/* Lines that were typed before, with the arrows, in the palette ^p ^n: its arrows choose. */
static bool press_history(struct tb_desk *d, uint32_t key)
{
    struct tb_overlay *o = d->overlay;
    bool is_palette = o->kind == TB_OVERLAY_PALETTE, is_up = key == TB_CTRL('p') || (key == TB_PRESS_UP && !is_palette),
         is_down = key == TB_CTRL('n') || (key == TB_PRESS_DOWN && !is_palette);
    size_t back = is_up ? o->back + 1 : o->back ? o->back - 1 : 0;
    const char *line = back ? tb_history_at(d->history, o->label, back - 1) : "";
    if (!is_up && !is_down)
        return false;
    if (!line || (is_down && !o->back))
        return true;
    o->back = back;
    tb_field_set(&o->field, line);
    return true;
}

static unsigned press_line(struct tb_desk *d, const struct tb_press *p)
{
    struct tb_overlay *o = d->overlay;
    if (o->kind == TB_OVERLAY_PALETTE && tb_palette_press(d, p))
        return TB_DO_HANDLED | TB_DO_DRAW | TB_DO_LOAD;
    if (p->key == '\n' && o->kind == TB_OVERLAY_ASK)
        return go_on(d);
    bool is_edit = press_history(d, p->key) || tb_field_press(&o->field, p);
    if (o->field.was_cut)
        tb_desk_say(d, TB_STYLE_WARN, "pasted text was cut to %d bytes", TB_FIELD_MOST);
    o->field.was_cut = false;
    if (o->kind == TB_OVERLAY_FILTER && (is_edit || p->key == '\n'))
        return press_filter(d, p);
    if (o->kind == TB_OVERLAY_PALETTE && is_edit)
        tb_palette_update(d);
    return TB_DO_HANDLED | TB_DO_DRAW;
}

/* Typing into the search line of a pane. */
static unsigned press_search(struct tb_desk *d, const struct tb_press *p)
{
    struct tb_overlay *o = d->overlay;
    if (p->key == '\n' && o->kind == TB_OVERLAY_LOG && o->act) {
        tb_log_save(d, tb_field_text(&o->field));
        return TB_DO_HANDLED | TB_DO_DRAW;
    }
    if (p->key == '\n')
        o->is_searching = false;
    else if (!tb_field_press(&o->field, p))
        return TB_DO_HANDLED;
    else if (o->kind == TB_OVERLAY_KEYS)
        tb_help_fill(d, tb_field_text(&o->field));
    else if (!o->act)
        tb_text_find(&o->text, o->width, tb_field_text(&o->field), 1);
    return TB_DO_HANDLED | TB_DO_DRAW;
}

static unsigned press_pane(struct tb_desk *d, const struct tb_press *p)
{
    struct tb_overlay *o = d->overlay;
    const struct tb_bind *same = tb_bind_of(tb_binds_global, p->key);
    struct tb_press as = *p;
    if (o->is_searching || (o->kind == TB_OVERLAY_KEYS && tb_press_is_text(p->key)))
        return press_search(d, p);
    if (p->key == 'q') {
        tb_overlay_close(d);
        return TB_DO_HANDLED | TB_DO_DRAW;
    }
    if (p->key == '\n' && o->bind)
        return go_on(d);
    if (p->key == '/' || (p->key == 'w' && o->kind == TB_OVERLAY_LOG)) {
        o->is_searching = true;
        o->act = p->key == 'w';
        tb_field_set(&o->field, o->act ? "session.sh" : "");
    } else if (p->key == 'n' || p->key == 'N') {
        tb_text_find(&o->text, o->width, NULL, p->key == 'n' ? 1 : -1);
    } else {
        as.key = same && same->as ? same->as : p->key;
        tb_text_press(&o->text, o->width, o->height, &as);
    }
    return TB_DO_HANDLED | TB_DO_DRAW;
}

static unsigned leave(struct tb_desk *d)
{
    struct tb_overlay *o = d->overlay;
    bool was_searching = o->is_searching && o->kind != TB_OVERLAY_KEYS;
    o->is_searching = false;
    if (!was_searching)
        tb_overlay_close(d);
    return TB_DO_HANDLED | TB_DO_DRAW;
}

unsigned tb_overlay_press(struct tb_desk *d, const struct tb_press *p)
{
    if (p->key == TB_PRESS_ESC || p->key == TB_CTRL('c'))
        return leave(d);
    switch (d->overlay->kind) {
    case TB_OVERLAY_CONFIRM:
        if (p->key == 'y' || p->key == 'Y')
            return go_on(d);
        if (tb_press_is_mouse(p->key))
            return TB_DO_HANDLED;
        tb_desk_say(d, TB_STYLE_MESSAGE, "not done");
        return leave(d);
    case TB_OVERLAY_TEXT:
    case TB_OVERLAY_KEYS:
    case TB_OVERLAY_LOG:
        return press_pane(d, p);
    default:
        return press_line(d, p);
    }
}

/* ---- drawing */

static void draw_pane(const struct tb_overlay *o, struct tb_canvas *area)
{
    struct tb_rect whole = tb_canvas_rect(area), in;
    tb_canvas_fill(area, whole, TB_STYLE_PLAIN);
    in = tb_canvas_box(area, whole, o->label);
    struct tb_canvas part = tb_canvas_part(area, (struct tb_rect){ in.x + 1, in.y, in.width - 2, in.height });
    ((struct tb_overlay *)o)->width = part.width; /* what a page is, for the next key */
    ((struct tb_overlay *)o)->height = part.height;
    tb_text_draw(&o->text, &part);
    int x = tb_text_is_cut(&o->text, part.width, part.height)
                ? tb_canvas_text(area, in.x + 1, whole.height - 1, TB_STYLE_KEY, " right: the rest of long lines ")
                : in.x;
    tb_canvas_beyond(area, x, whole.height - 1, tb_text_beyond(&o->text, part.width, part.height));
}

const char *tb_overlay_hints(const struct tb_overlay *o)
{
    if (o->is_searching)
        return o->act ? "enter saves them  esc leaves it" : "enter ends typing: then n N next and last  esc leaves it";
    switch (o->kind) {
    case TB_OVERLAY_CONFIRM: return "y does it  any other key: not";
    case TB_OVERLAY_TEXT: return "esc closes  / searches  n N next and last  arrows pgup pgdn";
    case TB_OVERLAY_LOG: return "esc closes  / searches  n N next and last  w saves them  arrows pgup pgdn";
    case TB_OVERLAY_KEYS: return "typing searches  arrows pgup pgdn  esc closes";
    case TB_OVERLAY_PALETTE: return "tab completes  arrows choose  enter does it  ^p ^n typed before  esc leaves it";
    case TB_OVERLAY_FILTER: return "enter or esc ends typing  arrows: typed before";
    default: return "enter does it  arrows: typed before  esc leaves it";
    }
}

int tb_overlay_line_rows(const struct tb_overlay *o, int width)
{
    int label = tb_text_width(o->label);
    bool is_long = o->kind == TB_OVERLAY_CONFIRM ? label + tb_text_width(answers) > width
                                                 : o->kind == TB_OVERLAY_ASK && label + LEAST_FIELD > width;
    return 1 + is_long;
}

/* Where there are two rows, what is typed has the second. */
static void draw_line(const struct tb_overlay *o, struct tb_canvas *line, const char *label)
{
    int y = line->height - 1, x = 0;
    tb_canvas_fill(line, tb_canvas_rect(line), TB_STYLE_PLAIN);
    tb_canvas_field(line, 0, 0, line->width, TB_STYLE_STRONG, label);
    x = y ? 0 : tb_text_width(label);
    tb_field_draw(&o->field, line, x, y, line->width - x, TB_STYLE_PLAIN, true);
}

static void draw_confirm(const struct tb_overlay *o, struct tb_canvas *line)
{
    struct tb_canvas words = *line;
    int y = line->height - 1, x = tb_text_width(o->label);
    tb_canvas_fill(line, tb_canvas_rect(line), TB_STYLE_PLAIN);
    words.width -= y ? tb_text_width(answers) : 0;
    tb_canvas_wrap_in(&words, TB_STYLE_STRONG, o->label);
    x = tb_canvas_text(line, y ? words.width : x, y, TB_STYLE_STRONG, answers);
    tb_canvas_hot(line, (struct tb_rect){ x - 4, y, 1, 1 }, 'y');
    tb_canvas_hot(line, (struct tb_rect){ x - 2, y, 1, 1 }, 'n');
}

void tb_overlay_draw(const struct tb_desk *d, struct tb_canvas *area, struct tb_canvas *line)
{
    const struct tb_overlay *o = d->overlay;
    switch (o->kind) {
    case TB_OVERLAY_CONFIRM:
        draw_confirm(o, line);
        return;
    case TB_OVERLAY_TEXT:
    case TB_OVERLAY_KEYS:
    case TB_OVERLAY_LOG:
        draw_pane(o, area);
        if (o->is_searching || o->kind == TB_OVERLAY_KEYS)
            draw_line(o, line, o->act ? "save as: " : o->kind == TB_OVERLAY_KEYS ? "search: " : "/");
        return;
    case TB_OVERLAY_PALETTE:
        tb_palette_draw(o, area);
        draw_line(o, line, o->label);
        return;
    default:
        draw_line(o, line, o->label);
    }
}
