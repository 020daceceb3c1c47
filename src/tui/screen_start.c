/* SPDX-License-Identifier: MIT */
/* screen_start.c - from nothing to runs: what is there to train and to train on, methods ticked, what that will take,
 * and the recipe and command that say the same. Nothing is trained by this program itself: `run` is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "tui/paths.h"
#include "tui/recent.h"
#include "tui/start_priv.h"
#include "view/setup_text.h"

enum { MOST_ARMS = 64 };

static const struct tb_bind binds[] = {
    TB_BIND('\n', "start", "save the recipe, train its runs in the worker, and look on", "enter start", START_GO),
    TB_BIND(' ', "tick", "train with this method, or not", "spc tick", START_TICK),
    TB_BIND('\t', "next", "the next list or setting; S-tab the one before", "tab next", START_NEXT),
    TB_BIND('p', "plan", "the plan as a table; trains nothing", "p plan", START_PLAN),
    TB_BIND('e', "edit", "all keys of the method under the cursor", "e keys", START_EDIT),
    TB_BIND('a', "add", "a model or data by its path", "a add", START_ADD),
    TB_BIND('w', "save", "save the recipe under a new name", "w save", START_SAVE),
    TB_BIND('+', "another", "another arm of the method under the cursor, to change its keys", "+ arm", START_MORE),
    TB_BIND('-', "less", "take this arm away", NULL, START_LESS),
    TB_BIND('S', "stack", "an arm that trains the ticked methods together, as one adapter", "S stack", START_STACK),
    TB_BIND('o', "look-again", "look for models and data again", NULL, START_SCAN),
    { 0 }
};

struct tb_screen *start_screen(const struct tb_desk *d)
{
    for (int i = 0; i < d->n_screens; i++)
        if (strcmp(d->screen[i].class->name, "start") == 0)
            return &d->screen[i];
    return NULL;
}

struct start *start_of(const struct tb_desk *d)
{
    struct tb_screen *s = start_screen(d);
    return s ? s->state : NULL;
}

static bool open_start(struct tb_screen *s, struct tb_err *err)
{
    start_setup_open(s->state);
    return true;
}

static void close_start(struct tb_screen *s)
{
    if (!s->desk->is_script && s->desk->store)
        tb_json_free(tb_recent_stores(tb_store_path(s->desk->store)));
    start_found_free(s->state);
    start_setup_close(s->state);
}

static bool load(struct tb_screen *s, struct tb_err *err)
{
    struct start *st = s->state;
    if (!st->was_scanned && !st->scan)
        start_scan(st, NULL);
    if (!st->stores)
        st->stores = s->desk->is_script ? tb_json_new_list()
                                        : tb_recent_stores(s->desk->store ? tb_store_path(s->desk->store) : NULL);
    return true;
}

unsigned start_tick(struct tb_screen *s)
{
    struct start *st = s->state;
    bool has_changed = start_scan_pump(st);
    if (has_changed)
        start_update(s);
    if (tb_planning_pump(&st->planning)) {
        if (start_take_answer(st))
            start_update(s);
        has_changed = true;
    }
    return has_changed ? TB_DO_DRAW : TB_DO_NOTHING;
}

static bool is_busy(const struct tb_screen *s)
{
    const struct start *st = s->state;
    return st->scan || tb_planning_is_busy(&st->planning);
}

static int fds(const struct tb_screen *s, struct pollfd *fds, int room)
{
    const struct start *st = s->state;
    int n = tb_child_fds(st->scan, fds, room);
    return n + tb_planning_fds(&st->planning, fds + n, room - n);
}

/* ---- the form of an arm, and a path: they get all keys */

static const char wrong_value[] = "a value is wrong: it is marked";

static unsigned press_editor(struct tb_screen *s, const struct tb_press *p)
{
    struct start *st = s->state;
    struct tb_err err = { 0 };
    enum tb_form_result r = TB_FORM_NOTHING;
    bool is_tick = st->keys.at < st->keys.n && st->keys.entry[st->keys.at].kind == TB_ENTRY_TICK;
    if (p->key != '\n' || !is_tick)
        r = tb_form_press(&st->keys, p);
    if (p->key == TB_PRESS_ESC) {
        st->is_editing = false;
    } else if (p->key == '\n' && r == TB_FORM_NOTHING) {
        if (tb_form_is_valid(&st->keys) && start_edit_done(st, &err)) {
            st->is_editing = false;
            start_update(s);
        } else {
            tb_desk_say(s->desk, TB_STYLE_BAD, "%s", err.kind ? err.text : wrong_value);
        }
    }
    if (!st->is_editing || tb_form_is_valid(&st->keys))
        tb_desk_unsay(s->desk, wrong_value);
    return TB_DO_HANDLED | TB_DO_DRAW;
}

