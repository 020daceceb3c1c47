/* SPDX-License-Identifier: MIT */
/* screen_charts.c - 2 Charts: curves of the marked runs over one axis, a chart for each metric, one cursor for all.
 * Layout, keys and mouse; see charts_priv.h for the rest. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "tui/charts_priv.h"

enum {
    AXIS = TB_ACT_OWN, LOG, SMOOTHER, ROUGHER, BAND, ZOOM_IN, ZOOM_OUT, FOLLOW, METRICS, METRICS_DONE, CONSTANT, LEFT,
    RIGHT, PAGE_BACK, PAGE_ON, ENTER, CLONE
};
enum { FAR = 10, N_WEIGHTS = 7 };

static const struct tb_bind binds[] = {
    TB_BIND('X', "axis", "x: step, tokens or time", "X axis", AXIS),
    TB_BIND('y', "log", "logarithmic y", "y log", LOG),
    TB_BIND('+', "smoother", "smoother curves of training; the raw one stays behind", "+- smooth", SMOOTHER),
    TB_BIND('-', "rougher", "less smoothing", NULL, ROUGHER),
    TB_BIND('b', "band", "all seeds of an arm as one line in a band from lowest to highest", "b band", BAND),
    TB_BIND('H', "cursor-left", "cursor far to the left; h or left: a column", "hl cursor", LEFT),
    TB_BIND('L', "cursor-right", "cursor far to the right; l or right: a column", NULL, RIGHT),
    TB_BIND('z', "zoom-in", "zoom in at the cursor; also the wheel, and dragging over a part", "zZ zoom", ZOOM_IN),
    TB_BIND('Z', "zoom-out", "zoom out", NULL, ZOOM_OUT),
    TB_BIND('F', "follow", "what is seen moves on with the newest step", "F follow", FOLLOW),
    TB_BIND('m', "metrics", "which metrics: a list of words or regular expressions", "m metrics", METRICS),
    TB_BIND('=', "constant", "show metrics that never change, or hide them", NULL, CONSTANT),
    TB_BIND('\n', "batch", "the rows behind the point at the cursor", "enter rows", ENTER),
    TB_BIND('C', "clone", "clone the run from the checkpoint before the cursor; of the rows shown, without them", NULL,
            CLONE),
    TB_BIND('[', "page-back", "the page of metrics before", NULL, PAGE_BACK),
    TB_BIND(']', "page-on", "the next page of metrics", NULL, PAGE_ON),
    { 0 }
};

double tb_charts_weight(int smoothing)
{
    static const double weight[N_WEIGHTS] = { 0, 0.3, 0.6, 0.8, 0.9, 0.95, 0.99 };
    return weight[smoothing];
}

/* ---- layout */

struct charts_layout tb_charts_layout(int width, int height, int legend_rows, int n_metrics)
{
    struct charts_layout l = { .rule = -1 };
    struct tb_rect rest = { 0, 0, width, height }, row[4], column[4];
    static const struct tb_part even[] = { { 1, 1, 0, 0 }, { 1, 1, 0, 0 }, { 1, 1, 0, 0 }, { 1, 1, 0, 0 } };
    l.legend = tb_rect_cut(&rest, legend_rows);
    l.rule = tb_rect_cut(&rest, 1).y;
    l.foot = tb_rect_cut(&rest, -2);
    int columns = width >= 220 ? 4 : width >= 160 ? 3 : width >= 72 ? 2 : 1, h = rest.height,
        rows = h >= 48 ? 4 : h >= 33 ? 3 : h >= 14 ? 2 : 1;
    columns = columns < n_metrics ? columns : n_metrics > 0 ? n_metrics : 1;
    int needed = (n_metrics + columns - 1) / columns;
    rows = rows < needed ? rows : needed > 0 ? needed : 1;
    tb_split_rows(rest, 0, even, rows, row);
    for (int r = 0; r < rows; r++) {
        tb_split_columns(row[r], 2, even, columns, column);
        for (int k = 0; k < columns; k++)
            l.pane[l.n++] = column[k];
    }
    l.columns = columns;
    return l;
}

struct charts_layout tb_charts_layout_of(const struct tb_screen *s)
{
    const struct charts_state *st = s->state;
    return tb_charts_layout(s->width, s->height, tb_charts_legend_rows(st, s->width, s->height / 8 + 1), st->n_shown);
}

