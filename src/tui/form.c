/* SPDX-License-Identifier: MIT */
/* form.c - one line an entry: "label  [value   ]  was value"; a tick "[x] label". */
#include "tui/form.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

enum { FIELD_LEAST = 6, FIELD_MOST = 28 };

void tb_form_free(struct tb_form *f)
{
    for (size_t i = 0; i < f->n; i++) {
        free(f->entry[i].label);
        free(f->entry[i].choices);
        free(f->entry[i].was);
        free(f->entry[i].idle);
        tb_field_free(&f->entry[i].field);
    }
    free(f->entry);
    *f = (struct tb_form){ 0 };
}

static struct tb_entry *add(struct tb_form *f, enum tb_entry_kind kind, const char *name, const char *label)
{
    f->entry = tb_grow(f->entry, f->n, &f->cap, sizeof *f->entry);
    struct tb_entry *e = &f->entry[f->n++];
    *e = (struct tb_entry){ .kind = kind, .label = tb_xstrdup(label) };
    tb_str_copy(e->name, sizeof e->name, name);
    while (f->at + 1 < f->n && f->entry[f->at].kind == TB_ENTRY_LABEL)
        f->at++;
    return e;
}

static void check(struct tb_entry *e)
{
    e->err = (struct tb_err){ 0 };
    if (e->kind != TB_ENTRY_FIELD || !e->key || (!e->field.text.n && (e->key->follows || e->key->def)))
        return;
    struct tb_json *v = tb_key_parse(e->key, tb_field_text(&e->field), &e->err);
    struct tb_json *map = tb_json_new_map(), *checked = NULL;
    if (v) {
        struct tb_key alone[2] = { *e->key, TB_END_KEY };
        tb_json_set(map, e->key->name, v);
        checked = tb_key_check(alone, map, e->label, &e->err);
    }
    tb_json_free(checked);
    tb_json_free(map);
}

struct tb_entry *tb_form_field(struct tb_form *f, const char *name, const char *label, const char *value)
{
    struct tb_entry *e = add(f, TB_ENTRY_FIELD, name, label);
    tb_field_set(&e->field, value ? value : "");
    return e;
}

struct tb_entry *tb_form_choice(struct tb_form *f, const char *name, const char *label, const char *choices,
                                const char *value)
{
    struct tb_entry *e = add(f, TB_ENTRY_CHOICE, name, label);
    e->choices = tb_xstrdup(choices);
    char *first = tb_xstrndup(choices, strcspn(choices, "|"));
    tb_field_set(&e->field, value && *value ? value : first);
    free(first);
    return e;
}

struct tb_entry *tb_form_tick(struct tb_form *f, const char *name, const char *label, bool is_on)
{
    struct tb_entry *e = add(f, TB_ENTRY_TICK, name, label);
    e->is_on = is_on;
    return e;
}

struct tb_entry *tb_form_button(struct tb_form *f, const char *name, const char *label)
{
    return add(f, TB_ENTRY_BUTTON, name, label);
}

struct tb_entry *tb_form_label(struct tb_form *f, const char *label)
{
    return add(f, TB_ENTRY_LABEL, "", label);
}

/* A default, which is JSON text, as it is typed: strings without quotes. */
static char *typed(const char *json)
{
    size_t n = json ? strlen(json) : 0;
    return n >= 2 && json[0] == '"' ? tb_xstrndup(json + 1, n - 2) : tb_xstrdup(json ? json : "");
}

struct tb_entry *tb_form_key(struct tb_form *f, const char *name, const struct tb_key *key, const char *value)
{
    struct tb_entry *e;
    char *text = value ? tb_xstrdup(value) : typed(key->def);
    if (key->type == TB_KEY_BOOL)
        e = tb_form_tick(f, name, key->name, strcmp(text, "true") == 0);
    else if (key->type == TB_KEY_CHOICE)
        e = tb_form_choice(f, name, key->name, key->choices, text);
    else
        e = tb_form_field(f, name, key->name, text);
    e->key = key;
    check(e);
    free(text);
    return e;
}

struct tb_entry *tb_form_named(struct tb_form *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->entry[i].name, name) == 0)
            return &f->entry[i];
    return NULL;
}

