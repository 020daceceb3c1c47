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

/* What else there is to say of a chart; brief: in few words. */
static void describe(const struct charts_state *st, const struct tb_course_name *m, bool is_brief, char *dst, size_t n)
{
    double weight = tb_course_is_smoothed(m->name) ? tb_charts_weight(st->smoothing) : 0;
    size_t used = 0;
    dst[0] = '\0';
    if (weight > 0)
        used += (size_t)snprintf(dst + used, n - used, "  ema %g", weight);
    if (st->is_log)
        used += (size_t)snprintf(dst + used, n - used, "  log y");
    if (most_seeds(st) > 1)
        snprintf(dst + used, n - used, is_brief ? "  %d seeds" : "  mean of %d seeds, band min..max", most_seeds(st));
    else if (m->better > 0)
        snprintf(dst + used, n - used, is_brief ? "  up" : "  higher is better");
}

/* "A 1.142" */
static void value_words(const struct charts_state *st, int line, int metric, char dst[40])
{
    char text[32];
    tb_charts_fmt(text, sizeof text, st->metric[metric].name, tb_charts_value(st, line, metric, NULL));
    if (st->n_lines > 1)
        snprintf(dst, 40, "%c %s", 'A' + line, text);
    else
        snprintf(dst, 40, "%s", text);
}

/* Columns of all values, each behind two blanks. */
static int values_width(const struct charts_state *st, int metric)
{
    char v[40];
    int sum = 0;
    for (int i = 0; i < st->n_lines; i++) {
        value_words(st, i, metric, v);
        sum += 2 + tb_text_width(v);
    }
    return sum;
}

/* At the right end, as many as there is room for behind column x. */
static void draw_values(const struct charts_state *st, struct tb_canvas *c, int x, int metric)
{
    char v[40];
    int room = c->width - x, sum = 0, n = 0;
    for (; n < st->n_lines; n++) {
        value_words(st, n, metric, v);
        if (sum + 2 + tb_text_width(v) > room)
            break;
        sum += 2 + tb_text_width(v);
    }
    x = c->width - sum;
    for (int i = 0; i < n; i++) {
        value_words(st, i, metric, v);
        x = tb_canvas_text(c, x + 2, 0, tb_style_tint(st->line[i].tint), v);
    }
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
    const struct tb_course_name *m = &st->metric[metric];
    struct charts_pane p;
    char more[120];
    struct tb_canvas chart = tb_canvas_part(c, (struct tb_rect){ 0, 1, c->width, c->height - 1 });
    int x = tb_canvas_fmt(c, 0, 0, has_focus ? TB_STYLE_TAB_ON : TB_STYLE_HEAD, has_focus ? "[%s]" : "%s", m->name);
    describe(st, m, false, more, sizeof more);
    if (x + tb_text_width(more) + values_width(st, metric) > c->width)
        describe(st, m, true, more, sizeof more);
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

/* How far the best is ahead at the evaluations there, or that nobody knows. */
static void best_words(const struct charts_state *st, bool is_ascii, char *dst, size_t n)
{
    char by[32], e[32];
    dst[0] = '\0';
    if (st->best < 0)
        return;
    tb_fmt_unit(by, sizeof by, TB_UNIT_LOSS, st->best_by);
    tb_fmt_unit(e, sizeof e, TB_UNIT_LOSS, st->best_e);
    const char *pm = is_ascii ? "+-" : "±";
    if (isnan(st->best_e))
        snprintf(dst, n, "eval: best %c by %s", 'A' + st->best, by);
    else if (st->best_e < st->best_by)
        snprintf(dst, n, "eval: best %c by %s %s%s", 'A' + st->best, by, pm, e);
    else
        snprintf(dst, n, "eval: %c %c alike, %s %s%s", 'A' + st->best, 'A' + st->second, by, pm, e);
}

/* The value of a line, its raw one behind it if that is wanted and another; the column behind. c NULL: it is only
 * measured. */
static int put_value(const struct charts_state *st, struct tb_canvas *c, int x, int line, int metric, bool has_raw)
{
    char v[32], r[48] = "", number[32];
    double raw, value = tb_charts_value(st, line, metric, &raw);
    unsigned style = tb_style_tint(st->line[line].tint);
    tb_charts_fmt(v, sizeof v, st->metric[metric].name, value);
    tb_charts_fmt(number, sizeof number, st->metric[metric].name, raw);
    if (has_raw && strcmp(v, number) != 0)
        snprintf(r, sizeof r, " (raw %s)", number);
    if (!c)
        return x + 2 + (st->n_lines > 1 ? 2 : 0) + tb_text_width(v) + tb_text_width(r);
    x += 2;
    if (st->n_lines > 1)
        x = tb_canvas_fmt(c, x, 0, style | TB_STYLE_BOLD, "%c", 'A' + line) + 1;
    x = tb_canvas_text(c, x, 0, style, v);
    return tb_canvas_text(c, x, 0, TB_STYLE_DIM, r);
}

/* Values of the metric with the focus, raw ones too where there is room for all. */
static void draw_cursor(const struct charts_state *st, struct tb_canvas *c, int metric)
{
    char at[48], best[128];
    int x = 1;
    if (st->has_cursor)
        x = tb_canvas_fmt(c, x, 0, TB_STYLE_STRONG, "cursor %s", tb_charts_fmt_x(at, sizeof at, st->axis, st->cursor));
    else
        x = tb_canvas_text(c, x, 0, TB_STYLE_DIM, "now");
    best_words(st, tb_canvas_is_ascii(c), best, sizeof best);
    int end = c->width - (*best ? tb_text_width(best) + 3 : 0), whole = x;
    for (int i = 0; i < st->n_lines; i++)
        whole = put_value(st, NULL, whole, i, metric, true);
    bool has_raw = whole <= end;
    for (int i = 0; i < st->n_lines && put_value(st, NULL, x, i, metric, has_raw) <= end; i++)
        x = put_value(st, c, x, i, metric, has_raw);
    tb_canvas_text(c, x + 3, 0, TB_STYLE_PLAIN, best);
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
    struct charts_layout l = tb_charts_layout_of(s);
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