static int metric_at(const struct tb_screen *s, int pane)
{
    const struct charts_state *st = s->state;
    int at = st->page * tb_charts_layout_of(s).n + pane;
    return at < st->n_shown ? st->shown[at] : -1;
}

/* Where in the pane its chart lies. False if there is none. */
static bool frame_of(const struct tb_screen *s, int pane, struct tb_plot_frame *f)
{
    struct charts_layout l = tb_charts_layout_of(s);
    int metric = metric_at(s, pane);
    struct charts_pane p;
    if (metric < 0)
        return false;
    tb_charts_pane_open(&p, s, metric, l.pane[pane].width, l.pane[pane].height - 1);
    tb_plot_frame(&p.plot, f);
    tb_charts_pane_free(&p);
    return f->rows > 0 && f->columns > 1;
}

/* ---- looking at a part */

static void look_at(struct charts_state *st, double from, double to)
{
    double whole = st->high - st->low, least = whole * 1e-6;
    if (!(whole > 0))
        return;
    if (to - from < least) {
        double middle = (from + to) / 2;
        from = middle - least / 2;
        to = middle + least / 2;
    }
    double span = to - from;
    if (to > st->high) {
        to = st->high;
        from = to - span;
    }
    from = from < st->low ? st->low : from;
    to = from + span < st->high ? from + span : st->high;
    st->is_zoomed = from > st->low || to < st->high;
    st->follows = st->follows && to >= st->high;
    st->from = from;
    st->to = to;
}

/* By a factor, around x: what lies there stays where it is. */
static void zoom(struct charts_state *st, double x, double factor)
{
    double from, to;
    tb_charts_window(st, &from, &to);
    look_at(st, x - (x - from) * factor, x + (to - x) * factor);
}

static double zoom_center(const struct charts_state *st)
{
    double from, to;
    tb_charts_window(st, &from, &to);
    return st->has_cursor ? st->cursor : st->follows ? to : (from + to) / 2;
}

static void set_cursor(struct charts_state *st, double x)
{
    double from, to;
    st->has_cursor = true;
    st->cursor = x < st->low ? st->low : x > st->high ? st->high : x;
    tb_charts_window(st, &from, &to);
    if (st->cursor < from || st->cursor > to) { /* what is seen goes along */
        double by = st->cursor < from ? st->cursor - from : st->cursor - to;
        look_at(st, from + by, to + by);
    }
}

static void move_cursor(struct tb_screen *s, int columns)
{
    struct charts_state *st = s->state;
    struct tb_plot_frame f;
    double from, to;
    if (!frame_of(s, st->pane, &f))
        return;
    tb_charts_window(st, &from, &to);
    double step = (to - from) / (f.columns - 1);
    set_cursor(st, st->has_cursor ? st->cursor + columns * step : columns < 0 ? to : from);
}

static void follow(struct charts_state *st)
{
    st->follows = !st->follows;
    if (!st->follows || !st->is_zoomed)
        return;
    double span = st->to - st->from;
    st->to = st->high;
    st->from = st->high - span;
}

/* ---- panes, pages, runs */

static void turn_page(struct tb_screen *s, int step)
{
    struct charts_state *st = s->state;
    int n = tb_charts_layout_of(s).n, pages = n ? (st->n_shown + n - 1) / n : 1;
    st->page = pages > 0 ? (st->page + step + pages) % pages : 0;
    st->pane = metric_at(s, st->pane) < 0 ? 0 : st->pane;
}

/* The next chart, on the next page behind the last one of this. */
static void next_pane(struct tb_screen *s, int step)
{
    struct charts_state *st = s->state;
    int n = tb_charts_layout_of(s).n, at = st->page * n + st->pane;
    if (!st->n_shown)
        return;
    at = (at + step + st->n_shown) % st->n_shown;
    st->page = at / n;
    st->pane = at % n;
}