const char *tb_form_value(const struct tb_form *f, const char *name)
{
    const struct tb_entry *e = tb_form_named((struct tb_form *)f, name);
    if (!e)
        return "";
    return e->kind == TB_ENTRY_TICK ? e->is_on ? "true" : "false" : tb_field_text(&e->field);
}

const char *tb_form_unit(const struct tb_entry *e, const char *text)
{
    return e->is_amount && *text && text[strspn(text, "0123456789kMG")] == '\0' ? " tokens" : "";
}

const char *tb_form_wrong(const struct tb_form *f)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->entry[i].err.kind != TB_ERR_NONE)
            return f->entry[i].label;
    return NULL;
}

bool tb_form_is_valid(const struct tb_form *f)
{
    return !tb_form_wrong(f);
}

static bool can_focus(const struct tb_entry *e)
{
    return e->kind != TB_ENTRY_LABEL && !e->is_fixed;
}

static enum tb_form_result move(struct tb_form *f, int step)
{
    for (size_t i = f->at + (size_t)step; i < f->n; i += (size_t)step) /* wraps below 0 to above n */
        if (can_focus(&f->entry[i])) {
            f->at = i;
            return TB_FORM_MOVED;
        }
    return TB_FORM_NOTHING;
}

/* The next of "a|b|c", or the one before. */
static void choose(struct tb_entry *e, int step)
{
    size_t n = 0, now = 0;
    char *copy = tb_xstrdup(e->choices), *rest = copy, *word, *all[64];
    while (n < 64 && (word = strsep(&rest, "|"))) {
        now = strcmp(word, tb_field_text(&e->field)) == 0 ? n : now;
        all[n++] = word;
    }
    tb_field_set(&e->field, all[(now + n + (size_t)step) % n]);
    free(copy);
}

static enum tb_form_result change(struct tb_entry *e, const struct tb_press *p)
{
    bool is_go = p->key == ' ' || p->key == '\n';
    switch (e->kind) {
    case TB_ENTRY_TICK:
        e->is_on = is_go ? !e->is_on : e->is_on;
        return is_go ? TB_FORM_CHANGED : TB_FORM_NOTHING;
    case TB_ENTRY_BUTTON:
        return is_go ? TB_FORM_PRESSED : TB_FORM_NOTHING;
    case TB_ENTRY_CHOICE:
        if (p->key != ' ' && p->key != TB_PRESS_RIGHT && p->key != TB_PRESS_LEFT)
            return TB_FORM_NOTHING;
        choose(e, p->key == TB_PRESS_LEFT ? -1 : 1);
        return TB_FORM_CHANGED;
    case TB_ENTRY_FIELD:
        if (!tb_field_press(&e->field, p))
            return TB_FORM_NOTHING;
        check(e);
        return TB_FORM_CHANGED;
    default:
        return TB_FORM_NOTHING;
    }
}

bool tb_form_takes(const struct tb_press *p)
{
    return !tb_press_is_mouse(p->key) && p->key != TB_CTRL('l') && p->key != TB_CTRL('z') && p->key != TB_CTRL('c');
}

enum tb_form_result tb_form_press(struct tb_form *f, const struct tb_press *p)
{
    if (f->at >= f->n)
        return TB_FORM_NOTHING;
    if (p->key == TB_PRESS_DOWN || p->key == '\t')
        return move(f, 1);
    if (p->key == TB_PRESS_UP || p->key == TB_PRESS_BACKTAB)
        return move(f, -1);
    return can_focus(&f->entry[f->at]) ? change(&f->entry[f->at], p) : TB_FORM_NOTHING;
}

/* ---- drawing */

static int label_width(const struct tb_form *f)
{
    int width = 0;
    for (size_t i = 0; i < f->n; i++) {
        bool is_beside = f->entry[i].kind == TB_ENTRY_FIELD || f->entry[i].kind == TB_ENTRY_CHOICE;
        int w = is_beside ? tb_text_width(f->entry[i].label) : 0;
        width = w > width ? w : width;
    }
    return width;
}

