/* SPDX-License-Identifier: MIT */
/* screen_runs.c - 1 Runs: all runs of the store in a table, curves and facts of those that are looked at. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "tui/runs_priv.h"

enum { SORT = TB_ACT_OWN, REVERSE, COLUMN_LEFT, COLUMN_RIGHT, MOVE_LEFT, MOVE_RIGHT, CONSTANT, GROUP, GROUP_BY, COPY,
       MARK, ENTER };
enum { FACTS_WIDTH = 40, BESIDE = 96, USUAL = 80 };

static const struct tb_bind binds[] = {
    TB_BIND('\n', "inspect", "all about the run", NULL, ENTER),
    TB_BIND('o', "sort", "sort by the chosen column", "o sort", SORT),
    TB_BIND('O', "reverse", "turn the order round", NULL, REVERSE),
    TB_BIND('[', "column-left", "choose the column to the left", NULL, COLUMN_LEFT),
    TB_BIND(']', "column-right", "choose the column to the right", NULL, COLUMN_RIGHT),
    TB_BIND('{', "move-left", "move the chosen column to the left", NULL, MOVE_LEFT),
    TB_BIND('}', "move-right", "move the chosen column to the right", NULL, MOVE_RIGHT),
    TB_BIND('=', "constant", "show columns that are equal in all runs, or hide them", NULL, CONSTANT),
    TB_BIND('y', "copy", "copy the chosen cell, else the name", NULL, COPY),
    TB_BIND('g', "group", "group by columns; !seed: all but the seed", "g group", GROUP),
    TB_BIND(' ', "mark", "mark the run, and on to the next: for charts, diff and every verb", "spc mark", MARK),
    { 0 }
};

/* ---- layout */

struct runs_layout tb_runs_layout(int width, int height, int pane)
{
    struct runs_layout l = { .rule = -1 };
    struct tb_rect rest = { 0, 0, width, height }, part[2];
    l.head = tb_rect_cut(&rest, 1);
    tb_split_rows(rest, 1, (const struct tb_part[]){ { 6, 1, 0, 0 }, { 8, 1, 24, 1 } }, 2, part);
    bool has_below = part[1].height > 0;
    l.table = part[0];
    if (has_below)
        l.rule = part[1].y - 1;
    else if (pane)
        l.table.height = 0;
    struct tb_rect below = has_below ? part[1] : pane ? rest : (struct tb_rect){ 0, rest.y + rest.height, 0, 0 };
    below.x += 1;
    below.width -= below.width > 2 ? 2 : below.width;
    if (width >= BESIDE) {
        tb_split_columns(below, 2, (const struct tb_part[]){ { 40, 1, 0, 0 }, { FACTS_WIDTH, 0, 0, 1 } }, 2, part);
        l.chart = part[0];
        l.facts = part[1];
    } else if (pane == 2) {
        l.facts = below;
    } else {
        l.chart = below;
    }
    return l;
}

static struct runs_layout layout_of(const struct tb_screen *s)
{
    return tb_runs_layout(s->width, s->height, ((const struct runs_state *)s->state)->pane);
}

int tb_runs_page(const struct tb_screen *s)
{
    int height = layout_of(s).table.height;
    return height > 1 ? height - 1 : 1;
}

/* ---- reading */

static bool open(struct tb_screen *s, struct tb_err *err)
{
    struct runs_state *st = s->state;
    st->grid.column = -1;
    for (int i = 0; i < RUNS_COLUMNS; i++)
        st->column[i] = (unsigned char)i;
    return true;
}

static void close_screen(struct tb_screen *s)
{
    struct runs_state *st = s->state;
    tb_runs_free_lines(st);
    tb_text_free(&st->facts);
    free(st->row);
}

static bool load(struct tb_screen *s, struct tb_err *err)
{
    struct runs_state *st = s->state;
    tb_runs_make_rows(s);
    struct tb_grid_rows rows = tb_runs_rows(s);
    tb_str_copy(st->grid.id, sizeof st->grid.id, s->desk->run);
    tb_grid_follow(&st->grid, &rows, tb_runs_page(s));
    tb_str_copy(s->desk->run, TB_RUN_ID, st->n_rows ? st->grid.id : "");
    s->wants_more = s->desk->store && tb_runs_read_sparks(s);
    tb_runs_read_panes(s);
    return true;
}

/* ---- drawing */

