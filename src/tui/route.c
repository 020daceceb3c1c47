/* SPDX-License-Identifier: MIT */
/* route.c - where a key goes: to what lies over the screen; to a field with the focus; to a row of the screen's table,
 * of the runs' table; to the screen's press(); to a row of the table that holds everywhere. `:` ends in the same
 * places. */
#include "tui/overlay_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "tui/gc_ask.h"
#include "tui/undo.h"

struct tb_screen *tb_route_screen(const struct tb_desk *d)
{
    return &d->screen[d->at];
}

bool tb_route_has(const struct tb_desk *d, const struct tb_bind *b)
{
    const struct tb_screen_class *c = tb_route_screen(d)->class;
    if (b->act == TB_ACT_FILTER)
        return c->has_runs || c->set_filter;
    return b->act != TB_ACT_GO || tb_screen_named(b->name);
}

/* ---- commands */

static bool add_refs(const struct tb_desk *d, struct tb_buf *b, bool is_one)
{
    const struct tb_run_item *all[TB_CACHE_RUNS * 16], *one = tb_desk_current(d);
    size_t n = is_one ? one != NULL : tb_desk_chosen(d, all, sizeof all / sizeof *all);
    for (size_t i = 0; i < n; i++) {
        tb_buf_str(b, i ? " " : "");
        tb_shell_quote(b, tb_desk_ref(d, is_one ? one : all[i]));
    }
    return n > 0;
}

/* "stop {runs}" with the runs there are now; malloc'ed, NULL if one is needed and there is none. */
static char *command_of(const struct tb_desk *d, const char *verb)
{
    struct tb_buf b = { 0 };
    bool good = true;
    while (*verb && good) {
        if (tb_str_starts(verb, "{run}") || tb_str_starts(verb, "{runs}")) {
            good = add_refs(d, &b, verb[4] == '}');
        } else if (tb_str_starts(verb, "{text}")) {
            tb_shell_quote(&b, d->text);
        } else if (tb_str_starts(verb, "{words}")) {
            tb_buf_str(&b, d->text);
        } else {
            tb_buf_char(&b, *verb++);
            continue;
        }
        verb = strchr(verb, '}') + 1;
    }
    if (good)
        return tb_buf_take(&b);
    tb_buf_free(&b);
    return NULL;
}

static unsigned undo(struct tb_desk *d)
{
    struct tb_act *a = tb_acts_undoable(&d->acts);
    if (!a) {
        tb_desk_say(d, TB_STYLE_MESSAGE, "nothing to undo");
        return TB_DO_DRAW;
    }
    a->was_undone = true;
    char *commands = tb_undo_join(a->inverse), *rest = commands; /* a moves when acts are added */
    size_t before = d->acts.n;
    for (char *line; (line = strsep(&rest, "\n"));)
        tb_desk_do(d, line, false);
    for (size_t i = before; i < d->acts.n; i++)
        d->acts.act[i].was_undone = false;
    free(commands);
    return TB_DO_DRAW;
}

/* ---- marks */

static unsigned mark_range(struct tb_desk *d)
{
    size_t from = SIZE_MAX, to = SIZE_MAX;
    if (!*d->range_from) {
        tb_str_copy(d->range_from, sizeof d->range_from, d->run);
        tb_desk_say(d, TB_STYLE_MESSAGE, "range from here; v again marks up to the cursor");
        return TB_DO_DRAW;
    }
    for (size_t i = 0; i < d->n_shown; i++) {
        from = strcmp(d->item[d->order[i]].sum.id, d->range_from) == 0 ? i : from;
        to = strcmp(d->item[d->order[i]].sum.id, d->run) == 0 ? i : to;
    }
    d->range_from[0] = '\0';
    if (from == SIZE_MAX || to == SIZE_MAX)
        return TB_DO_DRAW;
    for (size_t i = from < to ? from : to; i <= (from < to ? to : from); i++)
        tb_desk_mark(d, d->item[d->order[i]].sum.id, true);
    tb_desk_say(d, TB_STYLE_MESSAGE, "%zu marked", d->n_marks);
    return TB_DO_LOAD;
}

static unsigned mark_all(struct tb_desk *d)
{
    bool is_all = d->n_shown > 0;
    for (size_t i = 0; i < d->n_shown; i++)
        is_all = is_all && tb_desk_is_marked(d, d->item[d->order[i]].sum.id);
    if (is_all && d->are_marks_given) {
        tb_desk_say(d, TB_STYLE_MESSAGE, "all %zu are marked; * again marks none", d->n_shown);
        d->are_marks_given = false;
        return TB_DO_DRAW;
    }
    for (size_t i = 0; i < d->n_shown; i++)
        tb_desk_mark(d, d->item[d->order[i]].sum.id, !is_all);
    return TB_DO_LOAD;
}