/* The next of the lines becomes the run that keys mean; where nothing is marked, the next run of all. */
static void next_run(struct tb_screen *s, int step)
{
    struct charts_state *st = s->state;
    struct tb_desk *d = s->desk;
    size_t at = 0;
    if (d->n_marks && st->n_lines) {
        int line = 0;
        for (int i = 0; i < st->n_lines; i++)
            for (int k = 0; k < st->line[i].n; k++)
                line = strcmp(st->run[st->line[i].run[k]].id, d->run) == 0 ? i : line;
        line = (line + step + st->n_lines) % st->n_lines;
        tb_str_copy(d->run, sizeof d->run, st->run[st->line[line].run[0]].id);
        return;
    }
    for (size_t i = 0; i < d->n_shown; i++)
        at = strcmp(d->item[d->order[i]].sum.id, d->run) == 0 ? i : at;
    if (d->n_shown && !(step < 0 && at == 0) && !(step > 0 && at + 1 == d->n_shown))
        at = step > 0 ? at + 1 : at - 1;
    if (d->n_shown)
        tb_str_copy(d->run, sizeof d->run, d->item[d->order[at]].sum.id);
}

/* ---- the batch behind a point */

/* Step of the current run at the cursor, of its evaluations (is_eval) or of training; its last one without a cursor. -1
 * if it has none there. */
static int64_t step_at_cursor(struct tb_screen *s, bool is_eval)
{
    struct charts_state *st = s->state;
    const struct tb_metrics *m = tb_desk_run(s->desk, s->desk->run, NULL, NULL);
    int64_t step = -1;
    for (size_t i = 0; m && i < (is_eval ? m->n_eval : m->n_train); i++) {
        const double *row = is_eval ? &m->eval[i].step : &m->train[i].step;
        if (row[0] > (double)m->step || (st->has_cursor && row[st->axis] > st->cursor))
            break;
        step = (int64_t)row[0];
    }
    return step;
}

static void enter(struct tb_screen *s)
{
    struct charts_state *st = s->state;
    struct tb_err err = { 0 };
    int metric = metric_at(s, st->pane);
    const struct tb_run_item *item = tb_desk_current(s->desk);
    bool is_eval = metric >= 0 && tb_str_starts(st->metric[metric].name, "eval/");
    int64_t step = item ? step_at_cursor(s, is_eval) : -1;
    if (step < 0)
        tb_desk_say(s->desk, TB_STYLE_WARN, "%s has no point there; j k choose a run, h l a step",
                    item ? item->sum.name : "no run");
    else if (!tb_batch_open(s, item, step, is_eval, &err))
        tb_desk_fail(s->desk, &err);
}

/* Of the batch that is open, else of the point at the cursor. */
static void clone(struct tb_screen *s)
{
    struct charts_state *st = s->state;
    char *without = st->batch ? tb_batch_without(st->batch) : NULL;
    if (st->batch)
        tb_charts_clone_open(s, tb_desk_item(s->desk, tb_batch_run(st->batch)), tb_batch_step(st->batch), without);
    else
        tb_charts_clone_open(s, tb_desk_current(s->desk), step_at_cursor(s, false), NULL);
    free(without);
}

/* ---- keys and mouse */

static int pane_at(const struct tb_screen *s, const struct tb_press *p)
{
    struct charts_layout l = tb_charts_layout_of(s);
    for (int i = 0; i < l.n; i++)
        if (tb_rect_has(l.pane[i], p->x, p->y) && metric_at(s, i) >= 0)
            return i;
    return -1;
}

/* The x under the mouse, which may have left the pane by now. */
static bool x_under(const struct tb_screen *s, int pane, const struct tb_press *p, double *x)
{
    struct tb_plot_frame f;
    if (pane < 0 || !frame_of(s, pane, &f))
        return false;
    *x = tb_plot_frame_x(&f, p->x - tb_charts_layout_of(s).pane[pane].x - f.left);
    return true;
}

static void release(struct charts_state *st)
{
    double from = fmin(st->drag_from, st->drag_to), to = fmax(st->drag_from, st->drag_to), low, high;
    tb_charts_window(st, &low, &high);
    if (st->drag == CHARTS_ZOOM && to - from > (high - low) * 0.02)
        look_at(st, from, to);
    st->drag = CHARTS_NO_DRAG;
}

