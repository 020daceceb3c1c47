/* SPDX-License-Identifier: MIT */
/* layout.c - one algorithm for both directions: who is there, then the least of each, then the rest by weight. */
#include "tui/layout.h"

#include "base/err.h"

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int wanted(const struct tb_part *part, const bool *is_there, int n, int gap)
{
    int sum = 0, n_there = 0;
    for (int i = 0; i < n; i++) {
        sum += is_there[i] ? part[i].least : 0;
        n_there += is_there[i];
    }
    return sum + (n_there > 1 ? (n_there - 1) * gap : 0);
}

/* The part that goes next: highest fold, the last of equals; -1 if only one is left. */
static int next_to_fold(const struct tb_part *part, const bool *is_there, int n)
{
    int found = -1, n_there = 0;
    for (int i = 0; i < n; i++) {
        n_there += is_there[i];
        if (is_there[i] && (found < 0 || part[i].fold >= part[found].fold))
            found = i;
    }
    return n_there > 1 ? found : -1;
}

/* What part i may still take of `rest`, of which all have a share by weight. */
static int share(const struct tb_part *p, int size, int rest, int weights)
{
    int more = (int)((long long)rest * p->weight / weights);
    return p->most && size + more > p->most ? (p->most > size ? p->most - size : 0) : more;
}

static bool can_grow(const struct tb_part *p, bool is_there, int size)
{
    return is_there && p->weight && (!p->most || size < p->most);
}

/* Gives `rest` to parts with a weight until it is gone or all are full; what rounding leaves goes one by one. */
static void grow(const struct tb_part *part, const bool *is_there, int n, int rest, int *size)
{
    for (int given = 1; rest > 0 && given > 0;) {
        int weights = 0, before = rest;
        for (int i = 0; i < n; i++)
            weights += can_grow(&part[i], is_there[i], size[i]) ? part[i].weight : 0;
        for (int i = 0; weights && i < n; i++) {
            bool can = can_grow(&part[i], is_there[i], size[i]);
            int more = can ? share(&part[i], size[i], before, weights) : 0;
            size[i] += more;
            rest -= more;
        }
        given = before - rest;
        for (int i = 0; !given && weights && rest > 0 && i < n; i++)
            if (can_grow(&part[i], is_there[i], size[i])) {
                size[i]++;
                rest--;
                given++;
            }
    }
}

/* Sizes along one direction of `room` cells. */
static void divide(int room, int gap, const struct tb_part *part, int n, int *size)
{
    bool is_there[TB_PARTS];
    int gone;
    for (int i = 0; i < n; i++)
        is_there[i] = part[i].least > 0 || part[i].weight > 0;
    while (wanted(part, is_there, n, gap) > room && (gone = next_to_fold(part, is_there, n)) >= 0)
        is_there[gone] = false;
    for (int i = 0; i < n; i++)
        size[i] = is_there[i] ? least(part[i].least, room) : 0;
    grow(part, is_there, n, room - wanted(part, is_there, n, gap), size);
}

void tb_split_rows(struct tb_rect r, int gap, const struct tb_part *part, int n, struct tb_rect *out)
{
    int size[TB_PARTS] = { 0 }, y = r.y;
    tb_assert(n <= TB_PARTS);
    divide(r.height, gap, part, n, size);
    for (int i = 0; i < n; i++) {
        out[i] = (struct tb_rect){ r.x, y, r.width, size[i] };
        y += size[i] ? size[i] + gap : 0;
    }
}

void tb_split_columns(struct tb_rect r, int gap, const struct tb_part *part, int n, struct tb_rect *out)
{
    int size[TB_PARTS] = { 0 }, x = r.x;
    tb_assert(n <= TB_PARTS);
    divide(r.width, gap, part, n, size);
    for (int i = 0; i < n; i++) {
        out[i] = (struct tb_rect){ x, r.y, size[i], r.height };
        x += size[i] ? size[i] + gap : 0;
    }
}

struct tb_rect tb_rect_cut(struct tb_rect *r, int rows)
{
    int n = least(rows < 0 ? -rows : rows, r->height);
    struct tb_rect cut = { r->x, rows < 0 ? r->y + r->height - n : r->y, r->width, n };
    r->height -= n;
    r->y += rows < 0 ? 0 : n;
    return cut;
}

struct tb_rect tb_rect_inset(struct tb_rect r, int by)
{
    int across = least(by, r.width / 2), down = least(by, r.height / 2);
    return (struct tb_rect){ r.x + across, r.y + down, r.width - 2 * across, r.height - 2 * down };
}

struct tb_rect tb_rect_margin(struct tb_rect r)
{
    int by = r.width > 2;
    return (struct tb_rect){ r.x + by, r.y, r.width - 2 * by, r.height };
}

struct tb_rect tb_rect_center(struct tb_rect r, int width, int height)
{
    int w = least(width, r.width), h = least(height, r.height);
    return (struct tb_rect){ r.x + (r.width - w) / 2, r.y + (r.height - h) / 2, w, h };
}

bool tb_rect_has(struct tb_rect r, int x, int y)
{
    return x >= r.x && x < r.x + r.width && y >= r.y && y < r.y + r.height;
}

struct tb_span tb_span_keep(int first, int cursor, int n, int height)
{
    int most = n > height ? n - height : 0;
    if (height < 1)
        return (struct tb_span){ cursor, cursor };
    first = cursor < first ? cursor : cursor >= first + height ? cursor - height + 1 : first;
    first = first > most ? most : first < 0 ? 0 : first;
    return (struct tb_span){ first, least(first + height, n) };
}
