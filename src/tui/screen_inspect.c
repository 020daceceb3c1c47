/* SPDX-License-Identifier: MIT */
/* screen_inspect.c - 7 Inspect: all about the run under the cursor: where it comes from and what came out of it, which
 * checkpoints it has and why, what happened, what proves it; and the dialogs that clone it and write it out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "tui/inspect_priv.h"

enum {
    ENTER = TB_ACT_OWN, CLONE, KEEP, KEEP_TAG, EXPORT, FOLLOW, AGAIN, PAGE_BEFORE, PAGE_AFTER,
    PAGE, /* and INSPECT_PAGES - 1 more */
};
enum { TABS = 70 }; /* columns that names of pages with room around them take, and "more below" behind them */

static const struct tb_bind binds[] = {
    TB_BIND('C', "clone", "a new run out of this one: other keys, from a checkpoint or from step 0", "C clone", CLONE),
    TB_BIND('K', "keep", "a checkpoint that stays: made now, or the one under the cursor with a tag", "K keep", KEEP),
    TB_BIND('L', "log", "events, evaluations and every step; F follows, / searches", "L log", PAGE + INSPECT_LOG),
    TB_BIND('S', "samples", "what it wrote, by step", "S samples", PAGE + INSPECT_SAMPLES),
    TB_BIND('v', "env", "program, machine, command line", "v env", PAGE + INSPECT_ENV),
    TB_BIND('x', "export", "write the adapter or the tables into files", "x export", EXPORT),
    TB_BIND('\n', "enter", "open the run of the family, clone from the checkpoint", NULL, ENTER),
    TB_BIND('E', "events", "what happened, without the steps", NULL, PAGE + INSPECT_EVENTS),
    TB_BIND('D', "data", "rows, hashes, the place in their order", NULL, PAGE + INSPECT_DATA),
    TB_BIND('O', "options", "every key: chosen, changed under way, as by default", NULL, PAGE + INSPECT_OPTIONS),
    TB_BIND('w', "worker", "what its worker wrote for who looks for a cause", NULL, PAGE + INSPECT_WORKER),
    TB_BIND('a', "all", "something of each page", NULL, PAGE + INSPECT_ALL),
    TB_BIND('[', "page-before", "the page to the left", NULL, PAGE_BEFORE),
    TB_BIND(']', "page-after", "the page to the right", NULL, PAGE_AFTER),
    TB_BIND('F', "follow", "stay at the newest line of events or log", NULL, FOLLOW),
    TB_BIND('/', "search", "look for words on this page", "/ search", TB_ACT_FILTER),
    TB_BIND('n', "next", "the next line that matches what / looked for; behind the last the first", NULL, AGAIN),
    { .key = 'V', .name = "verify", .help = "train it once more and compare every bit", .verb = "rerun {run} --check",
      .confirm = "train the run once more, from its start, and compare every bit?" },
    { 0 }
};
static const char page_keys[INSPECT_PAGES] = { 'a', 'E', 'L', 'S', 'D', 'v', 'O', 'w' };

/* ---- reading */

static bool is_typing(const struct tb_screen *s)
{
    const struct inspect_state *st = s->state;
    return st->clone.is_open || st->export.is_open;
}

static struct inspect_layout layout_of(const struct tb_screen *s)
{
    const struct inspect_state *st = s->state;
    return tb_inspect_layout(s->width, s->height, st->n_kin, st->n_checkpoints, st->pane, is_typing(s));
}

static int64_t *steps_of(const struct inspect_state *st)
{
    int64_t *steps = tb_xcalloc((size_t)st->n_checkpoints + 1, sizeof *steps);
    for (int i = 0; i < st->n_checkpoints; i++) /* ascending */
        steps[i] = st->checkpoint[st->n_checkpoints - 1 - i].step;
    return steps;
}

static const struct inspect_checkpoint *checkpoint_here(const struct inspect_state *st)
{
    bool is_there = st->pane == INSPECT_CHECKPOINTS && st->checkpoint_grid.cursor < st->n_checkpoints;
    return is_there ? &st->checkpoint[st->checkpoint_grid.cursor] : NULL;
}

static void open_dialog(struct tb_screen *s, const struct tb_metrics *m)
{
    struct inspect_state *st = s->state;
    const struct tb_run_item *item = tb_desk_current(s->desk);
    const struct inspect_checkpoint *here = checkpoint_here(st);
    int64_t *steps = steps_of(st);
    const char *ref = tb_desk_ref(s->desk, item);
    if (st->wants_clone)
        tb_clone_form_open(&st->clone, item, m, ref, steps, (size_t)st->n_checkpoints, here ? here->step : -1,
                           s->desk->store_flag);
    else
        tb_export_form_open(&st->export, item, m, ref, steps, (size_t)st->n_checkpoints);
    free(steps);
}

