/* SPDX-License-Identifier: MIT */
/* The panes of the Sweep screen at every size: inside, apart, and there when they have the focus. */
#include "tests/tap.h"
#include "tui/sweep_priv.h"

enum { WIDEST = 400, HIGHEST = 120, PARTS = 8 };

static bool is_there(struct tb_rect r)
{
    return r.width > 0 && r.height > 0;
}

static bool is_inside(struct tb_rect r, int width, int height)
{
    return !is_there(r) || (r.x >= 0 && r.y >= 0 && r.x + r.width <= width && r.y + r.height <= height);
}

static bool overlap(struct tb_rect a, struct tb_rect b)
{
    return is_there(a) && is_there(b) && a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height
        && b.y < a.y + a.height;
}

static bool is_cut_by(struct tb_rect r, int rule)
{
    return rule >= 0 && is_there(r) && rule >= r.y && rule < r.y + r.height;
}

static bool is_good(const struct sweep_layout *l, int width, int height)
{
    const struct tb_rect part[PARTS] = { l->head, l->rungs, l->trials, l->importance, l->scatter, l->now, l->events,
                                         l->list };
    for (int i = 0; i < PARTS; i++) {
        if (!is_inside(part[i], width, height))
            return false;
        for (int k = 0; k < i; k++)
            if (overlap(part[i], part[k]))
                return false;
        for (int k = 0; k < 4; k++)
            if (is_cut_by(part[i], l->rule[k]) || l->rule[k] >= height)
                return false;
    }
    return true;
}

static bool has_focus(const struct sweep_layout *l, int width, enum sweep_pane pane)
{
    const struct tb_rect of[SWEEP_PANES] = { l->trials, l->importance, l->scatter, l->events, l->list };
    bool has_none = tb_sweep_is_wide(width) && (pane == SWEEP_IMPORTANCE || pane == SWEEP_SCATTER);
    return has_none || is_there(of[pane]);
}

static void test_all(void)
{
    int wrong = 0, unseen = 0;
    for (int width = 1; width <= WIDEST; width++)
        for (int height = 1; height <= HIGHEST; height++)
            for (int i = 0; i < 4 * SWEEP_PANES; i++) {
                enum sweep_pane pane = (enum sweep_pane)(i / 4);
                int n_note = i % 4 < tb_sweep_most_note(height) ? i % 4 : tb_sweep_most_note(height);
                struct sweep_layout l = tb_sweep_layout(width, height, 1 + width % 7, n_note, pane);
                wrong += !is_good(&l, width, height);
                unseen += width >= 60 && height >= 11 && !has_focus(&l, width, pane);
            }
    is_int(wrong, 0, "panes and lines lie inside and apart at every size");
    is_int(unseen, 0, "what has the focus is seen from 60x15 on");
}

static void test_usual(void)
{
    struct sweep_layout l = tb_sweep_layout(100, 26, 3, 1, SWEEP_TRIALS);
    ok(is_there(l.rungs) && is_there(l.importance) && is_there(l.scatter) && is_there(l.now) && is_there(l.events),
       "all at once at 100x30");
    is_int(l.rungs.height, 4, "with a line for each of three arms");
    l = tb_sweep_layout(80, 20, 3, 1, SWEEP_TRIALS);
    ok(is_there(l.rungs) && l.trials.height >= 5 && is_there(l.events) && !is_there(l.scatter),
       "trials and events at 80x24");
    l = tb_sweep_layout(80, 20, 3, 1, SWEEP_SCATTER);
    ok(is_there(l.trials) && l.scatter.height >= 7 && !is_there(l.events), "the scatter, once it has the focus");
}

int main(void)
{
    test_all();
    test_usual();
    return done();
}
