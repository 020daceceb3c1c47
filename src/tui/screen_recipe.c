/* SPDX-License-Identifier: MIT */
/* screen_recipe.c - a recipe as it is in its file, and what it comes to. No Lua runs here: `plan --serve` runs it in a
 * child with limits. Writing is left to $EDITOR; what is saved is read again at once. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "tui/recipe_priv.h"
#include "tui/start_priv.h"

static const struct tb_bind binds[] = {
    TB_BIND('e', "edit", "edit it in $EDITOR; what is saved is read again", "e edit", RECIPE_EDIT),
    TB_BIND('\n', "start", "train its runs in the worker, and look on", "enter start", RECIPE_GO),
    TB_BIND('n', "table", "the plan as a table", "n table", RECIPE_TABLE),
    TB_BIND('i', "insert", "insert a method behind this line", "i insert", RECIPE_INSERT),
    TB_BIND('u', "take-back", "take the last insertion back", NULL, RECIPE_TAKE_BACK),
    TB_BIND('K', "docs", "what the tables say of the word under the cursor", "K docs", RECIPE_DOCS),
    TB_BIND('L', "load", "open another recipe: of this folder, of the store, a shipped one", "L load", RECIPE_LOAD),
    TB_BIND('w', "save", "save it under a new name", "w save", RECIPE_SAVE),
    TB_BIND('o', "override", "set a key of all runs, as --set; empty: none", "o set", RECIPE_SET),
    TB_BIND('D', "draft", "leave the file: what Start has put together", NULL, RECIPE_BACK_TO_START),
    { 0 }
};

const struct tb_planning *recipe_planning(const struct tb_screen *s)
{
    const struct recipe *r = s->state;
    const struct start *st = start_of(s->desk);
    return r->path ? &r->planning : st ? &st->planning : NULL;
}

struct tb_place_in recipe_fault(const struct tb_screen *s)
{
    const struct recipe *r = s->state;
    const struct tb_planning *p = recipe_planning(s);
    bool is_ours =
        r->path && p->answered && !p->is_good && strcmp(tb_path_base(p->err.where), tb_path_base(r->path)) == 0;
    return is_ours ? tb_source_error(&r->source, &p->err) : (struct tb_place_in){ -1, 0, 0 };
}

static bool open_recipe(struct tb_screen *s, struct tb_err *err)
{
    struct recipe *r = s->state;
    r->overrides = tb_json_new_list();
    return true;
}

static void close_recipe(struct tb_screen *s)
{
    struct recipe *r = s->state;
    recipe_list_close(r);
    recipe_unwatch(r);
    tb_planning_close(&r->planning);
    tb_source_free(&r->source);
    tb_json_free(r->overrides);
    free(r->path);
    free(r->before);
}

static bool load(struct tb_screen *s, struct tb_err *err)
{
    recipe_read(s);
    return true;
}

static unsigned tick(struct tb_screen *s)
{
    struct recipe *r = s->state;
    bool has_changed = recipe_read(s);
    has_changed = recipe_list_pump(s) || has_changed;
    struct tb_screen *start = start_screen(s->desk);
    if (!r->path && start)
        return start_tick(start) | (has_changed ? TB_DO_DRAW : TB_DO_NOTHING);
    if (tb_planning_pump(&r->planning)) {
        struct tb_place_in at = recipe_fault(s);
        r->line = at.line >= 0 ? at.line : r->line;
        r->column = at.line >= 0 ? at.column : r->column;
        has_changed = true;
    }
    return has_changed ? TB_DO_DRAW : TB_DO_NOTHING;
}

static bool is_busy(const struct tb_screen *s)
{
    const struct recipe *r = s->state;
    const struct tb_planning *p = recipe_planning(s);
    return r->scan || (p && tb_planning_is_busy(p));
}

static int fds(const struct tb_screen *s, struct pollfd *fds, int room)
{
    const struct recipe *r = s->state;
    const struct tb_planning *p = recipe_planning(s);
    int n = 0;
    if (r->watch > 0 && room > 0)
        fds[n++] = (struct pollfd){ .fd = r->watch, .events = POLLIN };
    n += tb_child_fds(r->scan, fds + n, room - n);
    return p ? n + tb_planning_fds(p, fds + n, room - n) : n;
}

/* ---- keys */

