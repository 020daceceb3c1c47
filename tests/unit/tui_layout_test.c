/* SPDX-License-Identifier: MIT */
/* Rectangles at every size: parts lie inside, do not overlap, are in order, and fill what they should. */
#include <string.h>

#include "tests/tap.h"
#include "tui/charts_priv.h"
#include "tui/diff_priv.h"
#include "tui/inspect_priv.h"
#include "tui/layout.h"
#include "tui/runs_priv.h"

enum { WIDEST = 400, HIGHEST = 120 };

static bool is_inside(struct tb_rect in, struct tb_rect r)
{
    bool is_empty = r.width == 0 || r.height == 0;
    return r.width >= 0 && r.height >= 0
        && (is_empty || (r.x >= in.x && r.y >= in.y && r.x + r.width <= in.x + in.width
                         && r.y + r.height <= in.y + in.height));
}

static bool overlap(struct tb_rect a, struct tb_rect b)
{
    return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
        && a.width && a.height && b.width && b.height;
}

static bool all_apart(struct tb_rect in, const struct tb_rect *r, int n)
{
    for (int i = 0; i < n; i++) {
        if (!is_inside(in, r[i]))
            return false;
        for (int k = 0; k < i; k++)
            if (overlap(r[i], r[k]))
                return false;
    }
    return true;
}

static void test_split(void)
{
    static const struct tb_part part[] = { { 1, 0, 0, 0 }, { 5, 2, 0, 0 }, { 8, 1, 24, 1 }, { 10, 0, 0, 2 } };
    struct tb_rect out[4];
    int wrong = 0, unfilled = 0;
    for (int size = 0; size <= WIDEST; size++)
        for (int gap = 0; gap <= 2; gap++) {
            struct tb_rect in = { 3, 2, 7, size };
            tb_split_rows(in, gap, part, 4, out);
            wrong += !all_apart(in, out, 4);
            int used = 0, n = 0;
            for (int i = 0; i < 4; i++) {
                used += out[i].height;
                n += out[i].height > 0;
            }
            unfilled += out[1].height > 0 && used + (n > 1 ? (n - 1) * gap : 0) != size;
        }
    is_int(wrong, 0, "parts of all heights lie apart and inside");
    is_int(unfilled, 0, "and fill them, where one that grows is there");
}

static void test_fold(void)
{
    static const struct tb_part part[] = { { 6, 1, 0, 0 }, { 8, 1, 0, 1 } };
    struct tb_rect out[2];
    tb_split_rows((struct tb_rect){ 0, 0, 10, 15 }, 1, part, 2, out);
    is_int(out[0].height * 100 + out[1].height, 608, "both, where both fit");
    tb_split_rows((struct tb_rect){ 0, 0, 10, 14 }, 1, part, 2, out);
    is_int(out[0].height * 100 + out[1].height, 1400, "one row less: what folds is gone, the other takes all");
    tb_split_columns((struct tb_rect){ 0, 0, 3, 1 }, 1, part, 2, out);
    is_int(out[0].width * 100 + out[1].width, 300, "the last one stays, however small");
}

static void test_limits(void)
{
    static const struct tb_part part[] = { { 2, 1, 4, 0 }, { 2, 3, 0, 0 } };
    struct tb_rect out[2];
    tb_split_columns((struct tb_rect){ 0, 0, 100, 1 }, 0, part, 2, out);
    is_int(out[0].width, 4, "no more than its most");
    is_int(out[1].width, 96, "the other takes the rest");
}

static void test_spans(void)
{
    int wrong = 0;
    for (int n = 0; n < 30; n++)
        for (int height = 1; height < 12; height++)
            for (int cursor = 0; cursor < n; cursor++)
                for (int first = -1; first < 30; first++) {
                    struct tb_span s = tb_span_keep(first, cursor, n, height);
                    bool is_full = s.end - s.first == (n < height ? n : height);
                    wrong += s.first < 0 || s.end > n || !is_full || cursor < s.first || cursor >= s.end;
                }
    is_int(wrong, 0, "the cursor is always seen, and no row is wasted");
    is_int(tb_span_keep(3, 5, 20, 6).first, 3, "it scrolls only when it must");
}