static bool load(struct tb_screen *s, struct tb_err *err)
{
    struct inspect_state *st = s->state;
    const struct tb_metrics *m = tb_inspect_read(s);
    bool wants = st->wants_clone || st->wants_export;
    if (m)
        tb_inspect_fill(s, m);
    if (m && wants && !st->clone.is_open && !st->export.is_open)
        open_dialog(s, m);
    else if (wants && !m)
        tb_desk_say(s->desk, TB_STYLE_WARN, "there is no run here that can be read");
    s->desk->is_errand = s->desk->is_errand && is_typing(s);
    st->wants_clone = st->wants_export = false;
    return true;
}

static void close_screen(struct tb_screen *s)
{
    struct inspect_state *st = s->state;
    tb_clone_form_close(&st->clone);
    tb_export_form_close(&st->export);
    tb_inspect_forget(st);
    tb_pairs_free(&st->facts);
    for (int i = 0; i < INSPECT_PAGES; i++) {
        tb_pairs_free(&st->page[i]);
        tb_text_free(&st->lines[i]);
    }
    free(st->needle);
}

/* ---- drawing */

static void draw_lists(const struct inspect_state *st, struct tb_canvas *c, const struct inspect_layout *l)
{
    static const struct tb_grid_column kin[] = { { "LINEAGE", 24, 0, 0, false }, { "state", 0, 0, 1, false },
                                                 { "began", 4, 0, 2, false } },
                                       kept[] = { { "CHECKPOINTS", 0, 0, 0, false }, { "tokens", 0, 0, 3, true },
                                                  { "eval", 0, 0, 0, true }, { "size", 0, 0, 2, true },
                                                  { "stays as", 6, 0, 1, false } };
    struct tb_grid_rows rows = tb_inspect_kin_rows(st);
    struct tb_canvas part = tb_canvas_part(c, l->kin);
    bool has_dialog = l->dialog.height > 0;
    tb_grid_draw(&st->kin_grid, &part, kin, 3, &rows, st->pane == INSPECT_KIN && !has_dialog);
    part = tb_canvas_part(c, l->checkpoints);
    rows = tb_inspect_checkpoint_rows(st);
    tb_grid_draw(&st->checkpoint_grid, &part, kept, 5, &rows, st->pane == INSPECT_CHECKPOINTS && !has_dialog);
    if (!st->n_checkpoints)
        tb_canvas_text(&part, 2, 1, TB_STYLE_DIM, "none yet; K has a run under way make one");
    part = tb_canvas_part(c, l->again);
    tb_canvas_field(&part, 0, 0, part.width, TB_STYLE_PLAIN, st->again[0]);
    tb_canvas_field(&part, 0, 1, part.width, TB_STYLE_DIM, st->again[1]);
}

static void draw_facts(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct inspect_state *st = s->state;
    struct tb_rect rest = tb_canvas_rect(c), head = tb_rect_cut(&rest, 1);
    struct tb_canvas body = tb_canvas_part(c, rest);
    unsigned bits = st->pane == INSPECT_FACTS ? TB_STYLE_REVERSE : 0;
    tb_canvas_field(c, head.x, head.y, head.width, tb_style_tint(tb_desk_tint(s->desk, st->id)) | TB_STYLE_BOLD | bits,
                    st->name);
    if (st->trouble) {
        tb_canvas_wrap(&body, 0, TB_STYLE_BAD, st->trouble);
        return;
    }
    tb_pairs_draw(&st->facts, &body);
    tb_canvas_beyond(c, 0, 0, tb_pairs_beyond(&st->facts, body.width, body.height));
}

/* Names of all pages on a line, the one that is shown in brackets; the column behind them. */
static int draw_names(const struct inspect_state *st, struct tb_canvas *c)
{
    int x = 1;
    bool is_tight = c->width < TABS;
    for (int i = 0; i < INSPECT_PAGES; i++) {
        bool is_on = i == st->at;
        unsigned style = is_on ? TB_STYLE_TAB_ON | (st->pane == INSPECT_PAGE ? TB_STYLE_REVERSE : 0) : TB_STYLE_TAB;
        int end = tb_canvas_fmt(c, x, 0, style, is_on ? "[%s]" : is_tight ? "%s" : " %s ", tb_inspect_page_name(i));
        tb_canvas_hot(c, (struct tb_rect){ x, 0, end - x, 1 }, (uint32_t)page_keys[i]);
        x = end;
        if (is_tight)
            x = tb_canvas_text(c, x, 0, TB_STYLE_PLAIN, " ");
    }
    if (x >= c->width)
        tb_canvas_text(c, c->width - 2, 0, TB_STYLE_TAB, "..");
    return x;
}