static void go_to(struct tb_screen *s, int line)
{
    struct recipe *r = s->state;
    int last = r->source.n_lines ? r->source.n_lines - 1 : 0;
    r->line = line < 0 ? 0 : line > last ? last : line;
}

/* To the beginning of the next word of the line, or of the one before. */
static void step_word(struct recipe *r, int step)
{
    size_t n;
    tb_source_line(&r->source, r->line, &n);
    size_t at = r->column < n ? r->column : n;
    struct tb_place_in here = tb_source_word(&r->source, r->line, at);
    for (at += step > 0; at <= n; at += (size_t)step) { /* wraps below 0 */
        struct tb_place_in w = tb_source_word(&r->source, r->line, at);
        if (w.line >= 0 && w.column == at && (here.line < 0 || w.column != here.column)) {
            r->column = at;
            return;
        }
        if (at == 0 && step < 0)
            return;
    }
}

/* From the source to the plan; back again to the line that is wrong, if there is one. */
static void change_focus(struct tb_screen *s)
{
    struct recipe *r = s->state;
    r->is_at_plan = !r->is_at_plan;
    if (!r->is_at_plan && recipe_fault(s).line >= 0)
        go_to(s, recipe_fault(s).line);
}

/* Scrolls the plan; false if the key is not for it. */
static bool press_plan(struct tb_screen *s, const struct recipe_layout *l, const struct tb_press *p)
{
    struct recipe *r = s->state;
    if (tb_press_is_mouse(p->key) ? !tb_rect_has(l->plan, p->x, p->y) : !r->is_at_plan)
        return false;
    int page = l->plan.height > 2 ? l->plan.height - 1 : 1, most = recipe_plan_rows(s, l->plan.width) - page,
        to = r->plan_first;
    if (p->key == TB_PRESS_CLICK)
        r->is_at_plan = true;
    else if (!tb_press_scrolls(p->key, page, most, &to))
        return false;
    r->plan_first = to > most ? most : to;
    r->plan_first = r->plan_first < 0 ? 0 : r->plan_first;
    return true;
}

static void click(struct tb_screen *s, const struct recipe_layout *l, const struct tb_press *p)
{
    struct recipe *r = s->state;
    if (!tb_rect_has(l->source, p->x, p->y))
        return;
    r->is_at_plan = false;
    go_to(s, r->first + p->y - 1);
}

static unsigned press(struct tb_screen *s, const struct tb_press *p)
{
    struct recipe *r = s->state;
    struct recipe_layout l = recipe_layout(r, s->width, s->height);
    int page = s->height > 4 ? s->height - 4 : 1;
    if (r->list != RECIPE_NO_LIST)
        return recipe_list_press(s, p);
    if (press_plan(s, &l, p))
        return TB_DO_HANDLED | TB_DO_DRAW;
    switch (p->key) {
    case TB_PRESS_UP: go_to(s, r->line - 1); break;
    case TB_PRESS_DOWN: go_to(s, r->line + 1); break;
    case TB_PRESS_WHEEL_UP: go_to(s, r->line - 3); break;
    case TB_PRESS_WHEEL_DOWN: go_to(s, r->line + 3); break;
    case TB_PRESS_PAGE_UP: go_to(s, r->line - page); break;
    case TB_PRESS_PAGE_DOWN: go_to(s, r->line + page); break;
    case TB_CTRL('u'): go_to(s, r->line - page / 2); break;
    case TB_CTRL('d'): go_to(s, r->line + page / 2); break;
    case TB_PRESS_HOME: go_to(s, 0); break;
    case TB_PRESS_END: go_to(s, r->source.n_lines); break;
    case TB_PRESS_LEFT: step_word(r, -1); break;
    case TB_PRESS_RIGHT: step_word(r, 1); break;
    case '\t':
    case TB_PRESS_BACKTAB: change_focus(s); break;
    case TB_PRESS_CLICK: click(s, &l, p); break;
    default: return TB_DO_NOTHING;
    }
    return TB_DO_HANDLED | TB_DO_DRAW;
}

