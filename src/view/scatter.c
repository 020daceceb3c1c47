/* SPDX-License-Identifier: MIT */
/* scatter.c - a line of marks for each letter of the legend, and one line through the front. */
#include "view/scatter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { MOST = TB_PLOT_LINES - 1 }; /* one is left for the front */

struct scatter {
    const struct tb_scatter *s;
    struct tb_plot_line line[TB_PLOT_LINES];
    size_t arm[TB_PLOT_LINES]; /* of each line, unless they are methods */
    size_t n;
    bool by_method;
};

static double value(const struct tb_run_item *item, int column)
{
    struct tb_cell c = tb_run_cell(item, column);
    return c.type == TB_CELL_INT ? (double)c.i : c.type == TB_CELL_REAL ? c.r : NAN;
}

static void add_point(struct tb_series *to, double x, double y, size_t room)
{
    if (!to->x) {
        to->x = tb_xcalloc(room + 1, sizeof *to->x);
        to->y = tb_xcalloc(room + 1, sizeof *to->y);
    }
    to->x[to->n] = x;
    to->y[to->n++] = y;
}

/* The line of a method; the last one takes those for which there is no letter. */
static struct tb_plot_line *line_of(struct scatter *x, const char *method)
{
    for (size_t i = 0; i < x->n; i++)
        if (strcmp(x->line[i].label, method) == 0)
            return &x->line[i];
    if (x->n == MOST) {
        x->line[MOST - 1].label = "other methods";
        return &x->line[MOST - 1];
    }
    x->line[x->n].label = method;
    return &x->line[x->n++];
}

static struct tb_plot_line *line_of_run(struct scatter *x, size_t i)
{
    const struct tb_scatter *s = x->s;
    for (size_t k = 0; s->arm && k < x->n; k++)
        if (x->arm[k] == s->arm[i])
            return &x->line[k];
    x->arm[x->n] = s->arm ? s->arm[i] : i;
    x->line[x->n].label = s->label[i];
    return &x->line[x->n++];
}

static void add_runs(struct scatter *x)
{
    const struct tb_scatter *s = x->s;
    x->by_method = !s->label || s->n > MOST;
    for (size_t i = 0; i < s->n; i++) {
        struct tb_plot_line *line = x->by_method ? line_of(x, s->item[i]->sum.method) : line_of_run(x, i);
        add_point(&line->marks, value(s->item[i], s->x), value(s->item[i], s->y), s->n);
    }
}

struct point {
    double x, y;
};

static int by_x(const void *a, const void *b)
{
    const struct point *p = a, *q = b;
    if (p->x != q->x)
        return p->x < q->x ? -1 : 1;
    return (p->y > q->y) - (p->y < q->y);
}

static void add_front(struct scatter *x)
{
    const struct tb_scatter *s = x->s;
    struct point *p = tb_xcalloc(s->n + 1, sizeof *p);
    size_t n = 0;
    for (size_t i = 0; s->is_front && i < s->n; i++)
        if (s->is_front[i])
            p[n++] = (struct point){ value(s->item[i], s->x), value(s->item[i], s->y) };
    qsort(p, n, sizeof *p, by_x);
    if (n > 1)
        x->line[x->n].label = "front: beaten by none";
    for (size_t i = 0; n > 1 && i < n; i++)
        add_point(&x->line[x->n].s, p[i].x, p[i].y, n);
    x->n += n > 1;
    free(p);
}

void tb_scatter_with(const struct tb_scatter *s, const struct tb_plot *look, tb_scatter_fn *fn, void *arg)
{
    struct scatter *x = tb_xcalloc(1, sizeof *x);
    struct tb_plot p = *look;
    x->s = s;
    add_runs(x);
    add_front(x);
    p.line = x->line;
    p.n = x->n;
    p.is_scatter = true;
    p.x_name = tb_run_column_at((size_t)s->x)->name;
    p.title = tb_run_column_at((size_t)s->y)->name;
    p.is_time = tb_run_column_at((size_t)s->x)->unit == TB_UNIT_SECONDS;
    fn(arg, &p);
    for (size_t i = 0; i < x->n; i++) {
        tb_series_free(&x->line[i].marks);
        tb_series_free(&x->line[i].s);
    }
    free(x);
}

static void as_text(void *arg, const struct tb_plot *p)
{
    *(char **)arg = tb_plot_text(p);
}

static void as_svg(void *arg, const struct tb_plot *p)
{
    *(char **)arg = tb_plot_svg(p);
}

char *tb_scatter_draw(const struct tb_scatter *s, const struct tb_plot *look, bool is_svg)
{
    char *text = NULL;
    tb_scatter_with(s, look, is_svg ? as_svg : as_text, &text);
    return text;
}