/* On a line, which tells too how the page is scrolled. */
static void draw_tabs(const struct inspect_state *st, struct tb_canvas *c, struct tb_rect page)
{
    bool is_long = tb_inspect_is_long(st->at);
    tb_canvas_rule(c, 0);
    int x = draw_names(st, c);
    if (is_long && st->lines[st->at].follow)
        x = tb_canvas_text(c, x + 1, 0, TB_STYLE_LIVE, " follows ");
    tb_canvas_beyond(c, x, 0, is_long ? tb_text_beyond(&st->lines[st->at], page.width, page.height)
                                      : tb_pairs_beyond(&st->page[st->at], page.width, page.height));
}

static void draw_page(const struct inspect_state *st, struct tb_canvas *c)
{
    if (tb_inspect_is_long(st->at))
        tb_text_draw(&st->lines[st->at], c);
    else
        tb_pairs_draw(&st->page[st->at], c);
}

static void draw(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct inspect_state *st = s->state;
    struct inspect_layout l = layout_of(s);
    struct tb_canvas facts = tb_canvas_part(c, l.facts), tabs = tb_canvas_part(c, l.tabs),
                     page = tb_canvas_part(c, l.page), dialog = tb_canvas_part(c, l.dialog);
    if (!*st->id) {
        tb_canvas_text(c, 1, 0, TB_STYLE_DIM, "no run is chosen; 1 lists them, Enter there opens one here");
        return;
    }
    if (l.kin.height)
        draw_lists(st, c, &l);
    if (l.wall >= 0)
        tb_canvas_wall(c, l.wall, 0, l.wall_height);
    if (facts.height)
        draw_facts(s, &facts);
    if (tabs.height)
        draw_tabs(st, &tabs, l.page);
    if (page.height)
        draw_page(st, &page);
    if (st->clone.is_open)
        tb_clone_form_draw(&st->clone, &dialog);
    else if (st->export.is_open)
        tb_export_form_draw(&st->export, &dialog);
}

static void status(const struct tb_screen *s, char *dst, size_t n)
{
    tb_str_copy(dst, n, ((const struct inspect_state *)s->state)->name);
}

/* ---- keys of dialogs */

/* A dialog was closed: back to where it was asked for. */
static unsigned leave_dialog(struct tb_screen *s)
{
    struct inspect_state *st = s->state;
    bool was_errand = s->desk->is_errand;
    tb_clone_form_close(&st->clone);
    tb_export_form_close(&st->export);
    s->desk->is_errand = false;
    return TB_DO_HANDLED | TB_DO_DRAW | (was_errand ? TB_DO_BACK : 0);
}

static unsigned end_clone(struct tb_screen *s, enum tb_clone_form_result result)
{
    struct inspect_state *st = s->state;
    return tb_clone_form_obey(&st->clone, result, s->desk) ? leave_dialog(s) : TB_DO_HANDLED | TB_DO_DRAW;
}

static unsigned press_export(struct tb_screen *s, const struct tb_press *p)
{
    struct inspect_state *st = s->state;
    enum tb_export_form_result result = tb_export_form_press(&st->export, p);
    if (result == TB_EXPORT_FORM_STARTS) {
        char *command = tb_export_form_command(&st->export);
        tb_desk_do(s->desk, command, true);
        free(command);
    }
    return result == TB_EXPORT_FORM_STAYS ? TB_DO_HANDLED | TB_DO_DRAW : leave_dialog(s);
}

static unsigned tick(struct tb_screen *s)
{
    struct inspect_state *st = s->state;
    enum tb_clone_form_result result;
    bool is_news = tb_clone_form_tick(&st->clone, &result);
    if (result != TB_CLONE_FORM_STAYS)
        return end_clone(s, result);
    return is_news ? TB_DO_DRAW : TB_DO_NOTHING;
}

static bool is_busy(const struct tb_screen *s)
{
    return tb_clone_form_is_asking(&((const struct inspect_state *)s->state)->clone);
}

static int fds(const struct tb_screen *s, struct pollfd *fds, int room)
{
    return tb_clone_form_fds(&((const struct inspect_state *)s->state)->clone, fds, room);
}

/* ---- keys */

