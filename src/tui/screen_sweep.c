/* SPDX-License-Identifier: MIT */
/* screen_sweep.c - 5 Sweep: a search as it stands, and how it is steered. What is asked of a whole sweep and of a trial
 * differs by marks: marked trials are meant, else the sweep. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "tui/sweep_priv.h"

enum { ENTER = TB_ACT_OWN, PROTECT, PAUSE, RESUME, STOP, MORE, MORE_ASKED, BUDGET, BUDGET_ASKED, REPORT, REPORT_ASKED,
       EDIT, IMPORTANCE, NEXT_X, NEXT_Y, OLDER, NEWER, LIST, MARK, MARK_RANGE, MARK_ALL };

static const struct tb_bind binds[] = {
    TB_BIND('\n', "inspect", "all about the trial; of events: all; in the list: show it", NULL, ENTER),
    TB_BIND_VERB('p', "prune", "give the trial up behind a checkpoint; U brings it back", "p prune", "prune {run}"),
    TB_BIND('P', "protect", "no rule ends the trial, or may again", "P protect", PROTECT),
    TB_BIND('u', "pause", "hold the marked trials, or without marks the whole sweep", "u pause", PAUSE),
    TB_BIND('r', "resume", "go on with the marked trials, or without marks with the sweep", "r resume", RESUME),
    TB_BIND('s', "stop", "stop the marked trials behind checkpoints, or without marks the sweep", "s stop", STOP),
    TB_BIND('+', "more", "more trials in each arm", "+ trials", MORE),
    TB_BIND('E', "edit", "edit the recipe in $EDITOR; an edited one is another sweep", "E edit space", EDIT),
    TB_BIND('b', "budget", "tokens that it may spend in all", "b budget", BUDGET),
    TB_BIND('i', "importance", "importance of all keys, how it is measured, and doubts", "i importance", IMPORTANCE),
    TB_BIND('X', "x-axis", "another column for the x axis of the scatter", NULL, NEXT_X),
    TB_BIND('Y', "y-axis", "another column for the y axis of the scatter", NULL, NEXT_Y),
    TB_BIND('x', "report", "write the report on its arms as a page", NULL, REPORT),
    TB_BIND('[', "older", "the sweep before this one", NULL, OLDER),
    TB_BIND(']', "newer", "the sweep after this one", NULL, NEWER),
    TB_BIND('L', "sweeps", "list the sweeps of the store, or hide the list", NULL, LIST),
    TB_BIND('/', "filter", "show only trials with that in their name, arm or state; in the list: sweeps", "/ filter",
            TB_ACT_FILTER),
    TB_BIND(' ', "mark", "mark the trial, and on to the next: for charts, diff and every verb", "spc mark", MARK),
    TB_BIND('v', "range", "mark from here on; again: up to here", NULL, MARK_RANGE),
    TB_BIND('*', "mark-all", "mark all trials, or none", NULL, MARK_ALL),
    { 0 }
};

/* ---- reading */

static void close_screen(struct tb_screen *s)
{
    struct sweep_state *st = s->state;
    tb_sweep_drop(st);
    tb_sweep_items_free(st->item, st->n_items);
    tb_text_free(&st->events);
    free(st->id);
    free(st->row);
    free(st->row_id);
    free(st->key_order);
    free(st->listed);
    free(st->list_needle);
    free(st->needle);
}

static bool open_screen(struct tb_screen *s, struct tb_err *err)
{
    struct sweep_state *st = s->state;
    st->grid.column = st->list.column = -1;
    return true;
}

/* The run under the cursor is what the keys of runs act on. */
static void follow(struct tb_screen *s)
{
    struct sweep_state *st = s->state;
    const struct tb_trial *t = tb_sweep_current(st);
    tb_str_copy(s->desk->run, TB_RUN_ID, t ? t->run : "");
}