static void complete(struct start *st)
{
    struct tb_buf others = { 0 };
    char *path = tb_path_complete(tb_field_text(&st->path), &others);
    tb_field_set(&st->path, path);
    free(st->others);
    st->others = others.n ? tb_xstrdup(others.p) : NULL;
    free(path);
    tb_buf_free(&others);
}

static unsigned press_path(struct tb_screen *s, const struct tb_press *p)
{
    struct start *st = s->state;
    if (p->key == '\t') {
        complete(st);
    } else if (p->key == '\n' || p->key == TB_PRESS_ESC) {
        char *path = tb_path_typed(tb_field_text(&st->path));
        st->is_adding = false;
        if (p->key == '\n' && *path)
            start_scan(st, path);
        free(path);
    } else {
        tb_field_press(&st->path, p);
        tb_setup_put(&st->others, NULL);
    }
    return TB_DO_HANDLED | TB_DO_DRAW;
}

/* ---- panes */

static void move_pane(struct start *st, int step)
{
    st->pane = (enum start_pane)(((int)st->pane + step + START_PANES) % START_PANES);
    if (st->pane == START_SETTINGS)
        st->settings.at = step > 0 ? 0 : st->settings.n - 1;
}

/* Enter starts training where nothing is typed: in a field it ends the typing, as Esc does. */
static unsigned press_settings(struct tb_screen *s, const struct tb_press *p)
{
    struct start *st = s->state;
    struct tb_press as = *p;
    bool is_field = st->settings.entry[st->settings.at].kind == TB_ENTRY_FIELD;
    if (p->key == TB_PRESS_ESC || (p->key == '\n' && is_field)) {
        st->pane = START_METHODS;
        return TB_DO_HANDLED | TB_DO_DRAW;
    }
    if (!is_field && (p->key == TB_PRESS_UP || p->key == TB_PRESS_DOWN)) /* in a line, up and down choose */
        as.key = p->key == TB_PRESS_UP ? TB_PRESS_LEFT : TB_PRESS_RIGHT;
    enum tb_form_result r = tb_form_press(&st->settings, &as);
    if (r == TB_FORM_NOTHING && (p->key == '\t' || p->key == TB_PRESS_BACKTAB))
        move_pane(st, p->key == '\t' ? 1 : -1);
    else if (r == TB_FORM_NOTHING)
        return TB_DO_NOTHING;
    if (r == TB_FORM_CHANGED) {
        start_take_settings(st);
        start_update(s);
    }
    return TB_DO_HANDLED | TB_DO_DRAW;
}

static int rows_of(const struct start *st, enum start_pane pane)
{
    return pane == START_METHODS ? (int)st->setup.n_arms : (int)start_list_len(st, pane);
}

static void go_to(struct tb_screen *s, enum start_pane pane, int row)
{
    struct start *st = s->state;
    int n = rows_of(st, pane);
    st->pane = pane;
    st->at[pane] = row >= n ? n ? n - 1 : 0 : row < 0 ? 0 : row;
    if (pane != START_METHODS && start_choose(st, pane))
        start_update(s);
}

static void tick_arm(struct tb_screen *s)
{
    struct start *st = s->state;
    struct tb_setup_arm *a = &st->setup.arm[st->at[START_METHODS]];
    a->is_on = !a->is_on;
    start_update(s);
}

static unsigned press_list(struct tb_screen *s, const struct tb_press *p)
{
    struct start *st = s->state;
    int at = st->at[st->pane];
    switch (p->key) {
    case TB_PRESS_UP: go_to(s, st->pane, at - 1); break;
    case TB_PRESS_DOWN: go_to(s, st->pane, at + 1); break;
    case TB_PRESS_PAGE_UP: go_to(s, st->pane, at - 10); break;
    case TB_PRESS_PAGE_DOWN: go_to(s, st->pane, at + 10); break;
    case TB_PRESS_HOME: go_to(s, st->pane, 0); break;
    case TB_PRESS_END: go_to(s, st->pane, rows_of(st, st->pane)); break;
    case TB_PRESS_RIGHT:
        if (st->pane == START_METHODS)
            start_edit(st);
        break;
    case ' ':
        if (st->pane == START_METHODS)
            tick_arm(s);
        break;
    default: return TB_DO_NOTHING;
    }
    return TB_DO_HANDLED | TB_DO_DRAW;
}

