/* SPDX-License-Identifier: MIT */
/* charts_pane.c - one chart: what is seen of the curves at this width, and values in words. */
#include "tui/charts_priv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "view/fmt.h"

enum { GUTTER = 8 };

void tb_charts_window(const struct charts_state *st, double *from, double *to)
{
    *from = st->is_zoomed ? st->from : st->low;
    *to = st->is_zoomed ? st->to : st->high;
    if (*from == *to) { /* a single step */
        *from -= 0.5;
        *to += 0.5;
    }
}

static const struct tb_course *course_of(const struct charts_state *st, const struct charts_line *l, int i, int metric)
{
    static const struct tb_course none;
    const struct tb_course *c = st->run[l->run[i]].course[metric];
    return c ? c : &none;
}

static void draw_run(struct charts_pane *p, const struct charts_state *st, int line, int metric, size_t columns)
{
    const struct tb_course *c = course_of(st, &st->line[line], 0, metric);
    tb_pyramid_window(tb_course_line(c), p->view.x_from, p->view.x_to, columns, &p->line[line].s);
    if (c->weight > 0)
        tb_pyramid_window(&c->raw, p->view.x_from, p->view.x_to, columns, &p->line[line].raw);
}

static void draw_arm(struct charts_pane *p, const struct charts_state *st, int line, int metric, size_t columns)
{
    const struct charts_line *l = &st->line[line];
    const struct tb_pyramid *of[CHARTS_RUNS];
    for (int i = 0; i < l->n; i++)
        of[i] = tb_course_line(course_of(st, l, i, metric));
    tb_band_make(&p->band[line], of, (size_t)l->n, p->view.x_from, p->view.x_to, columns);
    p->line[line].s = p->band[line].mean;
    p->line[line].low = p->band[line].low;
    p->line[line].high = p->band[line].high;
}

void tb_charts_pane_open(struct charts_pane *p, const struct tb_screen *s, int metric, int width, int height)
{
    const struct charts_state *st = s->state;
    size_t columns = 2 * (size_t)(width > 0 ? width : 1);
    memset(p, 0, sizeof *p);
    p->view = (struct tb_plot_view){ .cursor = st->has_cursor ? st->cursor : NAN, .gutter = GUTTER, .is_bare = true };
    tb_charts_window(st, &p->view.x_from, &p->view.x_to);
    p->plot = (struct tb_plot){ .title = "", .x_name = "", .line = p->line, .n = (size_t)st->n_lines, .width = width,
                                .height = height, .glyphs = s->desk->glyphs, .depth = TB_DEPTH_256,
                                .is_log = st->is_log, .is_time = st->axis == 2, .view = &p->view };
    for (int i = 0; i < st->n_lines; i++) {
        p->line[i].label = st->line[i].label;
        p->tint[i] = st->line[i].tint;
        if (st->line[i].n > 1)
            draw_arm(p, st, i, metric, columns);
        else
            draw_run(p, st, i, metric, columns);
    }
}

void tb_charts_pane_free(struct charts_pane *p)
{
    for (size_t i = 0; i < p->plot.n; i++) {
        bool is_arm = p->line[i].low.n > 0;
        if (is_arm) {
            tb_band_free(&p->band[i]);
            continue;
        }
        tb_series_free(&p->line[i].s);
        tb_series_free(&p->line[i].raw);
    }
}

static double at_end(const struct tb_pyramid *p)
{
    size_t i = p->s.n;
    while (i > 0 && isnan(p->s.y[i - 1]))
        i--;
    return i ? p->s.y[i - 1] : NAN;
}

/* The value of the last point at or before x, of a run that is that far. */
static double at(const struct tb_pyramid *p, double x, double end)
{
    size_t i = x <= end ? tb_pyramid_before(p, x) : SIZE_MAX;
    return i == SIZE_MAX ? NAN : p->s.y[i];
}

double tb_charts_value(const struct charts_state *st, int line, int metric, double *raw)
{
    const struct charts_line *l = &st->line[line];
    double sum = 0, sum_raw = 0;
    int n = 0;
    for (int i = 0; i < l->n; i++) {
        const struct tb_course *c = course_of(st, l, i, metric);
        double end = st->run[l->run[i]].end,
               v = st->has_cursor ? at(tb_course_line(c), st->cursor, end) : at_end(tb_course_line(c));
        if (isnan(v))
            continue;
        sum += v;
        sum_raw += st->has_cursor ? at(&c->raw, st->cursor, end) : at_end(&c->raw);
        n++;
    }
    if (raw)
        *raw = n ? sum_raw / n : NAN;
    return n ? sum / n : NAN;
}

char *tb_charts_fmt(char *dst, size_t n, const char *metric, double v)
{
    if (tb_str_ends(metric, "loss"))
        return tb_fmt_unit(dst, n, TB_UNIT_LOSS, v);
    if (strcmp(metric, "lr") == 0)
        return tb_fmt_unit(dst, n, TB_UNIT_RATE, v);
    if (tb_str_ends(metric, "bytes"))
        return tb_fmt_unit(dst, n, TB_UNIT_BYTES, v);
    if (isnan(v) || fabs(v) >= 1000)
        return tb_fmt_unit(dst, n, TB_UNIT_SHORT, v);
    snprintf(dst, n, "%.3g", v);
    return dst;
}

char *tb_charts_fmt_x(char *dst, size_t n, int axis, double x)
{
    char number[32];
    if (axis == 0)
        snprintf(dst, n, "step %.0f", x);
    else
        snprintf(dst, n, "%s%s", tb_fmt_unit(number, sizeof number, axis == 1 ? TB_UNIT_SHORT : TB_UNIT_SECONDS, x),
                 axis == 1 ? " tok" : "");
    return dst;
}