static unsigned press_mouse(struct tb_screen *s, const struct tb_press *p)
{
    struct charts_state *st = s->state;
    int pane = st->drag ? st->pane : pane_at(s, p);
    double x;
    if (p->key == TB_PRESS_RELEASE)
        release(st);
    else if (!x_under(s, pane, p, &x))
        return TB_DO_NOTHING;
    else if (p->key == TB_PRESS_WHEEL_UP || p->key == TB_PRESS_WHEEL_DOWN)
        zoom(st, x, p->key == TB_PRESS_WHEEL_UP ? 0.8 : 1.25);
    else if (p->key == TB_PRESS_DOUBLE)
        look_at(st, st->low, st->high);
    else if (p->key == TB_PRESS_DRAG && st->drag == CHARTS_ZOOM)
        st->drag_to = x;
    else if (p->key == TB_PRESS_DRAG && st->drag == CHARTS_INSPECT)
        set_cursor(st, x);
    else if (p->key == TB_PRESS_CLICK || p->key == TB_PRESS_RIGHT_CLICK) {
        st->drag = p->key == TB_PRESS_CLICK ? CHARTS_ZOOM : CHARTS_INSPECT;
        st->drag_from = st->drag_to = x;
        st->pane = pane;
        set_cursor(st, x);
    }
    return TB_DO_HANDLED | TB_DO_LOAD;
}

/* Out of what is open: the part that is looked at, the cursor. */
static unsigned escape(struct charts_state *st)
{
    if (!st->is_zoomed && !st->has_cursor)
        return TB_DO_NOTHING;
    if (st->is_zoomed)
        st->is_zoomed = false;
    else
        st->has_cursor = false;
    st->follows = true;
    return TB_DO_HANDLED | TB_DO_LOAD;
}

static unsigned press(struct tb_screen *s, const struct tb_press *p)
{
    struct charts_state *st = s->state;
    if (st->clone.is_open)
        return tb_charts_clone_press(s, p);
    if (st->batch)
        return tb_batch_press(s, p);
    if (tb_press_is_mouse(p->key))
        return press_mouse(s, p);
    switch (p->key) {
    case TB_PRESS_LEFT: move_cursor(s, -1); break;
    case TB_PRESS_RIGHT: move_cursor(s, 1); break;
    case TB_PRESS_HOME: set_cursor(st, st->low); break;
    case TB_PRESS_END: set_cursor(st, st->high); break;
    case TB_PRESS_UP: next_run(s, -1); break;
    case TB_PRESS_DOWN: next_run(s, 1); break;
    case TB_PRESS_PAGE_UP: turn_page(s, -1); break;
    case TB_PRESS_PAGE_DOWN: turn_page(s, 1); break;
    case '\t': next_pane(s, 1); break;
    case TB_PRESS_BACKTAB: next_pane(s, -1); break;
    case TB_PRESS_ESC: return escape(st);
    default: return TB_DO_NOTHING;
    }
    return TB_DO_HANDLED | TB_DO_LOAD;
}

static void smooth(struct charts_state *st, int step)
{
    int to = st->smoothing + step;
    st->smoothing = to < 0 ? 0 : to >= N_WEIGHTS ? N_WEIGHTS - 1 : to;
}

/* The cursor and what is seen mean something else on another axis. */
static void turn_axis(struct charts_state *st)
{
    st->axis = (st->axis + 1) % 3;
    st->is_zoomed = st->has_cursor = false;
    st->follows = true;
}

static void choose_metrics(struct tb_screen *s)
{
    struct charts_state *st = s->state;
    struct tb_err err = { 0 };
    if (tb_course_is_meant("", s->desk->text, &err) < 0) {
        tb_desk_fail(s->desk, &err);
        return;
    }
    free(st->pattern);
    st->pattern = tb_xstrdup(s->desk->text);
    st->page = st->pane = 0;
}

static unsigned act(struct tb_screen *s, int what)
{
    struct charts_state *st = s->state;
    if (st->batch && what != CLONE) /* it lies over all that these change */
        return TB_DO_NOTHING;
    switch (what) {
    case AXIS: turn_axis(st); break;
    case LOG: st->is_log = !st->is_log; break;
    case SMOOTHER: smooth(st, 1); break;
    case ROUGHER: smooth(st, -1); break;
    case BAND: st->has_band = !st->has_band; break;
    case ZOOM_IN: zoom(st, zoom_center(st), 0.5); break;
    case ZOOM_OUT: zoom(st, zoom_center(st), 2); break;
    case FOLLOW: follow(st); break;
    case METRICS: tb_desk_ask(s->desk, "metrics (words or regular expressions): ", st->pattern, METRICS_DONE); break;
    case METRICS_DONE: choose_metrics(s); break;
    case CONSTANT: st->shows_constant = !st->shows_constant; break;
    case LEFT: move_cursor(s, -FAR); break;
    case RIGHT: move_cursor(s, FAR); break;
    case PAGE_BACK: turn_page(s, -1); break;
    case PAGE_ON: turn_page(s, 1); break;
    case CLONE: clone(s); break;
    default: enter(s);
    }
    return TB_DO_LOAD;
}

