/* SPDX-License-Identifier: MIT */
/* charts_draw.c - legend, panes, and below them which metrics there are and what the curves are at the cursor. */
#include "tui/charts_priv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tui/curves.h"

/* ---- legend */

static int entry_width(const struct charts_state *st, int line)
{
    return (st->n_lines > 1 ? 2 : 0) + tb_text_width(st->line[line].label);
}

/* Where an entry goes: behind the one before it, or into the next row. */
static void place_entry(const struct charts_state *st, int line, int width, int *x, int *y)
{
    if (*x > 0 && *x + 2 + entry_width(st, line) > width) {
        *x = 0;
        ++*y;
    }
    *x += *x > 0 ? 2 : 1;
}

int tb_charts_legend_rows(const struct charts_state *st, int width, int most)
{
    int x = 0, y = 0;
    for (int i = 0; i < st->n_lines; i++) {
        place_entry(st, i, width, &x, &y);
        x += entry_width(st, i);
    }
    return y + 1 < most ? y + 1 : most;
}

static bool is_current(const struct tb_screen *s, int line)
{
    const struct charts_state *st = s->state;
    const struct charts_line *l = &st->line[line];
    for (int i = 0; i < l->n; i++)
        if (strcmp(st->run[l->run[i]].id, s->desk->run) == 0)
            return true;
    return false;
}

static void draw_legend(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct charts_state *st = s->state;
    int x = 0, y = 0;
    for (int i = 0; i < st->n_lines; i++) {
        const struct charts_line *l = &st->line[i];
        unsigned bits = st->n_lines > 1 && is_current(s, i) ? TB_STYLE_REVERSE : 0;
        place_entry(st, i, c->width, &x, &y);
        if (y >= c->height)
            break;
        if (st->n_lines > 1)
            x = tb_canvas_fmt(c, x, y, tb_style_tint(l->tint) | TB_STYLE_BOLD | bits, "%c", 'A' + i) + 1;
        x = tb_canvas_text(c, x, y, tb_style_tint(l->tint), l->label);
    }
    const char *axis = st->axis == 0 ? "x: step" : st->axis == 1 ? "x: tokens" : "x: time";
    if (y < c->height && x + 2 + tb_text_width(axis) < c->width)
        tb_canvas_right(c, 0, y, c->width - 1, TB_STYLE_DIM, axis);
}

/* ---- panes */

static int most_seeds(const struct charts_state *st)
{
    int n = 1;
    for (int i = 0; i < st->n_lines; i++)
        n = st->line[i].n > n ? st->line[i].n : n;
    return n;
}

static void describe(const struct charts_state *st, const struct tb_metric *m, char *dst, size_t n)
{
    bool is_step = strncmp(m->name, "eval/", 5) != 0 && strncmp(m->name, "score/", 6) != 0;
    double weight = tb_charts_weight(st->smoothing);
    size_t used = 0;
    dst[0] = '\0';
    if (is_step && weight > 0)
        used += (size_t)snprintf(dst + used, n - used, "  ema %g", weight);
    if (st->is_log)
        used += (size_t)snprintf(dst + used, n - used, "  log y");
    if (most_seeds(st) > 1)
        used += (size_t)snprintf(dst + used, n - used, "  mean of %d, band min..max", most_seeds(st));
    else if (m->better > 0)
        snprintf(dst + used, n - used, "  higher is better");
}

/* "A 1.142  B 1.377" at the right end, as many as there is room for behind column x. */
static void draw_values(const struct charts_state *st, struct tb_canvas *c, int x, int metric)
{
    int end = c->width, width[CHARTS_RUNS], n = 0, sum = 0;
    char v[CHARTS_RUNS][40], text[32];
    for (int i = 0; i < st->n_lines; i++) {
        tb_charts_fmt(text, sizeof text, st->metric[metric].name, tb_charts_value(st, i, metric, NULL));
        snprintf(v[i], sizeof v[i], "%.*s%s", st->n_lines > 1 ? 2 : 0, (char[]){ (char)('A' + i), ' ', '\0' }, text);
        width[i] = tb_text_width(v[i]);
        if (x + 2 + sum + width[i] + (n ? 2 : 0) > end)
            break;
        sum += width[i] + (n ? 2 : 0);
        n++;
    }
    x = end - sum;
    for (int i = 0; i < n; i++)
        x = tb_canvas_text(c, x, 0, tb_style_tint(st->line[i].tint), v[i]) + 2;
}

