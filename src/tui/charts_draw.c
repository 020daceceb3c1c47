/* SPDX-License-Identifier: MIT */
/* charts_draw.c - legend, panes, and below them which metrics there are and what the curves are at the cursor. */
#include "tui/charts_priv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "tui/curves.h"
#include "tui/pieces.h"

enum { DOTS = 3 }; /* columns of " .." */

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
        int before = x;
        place_entry(st, i, c->width, &x, &y);
        if (y >= c->height) {
            tb_canvas_text(c, before + 2 < c->width - 2 ? before + 2 : c->width - 2, y - 1, TB_STYLE_DIM, "..");
            break;
        }
        if (st->n_lines > 1)
            x = tb_canvas_fmt(c, x, y, tb_style_tint(l->tint) | TB_STYLE_BOLD | bits, "%c", 'A' + i) + 1;
        tb_canvas_field(c, x, y, c->width - x, tb_style_tint(l->tint), l->label);
        x += tb_text_width(l->label);
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

enum brevity { LONG, BRIEF, LEAST };

/* What else there is to say of a chart. */
static void describe(const struct charts_state *st, const struct tb_course_name *m, enum brevity how, char *dst,
                     size_t n)
{
    double weight = tb_course_is_smoothed(m->name) ? tb_charts_weight(st->smoothing) : 0;
    size_t used = 0;
    dst[0] = '\0';
    if (weight > 0)
        used += (size_t)snprintf(dst + used, n - used, "  ema %g", weight);
    if (st->is_log)
        used += (size_t)snprintf(dst + used, n - used, "  log y");
    if (most_seeds(st) > 1 && how < LEAST)
        snprintf(dst + used, n - used, how == BRIEF ? "  %d seeds" : "  mean of %d seeds, band min..max",
                 most_seeds(st));
    else if (m->better > 0 && how < LEAST)
        snprintf(dst + used, n - used, how == BRIEF ? "  up" : "  higher is better");
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

/* Columns of the first n values, each behind so many blanks. */
static int values_width(const struct charts_state *st, int metric, int n, int gap)
{
    char v[40];
    int sum = 0;
    for (int i = 0; i < n; i++) {
        value_words(st, i, metric, v);
        sum += gap + tb_text_width(v);
    }
    return sum;
}

/* At the right end, in room behind column x: closer together where it takes that; where it is not enough, those that
 * have room, and ".." for the others. */
static void draw_values(const struct charts_state *st, struct tb_canvas *c, int x, int metric)
{
    char v[40];
    int n = st->n_lines, room = c->width - x, gap = values_width(st, metric, n, 2) <= room ? 2 : 1;
    while (n > 0 && values_width(st, metric, n, gap) > room - (n < st->n_lines ? DOTS : 0))
        n--;
    x = c->width - values_width(st, metric, n, gap) - (n < st->n_lines ? DOTS : 0);
    for (int i = 0; i < n; i++) {
        value_words(st, i, metric, v);
        x = tb_canvas_text(c, x + gap, 0, tb_style_tint(st->line[i].tint), v);
    }
    if (n > 0 && n < st->n_lines)
        tb_canvas_text(c, x, 0, TB_STYLE_DIM, " ..");
}

/* Name and words of a chart: long words where all values have room behind them, brief ones where at least the first
 * has, else as few as can be; the column behind. */
static int draw_title(const struct charts_state *st, struct tb_canvas *c, int metric, bool has_focus)
{
    const struct tb_course_name *m = &st->metric[metric];
    char name[80], more[120];
    snprintf(name, sizeof name, has_focus ? "[%.70s]" : "%.70s", m->name);
    int x = tb_text_width(name) < c->width ? tb_text_width(name) : c->width;
    tb_canvas_field(c, 0, 0, x, has_focus ? TB_STYLE_TAB_ON : TB_STYLE_HEAD, name);
    describe(st, m, LONG, more, sizeof more);
    if (x + tb_text_width(more) + values_width(st, metric, st->n_lines, 2) > c->width)
        describe(st, m, BRIEF, more, sizeof more);
    if (x + tb_text_width(more) + values_width(st, metric, 1, 1) + (st->n_lines > 1 ? DOTS : 0) > c->width)
        describe(st, m, LEAST, more, sizeof more);
    return x + tb_text_width(more) <= c->width ? tb_canvas_text(c, x, 0, TB_STYLE_DIM, more) : x;
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
    struct charts_pane p;
    struct tb_canvas chart = tb_canvas_part(c, (struct tb_rect){ 0, 1, c->width, c->height - 1 });
    draw_values(st, c, draw_title(st, c, metric, has_focus), metric);
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
    int pages = l->n ? (st->n_shown + l->n - 1) / l->n : 0;
    struct tb_piece p[6] = { { .style = TB_STYLE_PLAIN },          { .style = TB_STYLE_DIM, .drop = 2 },
                             { .style = TB_STYLE_DIM, .drop = 3 }, { .style = TB_STYLE_PLAIN, .drop = 1 },
                             { .style = TB_STYLE_WARN },           { .style = TB_STYLE_WARN } };
    if (pages > 1)
        snprintf(p[0].text, sizeof p[0].text, "page %d of %d", st->page + 1, pages);
    snprintf(p[1].text, sizeof p[1].text, "%d metric%s%s%.90s", st->n_shown, st->n_shown == 1 ? "" : "s",
             *st->pattern ? " match " : "", st->pattern);
    if (st->n_constant)
        snprintf(p[2].text, sizeof p[2].text, "%d constant %s", st->n_constant,
                 st->shows_constant ? "shown (= hides)" : "hidden (= shows)");
    if (st->is_zoomed)
        tb_str_copy(p[3].text, sizeof p[3].text, st->follows ? "zoomed, follows" : "zoomed (Z out, F follows)");
    if (st->n_more)
        snprintf(p[4].text, sizeof p[4].text, "the first %d runs; %d more are marked", CHARTS_RUNS, st->n_more);
    if (st->n_unread)
        snprintf(p[5].text, sizeof p[5].text, "%d run%s cannot be read", st->n_unread, st->n_unread > 1 ? "s" : "");
    tb_pieces_draw(c, 1, 0, p, 6);
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

/* The column behind the values of all lines that begin at x. */
static int columns_of(const struct charts_state *st, int x, int metric, bool has_raw)
{
    for (int i = 0; i < st->n_lines; i++)
        x = put_value(st, NULL, x, i, metric, has_raw);
    return x;
}

/* How many values have room from x to `end`, with ".." behind those that are not all. */
static int count_fitting(const struct charts_state *st, int x, int end, int metric, bool has_raw)
{
    int n = 0;
    if (columns_of(st, x, metric, has_raw) <= end)
        return st->n_lines;
    for (; n < st->n_lines && put_value(st, NULL, x, n, metric, has_raw) <= end - DOTS; n++)
        x = put_value(st, NULL, x, n, metric, has_raw);
    return n;
}

/* Values of the metric with the focus, raw ones too where there is room for all; who is ahead where there is some
 * behind them. */
static void draw_cursor(const struct charts_state *st, struct tb_canvas *c, int metric)
{
    char at[48], best[128];
    int x = 1;
    if (st->has_cursor)
        x = tb_canvas_fmt(c, x, 0, TB_STYLE_STRONG, "cursor %s", tb_charts_fmt_x(at, sizeof at, st->axis, st->cursor));
    else
        x = tb_canvas_text(c, x, 0, TB_STYLE_DIM, "now");
    best_words(st, tb_canvas_is_ascii(c), best, sizeof best);
    if (*best && count_fitting(st, x, c->width - tb_text_width(best) - 3, metric, false) == 0)
        best[0] = '\0';
    int end = c->width - (*best ? tb_text_width(best) + 3 : 0);
    bool has_raw = columns_of(st, x, metric, true) <= end;
    int n = count_fitting(st, x, end, metric, has_raw);
    for (int i = 0; i < n; i++)
        x = put_value(st, c, x, i, metric, has_raw);
    if (n < st->n_lines)
        x = tb_canvas_text(c, x, 0, TB_STYLE_DIM, " ..");
    tb_canvas_text(c, x + 3, 0, TB_STYLE_PLAIN, best);
}

/* ---- nothing there */

static void draw_empty(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct tb_desk *d = s->desk;
    const struct charts_state *st = s->state;
    struct tb_canvas part = tb_canvas_part(c, (struct tb_rect){ 1, 1, c->width - 2, c->height - 1 });
    char text[sizeof d->trouble.where + sizeof d->trouble.text + 32];
    if (d->trouble.kind != TB_ERR_NONE)
        tb_err_string(&d->trouble, text, sizeof text);
    else if (!d->n_shown)
        tb_str_copy(text, sizeof text, d->n ? "no run passes the filter; / changes it"
                                            : "no runs yet; :run recipes/compare-three.lua --detach makes some");
    else if (st->n_unread && !st->n_runs)
        tb_str_copy(text, sizeof text, "this run cannot be read; 1 chooses another, :fsck says what is wrong");
    else if (!st->n_metrics)
        tb_str_copy(text, sizeof text, "no curve yet: nothing was trained or evaluated; j k choose a run, * marks all");
    else
        snprintf(text, sizeof text, "no metric matches '%.80s'; m chooses others, = shows constant ones", st->pattern);
    bool is_bad = d->trouble.kind != TB_ERR_NONE || (d->n_shown && st->n_unread && !st->n_runs);
    tb_canvas_wrap(&part, 0, is_bad ? TB_STYLE_WARN : TB_STYLE_DIM, text);
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