static bool is_typing(const struct tb_screen *s)
{
    const struct recipe *r = s->state;
    return r->list != RECIPE_NO_LIST;
}

/* ---- acts */

/* A file is needed: what Start has put together is saved first. */
static bool have_file(struct tb_screen *s)
{
    struct recipe *r = s->state;
    struct start *st = start_of(s->desk);
    struct tb_err err = { 0 };
    if (r->path)
        return true;
    const char *path = st ? start_save(st, &err) : NULL;
    if (path)
        recipe_open(s, path);
    else if (err.kind != TB_ERR_NONE)
        tb_desk_fail(s->desk, &err);
    else
        tb_desk_say(s->desk, TB_STYLE_WARN, "there is no recipe yet: L opens one");
    return path != NULL;
}

static void run_verb(struct tb_screen *s, const char *verb, const char *flags, bool is_shown)
{
    char *words = recipe_words(s->state), *command = tb_xasprintf("%s %s%s", verb, words, flags);
    tb_desk_do(s->desk, command, is_shown);
    free(command);
    free(words);
}

static void go(struct tb_screen *s)
{
    struct recipe *r = s->state;
    struct tb_screen *start = start_screen(s->desk);
    if (!r->path && start) {
        start_go(start, false);
        return;
    }
    if (!have_file(s))
        return;
    if (r->planning.answered && !r->planning.is_good && !tb_planning_is_busy(&r->planning)) {
        tb_desk_fail(s->desk, &r->planning.err);
        return;
    }
    bool is_search = r->planning.is_there && tb_json_get(r->planning.forecast.sweep, "search");
    run_verb(s, is_search ? "sweep" : "run", " --detach", false);
    start_look_on(s->desk, &r->planning, is_search);
}

static void save_as(struct tb_screen *s)
{
    struct recipe *r = s->state;
    struct tb_err err = { 0 };
    const char *path = s->desk->text;
    if (!*path)
        return;
    if (tb_file_write_new(path, r->source.n ? r->source.text : "", r->source.n, NULL, &err)) {
        char *copy = tb_xstrdup(path);
        recipe_open(s, copy);
        tb_desk_say(s->desk, TB_STYLE_GOOD, "saved: %s", copy);
        free(copy);
    } else {
        tb_desk_fail(s->desk, &err);
    }
}

static void save(struct tb_screen *s)
{
    struct recipe *r = s->state;
    if (!r->path) {
        if (have_file(s))
            tb_desk_say(s->desk, TB_STYLE_GOOD, "saved: %s", r->path);
        return;
    }
    char *name = recipe_free_name(s);
    tb_desk_ask(s->desk, "save as: ", name, RECIPE_SAVED);
    free(name);
}

/* "key=value" takes the place of an override of that key; nothing: all go. */
static void override(struct tb_screen *s, const char *text)
{
    struct recipe *r = s->state;
    struct tb_json *list = tb_json_new_list();
    size_t n = strcspn(text, "=") + 1;
    for (size_t i = 0; *text && i < tb_json_len(r->overrides); i++)
        if (strncmp(tb_json_str(tb_json_at(r->overrides, i), ""), text, n) != 0)
            tb_json_append(list, tb_json_copy(tb_json_at(r->overrides, i)));
    if (*text && text[n - 1] == '=' && text[n])
        tb_json_append(list, tb_json_new_str(text));
    else if (*text && text[n - 1] != '=')
        tb_desk_say(s->desk, TB_STYLE_BAD, "an override is key=value, as optim.lr=1e-3");
    tb_json_free(r->overrides);
    r->overrides = list;
    recipe_ask(s);
}

static bool set(struct tb_screen *s, const char *name, const char *value, struct tb_err *err)
{
    char *text = value ? tb_xasprintf("%s=%s", name, value) : tb_xstrdup(name);
    bool good = strchr(text, '=') || tb_fail(err, TB_ERR_USAGE, "set: expected key=value, as optim.lr=1e-3");
    if (good && have_file(s))
        override(s, text);
    free(text);
    return good;
}

