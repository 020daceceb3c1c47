/* SPDX-License-Identifier: MIT */
/* lines.h - two texts line by line: what only one of them has. */
#ifndef TB_VIEW_LINES_H
#define TB_VIEW_LINES_H

#include "base/buf.h"

struct tb_lines {
    char *text; /* "- " lines of a, "+ " lines of b, "  " lines of both around them, "  .." where some are left out */
    size_t n_removed, n_added;
};
/* `context` lines of both around each change. NULL is an empty text. Free with tb_lines_free. */
void tb_lines_diff(struct tb_lines *x, const char *a, const char *b, size_t context);
void tb_lines_free(struct tb_lines *x);

#endif
