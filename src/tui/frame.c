/* SPDX-License-Identifier: MIT */
/* frame.c - what stands around every screen: the line of screens above, hints and messages below. A frame is a function
 * of the desk and the size. */
#include "tui/overlay_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

enum { LEAST_WIDTH = 60, LEAST_HEIGHT = 15, FOOT = 3, LEAST_STATUS = 8 };

struct tb_rect tb_frame_area(int width, int height)
{
    struct tb_rect area = { 0, 0, width, height };
    tb_rect_cut(&area, 1);
    tb_rect_cut(&area, -FOOT);
    return area;
}

/* "3 run, 1 wait" */
static void count_runs(const struct tb_desk *d, char *dst, size_t n)
{
    size_t of[TB_N_STATES] = { 0 };
    for (size_t i = 0; i < d->n; i++)
        if (!d->item[i].sum.damage[0] && d->item[i].sight.state < TB_N_STATES)
            of[d->item[i].sight.state]++;
    static const struct {
        enum tb_state state;
        const char *word;
    } shown[] = { { TB_STATE_RUNNING, "run" }, { TB_STATE_STALLED, "stalled" }, { TB_STATE_PAUSED, "paused" },
                  { TB_STATE_QUEUED, "wait" }, { TB_STATE_LOST, "lost" } };
    size_t used = 0;
    dst[0] = '\0';
    for (int i = 0; i < 5; i++)
        if (of[shown[i].state] && used < n)
            used += (size_t)snprintf(dst + used, n - used, "%s%zu %s", used ? ", " : "", of[shown[i].state],
                                     shown[i].word);
    if (!used)
        snprintf(dst, n, "%s", d->n ? "nothing runs" : "no runs");
}

/* Columns that the tabs take; `is_short`: other screens by their number alone. */
static int tabs_width(const struct tb_desk *d, bool has_name, bool is_short)
{
    int width = has_name ? 10 : 0;
    for (int i = 0; i < d->n_screens; i++)
        width += (is_short && i != d->at ? 1 : 2 + tb_text_width(d->screen[i].class->title)) + 1 + 2 * (i == d->at);
    return width;
}

static void draw_tabs(const struct tb_desk *d, struct tb_canvas *c, bool has_name, bool is_short)
{
    int x = has_name ? tb_canvas_text(c, 1, 0, TB_STYLE_STRONG, "tunebench") + 1 : 1;
    for (int i = 0; i < d->n_screens; i++) {
        const struct tb_screen_class *k = d->screen[i].class;
        bool is_on = i == d->at;
        int end = tb_canvas_fmt(c, x, 0, is_on ? TB_STYLE_TAB_ON : TB_STYLE_TAB, is_on ? "[%c%s%s]" : "%c%s%s", k->key,
                                is_short && !is_on ? "" : " ", is_short && !is_on ? "" : k->title);
        tb_canvas_hot(c, (struct tb_rect){ x, 0, end - x, 1 }, (uint32_t)k->key);
        x = end + 1;
    }
}

/* Facts give way from the last one on where there is no room for all; a name is cut. */
static void draw_status(struct tb_canvas *c, int x, char *status)
{
    int room = c->width - 1 - x;
    for (char *comma; tb_text_width(status) > room && (comma = strrchr(status, ','));)
        *comma = '\0';
    if (tb_text_width(status) <= room || (room >= LEAST_STATUS && !strchr(status, ' ')))
        tb_canvas_right(c, x, 0, room, TB_STYLE_DIM, status);
}

/* Names of screens stay as long as they fit; what stands to their right takes what is left. */
static void draw_head(const struct tb_desk *d, struct tb_canvas *c)
{
    char status[64] = "";
    const struct tb_screen *s = tb_route_screen(d);
    if (s->class->status)
        s->class->status(s, status, sizeof status);
    else
        count_runs(d, status, sizeof status);
    bool has_name = tabs_width(d, true, false) + tb_text_width(status) + 2 < c->width,
         is_short = tabs_width(d, false, false) > c->width;
    draw_tabs(d, c, has_name, is_short);
    draw_status(c, tabs_width(d, has_name, is_short) + 2, status);
}

/* Hints of one table: of keys that a screen has rows of its own for (own) those of the screen, which stand where the
 * table's would if that is the one that holds everywhere. */
struct hints {
    const struct tb_bind *table, *own;
};

/* "" where there is none to be shown. */
static const char *hint_of(const struct tb_desk *d, const struct hints *h, const struct tb_bind *b)
{
    const struct tb_bind *own = tb_bind_of(h->own, b->key), *global = tb_bind_of(tb_binds_global, b->key);
    bool is_global = h->table == tb_binds_global, is_elsewhere = is_global ? false : own || (global && global->hint);
    const char *hint = is_global && own && own->hint ? own->hint : b->hint;
    return b->hint && tb_route_has(d, b) && !is_elsewhere ? hint : "";
}

/* Its key, which ends at the first blank, apart from its words; the column behind it. */
static int draw_hint(struct tb_canvas *c, int x, int y, const char *hint)
{
    size_t key = strcspn(hint, " ");
    tb_canvas_bytes(c, x, y, TB_STYLE_KEY, hint, key);
    return tb_canvas_text(c, x + (int)key, y, TB_STYLE_HINT, hint + key);
}

/* As far as there is room before `end`. */
static int draw_hints(const struct tb_desk *d, struct tb_canvas *c, int x, int y, int end, const struct hints *h)
{
    for (const struct tb_bind *b = h->table; b && b->key; b++) {
        const char *hint = hint_of(d, h, b);
        int width = tb_text_width(hint);
        if (!*hint || x + width > end)
            continue;
        draw_hint(c, x, y, hint);
        tb_canvas_hot(c, (struct tb_rect){ x, y, width, 1 }, b->key);
        x += width + 2;
    }
    return x;
}