static bool load(struct tb_screen *s, struct tb_err *err)
{
    struct sweep_state *st = s->state;
    bool was_open = st->has_view;
    if (!tb_sweep_read(s, err))
        return false;
    if (st->has_view)
        tb_sweep_make_rows(s);
    struct tb_grid_rows rows = tb_sweep_rows(s), list = tb_sweep_list_rows(s);
    if (!was_open && *s->desk->run)
        tb_str_copy(st->grid.id, sizeof st->grid.id, s->desk->run);
    tb_grid_follow(&st->grid, &rows, tb_sweep_page(s, false));
    tb_grid_follow(&st->list, &list, tb_sweep_page(s, true));
    follow(s);
    return true;
}

/* ---- drawing */

static const char empty[] =
    "no sweep yet. A recipe with search = t.random{ trials = 9 } tries points of its space and gives up those that fall"
    " behind; a worker leads it, whether this terminal lives or not. :sweep recipes/lr-search.lua --detach begins one.";

static void draw_empty(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct sweep_state *st = s->state;
    const struct tb_err *err = st->n_ids ? &st->trouble : &s->desk->trouble;
    char text[sizeof err->where + sizeof err->text + 32];
    int y = 0;
    if (err->kind != TB_ERR_NONE)
        y = tb_canvas_wrap(c, y, TB_STYLE_WARN, tb_err_string(err, text, sizeof text)) + 1;
    if (st->n_ids)
        tb_canvas_wrap(c, y, TB_STYLE_DIM, "[ and ] show other sweeps, L lists them");
    else
        tb_canvas_wrap(c, y, TB_STYLE_DIM, empty);
}

typedef void draw_fn(const struct tb_screen *s, struct tb_canvas *c);

static void draw_part(const struct tb_screen *s, struct tb_canvas *c, struct tb_rect r, draw_fn *fn)
{
    struct tb_canvas part = tb_canvas_part(c, r);
    if (part.width > 0 && part.height > 0)
        fn(s, &part);
}

static void draw_events(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct sweep_state *st = s->state;
    if (st->events.n)
        tb_text_draw(&st->events, c);
    else
        tb_canvas_text(c, 0, 0, TB_STYLE_DIM, "nothing was decided yet");
}

static void draw(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct sweep_state *st = s->state;
    struct sweep_layout l = tb_sweep_layout_of(s);
    if (!st->has_view) {
        draw_part(s, c, (struct tb_rect){ 1, 1, c->width - 2, c->height / 2 }, draw_empty);
        if (st->pane == SWEEP_LIST && st->n_items)
            draw_part(s, c, l.list, tb_sweep_draw_list);
        return;
    }
    draw_part(s, c, l.head, tb_sweep_draw_head);
    draw_part(s, c, l.rungs, tb_sweep_draw_rungs);
    draw_part(s, c, l.trials, tb_sweep_draw_trials);
    draw_part(s, c, l.importance, tb_sweep_draw_importance);
    draw_part(s, c, l.scatter, tb_sweep_draw_scatter);
    draw_part(s, c, l.now, tb_sweep_draw_now);
    draw_part(s, c, l.list, tb_sweep_draw_list);
    draw_part(s, c, l.events, draw_events);
    for (int i = 0; i < 4; i++)
        if (l.rule[i] >= 0)
            tb_canvas_rule(c, l.rule[i]);
    if (l.events.height > 0)
        tb_canvas_beyond(c, 0, l.events.y - 1, tb_text_beyond(&st->events, l.events.width, l.events.height));
}

static void status(const struct tb_screen *s, char *dst, size_t n)
{
    const struct sweep_state *st = s->state;
    const struct tb_sweep *w = &st->s;
    if (!st->has_view)
        snprintf(dst, n, "%s", st->n_ids ? "cannot be read" : "no sweep");
    else
        snprintf(dst, n, "%s, %zu runs, %.6s", tb_sweep_stand(st, w->phase, st->v.is_led), st->v.n_runs, w->id);
}

/* ---- moving */

static bool is_seen(const struct tb_screen *s, enum sweep_pane pane)
{
    const struct sweep_state *st = s->state;
    bool has_own = pane == SWEEP_TRIALS || pane == SWEEP_EVENTS;
    return has_own || (pane == SWEEP_LIST ? st->n_items > 0 : !tb_sweep_is_wide(s->width));
}