/* What is being dragged over, in reverse. */
static void draw_drag(const struct charts_state *st, struct tb_canvas *c, const struct tb_plot_frame *f)
{
    double low = tb_axis_place(&f->x, fmin(st->drag_from, st->drag_to)),
           high = tb_axis_place(&f->x, fmax(st->drag_from, st->drag_to));
    int from = (int)(low * (f->columns - 1) + 0.5), to = (int)(high * (f->columns - 1) + 0.5);
    if (f->rows > 0 && to > from)
        tb_canvas_add_bits(c, (struct tb_rect){ f->left + from, f->top, to - from + 1, f->rows }, TB_STYLE_REVERSE);
}

static void draw_pane(const struct tb_screen *s, struct tb_canvas *c, int metric, bool has_focus)
{
    const struct charts_state *st = s->state;
    const struct tb_metric *m = &st->metric[metric];
    struct charts_pane p;
    char more[120];
    struct tb_canvas chart = tb_canvas_part(c, (struct tb_rect){ 0, 1, c->width, c->height - 1 });
    int x = tb_canvas_fmt(c, 0, 0, has_focus ? TB_STYLE_TAB_ON : TB_STYLE_HEAD, has_focus ? "[%s]" : "%s", m->name);
    describe(st, m, more, sizeof more);
    x = tb_canvas_text(c, x, 0, TB_STYLE_DIM, more);
    draw_values(st, c, x, metric);
    tb_charts_pane_open(&p, s, metric, chart.width, chart.height);
    tb_curves_draw(&chart, &p.plot, p.tint);
    if (st->drag == CHARTS_ZOOM) {
        struct tb_plot_frame f;
        tb_plot_frame(&p.plot, &f);
        draw_drag(st, &chart, &f);
    }
    tb_charts_pane_free(&p);
}

/* ---- the foot */

static void draw_page(const struct charts_state *st, struct tb_canvas *c, const struct charts_layout *l)
{
    int pages = l->n ? (st->n_shown + l->n - 1) / l->n : 0, x = 1;
    if (pages > 1)
        x = tb_canvas_fmt(c, x, 0, TB_STYLE_PLAIN, "page %d of %d", st->page + 1, pages) + 3;
    x = tb_canvas_fmt(c, x, 0, TB_STYLE_DIM, "%d metric%s%s%s", st->n_shown, st->n_shown == 1 ? "" : "s",
                      *st->pattern ? " match " : "", st->pattern);
    if (st->n_constant)
        x = tb_canvas_fmt(c, x + 3, 0, TB_STYLE_DIM, "%d constant %s", st->n_constant,
                          st->shows_constant ? "shown (= hides)" : "hidden (= shows)");
    if (st->is_zoomed)
        x = tb_canvas_text(c, x + 3, 0, TB_STYLE_PLAIN, st->follows ? "zoomed, follows" : "zoomed (Z out, F follows)");
    if (st->n_more)
        x = tb_canvas_fmt(c, x + 3, 0, TB_STYLE_WARN, "the first %d runs; %d more are marked", CHARTS_RUNS, st->n_more);
    if (st->n_unread)
        tb_canvas_fmt(c, x + 3, 0, TB_STYLE_WARN, "%d run%s cannot be read", st->n_unread,
                      st->n_unread > 1 ? "s" : "");
}

static int draw_best(const struct charts_state *st, struct tb_canvas *c, int x)
{
    char by[32], e[32];
    if (st->best < 0)
        return x;
    tb_fmt_unit(by, sizeof by, TB_UNIT_LOSS, st->best_by);
    tb_fmt_unit(e, sizeof e, TB_UNIT_LOSS, st->best_e);
    return tb_canvas_fmt(c, x + 2, 0, TB_STYLE_PLAIN, "eval: best %c by %s%s%s", 'A' + st->best, by,
                         isnan(st->best_e) ? "" : tb_canvas_is_ascii(c) ? " +-" : " ±", isnan(st->best_e) ? "" : e);
}