static struct tb_rect rect_of(const struct inspect_layout *l, enum inspect_pane pane)
{
    const struct tb_rect all[INSPECT_PANES] = { l->kin, l->checkpoints, l->facts, l->page };
    return all[pane];
}

/* The next pane, whether it is in sight or folded behind this one. */
static void next_pane(struct inspect_state *st, int step)
{
    st->pane = (enum inspect_pane)(((int)st->pane + step + INSPECT_PANES) % INSPECT_PANES);
}

static int page_of(struct tb_rect r)
{
    return r.height > 1 ? r.height - 1 : 1;
}

static bool press_pane(struct tb_screen *s, struct tb_rect r, const struct tb_press *p)
{
    struct inspect_state *st = s->state;
    struct tb_grid_rows kin = tb_inspect_kin_rows(st), kept = tb_inspect_checkpoint_rows(st);
    int page = page_of(r);
    switch (st->pane) {
    case INSPECT_KIN: return tb_grid_press(&st->kin_grid, &kin, page, p);
    case INSPECT_CHECKPOINTS: return tb_grid_press(&st->checkpoint_grid, &kept, page, p);
    case INSPECT_FACTS: return tb_pairs_press(&st->facts, r.width, page, p);
    default:
        if (tb_inspect_is_long(st->at))
            return tb_text_press(&st->lines[st->at], r.width, r.height, p);
        return tb_pairs_press(&st->page[st->at], r.width, r.height, p);
    }
}

static unsigned enter(struct tb_screen *s)
{
    struct inspect_state *st = s->state;
    if (st->pane == INSPECT_KIN && st->kin_grid.cursor < st->n_kin) {
        const struct inspect_kin *k = &st->kin[st->kin_grid.cursor];
        if (k->is_gone)
            tb_desk_say(s->desk, TB_STYLE_WARN, "%s is gone from the store", k->id);
        else
            tb_str_copy(s->desk->run, TB_RUN_ID, k->id);
    }
    st->wants_clone = checkpoint_here(st) != NULL;
    return TB_DO_LOAD;
}

static bool opens(const struct tb_screen *s, struct tb_rect r, const struct tb_press *p)
{
    const struct inspect_state *st = s->state;
    struct tb_grid_rows kin = tb_inspect_kin_rows(st), kept = tb_inspect_checkpoint_rows(st);
    return (st->pane == INSPECT_KIN && tb_grid_opens(&st->kin_grid, &kin, page_of(r), p))
        || (st->pane == INSPECT_CHECKPOINTS && tb_grid_opens(&st->checkpoint_grid, &kept, page_of(r), p));
}

static unsigned press(struct tb_screen *s, const struct tb_press *p)
{
    struct inspect_state *st = s->state;
    struct inspect_layout l = layout_of(s);
    struct tb_press in = *p;
    if (is_typing(s) && tb_form_takes(p))
        return st->clone.is_open ? end_clone(s, tb_clone_form_press(&st->clone, p)) : press_export(s, p);
    if (p->key == '\t' || p->key == TB_PRESS_BACKTAB) {
        next_pane(st, p->key == '\t' ? 1 : -1);
        return TB_DO_HANDLED | TB_DO_DRAW;
    }
    for (int i = 0; tb_press_is_mouse(p->key) && !is_typing(s) && i < INSPECT_PANES; i++)
        if (tb_rect_has(rect_of(&l, (enum inspect_pane)i), p->x, p->y))
            st->pane = (enum inspect_pane)i;
    struct tb_rect r = rect_of(&l, st->pane);
    in.x -= r.x;
    in.y -= r.y;
    bool is_used = press_pane(s, r, &in);
    if (opens(s, r, &in))
        return TB_DO_HANDLED | enter(s);
    return is_used ? TB_DO_HANDLED | TB_DO_DRAW : TB_DO_NOTHING;
}

/* A checkpoint under the cursor is given a tag; else a run under way makes one. */
static unsigned keep(struct tb_screen *s)
{
    struct inspect_state *st = s->state;
    const struct tb_run_item *item = tb_desk_current(s->desk);
    const struct inspect_checkpoint *here = checkpoint_here(st);
    if (here) {
        char *label = tb_xasprintf("checkpoint %s stays while it has a tag; +word -word: ", here->id);
        tb_desk_ask(s->desk, label, "+keep", KEEP_TAG);
        free(label);
    } else if (item && tb_state_is_live(item->sight.state)) {
        char *command = tb_xasprintf("keep %s", tb_desk_ref(s->desk, item));
        tb_desk_do(s->desk, command, false);
        free(command);
    } else {
        tb_desk_say(s->desk, TB_STYLE_MESSAGE, "it is not trained now; Tab goes to its checkpoints, K there keeps one");
    }
    return TB_DO_DRAW;
}