static void next_pane(struct tb_screen *s, int step)
{
    struct sweep_state *st = s->state;
    do
        st->pane = (enum sweep_pane)((st->pane + SWEEP_PANES + step) % SWEEP_PANES);
    while (!is_seen(s, st->pane));
}

/* Another one by hand: kept although newer ones may come. */
static void choose(struct tb_screen *s, const char *id)
{
    struct sweep_state *st = s->state;
    tb_str_copy(st->chosen, sizeof st->chosen, st->n_ids && strcmp(id, st->id[0]) == 0 ? "" : id);
    tb_str_copy(st->list.id, sizeof st->list.id, id);
}

static void step_sweep(struct tb_screen *s, int step)
{
    struct sweep_state *st = s->state;
    size_t at = 0;
    for (size_t i = 0; i < st->n_ids; i++)
        at = strcmp(st->id[i], st->chosen) == 0 ? i : at;
    if ((step < 0 && at == 0) || at + 1 >= st->n_ids + (step < 0)) {
        tb_desk_say(s->desk, TB_STYLE_MESSAGE, step < 0 ? "this is the newest sweep" : "there is no older sweep");
        return;
    }
    choose(s, st->id[step < 0 ? at - 1 : at + 1]);
    tb_desk_say(s->desk, TB_STYLE_MESSAGE, "sweep %zu of %zu", (step < 0 ? at - 1 : at + 1) + 1, st->n_ids);
}

/* Which pane a click or a turn of the wheel is in; its coordinates become those of the pane. */
static enum sweep_pane pane_at(const struct tb_screen *s, struct tb_press *p)
{
    struct sweep_layout l = tb_sweep_layout_of(s);
    struct tb_rect of[SWEEP_PANES] = { l.trials, l.importance, l.scatter, l.events, l.list };
    for (int i = 0; i < SWEEP_PANES; i++)
        if (tb_rect_has(of[i], p->x, p->y)) {
            p->x -= of[i].x;
            p->y -= of[i].y;
            return (enum sweep_pane)i;
        }
    return SWEEP_PANES;
}

static bool press_pane(struct tb_screen *s, enum sweep_pane pane, const struct tb_press *p)
{
    struct sweep_state *st = s->state;
    struct tb_grid_rows rows = tb_sweep_rows(s), list = tb_sweep_list_rows(s);
    struct sweep_layout l = tb_sweep_layout_of(s);
    bool done;
    if (pane == SWEEP_EVENTS)
        return tb_text_press(&st->events, l.events.width, l.events.height, p);
    if (pane == SWEEP_LIST)
        return tb_grid_press(&st->list, &list, tb_sweep_page(s, true), p);
    done = tb_grid_press(&st->grid, &rows, tb_sweep_page(s, false), p);
    follow(s);
    return done;
}

static void enter(struct tb_screen *s)
{
    struct sweep_state *st = s->state;
    if (st->pane == SWEEP_LIST) {
        if (st->list.cursor < st->n_listed)
            choose(s, st->item[st->listed[st->list.cursor]].id);
        st->pane = SWEEP_TRIALS;
        return;
    }
    if (st->pane == SWEEP_EVENTS && st->is_open) {
        tb_sweep_tell_events(s, tb_desk_show(s->desk, "all that was decided, and why"));
        return;
    }
    if (tb_desk_current(s->desk))
        tb_desk_go(s->desk, "inspect");
    else
        tb_desk_say(s->desk, TB_STYLE_MESSAGE, "there is no run here");
}

/* A double click on a trial or on a sweep of the list. */
static bool opens(const struct tb_screen *s, enum sweep_pane pane, const struct tb_press *p)
{
    const struct sweep_state *st = s->state;
    struct tb_grid_rows rows = tb_sweep_rows(s), list = tb_sweep_list_rows(s);
    return (pane == SWEEP_TRIALS && tb_grid_opens(&st->grid, &rows, tb_sweep_page(s, false), p))
        || (pane == SWEEP_LIST && tb_grid_opens(&st->list, &list, tb_sweep_page(s, true), p))
        || (pane == SWEEP_EVENTS && p->key == TB_PRESS_DOUBLE);
}

