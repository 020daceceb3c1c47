/* SPDX-License-Identifier: MIT */
/* figure.c - 420 units wide, so that type of 12 is readable where a phone shows it at its own width. Classes are styled
 * by the page (report_html.c). */
#include "view/figure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "view/svg.h"

enum { WIDTH = 420, LEFT = 52, RIGHT = 26, TOP = 14, BOTTOM = 42, DOWN = 210, ROW = 26, ROW_LEFT = 124, ROW_RIGHT = 80,
       NAME = 16 };

double tb_figure_x(const struct tb_figure *f, double v)
{
    return f->left + tb_axis_place(&f->spec.x, v) * f->across;
}

static double row_y(const struct tb_figure *f, double row)
{
    return f->top + (row + 0.5) * ROW;
}

double tb_figure_y(const struct tb_figure *f, double v)
{
    if (f->spec.n_rows)
        return row_y(f, v);
    return f->top + (1 - tb_axis_place(&f->spec.y, v)) * f->down;
}

static void text_at(struct tb_figure *f, double x, double y, const char *anchor, const char *s)
{
    tb_buf_fmt(&f->b, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    tb_svg_text(&f->b, s);
    tb_buf_str(&f->b, "</text>\n");
}

static void put_y_axis(struct tb_figure *f)
{
    struct tb_tick tick[TB_AXIS_TICKS];
    size_t n = tb_axis_ticks(&f->spec.y, 6, tick);
    for (size_t i = 0; i < n; i++) {
        double y = f->top + (1 - tick[i].place) * f->down;
        tb_buf_fmt(&f->b, "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>\n", f->left, y, f->left + f->across);
        text_at(f, f->left - 5, y + 4, "end", tick[i].text);
    }
}

static void put_x_axis(struct tb_figure *f)
{
    struct tb_tick tick[TB_AXIS_TICKS];
    double bottom = f->top + f->down;
    size_t n = tb_axis_ticks(&f->spec.x, 5, tick);
    for (size_t i = 0; i < n; i++) {
        double x = f->left + tick[i].place * f->across;
        tb_buf_fmt(&f->b, "<path class=\"%s\" d=\"M%.1f %.1fV%.1f\"/>\n", f->spec.n_rows ? "grid" : "axis", x,
                   f->spec.n_rows ? f->top : bottom, bottom + 4);
        text_at(f, x, bottom + 17, "middle", tick[i].text);
    }
    tb_buf_fmt(&f->b, "<path class=\"axis\" d=\"M%.1f %.1fH%.1f\"/>\n", f->left, bottom, f->left + f->across);
    text_at(f, f->left + f->across / 2, bottom + 34, "middle", f->spec.x_name);
}

static void put_head(struct tb_figure *f)
{
    const struct tb_figure_spec *s = &f->spec;
    tb_buf_fmt(&f->b, "<svg class=\"figure\" role=\"img\" aria-labelledby=\"%s-title %s-words\" "
                      "viewBox=\"0 0 %.0f %.0f\">\n<title id=\"%s-title\">", s->id, s->id, f->width, f->height, s->id);
    tb_svg_text(&f->b, s->title);
    tb_buf_fmt(&f->b, "</title>\n<desc id=\"%s-words\">", s->id);
    tb_svg_text(&f->b, s->words);
    tb_buf_str(&f->b, "</desc>\n");
}

void tb_figure_open(struct tb_figure *f, const struct tb_figure_spec *spec)
{
    bool has_rows = spec->n_rows > 0;
    *f = (struct tb_figure){ .spec = *spec, .width = WIDTH, .left = has_rows ? ROW_LEFT : LEFT, .top = TOP };
    f->across = WIDTH - f->left - (has_rows ? ROW_RIGHT : RIGHT);
    f->down = has_rows ? (double)spec->n_rows * ROW : DOWN;
    f->height = f->top + f->down + BOTTOM;
    put_head(f);
    if (!has_rows)
        put_y_axis(f);
    put_x_axis(f);
}

char *tb_figure_take(struct tb_figure *f)
{
    tb_buf_str(&f->b, "</svg>\n");
    return tb_buf_take(&f->b);
}

static bool has_place(double x, double y)
{
    return isfinite(x) && isfinite(y);
}

void tb_figure_line(struct tb_figure *f, size_t line, const double *x, const double *y, size_t n, const char *kind)
{
    bool is_open = false;
    for (size_t i = 0; i <= n; i++) {
        double px = i < n ? tb_figure_x(f, x[i]) : NAN, py = i < n ? tb_figure_y(f, y[i]) : NAN;
        bool goes_on = has_place(px, py);
        if (goes_on && !is_open)
            tb_buf_fmt(&f->b, "<polyline class=\"%s\" stroke=\"%s\" points=\"", kind, tb_svg_color(line));
        if (goes_on)
            tb_buf_fmt(&f->b, "%s%.1f,%.1f", is_open ? " " : "", px, py);
        if (!goes_on && is_open)
            tb_buf_str(&f->b, "\"/>\n");
        is_open = goes_on;
    }
}

void tb_figure_band(struct tb_figure *f, size_t line, const double *x, const double *low, const double *high, size_t n)
{
    size_t n_drawn = 0;
    for (size_t k = 0; k < 2 * n; k++) {
        size_t i = k < n ? k : 2 * n - 1 - k;
        double px = tb_figure_x(f, x[i]), py = tb_figure_y(f, k < n ? low[i] : high[i]);
        if (!has_place(px, py))
            continue;
        if (n_drawn++ == 0)
            tb_buf_fmt(&f->b, "<polygon class=\"band\" fill=\"%s\" points=\"", tb_svg_color(line));
        tb_buf_fmt(&f->b, "%s%.1f,%.1f", n_drawn > 1 ? " " : "", px, py);
    }
    if (n_drawn)
        tb_buf_str(&f->b, "\"/>\n");
}

void tb_figure_point(struct tb_figure *f, size_t line, double x, double y, enum tb_figure_mark mark)
{
    double px = tb_figure_x(f, x), py = tb_figure_y(f, y);
    const char *color = tb_svg_color(line);
    if (!has_place(px, py))
        return;
    if (mark == TB_MARK_CROSS)
        tb_buf_fmt(&f->b, "<path class=\"cross\" stroke=\"%s\" d=\"M%.1f %.1fl7 7m0 -7l-7 7\"/>\n", color, px - 3.5,
                   py - 3.5);
    else
        tb_buf_fmt(&f->b, "<circle class=\"%s\" stroke=\"%s\" fill=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>\n",
                   mark == TB_MARK_RING ? "ring" : "dot", color, color, px, py);
}

void tb_figure_whisker(struct tb_figure *f, size_t line, double at, double low, double high, bool is_upright)
{
    double x1 = tb_figure_x(f, is_upright ? at : low), x2 = tb_figure_x(f, is_upright ? at : high);
    double y1 = tb_figure_y(f, is_upright ? low : at), y2 = tb_figure_y(f, is_upright ? high : at);
    if (has_place(x1, y1) && has_place(x2, y2))
        tb_buf_fmt(&f->b, "<path class=\"whisker\" stroke=\"%s\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", tb_svg_color(line),
                   x1, y1, x2, y2);
}

void tb_figure_upright(struct tb_figure *f, double x, const char *name)
{
    double px = tb_figure_x(f, x);
    if (!isfinite(px) || px < f->left || px > f->left + f->across)
        return;
    tb_buf_fmt(&f->b, "<path class=\"upright\" d=\"M%.1f %.1fV%.1f\"/>\n", px, f->top, f->top + f->down);
    text_at(f, px, f->top - 3, "middle", name);
}

void tb_figure_letter(struct tb_figure *f, size_t line, double x, double y, double down)
{
    double px = tb_figure_x(f, x), py = tb_figure_y(f, y);
    if (!has_place(px, py))
        return;
    tb_buf_fmt(&f->b, "<text class=\"letter\" fill=\"%s\" x=\"%.1f\" y=\"%.1f\">%c</text>\n", tb_svg_color(line),
               px + 8, py + 4 + down, (int)('A' + line));
}

void tb_figure_row(struct tb_figure *f, size_t i, const char *name, const char *value)
{
    struct tb_buf cut = { 0 };
    size_t len = strlen(name), n = tb_utf8_fit(name, len, NAME);
    tb_buf_add(&cut, name, n);
    tb_buf_str(&cut, n < len ? ".." : "");
    text_at(f, f->left - 8, row_y(f, (double)i) + 4, "end", cut.p);
    text_at(f, f->left + f->across + 8, row_y(f, (double)i) + 4, "start", value);
    tb_buf_free(&cut);
}