static unsigned refer(struct tb_desk *d)
{
    bool is_it = strcmp(d->reference, d->run) == 0;
    tb_str_copy(d->reference, sizeof d->reference, is_it ? "" : d->run);
    return TB_DO_LOAD;
}

/* ---- what the global rows do */

static unsigned stop_all(struct tb_desk *d)
{
    if (tb_desk_open_runs(d))
        tb_desk_do(d, "stop state:running,paused,queued", false);
    d->leaves_after_acts = true;
    return TB_DO_DRAW;
}

static unsigned to_screen(struct tb_desk *d, uint32_t key)
{
    for (int i = 0; i < d->n_screens; i++)
        if ((uint32_t)d->screen[i].class->key == key) {
            tb_desk_go(d, d->screen[i].class->name);
            return TB_DO_LOAD;
        }
    return TB_DO_DRAW;
}

static unsigned back(struct tb_desk *d)
{
    d->range_from[0] = '\0';
    if (d->n_stack)
        d->at = d->stack[--d->n_stack];
    return TB_DO_LOAD;
}

static unsigned open_filter(struct tb_desk *d)
{
    struct tb_screen *s = tb_route_screen(d);
    if (!s->class->has_runs && !s->class->set_filter) {
        tb_desk_say(d, TB_STYLE_MESSAGE, "there is nothing to filter on %s", s->class->title);
        return TB_DO_DRAW;
    }
    struct tb_overlay *o = tb_overlay_open(d, TB_OVERLAY_FILTER, "/");
    tb_field_set(&o->field, s->class->filter ? s->class->filter(s) : d->filter);
    return TB_DO_DRAW;
}

/* To Inspect, and there what the same key does. */
static unsigned to_inspect(struct tb_desk *d, uint32_t key)
{
    if (!tb_desk_go(d, "inspect"))
        return TB_DO_DRAW;
    const struct tb_bind *b = tb_bind_of(tb_route_screen(d)->class->binds, key);
    d->is_errand = b != NULL;
    return (b ? tb_route_bind(d, b) : TB_DO_DRAW) | TB_DO_LOAD;
}

static unsigned show_absence(struct tb_desk *d)
{
    if (d->absence)
        tb_text_tell(tb_desk_show(d, "what happened since you looked last"), TB_STYLE_PLAIN, d->absence);
    else
        tb_desk_say(d, TB_STYLE_MESSAGE, "nothing happened since you looked last");
    return TB_DO_DRAW;
}

static unsigned act_global(struct tb_desk *d, int act, uint32_t key)
{
    switch (act) {
    case TB_ACT_SCREEN: return to_screen(d, key);
    case TB_ACT_BACK: return back(d);
    case TB_ACT_HELP: tb_help_open(d); return TB_DO_DRAW;
    case TB_ACT_LOG: tb_log_open(d); return TB_DO_DRAW;
    case TB_ACT_ABSENCE: return show_absence(d);
    case TB_ACT_PALETTE: tb_palette_open(d); return TB_DO_DRAW;
    case TB_ACT_FILTER: return open_filter(d);
    case TB_ACT_REDRAW: d->wants_redraw = true; return TB_DO_REFRESH;
    case TB_ACT_SUSPEND: d->wants_suspend = true; return TB_DO_DRAW;
    case TB_ACT_UNDO: return undo(d);
    case TB_ACT_LEAVE: d->wants_leave = true; return TB_DO_HANDLED;
    case TB_ACT_STOP_ALL: return stop_all(d);
    case TB_ACT_MARK:
        if (*d->run)
            tb_desk_mark(d, d->run, !tb_desk_is_marked(d, d->run));
        return TB_DO_LOAD;
    case TB_ACT_MARK_RANGE: return mark_range(d);
    case TB_ACT_MARK_ALL: return mark_all(d);
    case TB_ACT_REFERENCE: return refer(d);
    case TB_ACT_INSPECT: return to_inspect(d, key);
    case TB_ACT_GC: tb_gc_typed(d); return TB_DO_DRAW;
    default: return TB_DO_NOTHING;
    }
}

static unsigned do_verb(struct tb_desk *d, const char *verb)
{
    char *command = command_of(d, verb);
    if (command)
        tb_desk_do(d, command, false);
    else
        tb_desk_say(d, TB_STYLE_WARN, "there is no run here to %.*s", (int)strcspn(verb, " "), verb);
    free(command);
    return TB_DO_DRAW;
}

unsigned tb_route_do(struct tb_desk *d, const struct tb_bind *b, int act)
{
    struct tb_screen *s = tb_route_screen(d);
    if (b && b->verb)
        return do_verb(d, b->verb);
    act = b ? b->act : act;
    if (act >= TB_ACT_OWN)
        return s->class->act ? s->class->act(s, act) | TB_DO_HANDLED : TB_DO_HANDLED;
    return act_global(d, act, b ? b->key : 0);
}