static unsigned press(struct tb_screen *s, const struct tb_press *p)
{
    struct sweep_state *st = s->state;
    struct tb_press in = *p;
    enum sweep_pane pane = st->pane;
    if (p->key == '\t' || p->key == TB_PRESS_BACKTAB) {
        next_pane(s, p->key == '\t' ? 1 : -1);
        return TB_DO_HANDLED | TB_DO_LOAD;
    }
    if (tb_press_is_mouse(p->key) && (pane = pane_at(s, &in)) == SWEEP_PANES)
        return TB_DO_NOTHING;
    if (p->key == TB_PRESS_CLICK && is_seen(s, pane))
        st->pane = pane;
    bool is_used = press_pane(s, pane, &in);
    if (opens(s, pane, &in)) {
        enter(s);
        return TB_DO_HANDLED | TB_DO_LOAD;
    }
    return is_used ? TB_DO_HANDLED | TB_DO_DRAW : TB_DO_NOTHING;
}

/* ---- acting */

/* Marked trials of this sweep as words of a command; their number. */
static size_t add_marked(const struct tb_screen *s, struct tb_buf *b)
{
    const struct sweep_state *st = s->state;
    size_t n = 0;
    for (int i = 0; i < st->n_rows; i++) {
        const struct tb_run_item *item = tb_desk_item(s->desk, st->s.trial[st->row[i]].run);
        if (!item || !tb_desk_is_marked(s->desk, item->sum.id))
            continue;
        tb_buf_char(b, ' ');
        tb_shell_quote(b, tb_desk_ref(s->desk, item));
        n++;
    }
    return n;
}

/* "pause RUN .." of the marked trials, "sweep ID --pause" without marks. */
static void steer(struct tb_screen *s, const char *verb)
{
    const struct sweep_state *st = s->state;
    struct tb_buf runs = { 0 };
    size_t n = add_marked(s, &runs);
    char *command = n ? tb_xasprintf("%s%s%s", verb, runs.p, strcmp(verb, "resume") == 0 ? " --detach" : "")
                      : tb_xasprintf("sweep %s --%s", st->s.id, verb);
    tb_desk_do(s->desk, command, false);
    free(command);
    tb_buf_free(&runs);
}

/* "sweep ID --more 5" with what was typed. */
static void ask_sweep(struct tb_screen *s, const char *verb, const char *flag, const char *text)
{
    const struct sweep_state *st = s->state;
    struct tb_buf b = { 0 };
    if (!*text)
        return;
    tb_buf_fmt(&b, "%s %s --%s ", verb, st->s.id, flag);
    tb_shell_quote(&b, text);
    tb_desk_do(s->desk, b.p, strcmp(verb, "compare") == 0);
    tb_buf_free(&b);
}

static void protect(struct tb_screen *s)
{
    const struct tb_trial *t = tb_sweep_current(s->state);
    const struct tb_run_item *item = t ? tb_desk_item(s->desk, t->run) : NULL;
    struct tb_buf b = { 0 };
    if (!item) {
        tb_desk_say(s->desk, TB_STYLE_WARN, "there is no run here to protect");
        return;
    }
    tb_buf_fmt(&b, "protect %s", t->is_protected ? "--off " : "");
    tb_shell_quote(&b, tb_desk_ref(s->desk, item));
    tb_desk_do(s->desk, b.p, false);
    tb_buf_free(&b);
}

static void edit(struct tb_screen *s)
{
    const struct sweep_state *st = s->state;
    const char *path = st->s.plan->recipe_path;
    if (*path && tb_file_exists(path))
        tb_desk_edit(s->desk, path);
    else
        tb_desk_say(s->desk, TB_STYLE_WARN, "%s is not here; as it was, it is in sweeps/%s/plan.json of the store",
                    path, st->s.id);
}