static unsigned keep_tag(struct tb_screen *s)
{
    struct inspect_state *st = s->state;
    const struct tb_run_item *item = tb_desk_current(s->desk);
    const struct inspect_checkpoint *here = checkpoint_here(st);
    if (here && item && *s->desk->text) {
        char *command = tb_xasprintf("tag %s --at %s %s", tb_desk_ref(s->desk, item), here->id, s->desk->text);
        tb_desk_do(s->desk, command, false);
        free(command);
    }
    return TB_DO_DRAW;
}

static unsigned go_to_page(struct inspect_state *st, int page)
{
    st->at = page;
    return TB_DO_LOAD;
}

static unsigned follow(struct tb_screen *s)
{
    struct inspect_state *st = s->state;
    st->at = tb_inspect_is_long(st->at) ? st->at : INSPECT_LOG;
    st->lines[st->at].follow = !st->lines[st->at].follow;
    return TB_DO_LOAD;
}

/* The next match, or the first one behind what was just typed. */
static bool find(struct tb_screen *s, const char *needle)
{
    struct inspect_state *st = s->state;
    struct inspect_layout l = layout_of(s);
    int width = l.page.width ? l.page.width : s->width;
    if (tb_inspect_is_long(st->at))
        return tb_text_find(&st->lines[st->at], width, needle, 1);
    return tb_pairs_find(&st->page[st->at], width, needle, 1);
}

/* Behind the last match the first one. */
static void find_again(struct tb_screen *s)
{
    struct inspect_state *st = s->state;
    if (!st->needle || !*st->needle) {
        tb_desk_say(s->desk, TB_STYLE_MESSAGE, "/ looks for something first");
        return;
    }
    if (find(s, NULL)) {
        tb_desk_say(s->desk, TB_STYLE_MESSAGE, "%s", "");
        return;
    }
    st->page[st->at].first = st->lines[st->at].first = 0;
    if (find(s, st->needle))
        tb_desk_say(s->desk, TB_STYLE_MESSAGE, "from the top again");
    else
        tb_desk_say(s->desk, TB_STYLE_MESSAGE, "'%.60s' is not on this page", st->needle);
}

static unsigned act(struct tb_screen *s, int what)
{
    struct inspect_state *st = s->state;
    switch (what) {
    case ENTER: return enter(s);
    case CLONE: st->wants_clone = true; return TB_DO_LOAD;
    case EXPORT: st->wants_export = true; return TB_DO_LOAD;
    case KEEP: return keep(s);
    case KEEP_TAG: return keep_tag(s);
    case FOLLOW: return follow(s);
    case AGAIN: find_again(s); return TB_DO_DRAW;
    case PAGE_BEFORE: return go_to_page(st, (st->at + INSPECT_PAGES - 1) % INSPECT_PAGES);
    case PAGE_AFTER: return go_to_page(st, (st->at + 1) % INSPECT_PAGES);
    default: return go_to_page(st, what - PAGE);
    }
}

static const char *filter(const struct tb_screen *s)
{
    const struct inspect_state *st = s->state;
    return st->needle ? st->needle : "";
}

/* `/` looks for a text in the page. */
static bool set_filter(struct tb_screen *s, const char *text, struct tb_err *err)
{
    struct inspect_state *st = s->state;
    free(st->needle);
    st->needle = tb_xstrdup(text);
    return find(s, text) || !*text || tb_fail(err, TB_ERR_NOTFOUND, "'%.60s' is not on this page from here on", text);
}

static void save(const struct tb_screen *s, struct tb_json *map)
{
    const struct inspect_state *st = s->state;
    tb_json_set(map, "page", tb_json_new_str(tb_inspect_page_name(st->at)));
}

static void restore(struct tb_screen *s, const struct tb_json *map)
{
    struct inspect_state *st = s->state;
    for (int i = 0; i < INSPECT_PAGES; i++)
        if (strcmp(tb_json_str(tb_json_get(map, "page"), ""), tb_inspect_page_name(i)) == 0)
            st->at = i;
}

const struct tb_screen_class tb_screen_inspect = {
    .name = "inspect", .title = "Inspect", .key = '7', .has_runs = true, .state_size = sizeof(struct inspect_state),
    .binds = binds, .close = close_screen, .load = load, .draw = draw, .press = press, .act = act,
    .is_typing = is_typing, .tick = tick, .fds = fds, .is_busy = is_busy, .status = status, .save = save,
    .restore = restore, .filter = filter, .set_filter = set_filter,
};
