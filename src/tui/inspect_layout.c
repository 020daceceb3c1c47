/* SPDX-License-Identifier: MIT */
/* inspect_layout.c - family and checkpoints to the left, facts beside them, a page below. Where it is narrow, left and
 * right share a place, and the pane with the focus has it; where it is low, the page does too. */
#include "tui/inspect_priv.h"

enum { WIDE = 92, LEFT = 44, LEFT_MOST = 72, RIGHT = 45, GAP = 3, LOW = 16, PAGE_LEAST = 7, TOP_LEAST = 9 };

static void split_left(struct inspect_layout *l, struct tb_rect r, int n_kin, int n_checkpoints)
{
    struct tb_rect part[3];
    int kin = n_kin < 1 ? 1 : n_kin, kept = n_checkpoints < 1 ? 1 : n_checkpoints;
    const struct tb_part parts[] = { { kin < 2 ? kin + 1 : 3, 1, kin + 1, 0 }, { kept < 2 ? kept + 1 : 3, 2, 0, 1 },
                                     { 2, 0, 0, 2 } };
    tb_split_rows(r, 1, parts, 3, part);
    l->kin = part[0];
    l->checkpoints = part[1];
    l->again = part[2];
}

/* Left and right where it is wide enough for both. */
static bool split_sides(struct inspect_layout *l, struct tb_rect r, struct tb_rect side[2])
{
    const struct tb_part parts[] = { { LEFT, 1, LEFT_MOST, 0 }, { RIGHT, 2, 0, 0 } };
    if (r.width < WIDE)
        return false;
    tb_split_columns(r, GAP, parts, 2, side);
    l->wall = side[0].x + side[0].width + 1;
    l->wall_height = r.height;
    return true;
}

/* The lists and the facts. */
static void split_top(struct inspect_layout *l, struct tb_rect r, int n_kin, int n_checkpoints, enum inspect_pane pane)
{
    struct tb_rect side[2] = { r, r };
    bool is_wide = !l->dialog.height && split_sides(l, r, side);
    if (is_wide || l->dialog.height || pane != INSPECT_FACTS)
        split_left(l, side[0], n_kin, n_checkpoints);
    if (is_wide || (!l->dialog.height && pane == INSPECT_FACTS))
        l->facts = side[1];
}

struct inspect_layout tb_inspect_layout(int width, int height, int n_kin, int n_checkpoints, enum inspect_pane pane,
                                        bool has_dialog)
{
    struct inspect_layout l = { .wall = -1 };
    struct tb_rect rest = tb_rect_margin((struct tb_rect){ 0, 0, width, height }), part[2], side[2];
    bool is_low = height < LOW;
    const struct tb_part parts[] = { { TOP_LEAST, 3, 0, 0 }, { PAGE_LEAST, 2, 0, 0 } };
    if (has_dialog && !split_sides(&l, rest, side)) {
        l.dialog = rest;
        return l;
    }
    if (has_dialog) {
        l.dialog = side[1];
        rest = side[0];
    }
    part[0] = part[1] = rest;
    if (!is_low)
        tb_split_rows(rest, 0, parts, 2, part);
    if (!is_low || pane != INSPECT_PAGE)
        split_top(&l, part[0], n_kin, n_checkpoints, pane);
    if (!is_low || pane == INSPECT_PAGE) {
        l.tabs = tb_rect_cut(&part[1], 1);
        l.page = part[1];
    }
    return l;
}
