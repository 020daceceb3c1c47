/* SPDX-License-Identifier: MIT */
/* layout.h - rectangles of cells cut into parts. Pure: what comes out depends on sizes alone. */
#ifndef TB_TUI_LAYOUT_H
#define TB_TUI_LAYOUT_H

#include <stdbool.h>

struct tb_rect {
    int x, y, width, height;
};

/* One part of a split. Parts get their least; what is left goes to those with a weight, in proportion, up to `most`.
 * Where not even the least of all fits, parts with the highest `fold` vanish first (width or height 0), those of fold 0
 * last of all, from the end. */
struct tb_part {
    int least, weight;
    int most; /* 0: no limit */
    int fold;
};

enum { TB_PARTS = 16 };

/* From top to bottom, from left to right; `gap` cells stay free between parts that are there (for a rule). The parts
 * lie inside r, do not overlap and, if one of them has a weight and no limit, fill r. n is at most TB_PARTS. */
void tb_split_rows(struct tb_rect r, int gap, const struct tb_part *part, int n, struct tb_rect *out);
void tb_split_columns(struct tb_rect r, int gap, const struct tb_part *part, int n, struct tb_rect *out);

/* Cuts `rows` rows off the top (negative: off the bottom) of *r and returns them; fewer if there are fewer. */
struct tb_rect tb_rect_cut(struct tb_rect *r, int rows);
struct tb_rect tb_rect_inset(struct tb_rect r, int by); /* without a frame of `by` cells; never negative */
struct tb_rect tb_rect_margin(struct tb_rect r); /* without a column at either side, where there is room */
struct tb_rect tb_rect_center(struct tb_rect r, int width, int height); /* as large as fits, in the middle */
bool tb_rect_has(struct tb_rect r, int x, int y);

/* Rows first .. end - 1 of n that are seen in `height` rows so that the cursor is among them; `first` is where it was
 * before, and moves no more than it must. */
struct tb_span {
    int first, end;
};
struct tb_span tb_span_keep(int first, int cursor, int n, int height);

/* Whether something lies before and behind what is seen. */
struct tb_beyond {
    bool above, below;
};

#endif