static int hints_width(const struct tb_desk *d, const struct hints *h)
{
    int width = 0;
    for (const struct tb_bind *b = h->table; b->key; b++)
        width += *hint_of(d, h, b) ? tb_text_width(hint_of(d, h, b)) + 2 : 0;
    return width;
}

/* Words in a row of the message do what their key does. */
static void make_hot(struct tb_canvas *c, int y, const char *row, size_t n, const char *words, uint32_t key)
{
    const char *at = strstr(row, words);
    if (at && at + strlen(words) <= row + n)
        tb_canvas_hot(c, (struct tb_rect){ tb_utf8_width(row, (size_t)(at - row)), y, (int)strlen(words), 1 }, key);
}

static void draw_message(const struct tb_desk *d, struct tb_canvas *c, const char *message)
{
    size_t left = strlen(message), skip;
    tb_canvas_wrap_in(c, d->message_style, message);
    for (int y = 0; y < c->height && left > 0; y++) {
        size_t n = tb_text_line(message, left, c->width, &skip);
        make_hot(c, y, message, n, "U undoes", 'U');
        make_hot(c, y, message, n, "^r shows", TB_CTRL('r'));
        message += n + skip;
        left -= n + skip;
    }
}

static void draw_all_hints(const struct tb_desk *d, struct tb_canvas *c, int y)
{
    const struct tb_screen_class *k = tb_route_screen(d)->class;
    const struct hints own = { k->binds, NULL }, runs = { tb_binds_runs, k->binds },
                       global = { tb_binds_global, k->binds };
    int end = c->width - 1 - hints_width(d, &global), x = draw_hints(d, c, 1, y, end, &own);
    if (k->has_runs)
        x = draw_hints(d, c, x, y, end, &runs);
    draw_hints(d, c, x, y, c->width - 1, &global);
}

/* What lies over the screen gets all keys: these. */
static void draw_overlay_keys(const struct tb_overlay *o, struct tb_canvas *c, int y)
{
    int x = 1;
    if (o->kind == TB_OVERLAY_TEXT && o->bind && o->bind->hint)
        x = draw_hint(c, x, y, o->bind->hint) + 2;
    tb_canvas_field(c, x, y, c->width - x, TB_STYLE_HINT, tb_overlay_hints(o));
}

/* The keys that work now: while somebody types into a field, how that is left. */
static void draw_keys(const struct tb_desk *d, struct tb_canvas *c, int y)
{
    const struct tb_screen *s = tb_route_screen(d);
    if (d->overlay)
        draw_overlay_keys(d->overlay, c, y);
    else if (s->class->typing && s->class->is_typing(s))
        tb_canvas_field(c, 1, y, c->width - 1, TB_STYLE_HINT, s->class->typing(s));
    else
        draw_all_hints(d, c, y);
}

/* Its paths shortened as far as it takes to make one row of it, else two, of which words that are broken lose some. */
static char *fit_message(const struct tb_desk *d, int width)
{
    char *message = tb_text_short_paths(d->message, width);
    if (tb_text_width(message) <= width)
        return message;
    free(message);
    return tb_text_short_paths(d->message, 2 * width - width / 4);
}

/* A rule, hints, a message; where that or a question needs two rows, the rule gives way. What lies over the screen gets
 * the rows of the message. */
static struct tb_canvas draw_foot(const struct tb_desk *d, struct tb_canvas *c)
{
    char *message = fit_message(d, c->width - 2);
    bool is_long = d->overlay ? tb_overlay_line_rows(d->overlay, c->width) > 1
                              : tb_text_width(message) > c->width - 2;
    struct tb_canvas line = tb_canvas_part(c, (struct tb_rect){ 0, 2 - is_long, c->width, 1 + is_long }),
                     words = tb_canvas_part(&line, (struct tb_rect){ 1, 0, c->width - 2, line.height });
    if (!is_long)
        tb_canvas_rule(c, 0);
    draw_keys(d, c, 1 - is_long);
    draw_message(d, &words, message);
    free(message);
    return line;
}

static void draw_too_small(struct tb_canvas *c)
{
    tb_canvas_fmt(c, 0, 0, TB_STYLE_PLAIN, "too small: %d x %d, needs %d x %d", c->width, c->height, LEAST_WIDTH,
                  LEAST_HEIGHT);
}

void tb_frame_draw(struct tb_desk *d, struct tb_sheet *sheet)
{
    sheet->glyphs = d->glyphs;
    tb_sheet_clear(sheet);
    struct tb_canvas whole = tb_canvas_whole(sheet);
    struct tb_screen *s = tb_route_screen(d);
    if (whole.width < LEAST_WIDTH || whole.height < LEAST_HEIGHT) {
        draw_too_small(&whole);
        return;
    }
    struct tb_canvas head = tb_canvas_part(&whole, (struct tb_rect){ 0, 0, whole.width, 1 }),
                     area = tb_canvas_part(&whole, tb_frame_area(whole.width, whole.height)),
                     foot = tb_canvas_part(&whole, (struct tb_rect){ 0, whole.height - FOOT, whole.width, FOOT });
    draw_head(d, &head);
    struct tb_canvas line = draw_foot(d, &foot);
    s->class->draw(s, &area);
    if (d->overlay) {
        sheet->cursor_x = sheet->cursor_y = -1;
        tb_overlay_draw(d, &area, &line);
    }
}
