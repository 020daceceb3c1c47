/* SPDX-License-Identifier: MIT */
/* plot.c - a chart of characters:
 *     train/loss  ema 0.6  x: tokens      title
 *     A lora-r8 3e-4   B prefix20 5e-3    legend, where there are several lines
 *     3.0 ┤⢦⡀                             rows of the chart; a column for letters
 *     1.0 ┤ ⠑⠤⣀A
 *         └┬────┬──
 *          0   1M
 * Where there are colours a cell holds dots of one line, the one drawn last, and the first run is drawn last of all;
 * where there are none, of all. Letters and marks stand over dots. What does not fit the box is not there: first the
 * legend, then the axes, then the title. */
#include "view/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "view/plot_priv.h"

struct cell {
    uint8_t dots;  /* bit of dot (x, y): y * n_across + x */
    uint8_t paint; /* 0: none, 1 + line; RAW added where it is behind */
    char mark;     /* stands over the dots; 0: none */
};

enum { RAW = 64, CURSOR = '|' };

struct canvas {
    const struct tb_plot *p;
    struct tb_chart chart;
    struct cell *cell; /* rows x (columns + right) */
    int columns, rows, right;
    int across, down;  /* dots of a cell */
    int left;          /* columns before the chart */
    int n_legend;
    bool has_title, has_axes;
    struct tb_tick x[TB_AXIS_TICKS], y[TB_AXIS_TICKS];
    size_t n_x, n_y;
};

static int text_width(const char *s)
{
    return tb_utf8_width(s, strlen(s));
}

static struct cell *at(struct canvas *c, int column, int row)
{
    return &c->cell[row * (c->columns + c->right) + column];
}

/* ---- drawing into cells */

static void dot(struct canvas *c, int x, int y, uint8_t paint)
{
    struct cell *k = at(c, x / c->across, y / c->down);
    if (k->paint != paint && c->p->depth != TB_DEPTH_MONO)
        k->dots = 0;
    k->dots |= (uint8_t)(1u << (y % c->down * c->across + x % c->across));
    k->paint = paint;
}

/* Dot nearest to a place 0 .. 1. */
static int nearest(double place, int n)
{
    double v = floor(place * (n - 1) + 0.5);
    return v > 0 ? v < n - 1 ? (int)v : n - 1 : 0;
}

/* Bresenham's line, both ends included. */
static void segment(struct canvas *c, int x, int y, int to_x, int to_y, uint8_t paint)
{
    int dx = abs(to_x - x), dy = -abs(to_y - y), sx = x < to_x ? 1 : -1, sy = y < to_y ? 1 : -1, off = dx + dy;
    dot(c, x, y, paint);
    while (x != to_x || y != to_y) {
        int twice = 2 * off;
        if (twice >= dy) {
            off += dy;
            x += sx;
        }
        if (twice <= dx) {
            off += dx;
            y += sy;
        }
        dot(c, x, y, paint);
    }
}

static void curve(struct canvas *c, const struct tb_series *s, uint8_t paint)
{
    int w = c->columns * c->across, h = c->rows * c->down, x = 0, y = 0;
    bool is_on = false;
    for (size_t i = 0; i < s->n; i++) {
        if (isnan(s->y[i])) {
            is_on = false;
            continue;
        }
        int to_x = nearest(s->x[i], w), to_y = h - 1 - nearest(s->y[i], h);
        segment(c, is_on ? x : to_x, is_on ? y : to_y, to_x, to_y, paint);
        x = to_x;
        y = to_y;
        is_on = true;
    }
}