static void take_back(struct tb_screen *s)
{
    struct recipe *r = s->state;
    struct tb_err err = { 0 };
    if (!r->path || !r->before) {
        tb_desk_say(s->desk, TB_STYLE_MESSAGE, "nothing was inserted");
    } else if (recipe_write(r, r->before, &err)) {
        free(r->before);
        r->before = NULL;
        recipe_read(s);
        tb_desk_say(s->desk, TB_STYLE_GOOD, "%s is as it was", r->path);
    } else {
        tb_desk_fail(s->desk, &err);
    }
}

static void to_draft(struct recipe *r)
{
    free(r->path);
    free(r->before);
    r->path = r->before = NULL;
    recipe_unwatch(r);
    r->is_gone = false;
    r->file_err = (struct tb_err){ 0 };
    r->line = r->first = 0;
    tb_source_free(&r->source);
}

static unsigned act(struct tb_screen *s, int act)
{
    struct recipe *r = s->state;
    switch (act) {
    case RECIPE_GO: go(s); break;
    case RECIPE_EDIT:
        if (have_file(s))
            tb_desk_edit(s->desk, r->path);
        break;
    case RECIPE_TABLE:
        if (have_file(s))
            run_verb(s, "plan", "", true);
        break;
    case RECIPE_INSERT:
        if (have_file(s))
            recipe_list_open(s, RECIPE_METHODS);
        break;
    case RECIPE_TAKE_BACK: take_back(s); break;
    case RECIPE_DOCS:
        if (!recipe_docs(s))
            tb_desk_say(s->desk, TB_STYLE_MESSAGE,
                        "the tables say nothing of that word; left and right go from word to word");
        break;
    case RECIPE_LOAD: recipe_list_open(s, RECIPE_FILES); break;
    case RECIPE_SAVE: save(s); break;
    case RECIPE_SAVED: save_as(s); break;
    case RECIPE_SET:
        if (have_file(s))
            tb_desk_ask(s->desk, "override, key=value (key= takes it away, nothing all): ", NULL, RECIPE_SET_DONE);
        break;
    case RECIPE_SET_DONE: override(s, s->desk->text); break;
    case RECIPE_BACK_TO_START: to_draft(r); break;
    default: return TB_DO_NOTHING;
    }
    return TB_DO_LOAD;
}

static void status(const struct tb_screen *s, char *dst, size_t n)
{
    const struct recipe *r = s->state;
    const char *words = is_busy(s) ? "planning" : r->path ? r->is_gone ? "the file is gone" : "saved" : "not saved";
    tb_str_copy(dst, n, r->source.n || r->path ? words : "no recipe");
}

/* ---- what is kept */

static void keep(const struct tb_screen *s, struct tb_json *map)
{
    const struct recipe *r = s->state;
    if (r->path)
        tb_json_set(map, "path", tb_json_new_str(r->path));
    if (r->path)
        tb_json_set(map, "overrides", tb_json_copy(r->overrides));
}

static void restore(struct tb_screen *s, const struct tb_json *map)
{
    struct recipe *r = s->state;
    const char *path = tb_json_str(tb_json_get(map, "path"), NULL);
    const struct tb_json *list = tb_json_get(map, "overrides");
    if (!path || !tb_file_exists(path))
        return;
    r->path = tb_xstrdup(path); /* read when the screen is looked at */
    for (size_t i = 0; i < tb_json_len(list); i++)
        tb_json_append(r->overrides, tb_json_new_str(tb_json_str(tb_json_at(list, i), "")));
}

const struct tb_screen_class tb_screen_recipe = {
    .name = "recipe", .title = "Recipe", .key = '4', .state_size = sizeof(struct recipe), .binds = binds,
    .open = open_recipe, .close = close_recipe, .load = load, .draw = recipe_draw, .press = press, .act = act,
    .is_typing = is_typing, .is_busy = is_busy, .tick = tick, .fds = fds, .status = status, .save = keep,
    .restore = restore, .set = set,
};