/* Values of the metric with the focus, in full. */
static void draw_cursor(const struct charts_state *st, struct tb_canvas *c, int metric)
{
    char at[48], v[32], r[32];
    const char *name = st->metric[metric].name;
    int x = 1;
    if (st->has_cursor)
        x = tb_canvas_fmt(c, x, 0, TB_STYLE_STRONG, "cursor %s", tb_charts_fmt_x(at, sizeof at, st->axis, st->cursor));
    else
        x = tb_canvas_text(c, x, 0, TB_STYLE_DIM, "now");
    int room = st->best < 0 ? 0 : 32;
    for (int i = 0; i < st->n_lines && x + room < c->width; i++) {
        double raw, value = tb_charts_value(st, i, metric, &raw);
        tb_charts_fmt(v, sizeof v, name, value);
        tb_charts_fmt(r, sizeof r, name, raw);
        x += 2;
        if (st->n_lines > 1)
            x = tb_canvas_fmt(c, x, 0, tb_style_tint(st->line[i].tint) | TB_STYLE_BOLD, "%c", 'A' + i) + 1;
        x = tb_canvas_text(c, x, 0, tb_style_tint(st->line[i].tint), v);
        if (strcmp(v, r) != 0)
            x = tb_canvas_fmt(c, x, 0, TB_STYLE_DIM, " (raw %s)", r);
    }
    draw_best(st, c, x + 1);
}

/* ---- nothing there */

static void draw_empty(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct tb_desk *d = s->desk;
    const struct charts_state *st = s->state;
    char text[sizeof d->trouble.where + sizeof d->trouble.text + 32];
    if (d->trouble.kind != TB_ERR_NONE)
        tb_canvas_text(c, 1, 1, TB_STYLE_WARN, tb_err_string(&d->trouble, text, sizeof text));
    else if (!d->n_shown)
        tb_canvas_text(c, 1, 1, TB_STYLE_DIM, d->n ? "no run passes the filter; / changes it"
                                                   : "no runs yet; :run recipes/compare-three.lua --detach makes some");
    else if (st->n_unread && !st->n_runs)
        tb_canvas_text(c, 1, 1, TB_STYLE_WARN, "this run cannot be read; 1 chooses another, :fsck says what is wrong");
    else if (!st->n_metrics)
        tb_canvas_text(c, 1, 1, TB_STYLE_DIM, "no curve yet: nothing was trained; j k choose another run, * marks all");
    else
        tb_canvas_fmt(c, 1, 1, TB_STYLE_DIM, "no metric matches '%s'; m chooses others, = shows constant ones",
                      st->pattern);
}

void tb_charts_draw(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct charts_state *st = s->state;
    struct charts_layout l = tb_charts_layout(c->width, c->height,
                                              tb_charts_legend_rows(st, c->width, c->height / 8 + 1), st->n_shown);
    struct tb_canvas legend = tb_canvas_part(c, l.legend), foot = tb_canvas_part(c, l.foot);
    if (!st->n_shown) {
        draw_empty(s, c);
        return;
    }
    draw_legend(s, &legend);
    tb_canvas_rule(c, l.rule);
    for (int i = 0; i < l.n && st->page * l.n + i < st->n_shown; i++) {
        struct tb_canvas pane = tb_canvas_part(c, l.pane[i]);
        draw_pane(s, &pane, st->shown[st->page * l.n + i], i == st->pane);
    }
    struct tb_canvas below = tb_canvas_part(&foot, (struct tb_rect){ 0, 1, foot.width, 1 });
    draw_page(st, &foot, &l);
    int at = st->page * l.n + st->pane;
    draw_cursor(st, &below, st->shown[at < st->n_shown ? at : st->n_shown - 1]);
}