/* Every other dot between two curves that have their x in common. */
static void band(struct canvas *c, const struct tb_series *low, const struct tb_series *high, uint8_t paint)
{
    int w = c->columns * c->across, h = c->rows * c->down;
    for (size_t i = 1; i < low->n && i < high->n; i++) {
        int from = nearest(low->x[i - 1], w), to = nearest(low->x[i], w);
        for (int x = from; x <= to; x++) {
            double part = to > from ? (double)(x - from) / (to - from) : 0,
                   bottom = low->y[i - 1] + part * (low->y[i] - low->y[i - 1]),
                   top = high->y[i - 1] + part * (high->y[i] - high->y[i - 1]);
            if (isnan(bottom) || isnan(top))
                continue;
            for (int y = nearest(bottom, h); y <= nearest(top, h); y++)
                if ((x + y) % 2 == 0)
                    dot(c, x, h - 1 - y, paint);
        }
    }
}

static void marks(struct canvas *c, const struct tb_series *s, size_t line)
{
    for (size_t i = 0; i < s->n; i++) {
        if (isnan(s->y[i]))
            continue;
        struct cell *k = at(c, nearest(s->x[i], c->columns), c->rows - 1 - nearest(s->y[i], c->rows));
        k->mark = c->p->n == 1 ? 'o' : c->p->is_scatter ? (char)('A' + line) : (char)('a' + line);
        k->paint = (uint8_t)(1 + line);
    }
}

/* Index of the last point of a curve, SIZE_MAX if it has none. */
static size_t last_point(const struct tb_series *s)
{
    for (size_t i = s->n; i-- > 0;)
        if (!isnan(s->y[i]))
            return i;
    return SIZE_MAX;
}

/* The run's letter behind its last point, moved up or down where another letter or a mark stands. */
static void letter(struct canvas *c, size_t line)
{
    const struct tb_curve *v = &c->chart.curve[line];
    const struct tb_series *s = last_point(&v->s) != SIZE_MAX ? &v->s : &v->marks;
    size_t i = last_point(s);
    if (i == SIZE_MAX)
        return;
    int most = c->columns + c->right - 1, column = nearest(s->x[i], c->columns) + 1,
        row = c->rows - 1 - nearest(s->y[i], c->rows);
    column = column > most ? most : column;
    for (int k = 0; k < 2 * c->rows; k++) {
        int r = row + (k % 2 ? -(k + 1) / 2 : k / 2);
        if (r < 0 || r >= c->rows || at(c, column, r)->mark)
            continue;
        at(c, column, r)->mark = (char)('A' + line);
        at(c, column, r)->paint = (uint8_t)(1 + line);
        return;
    }
}

/* A line down the chart at the cursor, in cells where nothing else is. */
static void cursor(struct canvas *c)
{
    double place = c->p->view ? tb_axis_place(&c->chart.x, c->p->view->cursor) : NAN;
    if (!(place >= 0 && place <= 1))
        return;
    for (int row = 0; row < c->rows; row++) {
        struct cell *k = at(c, nearest(place, c->columns), row);
        k->mark = k->dots || k->mark ? k->mark : CURSOR;
    }
}

static void draw(struct canvas *c)
{
    const struct tb_chart *h = &c->chart;
    for (size_t i = h->n; i-- > 0;)
        band(c, &h->curve[i].low, &h->curve[i].high, (uint8_t)(RAW + 1 + i));
    for (size_t i = h->n; i-- > 0;)
        curve(c, &h->curve[i].raw, (uint8_t)(RAW + 1 + i));
    for (size_t i = h->n; i-- > 0;)
        curve(c, &h->curve[i].s, (uint8_t)(1 + i));
    for (size_t i = h->n; i-- > 0;)
        marks(c, &h->curve[i].marks, i);
    for (size_t i = 0; i < h->n && h->n > 1 && !c->p->is_scatter; i++)
        letter(c, i);
    cursor(c);
}

/* ---- cells into runs of text */

/* Where the next run begins, and who gets it. */
struct out {
    tb_plot_put_fn *put;
    void *arg;
    int row, column;
};

static void put_painted(struct out *o, uint8_t paint, const char *s, size_t n)
{
    struct tb_plot_ink ink = { paint ? (paint & ~RAW) - 1 : -1, (paint & RAW) != 0 };
    if (n)
        o->put(o->arg, o->row, o->column, ink, s, n);
    o->column += tb_utf8_width(s, n);
}

