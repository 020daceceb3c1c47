/* SPDX-License-Identifier: MIT */
/* plot_text.c - a chart as lines of text: runs come from left to right and from top to bottom, so what lies between two
 * of them is blanks and ends of lines. */
#include "view/plot.h"

#include "base/buf.h"
#include "base/utf8.h"

struct text {
    struct tb_buf b;
    enum tb_depth depth;
    int row, column;
};

static void move_to(struct text *t, int row, int column)
{
    for (; t->row < row; t->row++) {
        tb_buf_char(&t->b, '\n');
        t->column = 0;
    }
    for (; t->column < column; t->column++)
        tb_buf_char(&t->b, ' ');
}

static void put_color(struct text *t, struct tb_plot_ink ink)
{
    static const uint8_t many[] = { 74, 214, 36, 175, 166, 33, 178, 246 }, few[] = { 36, 33, 35, 32, 34, 31, 96, 93 };
    size_t i = (size_t)ink.line % sizeof many;
    const char *dim = ink.is_raw ? "2;" : "";
    if (t->depth >= TB_DEPTH_256)
        tb_buf_fmt(&t->b, "\033[%s38;5;%um", dim, many[i]);
    else
        tb_buf_fmt(&t->b, "\033[%s%um", dim, few[i]);
}

static void put(void *arg, int row, int column, struct tb_plot_ink ink, const char *s, size_t n)
{
    struct text *t = arg;
    bool has_color = ink.line >= 0 && t->depth != TB_DEPTH_MONO;
    move_to(t, row, column);
    if (has_color)
        put_color(t, ink);
    tb_buf_add(&t->b, s, n);
    if (has_color)
        tb_buf_str(&t->b, "\033[0m");
    t->column += tb_utf8_width(s, n);
}

char *tb_plot_text(const struct tb_plot *p)
{
    struct text t = { .depth = p->depth };
    move_to(&t, tb_plot_draw(p, put, &t), 0);
    return tb_buf_take(&t.b);
}