static unsigned press_mouse(struct tb_screen *s, const struct tb_press *p)
{
    struct start *st = s->state;
    struct start_layout l = start_layout_of(st, s->width, s->height);
    const struct tb_rect list[] = { l.models, l.data, l.methods };
    for (int i = 0; i < START_SETTINGS; i++) {
        if (!tb_rect_has(list[i], p->x, p->y))
            continue;
        struct tb_span seen = tb_span_keep(0, st->at[i], rows_of(st, (enum start_pane)i), list[i].height);
        int step = p->key == TB_PRESS_WHEEL_UP ? -1 : p->key == TB_PRESS_WHEEL_DOWN ? 1 : 0;
        go_to(s, (enum start_pane)i, step ? st->at[i] + step : seen.first + p->y - list[i].y);
        if (i == START_METHODS && p->key == TB_PRESS_CLICK && p->x - list[i].x < 4)
            tick_arm(s);
        return TB_DO_HANDLED | TB_DO_DRAW;
    }
    return TB_DO_NOTHING;
}

static unsigned press(struct tb_screen *s, const struct tb_press *p)
{
    struct start *st = s->state;
    if (st->is_editing)
        return press_editor(s, p);
    if (st->is_adding)
        return press_path(s, p);
    if (tb_press_is_mouse(p->key))
        return press_mouse(s, p);
    if (st->pane == START_SETTINGS)
        return press_settings(s, p);
    if (p->key != '\t' && p->key != TB_PRESS_BACKTAB)
        return press_list(s, p);
    move_pane(st, p->key == '\t' ? 1 : -1);
    return TB_DO_HANDLED | TB_DO_DRAW;
}

static bool is_typing(const struct tb_screen *s)
{
    const struct start *st = s->state;
    const struct tb_form *f = &st->settings;
    return st->is_editing || st->is_adding || (st->pane == START_SETTINGS && f->entry[f->at].kind == TB_ENTRY_FIELD);
}

static const char *typing(const struct tb_screen *s)
{
    const struct start *st = s->state;
    return st->is_adding    ? "tab completes  enter looks at it  esc leaves it"
           : st->is_editing ? "tab next  enter takes them  esc leaves it"
                            : "tab next  enter or esc ends typing: then keys and digits are keys again";
}

/* ---- acts */

static void save(struct tb_screen *s)
{
    struct start *st = s->state;
    struct tb_err err = { 0 };
    const char *path = start_save(st, &err);
    if (path)
        tb_desk_say(s->desk, TB_STYLE_GOOD, "saved: %s   run it again: tunebench run %s", path, path);
    else
        tb_desk_fail(s->desk, &err);
}

static void more(struct tb_screen *s)
{
    struct start *st = s->state;
    size_t at = (size_t)st->at[START_METHODS];
    tb_setup_add(&st->setup, at + 1, st->setup.arm[at].text);
    st->at[START_METHODS]++;
    st->pane = START_METHODS;
    start_edit(st);
}

/* Each method keeps one arm, to be ticked. */
static void less(struct tb_screen *s)
{
    struct start *st = s->state;
    size_t at = (size_t)st->at[START_METHODS], same = 0;
    char *kind = tb_setup_kind(&st->setup.arm[at]);
    for (size_t i = 0; i < st->setup.n_arms; i++) {
        char *other = tb_setup_kind(&st->setup.arm[i]);
        same += strcmp(kind, other) == 0;
        free(other);
    }
    if (same > 1 || strcmp(kind, "stack") == 0)
        tb_setup_remove(&st->setup, at);
    else
        st->setup.arm[at].is_on = false;
    free(kind);
    go_to(s, START_METHODS, (int)at);
    start_update(s);
}

static unsigned act(struct tb_screen *s, int act)
{
    struct start *st = s->state;
    switch (act) {
    case START_GO: start_go(s, false); break;
    case START_PLAN: start_go(s, true); break;
    case START_TICK: return press(s, &(struct tb_press){ .key = ' ' });
    case START_NEXT: return press(s, &(struct tb_press){ .key = '\t' });
    case START_SAVE: save(s); break;
    case START_EDIT:
        st->pane = START_METHODS;
        start_edit(st);
        break;
    case START_ADD:
        tb_field_set(&st->path, "");
        tb_setup_put(&st->others, NULL);
        st->is_adding = true;
        break;
    case START_MORE: more(s); break;
    case START_LESS: less(s); break;
    case START_STACK:
        start_stack(st);
        st->pane = START_METHODS;
        start_update(s);
        break;
    case START_SCAN: start_scan(st, NULL); break;
    default: return TB_DO_NOTHING;
    }
    return TB_DO_DRAW;
}