static void put_text(struct out *o, const char *s)
{
    put_painted(o, 0, s, strlen(s));
}

static void put_newline(struct out *o)
{
    o->row++;
    o->column = 0;
}

static const char *line_glyph(const struct tb_plot *p, const char *glyph, const char *ascii)
{
    return p->glyphs == TB_GLYPHS_ASCII ? ascii : glyph;
}

static void put_glyph(struct tb_buf *b, const struct canvas *c, const struct cell *k)
{
    static const char *const quarters[] = { " ", "▘", "▝", "▀", "▖", "▌", "▞", "▛",
                                            "▗", "▚", "▐", "▜", "▄", "▙", "▟", "█" };
    static const uint8_t bits[] = { 0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80 }; /* U+2800's, row by row */
    char out[4];
    uint32_t code = 0x2800;
    if (k->mark == CURSOR)
        tb_buf_str(b, line_glyph(c->p, "│", "|"));
    else if (k->mark)
        tb_buf_char(b, k->mark);
    else if (!k->dots)
        tb_buf_char(b, ' ');
    else if (c->p->glyphs == TB_GLYPHS_ASCII)
        tb_buf_char(b, k->paint & RAW ? '.' : c->p->n > 1 ? (char)('A' + (k->paint - 1)) : '*');
    else if (c->p->glyphs == TB_GLYPHS_BLOCK)
        tb_buf_str(b, quarters[k->dots & 15]);
    else {
        for (int i = 0; i < 8; i++)
            code |= k->dots >> i & 1 ? bits[i] : 0u;
        tb_buf_add(b, out, tb_utf8_put(out, code));
    }
}

static void put_row(struct out *o, struct canvas *c, int row)
{
    int width = c->columns + c->right, end = width;
    while (end > 0 && !at(c, end - 1, row)->dots && !at(c, end - 1, row)->mark)
        end--;
    for (int from = 0, to; from < end; from = to) {
        struct tb_buf run = { 0 };
        uint8_t paint = at(c, from, row)->paint;
        for (to = from; to < end && at(c, to, row)->paint == paint; to++)
            put_glyph(&run, c, at(c, to, row));
        put_painted(o, paint, run.p, run.n);
        tb_buf_free(&run);
    }
    put_newline(o);
}

static void pad(struct out *o, int n)
{
    o->column += n > 0 ? n : 0;
}

/* At most `most` columns of s. */
static void put_cut(struct out *o, uint8_t paint, const char *s, int most)
{
    put_painted(o, paint, s, tb_utf8_fit(s, strlen(s), most));
}

static char *safe(const char *s, bool is_ascii)
{
    struct tb_buf b = { 0 };
    tb_utf8_safe(&b, s ? s : "", s ? strlen(s) : 0);
    for (size_t i = 0; is_ascii && i < b.n; i++)
        b.p[i] = b.p[i] & 0x80 ? '?' : b.p[i];
    return tb_buf_take(&b);
}

static void put_title(struct out *o, const struct tb_plot *p)
{
    const char *label = p->n == 1 && p->line[0].label ? p->line[0].label : "";
    char *text = tb_xasprintf("%s%s  x: %s%s%s%s", p->title, p->is_log ? "  log y" : "", p->x_name,
                              p->is_log_x ? " (log)" : "", *label ? "  " : "", label),
         *line = safe(text, p->glyphs == TB_GLYPHS_ASCII);
    put_cut(o, 0, line, p->width);
    put_newline(o);
    free(line);
    free(text);
}

