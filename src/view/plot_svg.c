/* SPDX-License-Identifier: MIT */
/* plot_svg.c - a chart as SVG: title, one line of legend a run, axes with grid, a polyline a run (one for each stretch
 * where there are gaps) with the run's letter at its end, circles for single points. Text is made safe and escaped. */
#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "view/plot_priv.h"
#include "view/svg.h"

enum { CELL = 10, LINE = 20, LEFT = 70, RIGHT = 30, BOTTOM = 44, LEGEND = 18 };

struct svg {
    struct tb_buf b;
    const struct tb_plot *p;
    struct tb_chart chart;
    int width, height;                /* of the picture */
    double left, top, across, down;   /* of the chart in it */
};

static void text_at(struct svg *v, double x, double y, const char *anchor, const char *s)
{
    tb_buf_fmt(&v->b, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    tb_svg_text(&v->b, s);
    tb_buf_str(&v->b, "</text>\n");
}

static double x_of(const struct svg *v, double place)
{
    return v->left + place * v->across;
}

static double y_of(const struct svg *v, double place)
{
    return v->top + (1 - place) * v->down;
}

static void put_axes(struct svg *v)
{
    struct tb_tick tick[TB_AXIS_TICKS];
    double bottom = v->top + v->down;
    size_t n = tb_axis_ticks(&v->chart.y, (size_t)(v->down / 50) + 2, tick);
    for (size_t i = 0; i < n; i++) {
        double y = y_of(v, tick[i].place);
        tb_buf_fmt(&v->b, "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>\n", v->left, y, v->left + v->across);
        text_at(v, v->left - 6, y + 4, "end", tick[i].text);
    }
    n = tb_axis_ticks(&v->chart.x, (size_t)(v->across / 110) + 2, tick);
    for (size_t i = 0; i < n; i++) {
        double x = x_of(v, tick[i].place);
        tb_buf_fmt(&v->b, "<path class=\"axis\" d=\"M%.1f %.1fv5\"/>\n", x, bottom);
        text_at(v, x, bottom + 18, "middle", tick[i].text);
    }
    tb_buf_fmt(&v->b, "<path class=\"axis\" d=\"M%.1f %.1fV%.1fH%.1f\"/>\n", v->left, v->top, bottom,
               v->left + v->across);
    text_at(v, v->left + v->across / 2, bottom + 36, "middle", v->p->x_name);
}

/* Points from i on until a gap; the index behind it. */
static size_t put_stretch(struct svg *v, const struct tb_series *s, size_t i, const char *class)
{
    tb_buf_fmt(&v->b, "<polyline class=\"%s\" points=\"", class);
    for (; i < s->n && !isnan(s->y[i]); i++)
        tb_buf_fmt(&v->b, "%.1f,%.1f ", x_of(v, s->x[i]), y_of(v, s->y[i]));
    v->b.n--;
    tb_buf_str(&v->b, "\"/>\n");
    return i;
}

static void put_series(struct svg *v, const struct tb_series *s, const char *class)
{
    for (size_t i = 0; i < s->n;) {
        bool is_alone = !isnan(s->y[i]) && (i == 0 || isnan(s->y[i - 1])) && (i + 1 == s->n || isnan(s->y[i + 1]));
        if (isnan(s->y[i]) || is_alone) {
            if (is_alone)
                tb_buf_fmt(&v->b, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"1.5\"/>\n", class, x_of(v, s->x[i]),
                           y_of(v, s->y[i]));
            i++;
        } else {
            i = put_stretch(v, s, i, class);
        }
    }
}

/* Along the lower edge and back along the upper one, for each stretch without a gap. */
static void put_band(struct svg *v, const struct tb_curve *c)
{
    size_t n = c->low.n < c->high.n ? c->low.n : c->high.n;
    for (size_t first = 0, end; first < n; first = end + 1) {
        for (end = first; end < n && !isnan(c->low.y[end]) && !isnan(c->high.y[end]);)
            end++;
        if (end - first < 2)
            continue;
        tb_buf_str(&v->b, "<polygon class=\"band\" points=\"");
        for (size_t i = first; i < end; i++)
            tb_buf_fmt(&v->b, "%.1f,%.1f ", x_of(v, c->low.x[i]), y_of(v, c->low.y[i]));
        for (size_t i = end; i-- > first;)
            tb_buf_fmt(&v->b, "%.1f,%.1f ", x_of(v, c->high.x[i]), y_of(v, c->high.y[i]));
        v->b.n--;
        tb_buf_str(&v->b, "\"/>\n");
    }
}

static void put_run(struct svg *v, size_t line)
{
    const struct tb_curve *c = &v->chart.curve[line];
    const struct tb_series *end = c->s.n ? &c->s : &c->marks;
    size_t last = end->n;
    tb_buf_fmt(&v->b, "<g stroke=\"%s\" fill=\"%s\">\n", tb_svg_color(line), tb_svg_color(line));
    put_band(v, c);
    put_series(v, &c->raw, "raw");
    put_series(v, &c->s, "line");
    for (size_t i = 0; i < c->marks.n; i++)
        if (!isnan(c->marks.y[i]))
            tb_buf_fmt(&v->b, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\"/>\n", x_of(v, c->marks.x[i]),
                       y_of(v, c->marks.y[i]));
    while (last > 0 && isnan(end->y[last - 1]))
        last--;
    if (last > 0 && v->p->n > 1)
        tb_buf_fmt(&v->b, "<text class=\"letter\" x=\"%.1f\" y=\"%.1f\">%c</text>\n", x_of(v, end->x[last - 1]) + 6,
                   y_of(v, end->y[last - 1]) + 4, (int)('A' + line));
    tb_buf_str(&v->b, "</g>\n");
}

static void put_legend(struct svg *v)
{
    for (size_t i = 0; i < v->chart.n; i++) {
        double y = 32 + LEGEND * (double)(i + 1);
        tb_buf_fmt(&v->b, "<path stroke=\"%s\" stroke-width=\"2\" d=\"M%.1f %.1fh20\"/>\n", tb_svg_color(i), v->left,
                   y - 4);
        tb_buf_fmt(&v->b, "<text x=\"%.1f\" y=\"%.1f\">%c ", v->left + 28, y, (int)('A' + i));
        tb_svg_text(&v->b, v->p->line[i].label);
        tb_buf_str(&v->b, "</text>\n");
    }
}

static void put_head(struct svg *v)
{
    tb_buf_fmt(&v->b, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n",
               v->width, v->height, v->width, v->height);
    tb_buf_str(&v->b, "<title>");
    tb_svg_text(&v->b, v->p->title);
    tb_buf_str(&v->b, "</title>\n<style>\n"
                      "text { font: 12px sans-serif; fill: #808080; stroke: none }\n"
                      "text.letter { font-weight: bold; fill: inherit }\n"
                      ".axis { stroke: #808080; fill: none }\n"
                      ".grid { stroke: #808080; stroke-opacity: 0.25; fill: none }\n"
                      "polyline { fill: none; stroke-width: 1.8; stroke-linejoin: round }\n"
                      ".raw { stroke-width: 1; stroke-opacity: 0.3 }\n"
                      ".band { stroke: none; fill-opacity: 0.15 }\n"
                      "</style>\n");
}

static void lay_out(struct svg *v)
{
    const struct tb_plot *p = v->p;
    int columns = p->width < 20 ? 20 : p->width, rows = p->height < 8 ? 8 : p->height;
    v->top = 40 + (p->n > 0 ? LEGEND * (double)(p->n < TB_PLOT_LINES ? p->n : TB_PLOT_LINES) : 0);
    v->left = LEFT;
    v->width = columns * CELL;
    v->across = v->width - LEFT - RIGHT;
    v->down = rows * LINE - 40 - BOTTOM;
    v->height = (int)(v->top + v->down) + BOTTOM;
}

char *tb_plot_svg(const struct tb_plot *p)
{
    struct svg v = { .p = p };
    lay_out(&v);
    tb_chart_open(&v.chart, p, (size_t)v.across, true);
    put_head(&v);
    text_at(&v, v.left, 22, "start", p->title);
    if (p->is_log || p->is_log_x)
        text_at(&v, v.left + v.across, 22, "end", !p->is_log_x ? "log y" : p->is_log ? "log x and y" : "log x");
    put_legend(&v);
    put_axes(&v);
    for (size_t i = v.chart.n; i-- > 0;)
        put_run(&v, i);
    if (v.chart.is_empty)
        text_at(&v, v.left + v.across / 2, v.top + v.down / 2, "middle", "nothing to draw: no finite values");
    tb_buf_str(&v.b, "</svg>\n");
    tb_chart_free(&v.chart);
    return tb_buf_take(&v.b);
}