static void draw_head(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct tb_desk *d = s->desk;
    const char *sort = *d->sort ? d->sort : "as made";
    char count[64];
    snprintf(count, sizeof count, "%zu of %zu%s", d->n_shown, d->n, d->n_marks ? ", " : "");
    if (d->n_marks)
        snprintf(count + strlen(count), sizeof count - strlen(count), "%zu marked", d->n_marks);
    int room = c->width - 1 - tb_text_width(count), x = 1;
    struct tb_canvas left = tb_canvas_part(c, (struct tb_rect){ 0, 0, room - 1, 1 });
    x = tb_canvas_text(&left, x, 0, TB_STYLE_DIM, "filter: ");
    x = tb_canvas_text(&left, x, 0, TB_STYLE_PLAIN, *d->filter ? d->filter : "none");
    if (*d->group_by || c->width >= USUAL) {
        x = tb_canvas_text(&left, x + 3, 0, TB_STYLE_DIM, "group: ");
        x = tb_canvas_text(&left, x, 0, TB_STYLE_PLAIN, *d->group_by ? d->group_by : "none");
    }
    x = tb_canvas_text(&left, x + 3, 0, TB_STYLE_DIM, "sort: ");
    x = tb_canvas_fmt(&left, x, 0, TB_STYLE_PLAIN, "%s%s", *sort == '-' ? sort + 1 : sort, *sort == '-' ? " desc" : "");
    if (x > left.width)
        tb_canvas_text(&left, left.width - 2, 0, TB_STYLE_DIM, "..");
    tb_canvas_right(c, room, 0, tb_text_width(count), TB_STYLE_DIM, count);
}

static void draw_empty(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct tb_desk *d = s->desk;
    struct tb_canvas part = tb_canvas_part(c, tb_rect_margin(tb_canvas_rect(c)));
    char text[sizeof d->trouble.where + sizeof d->trouble.text + 32];
    if (d->trouble.kind != TB_ERR_NONE)
        tb_canvas_wrap(&part, 0, TB_STYLE_WARN, tb_err_string(&d->trouble, text, sizeof text));
    else
        tb_canvas_wrap(&part, 0, TB_STYLE_DIM,
                       d->n ? "no run passes the filter; / changes it"
                            : "no runs yet; :run recipes/compare-three.lua --detach makes some");
}

static void draw_pane(const struct tb_screen *s, struct tb_canvas *c, struct tb_rect r, bool is_chart)
{
    struct tb_canvas part = tb_canvas_part(c, r);
    if (part.width < 1 || part.height < 1)
        return;
    if (is_chart)
        tb_runs_draw_chart(s, &part);
    else
        tb_text_draw(&((const struct runs_state *)s->state)->facts, &part);
}

static void draw(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct runs_state *st = s->state;
    struct tb_grid_column column[RUNS_COLUMNS];
    struct tb_grid_rows rows = tb_runs_rows(s);
    struct runs_layout l = tb_runs_layout(c->width, c->height, st->pane);
    struct tb_canvas head = tb_canvas_part(c, l.head), table = tb_canvas_part(c, l.table);
    draw_head(s, &head);
    if (st->n_rows)
        tb_grid_draw(&st->grid, &table, column, tb_runs_columns(s, column), &rows, st->pane == 0);
    else
        draw_empty(s, &table);
    if (l.rule >= 0)
        tb_canvas_rule(c, l.rule);
    if (l.rule >= 0 && l.facts.height > 0)
        tb_canvas_beyond(c, 0, l.rule, tb_text_beyond(&st->facts, l.facts.width, l.facts.height));
    draw_pane(s, c, l.chart, true);
    draw_pane(s, c, l.facts, false);
}

/* ---- keys */

static void enter(struct tb_screen *s)
{
    if (tb_desk_current(s->desk))
        tb_desk_go(s->desk, "inspect");
}

static unsigned press(struct tb_screen *s, const struct tb_press *p)
{
    struct runs_state *st = s->state;
    struct tb_grid_rows rows = tb_runs_rows(s);
    struct runs_layout l = layout_of(s);
    struct tb_press in = *p;
    if (p->key == '\t' || p->key == TB_PRESS_BACKTAB) {
        st->pane = (st->pane + (p->key == '\t' ? 1 : 2)) % 3;
        return TB_DO_HANDLED | TB_DO_DRAW;
    }
    if (st->pane == 2 && tb_text_press(&st->facts, l.facts.width, l.facts.height, p))
        return TB_DO_HANDLED | TB_DO_DRAW;
    if (tb_press_is_mouse(p->key)) {
        if (!tb_rect_has(l.table, p->x, p->y))
            return TB_DO_NOTHING;
        in.x -= l.table.x;
        in.y -= l.table.y;
        st->pane = 0;
    }
    if (!tb_grid_press(&st->grid, &rows, tb_runs_page(s), &in))
        return TB_DO_NOTHING;
    tb_str_copy(s->desk->run, TB_RUN_ID, st->grid.id);
    if (tb_grid_opens(&st->grid, &rows, tb_runs_page(s), &in))
        enter(s);
    return TB_DO_HANDLED | TB_DO_LOAD;
}

static void mark(struct tb_screen *s)
{
    struct runs_state *st = s->state;
    struct tb_grid_rows rows = tb_runs_rows(s);
    if (!*s->desk->run)
        return;
    tb_desk_mark(s->desk, s->desk->run, !tb_desk_is_marked(s->desk, s->desk->run));
    tb_grid_press(&st->grid, &rows, tb_runs_page(s), &(struct tb_press){ .key = TB_PRESS_DOWN });
    tb_str_copy(s->desk->run, TB_RUN_ID, st->grid.id);
}