/* The legend in `rows` lines, or, o NULL, the lines that it takes. */
static int legend(struct out *o, const struct tb_plot *p, int rows)
{
    int row = 0, column = 0;
    for (size_t i = 0; i < p->n; i++) {
        struct tb_buf item = { 0 };
        char *label = safe(p->line[i].label, p->glyphs == TB_GLYPHS_ASCII);
        tb_buf_fmt(&item, "%c %s", (int)('A' + i), label);
        int width = text_width(item.p);
        if (column && column + 3 + width > p->width) {
            column = 0;
            row++;
            if (o && row < rows)
                put_newline(o);
        }
        if (o && row < rows) {
            pad(o, column ? 3 : 0);
            put_cut(o, (uint8_t)(1 + i), item.p, p->width);
        }
        column += (column ? 3 : 0) + width;
        free(label);
        tb_buf_free(&item);
    }
    if (o && p->n)
        put_newline(o);
    return row + (p->n > 0);
}

/* ---- axes */

/* What stands left of a row: the label of a tick that falls on it, and the axis. */
static void put_left(struct out *o, const struct canvas *c, int row)
{
    const struct tb_tick *tick = NULL;
    for (size_t i = 0; i < c->n_y; i++)
        if (c->rows - 1 - nearest(c->y[i].place, c->rows) == row)
            tick = &c->y[i];
    if (!c->left)
        return;
    pad(o, c->left - 2 - (tick ? text_width(tick->text) : 0));
    put_text(o, tick ? tick->text : "");
    pad(o, 1);
    put_text(o, tick ? line_glyph(c->p, "┤", "+") : line_glyph(c->p, "│", "|"));
}

/* Whether the label of tick i has room behind column `end`, and where it begins. */
static bool label_fits(const struct canvas *c, size_t i, int end, int *from)
{
    int width = text_width(c->x[i].text), middle = c->left + nearest(c->x[i].place, c->columns), most = c->p->width;
    *from = middle - width / 2;
    *from = *from + width > most ? most - width : *from < 0 ? 0 : *from;
    return *from >= end;
}

static void put_bottom(struct out *o, const struct canvas *c)
{
    bool *has_tick = tb_xcalloc((size_t)c->columns + 1, sizeof *has_tick);
    int from[TB_AXIS_TICKS], end = 0;
    for (size_t i = 0; i < c->n_x; i++) {
        bool fits = label_fits(c, i, end, &from[i]);
        from[i] = fits ? from[i] : -1;
        end = fits ? from[i] + text_width(c->x[i].text) + 1 : end;
        if (fits)
            has_tick[nearest(c->x[i].place, c->columns)] = true;
    }
    pad(o, c->left - 1);
    put_text(o, line_glyph(c->p, "└", "+"));
    for (int i = 0; i < c->columns; i++)
        put_text(o, has_tick[i] ? line_glyph(c->p, "┬", "+") : line_glyph(c->p, "─", "-"));
    put_newline(o);
    for (size_t i = 0; i < c->n_x; i++) {
        o->column = from[i] < 0 ? o->column : from[i];
        put_text(o, from[i] < 0 ? "" : c->x[i].text);
    }
    put_newline(o);
    free(has_tick);
}

/* ---- what has room */

static int label_width(const struct canvas *c)
{
    int width = 0;
    for (size_t i = 0; i < c->n_y; i++)
        width = text_width(c->y[i].text) > width ? text_width(c->y[i].text) : width;
    return width;
}

/* Ticks of x, fewer until their labels stand apart. */
static void choose_x_ticks(struct canvas *c)
{
    for (size_t most = (size_t)c->columns / 8 + 2; most >= 2; most--) {
        int end = 0, from;
        bool fits = true;
        c->n_x = tb_axis_ticks(&c->chart.x, most, c->x);
        for (size_t i = 0; fits && i < c->n_x; i++) {
            fits = label_fits(c, i, end, &from);
            end = from + text_width(c->x[i].text) + 2;
        }
        if (fits)
            return;
    }
}