static void draw_value(const struct tb_entry *e, struct tb_canvas *c, int x, int y, bool has_focus)
{
    const char *text = tb_field_text(&e->field);
    bool is_idle = !*text && e->idle;
    int room = c->width - x - 2, width = tb_text_width(is_idle ? e->idle : text) + 1;
    width = width < FIELD_LEAST && !e->is_amount ? FIELD_LEAST : width > FIELD_MOST ? FIELD_MOST : width;
    width = width > room ? room : width;
    unsigned style = e->err.kind ? TB_STYLE_BAD : e->is_fixed ? TB_STYLE_DIM : TB_STYLE_FIELD;
    tb_canvas_text(c, x, y, TB_STYLE_PLAIN, "[");
    if (e->kind == TB_ENTRY_FIELD && !e->is_fixed)
        tb_field_draw(&e->field, c, x + 1, y, width, style, has_focus);
    else
        tb_canvas_field(c, x + 1, y, width, style, text);
    if (is_idle)
        tb_canvas_field(c, x + 1, y, width, TB_STYLE_DIM, e->idle);
    x = tb_canvas_text(c, x + 1 + width, y, TB_STYLE_PLAIN, "]");
    x = tb_canvas_text(c, x, y, TB_STYLE_PLAIN, tb_form_unit(e, text)) + 1;
    char *was = e->is_fixed ? tb_xstrdup(e->was ? "fixed" : "not used")
                            : e->was ? tb_xasprintf("was %s", *e->was ? e->was : "empty") : NULL;
    if (was)
        tb_canvas_field(c, x, y, c->width - x, TB_STYLE_DIM, was);
    free(was);
}

static void draw_entry(const struct tb_entry *e, struct tb_canvas *c, int y, int label, bool has_focus)
{
    unsigned style = has_focus ? TB_STYLE_STRONG : TB_STYLE_PLAIN;
    switch (e->kind) {
    case TB_ENTRY_LABEL:
        tb_canvas_field(c, 0, y, c->width, TB_STYLE_HEAD, e->label);
        return;
    case TB_ENTRY_TICK:
        tb_canvas_fmt(c, 0, y, style, "[%c] %s%s", e->is_on ? 'x' : ' ', e->label,
                      !e->is_fixed ? "" : e->was ? "  fixed" : "  not used");
        break;
    case TB_ENTRY_BUTTON:
        tb_canvas_fmt(c, 0, y, style | (has_focus ? TB_STYLE_REVERSE : 0), "[ %s ]", e->label);
        break;
    default:
        tb_canvas_field(c, 0, y, label, style, e->label);
        draw_value(e, c, label + 1, y, has_focus);
    }
    if (has_focus && e->kind == TB_ENTRY_CHOICE)
        tb_canvas_cursor(c, label + 2, y);
    if (has_focus && e->kind == TB_ENTRY_TICK)
        tb_canvas_cursor(c, 1, y);
}

void tb_form_draw(const struct tb_form *f, struct tb_canvas *c, bool has_focus)
{
    const struct tb_entry *now = f->at < f->n ? &f->entry[f->at] : NULL;
    bool has_words = now && has_focus && c->height > 2 && (now->err.kind || now->key);
    int label = label_width(f), height = c->height - has_words;
    struct tb_span seen = tb_span_keep(0, (int)f->at, (int)f->n, height);
    struct tb_beyond b = { .above = seen.first > 0, .below = seen.end < (int)f->n };
    for (int i = seen.first; i < seen.end; i++) {
        bool has_arrow = (b.above && i == seen.first) || (b.below && i + 1 == seen.end);
        struct tb_canvas part = tb_canvas_part(c, (struct tb_rect){ 0, 0, c->width - 2 * has_arrow, height });
        draw_entry(&f->entry[i], &part, i - seen.first, label, has_focus && (size_t)i == f->at);
    }
    tb_canvas_arrows(c, 0, height - 1, b);
    if (has_words)
        tb_canvas_field(c, 0, c->height - 1, c->width, now->err.kind ? TB_STYLE_BAD : TB_STYLE_DIM,
                        now->err.kind ? now->err.text : now->key->help ? now->key->help : "");
}
