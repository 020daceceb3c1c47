/* SPDX-License-Identifier: MIT */
/* svg.c - escaping and colours. */
#include "view/svg.h"

#include <string.h>

#include "base/utf8.h"

void tb_svg_text(struct tb_buf *b, const char *s)
{
    struct tb_buf safe = { 0 };
    tb_utf8_safe(&safe, s ? s : "", s ? strlen(s) : 0);
    for (size_t i = 0; i < safe.n; i++) {
        char c = safe.p[i];
        if (c == '<' || c == '>' || c == '&' || c == '"' || c == '\'')
            tb_buf_fmt(b, "&#%d;", c);
        else
            tb_buf_char(b, c);
    }
    tb_buf_free(&safe);
}

const char *tb_svg_color(size_t line)
{
    static const char *const colors[] = { "#3a9bdc", "#e08e00", "#009e73", "#cc79a7", "#d55e00", "#6a7fdb", "#a89600",
                                          "#8a8a8a" };
    return colors[line % (sizeof colors / sizeof *colors)];
}