unsigned tb_route_bind(struct tb_desk *d, const struct tb_bind *b)
{
    if (b->act == TB_ACT_GO)
        return tb_desk_go(d, b->name) ? TB_DO_HANDLED | TB_DO_LOAD : TB_DO_HANDLED;
    if (b->act == TB_ACT_STOP_ALL) {
        size_t n = tb_desk_open_runs(d);
        char *text = n > 1 ? tb_xasprintf("stop %zu runs behind their checkpoints, and leave?", n)
                           : tb_xstrdup(n ? "stop 1 run behind its checkpoint, and leave?" : "no run to stop: leave?");
        tb_overlay_confirm(d, text, b);
        free(text);
        return TB_DO_HANDLED | TB_DO_DRAW;
    }
    if (b->ask) {
        char *label = tb_xasprintf("%s: ", b->ask);
        tb_overlay_ask(d, label, NULL, b, 0);
        free(label);
        return TB_DO_HANDLED | TB_DO_DRAW;
    }
    if (b->confirm) {
        tb_overlay_confirm(d, b->confirm, b);
        return TB_DO_HANDLED | TB_DO_DRAW;
    }
    return TB_DO_HANDLED | tb_route_do(d, b, 0);
}

/* ---- `:` */

static unsigned set(struct tb_desk *d, const char *name, const char *value)
{
    const struct tb_screen_class *c = tb_route_screen(d)->class;
    struct tb_err err = { 0 };
    bool good = false;
    if (name && value && strcmp(name, "glyphs") == 0)
        good = tb_glyphs_named(value, &d->glyphs, &err);
    else if (name && value && strcmp(name, "color") == 0)
        good = tb_depth_named(value, &d->depth, &err);
    else if (name && c->set)
        good = c->set(tb_route_screen(d), name, value, &err);
    else
        tb_fail(&err, TB_ERR_USAGE, "set: expected glyphs or color, and a value");
    d->wants_redraw = good;
    if (good && strcmp(name, "glyphs") == 0)
        d->kept_glyphs = (int)d->glyphs + 1;
    if (!good)
        tb_desk_fail(d, &err);
    return TB_DO_LOAD;
}

unsigned tb_route_line(struct tb_desk *d, const char *line)
{
    const char *word[4] = { NULL };
    char *store = NULL;
    const struct tb_screen_class *c = tb_route_screen(d)->class;
    int n = tb_shell_words(line, &store, word, 3);
    const struct tb_bind *b = n == 1 ? tb_bind_named(c->binds, word[0]) : NULL;
    b = n != 1 || b ? b : tb_bind_named(tb_binds_global, word[0]);
    unsigned done = TB_DO_HANDLED | TB_DO_DRAW;
    if (b)
        done |= tb_route_bind(d, b);
    else if (n == 1 && strcmp(word[0], "q") == 0)
        d->wants_leave = true;
    else if (n > 0 && strcmp(word[0], "set") == 0)
        done |= set(d, word[1], word[2]);
    else if (n > 0 && strcmp(word[0], "gc") == 0 && tb_gc_ask(d, word, n))
        done |= TB_DO_DRAW;
    else if (n != 1 || !tb_desk_go(d, word[0]))
        tb_desk_do(d, line, true);
    else
        done |= TB_DO_LOAD;
    free(store);
    return done;
}

/* ---- keys */

static unsigned press_screen(struct tb_screen *s, const struct tb_press *p)
{
    return s->class->press ? s->class->press(s, p) : TB_DO_NOTHING;
}

unsigned tb_route_press(struct tb_desk *d, const struct tb_press *p)
{
    struct tb_screen *s = tb_route_screen(d);
    const struct tb_screen_class *c = s->class;
    struct tb_press as = *p;
    unsigned done;
    if (d->overlay)
        return tb_overlay_press(d, p);
    tb_acts_part(&d->acts);
    if (c->is_typing && c->is_typing(s) && (done = press_screen(s, p)) & TB_DO_HANDLED)
        return done;
    const struct tb_bind *b = tb_bind_of(c->binds, p->key);
    b = b ? b : c->has_runs ? tb_bind_of(tb_binds_runs, p->key) : NULL;
    b = b && tb_route_has(d, b) ? b : NULL;
    if (b && !b->as)
        return tb_route_bind(d, b);
    const struct tb_bind *global = tb_bind_of(tb_binds_global, p->key);
    as.key = b ? b->as : global && global->as ? global->as : p->key;
    if ((done = press_screen(s, &as)) & TB_DO_HANDLED)
        return done;
    return global && !global->as ? tb_route_bind(d, global) : TB_DO_NOTHING;
}