/* The column behind `now` that is not on the other axis. */
static void next_axis(struct sweep_state *st, char *axis, const char *now, const char *other)
{
    char next[SWEEP_WORD];
    int i = 0;
    for (const char *a; (a = tb_sweep_axis(st, i)) && strcmp(a, now) != 0;)
        i++;
    do {
        i = tb_sweep_axis(st, i + 1) ? i + 1 : 0;
        tb_str_copy(next, sizeof next, tb_sweep_axis(st, i));
    } while (strcmp(next, other) == 0);
    tb_str_copy(axis, SWEEP_WORD, next);
}

static void show_scatter(struct tb_screen *s, bool is_x)
{
    struct sweep_state *st = s->state;
    bool is_hidden = !tb_sweep_is_wide(s->width) && st->pane != SWEEP_SCATTER;
    if (st->pane == SWEEP_LIST || is_hidden)
        st->pane = SWEEP_SCATTER;
    if (is_hidden)
        return;
    if (is_x)
        next_axis(st, st->x, tb_sweep_x(st), tb_sweep_y(st));
    else
        next_axis(st, st->y, tb_sweep_y(st), tb_sweep_x(st));
    tb_desk_say(s->desk, TB_STYLE_MESSAGE, "%s against %s", tb_sweep_y(st), tb_sweep_x(st));
}

static void mark_rows(struct tb_screen *s, int from, int to, bool is_on)
{
    const struct sweep_state *st = s->state;
    for (int i = from < to ? from : to; i <= (from < to ? to : from) && i < st->n_rows; i++)
        if (*st->s.trial[st->row[i]].run)
            tb_desk_mark(s->desk, st->s.trial[st->row[i]].run, is_on);
}

static void mark(struct tb_screen *s)
{
    struct sweep_state *st = s->state;
    struct tb_grid_rows rows = tb_sweep_rows(s);
    const char *run = s->desk->run;
    if (!*run)
        return;
    tb_desk_mark(s->desk, run, !tb_desk_is_marked(s->desk, run));
    tb_grid_press(&st->grid, &rows, tb_sweep_page(s, false), &(struct tb_press){ .key = TB_PRESS_DOWN });
    follow(s);
}

static void mark_all(struct tb_screen *s)
{
    const struct sweep_state *st = s->state;
    bool is_all = true;
    for (int i = 0; i < st->n_rows; i++) {
        const char *run = st->s.trial[st->row[i]].run;
        is_all = is_all && (!*run || tb_desk_is_marked(s->desk, run));
    }
    mark_rows(s, 0, st->n_rows - 1, !is_all);
}

static void mark_range(struct tb_screen *s)
{
    const struct sweep_state *st = s->state;
    struct tb_desk *d = s->desk;
    if (!*d->range_from) {
        tb_str_copy(d->range_from, sizeof d->range_from, d->run);
        tb_desk_say(d, TB_STYLE_MESSAGE, "range from here; v again marks up to the cursor");
        return;
    }
    for (int i = 0; i < st->n_rows; i++)
        if (strcmp(st->row_id[i], d->range_from) == 0)
            mark_rows(s, i, st->grid.cursor, true);
    d->range_from[0] = '\0';
}

static void tell_importance(struct tb_screen *s)
{
    tb_sweep_tell_importance(s, tb_desk_show(s->desk, "importance of keys"));
}

static void ask_report(struct tb_screen *s)
{
    char *name = tb_xasprintf("sweep-%.8s.html", ((const struct sweep_state *)s->state)->s.id);
    tb_desk_ask(s->desk, "write the report into: ", name, REPORT_ASKED);
    free(name);
}

/* Acts that need no sweep. */
static bool act_on_list(struct tb_screen *s, int what)
{
    struct sweep_state *st = s->state;
    switch (what) {
    case OLDER: step_sweep(s, 1); return true;
    case NEWER: step_sweep(s, -1); return true;
    case LIST: st->pane = st->pane == SWEEP_LIST || !st->n_items ? SWEEP_TRIALS : SWEEP_LIST; return true;
    default: return false;
    }
}

