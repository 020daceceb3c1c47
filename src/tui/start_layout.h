/* SPDX-License-Identifier: MIT */
/* start_layout.h - where things are on the Start screen. Pure: sizes in, rectangles out. */
#ifndef TB_TUI_START_LAYOUT_H
#define TB_TUI_START_LAYOUT_H

#include "tui/layout.h"

struct start_layout {
    struct tb_rect models, data, methods; /* rows of the lists, without the heading, which stands above */
    struct tb_rect preview;  /* the first row of the data */
    struct tb_rect sums;     /* totals, memory, what is wrong */
    struct tb_rect settings;
    struct tb_rect recipe, command; /* without the heading above each */
    struct tb_rect foot;     /* other stores, glyphs */
    bool is_beside;          /* models and data stand side by side */
};

/* n_models, n_data, n_arms: lines that the lists would like; n_recipe, n_compact, n_command: lines
 * of the recipe, the same with words one behind the other, and of the command. */
struct start_sizes {
    int n_models, n_data, n_arms, n_recipe, n_compact, n_command;
};
struct start_layout start_lay_out(int width, int height, const struct start_sizes *n);

#endif
