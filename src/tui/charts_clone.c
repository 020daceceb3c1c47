/* SPDX-License-Identifier: MIT */
/* charts_clone.c - the dialog of Inspect (clone_form.h) at the last checkpoint before a point of a curve: what went
 * wrong there is tried again another way. */
#include "tui/charts_priv.h"

#include <stdlib.h>

#include "store/checkpoint.h"

enum { WIDTH = 58, BESIDE = 100 };

void tb_charts_clone_open(struct tb_screen *s, const struct tb_run_item *item, int64_t step, const char *without)
{
    struct charts_state *st = s->state;
    struct tb_desk *d = s->desk;
    struct tb_err err = { 0 };
    const struct tb_metrics *m = item ? tb_desk_run(d, item->sum.id, NULL, &err) : NULL;
    int64_t *kept = NULL, from = -1;
    char *dir = m ? tb_store_run_dir(d->store, item->sum.id) : NULL;
    size_t n = dir ? tb_checkpoint_list(dir, &kept) : 0;
    for (size_t i = 0; i < n && kept[i] < step; i++)
        from = kept[i];
    bool is_cold = from < 0 && m && without && !tb_state_is_live(item->sight.state);
    if (from >= 0 || is_cold)
        tb_clone_form_open(&st->clone, item, m, tb_desk_ref(d, item), kept, is_cold ? 0 : n, from, d->store_flag);
    if (st->clone.is_open && without)
        tb_clone_form_without(&st->clone, without);
    if (is_cold)
        tb_desk_say(d, TB_STYLE_MESSAGE, "no checkpoint before that step is kept, so it begins anew");
    else if (from < 0)
        tb_desk_say(d, TB_STYLE_WARN, "%s", !m ? err.kind != TB_ERR_NONE ? err.text : "there is no run here"
                                               : "no checkpoint before that step is kept; 7 C begins from another");
    free(kept);
    free(dir);
}

static unsigned end(struct tb_screen *s, enum tb_clone_form_result result)
{
    struct charts_state *st = s->state;
    if (tb_clone_form_obey(&st->clone, result, s->desk))
        tb_clone_form_close(&st->clone);
    return TB_DO_HANDLED | TB_DO_DRAW;
}

unsigned tb_charts_clone_press(struct tb_screen *s, const struct tb_press *p)
{
    struct charts_state *st = s->state;
    return tb_form_takes(p) ? end(s, tb_clone_form_press(&st->clone, p)) : TB_DO_NOTHING;
}

unsigned tb_charts_clone_tick(struct tb_screen *s)
{
    struct charts_state *st = s->state;
    enum tb_clone_form_result result;
    bool is_news = tb_clone_form_tick(&st->clone, &result);
    if (result != TB_CLONE_FORM_STAYS)
        return end(s, result);
    return is_news ? TB_DO_DRAW : TB_DO_NOTHING;
}

/* Beside what it is about where there is room, else over it. */
void tb_charts_clone_draw(const struct charts_state *st, struct tb_canvas *c)
{
    struct tb_rect r = tb_canvas_rect(c);
    if (c->width >= BESIDE)
        r = (struct tb_rect){ c->width - WIDTH, 0, WIDTH, c->height };
    tb_canvas_fill(c, (struct tb_rect){ r.x > 0 ? r.x - 2 : 0, 0, c->width, c->height }, TB_STYLE_PLAIN);
    if (r.x > 0)
        tb_canvas_wall(c, r.x - 2, 0, c->height);
    struct tb_canvas part = tb_canvas_part(c, r);
    tb_clone_form_draw(&st->clone, &part);
}