/* ---- what is kept */

static struct tb_json *arms_of(const struct tb_setup *s)
{
    struct tb_json *list = tb_json_new_list();
    for (size_t i = 0; i < s->n_arms; i++) {
        struct tb_json *arm = tb_json_new_map();
        tb_json_set(arm, "method", tb_json_new_str(s->arm[i].text));
        tb_json_set(arm, "is_on", tb_json_new_bool(s->arm[i].is_on));
        tb_json_append(list, arm);
    }
    return list;
}

/* Methods that the list does not know, since it is older than they are, stay as they are. */
static void restore_arms(struct tb_setup *s, const struct tb_json *list)
{
    size_t n = 0;
    for (size_t i = 0; i < tb_json_len(list) && i < MOST_ARMS; i++) {
        const char *method = tb_json_str(tb_json_get(tb_json_at(list, i), "method"), NULL);
        struct tb_json *draft = method ? tb_setup_method_draft(method, NULL) : NULL;
        if (!draft)
            continue;
        tb_json_free(draft);
        tb_setup_add(s, n, method);
        s->arm[n++].is_on = tb_json_bool(tb_json_get(tb_json_at(list, i), "is_on"), false);
    }
    for (size_t i = s->n_arms; i-- > n;) {
        char *kind = tb_setup_kind(&s->arm[i]);
        bool is_known = false;
        for (size_t k = 0; k < n && !is_known; k++)
            is_known = tb_str_starts(s->arm[k].text, kind);
        if (is_known)
            tb_setup_remove(s, i);
        else
            s->arm[i].is_on = s->arm[i].is_on && n == 0;
        free(kind);
    }
}

static void keep(const struct tb_screen *s, struct tb_json *map)
{
    const struct start *st = s->state;
    tb_json_set(map, "arms", arms_of(&st->setup));
    tb_json_set(map, "base", tb_json_new_str(st->setup.base));
    tb_json_set(map, "data", tb_json_new_str(st->setup.data));
    tb_json_set(map, "added", tb_json_copy(st->added));
    if (st->has_budget)
        tb_json_set(map, "budget", tb_json_new_str(st->setup.budget));
}

static void restore(struct tb_screen *s, const struct tb_json *map)
{
    struct start *st = s->state;
    const char *budget = tb_json_str(tb_json_get(map, "budget"), NULL);
    const struct tb_json *added = tb_json_get(map, "added");
    tb_setup_put(&st->setup.base, tb_json_str(tb_json_get(map, "base"), NULL));
    tb_setup_put(&st->setup.data, tb_json_str(tb_json_get(map, "data"), NULL));
    for (size_t i = 0; i < tb_json_len(added); i++)
        tb_json_append(st->added, tb_json_copy(tb_json_at(added, i)));
    restore_arms(&st->setup, tb_json_get(map, "arms"));
    if (budget) {
        st->has_budget = true;
        tb_setup_put(&st->setup.budget, budget);
        tb_field_set(&tb_form_named(&st->settings, "budget")->field, budget);
    }
}

static void status(const struct tb_screen *s, char *dst, size_t n)
{
    const struct start *st = s->state;
    const char *words = st->scan ? "looking" : tb_planning_is_busy(&st->planning) ? "planning" : "";
    size_t live = 0;
    for (size_t i = 0; i < s->desk->n; i++)
        live += tb_state_is_live(s->desk->item[i].sight.state);
    if (!*words && live)
        snprintf(dst, n, "%zu run", live);
    else
        snprintf(dst, n, "%s", *words ? words : "nothing runs");
}

const struct tb_screen_class tb_screen_start = {
    .name = "start", .title = "Start", .key = '0', .state_size = sizeof(struct start), .binds = binds,
    .open = open_start, .close = close_start, .load = load, .draw = start_draw, .press = press, .act = act,
    .is_typing = is_typing, .typing = typing, .is_busy = is_busy, .tick = start_tick, .fds = fds, .status = status,
    .save = keep, .restore = restore,
};
