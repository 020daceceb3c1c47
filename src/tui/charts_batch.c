/* SPDX-License-Identifier: MIT */
/* charts_batch.c - the rows behind a point. The store keeps losses, not texts, and only a verb can read the data set:
 * `show RUN --batch STEP` for a step of training, `show RUN --rows STEP` for an evaluation. */
#include "tui/charts_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

struct charts_batch {
    struct tb_child *child;
    struct tb_text text;
    char id[TB_RUN_ID], title[160];
    int64_t step;
    bool is_ready, is_bad, is_eval;
};

bool tb_batch_open(struct tb_screen *s, const struct tb_run_item *item, int64_t step, bool is_eval,
                   struct tb_err *err)
{
    struct charts_state *st = s->state;
    char number[24];
    const char *argv[] = { "tunebench", "show", item->sum.id, is_eval ? "--rows" : "--batch", number,
                           s->desk->store_flag ? "--store" : NULL, s->desk->store_flag, NULL };
    snprintf(number, sizeof number, "%lld", (long long)step);
    struct tb_child *child = tb_child_open(argv, err);
    if (!child)
        return false;
    tb_batch_close(st);
    struct charts_batch *b = st->batch = tb_xcalloc(1, sizeof *b);
    b->child = child;
    b->step = step;
    b->is_eval = is_eval;
    tb_str_copy(b->id, sizeof b->id, item->sum.id);
    snprintf(b->title, sizeof b->title, "%.80s, step %lld: the rows it was %s", item->sum.name, (long long)step,
             is_eval ? "evaluated on" : "trained on");
    return true;
}

void tb_batch_close(struct charts_state *st)
{
    if (!st->batch)
        return;
    tb_child_close(st->batch->child);
    tb_text_free(&st->batch->text);
    free(st->batch);
    st->batch = NULL;
}

bool tb_batch_pump(struct charts_batch *b)
{
    if (b->is_ready)
        return false;
    tb_child_pump(b->child);
    if (!tb_child_has_ended(b->child))
        return false;
    b->is_bad = tb_child_exit(b->child) != 0;
    tb_text_add(&b->text, TB_STYLE_PLAIN, tb_child_out(b->child));
    b->is_ready = true;
    return true;
}

bool tb_batch_is_busy(const struct charts_batch *b)
{
    return !b->is_ready;
}

int tb_batch_fds(const struct charts_batch *b, struct pollfd *fds, int room)
{
    return b->is_ready ? 0 : tb_child_fds(b->child, fds, room);
}

unsigned tb_batch_press(struct tb_screen *s, const struct tb_press *p)
{
    struct charts_state *st = s->state;
    int width = s->width - 2, page = s->height > 3 ? s->height - 3 : 1;
    if (p->key == TB_PRESS_ESC || p->key == '\n') {
        tb_batch_close(st);
        return TB_DO_HANDLED | TB_DO_LOAD;
    }
    return tb_text_press(&st->batch->text, width, page, p) ? TB_DO_HANDLED | TB_DO_DRAW : TB_DO_NOTHING;
}

static void draw_rows(const struct charts_batch *b, struct tb_canvas *c, struct tb_canvas *rows)
{
    tb_text_draw(&b->text, rows);
    tb_canvas_beyond(c, 0, 1, tb_text_beyond(&b->text, rows->width, rows->height));
}

void tb_batch_draw(const struct charts_batch *b, struct tb_canvas *c)
{
    struct tb_canvas rows = tb_canvas_part(c, (struct tb_rect){ 1, 2, c->width - 2, c->height - 3 });
    tb_canvas_text(c, 1, 0, TB_STYLE_HEAD, b->title);
    tb_canvas_rule(c, 1);
    if (b->is_bad)
        tb_canvas_wrap(&rows, 0, TB_STYLE_BAD, tb_child_err(b->child));
    else if (b->is_ready)
        draw_rows(b, c, &rows);
    else
        tb_canvas_text(&rows, 0, 0, TB_STYLE_DIM, "reading the data ..");
    tb_canvas_text(c, 1, c->height - 1, TB_STYLE_DIM,
                   b->is_eval ? "C clones the run from the checkpoint before this step; esc goes back"
                              : "C clones it from the checkpoint before, without these rows; esc goes back");
}

char *tb_batch_without(const struct charts_batch *b)
{
    static const char key[] = "data.without=";
    char *line = b->is_ready && !b->is_bad ? tb_child_last_line(tb_child_out(b->child)) : NULL, *out = NULL;
    char *at = line ? strstr(line, key) : NULL;
    if (at)
        out = tb_xstrndup(at + strlen(key), strcspn(at + strlen(key), "'"));
    free(line);
    return out;
}

const char *tb_batch_run(const struct charts_batch *b)
{
    return b->id;
}

int64_t tb_batch_step(const struct charts_batch *b)
{
    return b->step;
}