static void lay_out(struct canvas *c)
{
    const struct tb_plot *p = c->p;
    bool is_bare = p->view && p->view->is_bare;
    int wish = p->n > 1 && !is_bare ? legend(NULL, p, 0) : 0, most = p->height / 4;
    c->has_title = !is_bare && p->height >= 3 && p->width >= 8;
    c->n_legend = p->height >= 8 ? (wish < most ? wish : most) : 0;
    c->has_axes = p->height >= 6 && p->width >= 24;
    c->rows = p->height - c->has_title - c->n_legend - (c->has_axes ? 2 : 0);
    c->right = (p->n > 1 || p->view) && p->width >= 8;
    c->columns = p->width - c->right;
    c->across = p->glyphs == TB_GLYPHS_ASCII ? 1 : 2;
    c->down = p->glyphs == TB_GLYPHS_ASCII ? 1 : p->glyphs == TB_GLYPHS_BLOCK ? 2 : 4;
}

/* The axes depend on the values, so the place for them is taken when these are known. */
static void lay_out_axes(struct canvas *c)
{
    if (!c->has_axes)
        return;
    c->n_y = tb_axis_ticks(&c->chart.y, (size_t)c->rows / 3 + 1, c->y);
    c->left = label_width(c) + 2;
    if (c->p->view && c->p->view->gutter > c->left)
        c->left = c->p->view->gutter;
    c->has_axes = c->left <= c->p->width / 2;
    if (!c->has_axes) {
        c->left = 0;
        c->rows += 2;
        return;
    }
    c->columns -= c->left;
    choose_x_ticks(c);
}

static void put_chart(struct out *o, struct canvas *c)
{
    const struct tb_plot *p = c->p;
    if (c->has_title)
        put_title(o, p);
    if (c->n_legend)
        legend(o, p, c->n_legend);
    if (c->chart.is_empty) {
        put_cut(o, 0, "nothing to draw: no finite values", p->width);
        put_newline(o);
        return;
    }
    for (int row = 0; row < c->rows; row++) {
        put_left(o, c, row);
        put_row(o, c, row);
    }
    if (c->has_axes)
        put_bottom(o, c);
}

static void open(struct canvas *c, const struct tb_plot *p)
{
    *c = (struct canvas){ .p = p };
    lay_out(c);
    tb_chart_open(&c->chart, p, (size_t)(c->columns * c->across), p->depth != TB_DEPTH_MONO);
    lay_out_axes(c);
}

void tb_plot_frame(const struct tb_plot *p, struct tb_plot_frame *f)
{
    struct canvas c;
    *f = (struct tb_plot_frame){ 0 };
    if (p->width < 1 || p->height < 1)
        return;
    open(&c, p);
    *f = (struct tb_plot_frame){ c.left, c.has_title + c.n_legend, c.columns, c.rows, c.chart.x, c.chart.y };
    tb_chart_free(&c.chart);
}

double tb_plot_frame_x(const struct tb_plot_frame *f, int column)
{
    double place = f->columns > 1 ? (double)column / (f->columns - 1) : 0.5;
    return tb_axis_value(&f->x, place < 0 ? 0 : place > 1 ? 1 : place);
}

int tb_plot_draw(const struct tb_plot *p, tb_plot_put_fn *put, void *arg)
{
    struct canvas c;
    struct out o = { put, arg, 0, 0 };
    if (p->width < 1 || p->height < 1)
        return 0;
    open(&c, p);
    c.cell = tb_xcalloc((size_t)c.rows * (size_t)(c.columns + c.right), sizeof *c.cell);
    draw(&c);
    put_chart(&o, &c);
    free(c.cell);
    tb_chart_free(&c.chart);
    return o.row;
}

bool tb_glyphs_find(const char *name, enum tb_glyphs *glyphs)
{
    static const char *const names[] = { "braille", "block", "ascii" };
    for (int i = 0; i < 3; i++)
        if (strcmp(name, names[i]) == 0) {
            *glyphs = (enum tb_glyphs)i;
            return true;
        }
    return false;
}