static unsigned act(struct tb_screen *s, int what)
{
    const char *text = s->desk->text;
    if (act_on_list(s, what))
        return TB_DO_LOAD;
    if (!((const struct sweep_state *)s->state)->has_view && what != ENTER) {
        tb_desk_say(s->desk, TB_STYLE_WARN, "there is no sweep here; :sweep recipes/lr-search.lua --detach begins one");
        return TB_DO_DRAW;
    }
    switch (what) {
    case PROTECT: protect(s); break;
    case PAUSE: steer(s, "pause"); break;
    case RESUME: steer(s, "resume"); break;
    case STOP: steer(s, "stop"); break;
    case MORE: tb_desk_ask(s->desk, "how many more trials in each arm: ", NULL, MORE_ASKED); break;
    case MORE_ASKED: ask_sweep(s, "sweep", "more", text); break;
    case BUDGET: tb_desk_ask(s->desk, "tokens it may spend in all (2M; 0: no bound): ", NULL, BUDGET_ASKED); break;
    case BUDGET_ASKED: ask_sweep(s, "sweep", "budget", text); break;
    case REPORT: ask_report(s); break;
    case REPORT_ASKED: ask_sweep(s, "compare", "html", text); break;
    case EDIT: edit(s); break;
    case IMPORTANCE: tell_importance(s); break;
    case NEXT_X:
    case NEXT_Y: show_scatter(s, what == NEXT_X); break;
    case MARK: mark(s); break;
    case MARK_RANGE: mark_range(s); break;
    case MARK_ALL: mark_all(s); break;
    default: enter(s);
    }
    return TB_DO_LOAD;
}

/* ---- `/`: of the table with the focus */

static const char *filter(const struct tb_screen *s)
{
    const struct sweep_state *st = s->state;
    const char *needle = st->pane == SWEEP_LIST ? st->list_needle : st->needle;
    return needle ? needle : "";
}

static bool set_filter(struct tb_screen *s, const char *text, struct tb_err *err)
{
    struct sweep_state *st = s->state;
    char **needle = st->pane == SWEEP_LIST ? &st->list_needle : &st->needle;
    free(*needle);
    *needle = *text ? tb_xstrdup(text) : NULL;
    return true;
}

/* "sweep ID" shows that one, as [ and ] do. */
static bool set(struct tb_screen *s, const char *name, const char *value, struct tb_err *err)
{
    char id[TB_SWEEP_ID];
    if (strcmp(name, "sweep") != 0 || !value || !s->desk->store)
        return tb_fail(err, TB_ERR_USAGE, "set: expected sweep ID");
    if (!tb_sweep_find(tb_store_path(s->desk->store), value, id, err))
        return false;
    choose(s, id);
    return true;
}

/* ---- what is kept */

static void save(const struct tb_screen *s, struct tb_json *map)
{
    const struct sweep_state *st = s->state;
    tb_json_set(map, "sweep", tb_json_new_str(st->chosen));
    tb_json_set(map, "x", tb_json_new_str(st->x));
    tb_json_set(map, "y", tb_json_new_str(st->y));
    tb_json_set(map, "pane", tb_json_new_int(st->pane));
}

static void restore(struct tb_screen *s, const struct tb_json *map)
{
    struct sweep_state *st = s->state;
    int64_t pane = tb_json_int(tb_json_get(map, "pane"), SWEEP_TRIALS);
    tb_str_copy(st->chosen, sizeof st->chosen, tb_json_str(tb_json_get(map, "sweep"), ""));
    tb_str_copy(st->x, sizeof st->x, tb_json_str(tb_json_get(map, "x"), ""));
    tb_str_copy(st->y, sizeof st->y, tb_json_str(tb_json_get(map, "y"), ""));
    st->pane = pane >= 0 && pane < SWEEP_PANES ? (enum sweep_pane)pane : SWEEP_TRIALS;
}

const struct tb_screen_class tb_screen_sweep = {
    .name = "sweep", .title = "Sweep", .key = '5', .has_runs = true, .state_size = sizeof(struct sweep_state),
    .binds = binds, .open = open_screen, .close = close_screen, .load = load, .draw = draw, .press = press, .act = act,
    .status = status, .save = save, .restore = restore, .filter = filter, .set_filter = set_filter,
    .set = set,
};