/* ---- the rest of the contract */

static bool open(struct tb_screen *s, struct tb_err *err)
{
    struct charts_state *st = s->state;
    st->axis = 1;
    st->smoothing = 2;
    st->follows = true;
    st->pattern = tb_xstrdup("");
    st->best = -1;
    return true;
}

static void close_screen(struct tb_screen *s)
{
    tb_charts_free(s->state);
}

static bool load(struct tb_screen *s, struct tb_err *err)
{
    tb_charts_read(s);
    return true;
}

static void draw(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct charts_state *st = s->state;
    if (st->batch)
        tb_batch_draw(st->batch, c);
    else
        tb_charts_draw(s, c);
    if (st->clone.is_open)
        tb_charts_clone_draw(st, c);
}

static unsigned tick(struct tb_screen *s)
{
    struct charts_state *st = s->state;
    unsigned done = tb_charts_clone_tick(s);
    return st->batch && tb_batch_pump(st->batch) ? done | TB_DO_DRAW : done;
}

static int fds(const struct tb_screen *s, struct pollfd *to, int room)
{
    const struct charts_state *st = s->state;
    int n = tb_clone_form_fds(&st->clone, to, room);
    return n + (st->batch ? tb_batch_fds(st->batch, to + n, room - n) : 0);
}

static bool is_busy(const struct tb_screen *s)
{
    const struct charts_state *st = s->state;
    return tb_clone_form_is_asking(&st->clone) || (st->batch && tb_batch_is_busy(st->batch));
}

/* In an open dialog all keys are its own, in an open batch those that its text knows. */
static bool is_typing(const struct tb_screen *s)
{
    const struct charts_state *st = s->state;
    return st->batch || st->clone.is_open;
}

static void save(const struct tb_screen *s, struct tb_json *map)
{
    const struct charts_state *st = s->state;
    tb_json_set(map, "axis", tb_json_new_str(tb_charts_axis[st->axis]));
    tb_json_set(map, "smoothing", tb_json_new_int(st->smoothing));
    tb_json_set(map, "log", tb_json_new_bool(st->is_log));
    tb_json_set(map, "band", tb_json_new_bool(st->has_band));
    tb_json_set(map, "constant", tb_json_new_bool(st->shows_constant));
    tb_json_set(map, "metrics", tb_json_new_str(st->pattern));
}

static void restore(struct tb_screen *s, const struct tb_json *map)
{
    struct charts_state *st = s->state;
    const char *axis = tb_json_str(tb_json_get(map, "axis"), ""), *metrics = tb_json_str(tb_json_get(map, "metrics"),
                                                                                         "");
    int64_t smoothing = tb_json_int(tb_json_get(map, "smoothing"), st->smoothing);
    for (int i = 0; i < 3; i++)
        st->axis = strcmp(axis, tb_charts_axis[i]) == 0 ? i : st->axis;
    st->smoothing = smoothing >= 0 && smoothing < N_WEIGHTS ? (int)smoothing : st->smoothing;
    st->is_log = tb_json_bool(tb_json_get(map, "log"), false);
    st->has_band = tb_json_bool(tb_json_get(map, "band"), false);
    st->shows_constant = tb_json_bool(tb_json_get(map, "constant"), false);
    if (tb_course_is_meant("", metrics, NULL) < 0)
        return;
    free(st->pattern);
    st->pattern = tb_xstrdup(metrics);
}

const struct tb_screen_class tb_screen_charts = {
    .name = "charts", .title = "Charts", .key = '2', .has_runs = true, .state_size = sizeof(struct charts_state),
    .binds = binds, .open = open, .close = close_screen, .load = load, .draw = draw, .press = press, .act = act,
    .is_typing = is_typing, .tick = tick, .fds = fds, .is_busy = is_busy, .save = save, .restore = restore,
};