/* Puts the choice to the next column that runs can be sorted by. */
static void choose_column(struct tb_screen *s, int step)
{
    struct runs_state *st = s->state;
    struct tb_grid_column column[RUNS_COLUMNS];
    int n = tb_runs_columns(s, column), at = st->grid.column;
    do
        at = at < 0 && step < 0 ? n - 1 : (at + step + n) % n;
    while (!tb_runs_column_key(s, at));
    st->grid.column = at;
}

static void move_column(struct tb_screen *s, int step)
{
    struct runs_state *st = s->state;
    int at = st->grid.column, to = at + step;
    if (at < 0 || !tb_runs_column_key(s, to) || st->hidden)
        return;
    unsigned char moved = st->column[at];
    st->column[at] = st->column[to];
    st->column[to] = moved;
    st->grid.column = to;
}

static void sort(struct tb_screen *s, bool reverses)
{
    struct runs_state *st = s->state;
    struct tb_desk *d = s->desk;
    struct tb_err err = { 0 };
    const char *key = st->grid.column >= 0 ? tb_runs_column_key(s, st->grid.column) : NULL;
    bool is_down = *d->sort == '-';
    if (!reverses && !key) {
        tb_desk_say(d, TB_STYLE_MESSAGE, "[ and ] choose a column to sort by");
        return;
    }
    char *order = reverses ? tb_xasprintf("%s%s", is_down ? "" : "-", d->sort + is_down) : tb_xstrdup(key);
    if ((!reverses || *d->sort) && !tb_desk_choose(d, NULL, order, NULL, &err))
        tb_desk_fail(d, &err);
    free(order);
}

static void copy(struct tb_screen *s)
{
    const struct runs_state *st = s->state;
    const struct tb_run_item *item = tb_desk_current(s->desk);
    struct tb_grid_rows rows = tb_runs_rows(s);
    struct tb_grid_cell cell = { "", 0 };
    if (!item)
        return;
    if (st->grid.column >= 0)
        rows.cell(rows.arg, st->grid.cursor, st->grid.column, &cell);
    tb_desk_copy(s->desk, cell.text[0] ? cell.text : tb_desk_ref(s->desk, item));
}

static unsigned act(struct tb_screen *s, int what)
{
    struct runs_state *st = s->state;
    struct tb_err err = { 0 };
    switch (what) {
    case SORT:
    case REVERSE: sort(s, what == REVERSE); break;
    case COLUMN_LEFT:
    case COLUMN_RIGHT: choose_column(s, what == COLUMN_LEFT ? -1 : 1); break;
    case MOVE_LEFT:
    case MOVE_RIGHT: move_column(s, what == MOVE_LEFT ? -1 : 1); break;
    case CONSTANT: st->shows_constant = !st->shows_constant; break;
    case GROUP: tb_desk_ask(s->desk, "group by: ", *s->desk->group_by ? s->desk->group_by : "!seed", GROUP_BY); break;
    case GROUP_BY:
        if (!tb_desk_choose(s->desk, NULL, NULL, s->desk->text, &err))
            tb_desk_fail(s->desk, &err);
        break;
    case COPY: copy(s); break;
    case MARK: mark(s); break;
    default: enter(s);
    }
    return TB_DO_LOAD;
}

static void save(const struct tb_screen *s, struct tb_json *map)
{
    const struct runs_state *st = s->state;
    struct tb_json *order = tb_json_new_list();
    for (int i = 0; i < RUNS_COLUMNS; i++)
        tb_json_append(order, tb_json_new_int(st->column[i]));
    tb_json_set(map, "columns", order);
    tb_json_set(map, "constant", tb_json_new_bool(st->shows_constant));
}

static void restore(struct tb_screen *s, const struct tb_json *map)
{
    struct runs_state *st = s->state;
    const struct tb_json *order = tb_json_get(map, "columns");
    unsigned seen = 0;
    unsigned char column[RUNS_COLUMNS];
    st->shows_constant = tb_json_bool(tb_json_get(map, "constant"), false);
    for (size_t i = 0; i < RUNS_COLUMNS; i++) {
        int64_t at = tb_json_int(tb_json_at(order, i), -1);
        if (at < 0 || at >= RUNS_COLUMNS || seen >> at & 1)
            return;
        seen |= 1u << at;
        column[i] = (unsigned char)at;
    }
    memcpy(st->column, column, sizeof column);
}

const struct tb_screen_class tb_screen_runs = {
    .name = "runs", .title = "Runs", .key = '1', .has_runs = true, .state_size = sizeof(struct runs_state),
    .binds = binds, .open = open, .close = close_screen, .load = load, .draw = draw, .press = press, .act = act,
    .save = save, .restore = restore,
};
