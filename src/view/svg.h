/* SPDX-License-Identifier: MIT */
/* svg.h - what pictures and pages written here need: text that cannot leave its place, and the colours of lines. */
#ifndef TB_VIEW_SVG_H
#define TB_VIEW_SVG_H

#include "base/buf.h"

#include <stddef.h>

/* Text for XML and HTML, in elements and in quoted attributes; control characters are made visible, lines of a text
 * become blanks. NULL is "". */
void tb_svg_text(struct tb_buf *b, const char *s);
/* Colours that colour-blind people tell apart, on white and on black; they begin anew after 8. */
const char *tb_svg_color(size_t line);

#endif
