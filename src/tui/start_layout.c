/* SPDX-License-Identifier: MIT */
/* start_layout.c - models beside data where there is room, then methods with their figures, then settings, then what
 * it comes to as recipe and command. What vanishes first on a low screen is the foot, then the recipe, then the
 * command. */
#include "tui/start_layout.h"

enum { BESIDE = 90, PREVIEW = 2, SUMS = 3, LEAST_LIST = 1, WORDY = 112, PARTS = 6 };

static int at_most(int n, int most)
{
    return n < most ? n : most;
}

/* A heading of one row is cut off. */
static struct tb_rect under_head(struct tb_rect r)
{
    tb_rect_cut(&r, 1);
    return r;
}

static void lay_lists(struct start_layout *l, struct tb_rect r, const struct start_sizes *n)
{
    struct tb_rect part[3];
    if (l->is_beside) {
        const struct tb_part columns[] = { { .least = 40, .weight = 2 }, { .least = 45, .weight = 3 } };
        tb_split_columns(r, 1, columns, 2, part);
        l->models = under_head(part[0]);
        l->data = under_head(part[1]);
        l->preview = tb_rect_cut(&l->data, l->data.height >= LEAST_LIST + PREVIEW ? -PREVIEW : 0);
        return;
    }
    const struct tb_part rows[] = {
        { .least = 1 + LEAST_LIST, .weight = 1, .most = 1 + n->n_models },
        { .least = 1 + LEAST_LIST, .weight = 2, .most = 1 + n->n_data },
        { .least = 0, .weight = 1, .most = PREVIEW },
    };
    tb_split_rows(r, 0, rows, 3, part);
    l->models = under_head(part[0]);
    l->data = under_head(part[1]);
    l->preview = part[2];
}

/* The parts from top to bottom: lists, methods, sums, settings, words, foot. */
static void split(int width, int height, const struct start_sizes *n, int n_recipe, struct tb_rect *part)
{
    bool is_beside = width >= BESIDE;
    int longest = n->n_models > n->n_data + PREVIEW ? n->n_models : n->n_data + PREVIEW;
    const struct tb_part rows[] = {
        { .least = is_beside ? 1 + LEAST_LIST : 2 + 2 * LEAST_LIST,
          .weight = 2,
          .most = is_beside ? 1 + longest : 2 + n->n_models + n->n_data + PREVIEW },
        { .least = 1 + at_most(n->n_arms, 3), .weight = 3, .most = 1 + n->n_arms },
        { .least = 1, .weight = 2, .most = SUMS },
        { .least = width < WORDY ? 2 : 1 },
        { .least = 1 + n->n_command, .weight = n_recipe > 0, .most = 1 + n_recipe + n->n_command, .fold = 2 },
        { .least = 1, .fold = 3 },
    };
    tb_split_rows((struct tb_rect){ 0, 0, width, height }, 0, rows, PARTS, part);
}

struct start_layout start_lay_out(int width, int height, const struct start_sizes *n)
{
    struct start_layout l = { .is_beside = width >= BESIDE };
    struct tb_rect part[PARTS];
    const int wish[] = { n->n_recipe, n->n_compact, 0 };
    int i = 0, n_recipe;
    do {
        n_recipe = wish[i++];
        split(width, height, n, n_recipe, part);
    } while (n_recipe && part[4].height < 1 + n_recipe + n->n_command);
    lay_lists(&l, part[0], n);
    l.methods = under_head(part[1]);
    l.sums = part[2];
    l.settings = part[3];
    l.recipe = under_head(part[4]);
    l.command = tb_rect_cut(&l.recipe, n_recipe ? -n->n_command : -l.recipe.height);
    l.foot = part[5];
    return l;
}
