/* SPDX-License-Identifier: MIT */
/* sweep_layout.c - where the panes of the Sweep screen are. Where there is room for two side by side, all are seen at
 * once; else the one that Tab chose lies below the trials. */
#include "tui/sweep_priv.h"

enum { BESIDE = 96, KEYS = 36, NOW = 46, LOW = 15 };

int tb_sweep_most_note(int height)
{
    return height < LOW ? 1 : 3;
}

bool tb_sweep_is_wide(int width)
{
    return width >= BESIDE;
}

/* Lines stand between parts that are there. */
static void put_rules(struct sweep_layout *l, const struct tb_rect *part, int n)
{
    int n_rules = 0;
    for (int i = 0; i < 4; i++)
        l->rule[i] = -1;
    for (int i = 1; i < n; i++)
        if (part[i].height > 0 && part[i].y > 0)
            l->rule[n_rules++] = part[i].y - 1;
}

static struct tb_part rungs_part(int n_arms, int fold)
{
    return (struct tb_part){ 1 + (n_arms < 3 ? n_arms : 3), 9, 1 + n_arms, fold };
}

/* What has the focus stays longest. */
static struct sweep_layout wide(struct tb_rect all, int n_arms, int n_head, enum sweep_pane pane)
{
    struct sweep_layout l = { .head = { 0 } };
    struct tb_rect part[5], side[2];
    bool is_list = pane == SWEEP_LIST, is_events = pane == SWEEP_EVENTS;
    const struct tb_part parts[] = { { n_head, 0, 0, 0 }, rungs_part(n_arms, 4), { 5, 2, 0, is_list || is_events },
                                     { is_list ? 3 : 6, 3, 24, is_list ? 0 : 3 }, { 3, 1, 0, is_events ? 0 : 2 } };
    tb_split_rows(all, 1, parts, 5, part);
    put_rules(&l, part, 5);
    l.head = part[0];
    l.rungs = tb_rect_margin(part[1]);
    tb_split_columns(part[2], 2, (const struct tb_part[]){ { 50, 1, 0, 0 }, { KEYS, 0, 0, 1 } }, 2, side);
    l.trials = side[0];
    l.importance = side[1];
    if (is_list) {
        l.list = part[3];
    } else {
        tb_split_columns(tb_rect_margin(part[3]), 2, (const struct tb_part[]){ { 40, 3, 0, 0 }, { NOW, 1, 64, 1 } }, 2,
                         side);
        l.scatter = side[0];
        l.now = side[1];
    }
    l.events = tb_rect_margin(part[4]);
    return l;
}

static struct sweep_layout narrow(struct tb_rect all, int n_arms, int n_head, enum sweep_pane pane)
{
    struct sweep_layout l = { .head = { 0 } };
    struct tb_rect part[4], side[2];
    bool is_above = pane == SWEEP_TRIALS, is_high = pane == SWEEP_SCATTER || pane == SWEEP_IMPORTANCE;
    const struct tb_part parts[] = { { n_head, 0, 0, 0 }, rungs_part(n_arms, is_above ? 2 : 3),
                                     { is_above ? 5 : 4, is_above ? 2 : 1, 0, is_above ? 0 : 2 },
                                     { is_high ? 7 : 3, is_above ? 1 : 4, 0, is_above ? 3 : 0 } };
    tb_split_rows(all, 1, parts, 4, part);
    put_rules(&l, part, 4);
    l.head = part[0];
    l.rungs = tb_rect_margin(part[1]);
    l.trials = part[2];
    if (pane == SWEEP_IMPORTANCE) {
        tb_split_columns(tb_rect_margin(part[3]), 2, (const struct tb_part[]){ { 24, 1, 0, 0 }, { 24, 1, 0, 0 } }, 2,
                         side);
        l.importance = side[0];
        l.now = side[1];
    } else if (pane == SWEEP_SCATTER) {
        l.scatter = tb_rect_margin(part[3]);
    } else if (pane == SWEEP_LIST) {
        l.list = part[3];
    } else {
        l.events = tb_rect_margin(part[3]);
    }
    return l;
}

struct sweep_layout tb_sweep_layout(int width, int height, int n_arms, int n_note, enum sweep_pane pane)
{
    struct tb_rect all = { 0, 0, width, height };
    int n_head = 2 + n_note;
    return tb_sweep_is_wide(width) ? wide(all, n_arms, n_head, pane) : narrow(all, n_arms, n_head, pane);
}

struct sweep_layout tb_sweep_layout_of(const struct tb_screen *s)
{
    const struct sweep_state *st = s->state;
    return tb_sweep_layout(s->width, s->height, (int)st->v.n_arms, tb_sweep_note_rows(s), st->pane);
}

int tb_sweep_page(const struct tb_screen *s, bool is_list)
{
    struct sweep_layout l = tb_sweep_layout_of(s);
    int rows = is_list ? l.list.height - 1 : l.trials.height - 2; /* titles, and the line about the trial */
    return rows > 1 ? rows : 1;
}