static void test_runs(void)
{
    int wrong = 0, hidden = 0;
    for (int width = 1; width <= WIDEST; width++)
        for (int height = 1; height <= HIGHEST; height++)
            for (int pane = 0; pane < 3; pane++) {
                struct runs_layout l = tb_runs_layout(width, height, pane);
                struct tb_rect all[] = { l.head, l.table, l.chart, l.facts };
                const struct tb_rect *now = pane == 0 ? &l.table : pane == 1 ? &l.chart : &l.facts;
                wrong += !all_apart((struct tb_rect){ 0, 0, width, height }, all, 4);
                hidden += width >= 60 && height >= 11 && (now->width < 1 || now->height < 1);
            }
    is_int(wrong, 0, "Runs: at every size all is inside and apart");
    is_int(hidden, 0, "and the pane with the focus is there");
}

static void test_charts(void)
{
    int wrong = 0, small = 0, most = 0;
    for (int width = 1; width <= WIDEST; width++)
        for (int height = 1; height <= HIGHEST; height++)
            for (int metrics = 0; metrics < 20; metrics += 3) {
                struct charts_layout l = tb_charts_layout(width, height, 1 + height / 40, metrics);
                struct tb_rect all[CHARTS_PANES + 2] = { l.legend, l.foot };
                memcpy(all + 2, l.pane, (size_t)l.n * sizeof *all);
                wrong += l.n < 1 || l.n > CHARTS_PANES
                      || !all_apart((struct tb_rect){ 0, 0, width, height }, all, l.n + 2);
                for (int i = 0; i < l.n; i++)
                    small += width >= 60 && height >= 11 && (l.pane[i].width < 30 || l.pane[i].height < 6);
                most = l.columns > most ? l.columns : most;
            }
    is_int(wrong, 0, "Charts: at every size all is inside and apart");
    is_int(small, 0, "and no chart is too small to be read");
    is_int(most, 4, "up to four beside each other");
    is_int(tb_charts_layout(60, 11, 1, 9).n, 1, "one at 60 x 15");
    is_int(tb_charts_layout(100, 26, 1, 9).n, 4, "four at 100 x 30");
    is_int(tb_charts_layout(170, 46, 1, 9).columns, 3, "three in a row above 160 columns");
}

static void test_inspect(void)
{
    int wrong = 0, hidden = 0;
    for (int width = 1; width <= WIDEST; width++)
        for (int height = 1; height <= HIGHEST; height++)
            for (int at = 0; at < 3 * INSPECT_PANES; at++) {
                enum inspect_pane pane = (enum inspect_pane)(at / 3);
                int n = at % 3 * 40;
                struct inspect_layout l = tb_inspect_layout(width, height, 1 + n, n / 2, pane, at % 5 == 4);
                struct tb_rect all[] = { l.kin, l.checkpoints, l.again, l.facts, l.tabs, l.page, l.dialog };
                const struct tb_rect now[] = { l.kin, l.checkpoints, l.facts, l.page };
                bool has_dialog = at % 5 == 4, is_there = has_dialog ? l.dialog.height > 0 : now[pane].height > 0;
                wrong += !all_apart((struct tb_rect){ 0, 0, width, height }, all, 7);
                hidden += width >= 60 && height >= 11 && !is_there;
            }
    is_int(wrong, 0, "Inspect: at every size all is inside and apart, whatever there is to show");
    is_int(hidden, 0, "and the dialog, or the pane with the focus, is there");
}

static void test_diff(void)
{
    int wrong = 0, hidden = 0;
    for (int width = 1; width <= WIDEST; width++)
        for (int height = 1; height <= HIGHEST; height++)
            for (int at = 0; at < 6; at++) {
                struct diff_layout l = tb_diff_layout(width, height, at / 2 * 7, at % 2);
                struct tb_rect all[] = { l.table, l.words };
                wrong += !all_apart((struct tb_rect){ 0, 0, width, height }, all, 2);
                hidden += width >= 60 && height >= 11 && all[at % 2].height < 1;
            }
    is_int(wrong, 0, "Diff: at every size all is inside and apart");
    is_int(hidden, 0, "and the pane with the focus is there");
}

int main(void)
{
    test_split();
    test_fold();
    test_limits();
    test_spans();
    test_runs();
    test_charts();
    test_inspect();
    test_diff();
    return done();
}
