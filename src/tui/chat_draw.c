/* SPDX-License-Identifier: MIT */
/* chat_draw.c - the screen Chat: who talks, what was said, the tally, the prompt. The conversation is drawn from the
 * turn at the top on, so that long ones cost no more than short ones. */
#include "tui/chat_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { NOTICE_ROWS = 3, FORM_WIDTH = 66, FORM_ROWS = 11, TALL = 14, TALLER = 20, WIDE = 76 };

struct chat_layout tb_chatbox_layout(int width, int height, int notice_rows)
{
    struct chat_layout l = { .rule = { -1, -1 } };
    struct tb_rect rest = { 0, 0, width, height };
    l.head = tb_rect_cut(&rest, 1);
    if (height >= TALL)
        l.facts = tb_rect_cut(&rest, 1);
    if (height >= TALL / 2)
        l.rule[0] = tb_rect_cut(&rest, 1).y;
    l.prompt = tb_rect_cut(&rest, -1);
    if (height >= TALLER)
        l.rule[1] = tb_rect_cut(&rest, -1).y;
    l.tally = tb_rect_cut(&rest, -1);
    l.notice = tb_rect_cut(&rest, -(notice_rows < NOTICE_ROWS ? notice_rows : NOTICE_ROWS));
    l.talk = rest;
    return l;
}

/* ---- what has to be said beside the conversation */

static const char *name_at(const struct tb_screen *s, const char *ref)
{
    char id[CHAT_REF];
    snprintf(id, sizeof id, "%.*s", (int)strcspn(ref, ":"), ref);
    const struct tb_run_item *item = tb_desk_item(s->desk, id);
    return item ? item->sum.name : "a run that is gone";
}

static void say_newer(const struct tb_talk *t, struct tb_buf *b)
{
    for (int i = 0; i < t->n_sides; i++)
        if (t->side[i].newer >= 0)
            tb_buf_fmt(b, "%s%s has a checkpoint of step %lld now", b->n ? ", " : "", t->side[i].letter,
                       (long long)t->side[i].newer);
    tb_buf_str(b, b->n ? "; r takes it" : "");
}

static void say_gone(const struct tb_screen *s, struct tb_buf *b)
{
    const struct chat_state *st = s->state;
    for (int i = 0; i < st->n_has && !b->n; i++)
        if (!tb_desk_item(s->desk, st->talk.side[i].run))
            tb_buf_fmt(b, "%s is not in the store any more; it still talks until another run is chosen",
                       st->talk.side[i].letter);
}

/* One thing at a time, what matters most; its style. */
static unsigned say_notice(const struct tb_screen *s, struct tb_buf *b)
{
    const struct chat_state *st = s->state;
    if (st->why) {
        tb_buf_fmt(b, "%s; r %s", st->why, st->talk.n ? "begins anew" : "tries again");
        return TB_STYLE_BAD;
    }
    if (st->child && tb_chatbox_differs(st) && !tb_chatbox_is_writing(st)) {
        bool is_pair = st->n_wants > 1;
        tb_buf_fmt(b, "%s%s%s %s chosen now; r talks with %s", name_at(s, st->wants[0]), is_pair ? " and " : "",
                   is_pair ? name_at(s, st->wants[1]) : "", is_pair ? "are" : "is", is_pair ? "them" : "it");
        return TB_STYLE_WARN;
    }
    if (st->is_asleep)
        tb_buf_str(b, "closed, since nothing was asked for 10 minutes and training may want the memory; loaded again "
                   "as you type");
    else if (st->child && !st->is_ready)
        tb_buf_str(b, "loading ..");
    if (b->n)
        return TB_STYLE_LIVE;
    say_gone(s, b);
    if (!b->n)
        say_newer(&st->talk, b);
    return TB_STYLE_WARN;
}

static struct chat_layout layout_of(const struct tb_screen *s, int width, int height)
{
    struct tb_buf b = { 0 };
    say_notice(s, &b);
    int rows = b.n ? tb_wrap_rows(width - 2, b.p) : 0;
    tb_buf_free(&b);
    return tb_chatbox_layout(width, height, rows);
}

struct tb_rect tb_chatbox_talk(const struct tb_screen *s)
{
    return layout_of(s, s->width, s->height).talk;
}

/* ---- turns */

static int rows_of(const struct chat_state *st, const struct chat_columns *k, size_t i, int width)
{
    struct tb_sheet none = { .width = width };
    struct tb_canvas c = { .sheet = &none, .width = width, .height = 0 };
    return tb_chatbox_draw_turn(st, k, i, &c, 0);
}

/* The top when the last row is at the bottom. */
static struct chat_place last_top(const struct chat_state *st, const struct chat_columns *k, int width, int height)
{
    int left = height;
    for (size_t i = st->talk.n; i-- > 0;) {
        int rows = rows_of(st, k, i, width);
        if (rows >= left)
            return (struct chat_place){ i, rows - left };
        left -= rows;
    }
    return (struct chat_place){ 0, 0 };
}

static bool is_before(struct chat_place a, struct chat_place b)
{
    return a.turn < b.turn || (a.turn == b.turn && a.row < b.row);
}

/* Rows further from a place, back with a negative number. */
static struct chat_place moved(const struct chat_state *st, const struct chat_columns *k, int width,
                               struct chat_place at, int rows)
{
    at.row += rows;
    while (at.row < 0 && at.turn > 0)
        at.row += rows_of(st, k, --at.turn, width);
    at.row = at.row < 0 ? 0 : at.row;
    for (int n; at.turn + 1 < st->talk.n && at.row >= (n = rows_of(st, k, at.turn, width)); at.turn++)
        at.row -= n;
    return at;
}

static void go(struct tb_screen *s, struct chat_place to, struct chat_place last)
{
    struct chat_state *st = s->state;
    st->is_up = is_before(to, last);
    st->top = to;
}

void tb_chatbox_scroll(struct tb_screen *s, int rows)
{
    struct chat_state *st = s->state;
    struct chat_columns k = tb_chatbox_columns(st, s->width);
    struct chat_place last = last_top(st, &k, s->width, tb_chatbox_talk(s).height);
    go(s, moved(st, &k, s->width, st->is_up ? st->top : last, rows), last);
}

void tb_chatbox_go_to(struct tb_screen *s, size_t turn)
{
    struct chat_state *st = s->state;
    struct chat_columns k = tb_chatbox_columns(st, s->width);
    int height = tb_chatbox_talk(s).height;
    struct chat_place last = last_top(st, &k, s->width, height), to = { turn, turn > 0 }, /* without the line above */
                      top = st->is_up ? st->top : last, bottom = moved(st, &k, s->width, top, height - 1);
    if (is_before(to, top) || is_before(bottom, to))
        go(s, to, last);
}

static void draw_turns(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct chat_state *st = s->state;
    struct chat_columns k = tb_chatbox_columns(st, c->width);
    struct chat_place last = last_top(st, &k, c->width, c->height),
                      top = st->is_up && is_before(st->top, last) ? st->top : last;
    int y = -top.row;
    for (size_t i = top.turn; i < st->talk.n && y < c->height; i++)
        y = tb_chatbox_draw_turn(st, &k, i, c, y);
}

/* In the line below, else in that above, whose right end tells of columns. */
static void draw_more(const struct tb_screen *s, struct tb_canvas *c, const struct chat_layout *l)
{
    const struct chat_state *st = s->state;
    struct chat_columns k = tb_chatbox_columns(st, c->width);
    int y = l->rule[1] >= 0 ? l->rule[1] : l->rule[0];
    if (st->talk.n && st->is_up && y >= 0
        && is_before(st->top, last_top(st, &k, l->talk.width, l->talk.height)))
        tb_canvas_text(c, 2, y, TB_STYLE_KEY, " more below, > ");
}

static void draw_empty(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct chat_state *st = s->state;
    const struct tb_desk *d = s->desk;
    struct tb_canvas part = tb_canvas_part(c, (struct tb_rect){ 1, 0, c->width - 2, c->height });
    const char *words =
        st->n_has ? "Type a prompt and press enter: it goes through the data's template, and both sides write behind "
                    "it. They are loaded as you begin to type; training that goes on comes first.\n"
                    "/row 3 takes a row of the data; esc, then n: the rows held out one after the other, each with "
                    "what the data says."
        : d->n == 0 ? "No runs yet, so there is nobody to talk with: 0 Start makes some, or "
                      ":run recipes/compare-three.lua --detach"
                    : "Choose whom to talk with: in 1 Runs, space marks one run or two, t brings them here.";
    if (d->trouble.kind != TB_ERR_NONE && d->trouble.kind != TB_ERR_NOTFOUND)
        words = d->trouble.text;
    tb_canvas_wrap(&part, 0, TB_STYLE_DIM, words);
}

/* ---- who talks */

/* " A lora-r8-s0 @400     scale [1.00]" */
static void draw_name(const struct tb_screen *s, struct tb_canvas *c, int i)
{
    const struct chat_state *st = s->state;
    const struct tb_talk_side *side = &st->talk.side[i];
    char tail[48] = "", step[32] = "";
    if (*side->run)
        snprintf(tail, sizeof tail, st->side == i ? "scale [%.2f]" : "scale  %.2f ", st->scale[i]);
    if (side->step >= 0)
        snprintf(step, sizeof step, " @%lld%s", (long long)side->step, st->is_best ? " best" : "");
    const char *name = *side->run            ? side->name
                       : tb_talk_is_mix(side) ? "A and B together"
                       : *st->talk.base ? st->talk.base : "without adapters";
    unsigned tint = tb_style_tint(tb_desk_tint(s->desk, side->run));
    int x = tb_canvas_fmt(c, 0, 0, tint | TB_STYLE_BOLD, "%s ", side->letter),
        room = c->width - x - tb_text_width(tail) - tb_text_width(step) - 2, width = tb_text_width(name);
    tb_canvas_field(c, x, 0, room, TB_STYLE_PLAIN, name);
    tb_canvas_text(c, x + (width < room ? width : room), 0, TB_STYLE_DIM, step);
    tb_canvas_right(c, 0, 0, c->width - 1, st->side == i ? TB_STYLE_STRONG : TB_STYLE_DIM, tail);
}

/* Of the turn that keys are about. */
static void draw_rates(const struct tb_talk_turn *t, int side, struct tb_canvas *c)
{
    const struct tb_talk_text *x = t ? &t->text[side] : NULL;
    struct tb_buf b = { 0 };
    if (!x || !x->is_asked)
        return;
    if (x->has_ended && !isnan(x->tok_per_s))
        tb_buf_fmt(&b, x->tok_per_s < 100 ? "%.1f tok/s" : "%.0f tok/s", x->tok_per_s);
    else if (x->tokens)
        tb_buf_fmt(&b, "%lld token%s so far", (long long)x->tokens, x->tokens == 1 ? "" : "s");
    if (x->has_ended && x->tokens > 0)
        tb_buf_fmt(&b, "  ppl %.2f", exp(-x->logprob / (double)x->tokens));
    if (!isnan(x->perplexity))
        tb_buf_fmt(&b, "  reference %.2f", x->perplexity);
    tb_canvas_field(c, 0, 0, c->width, TB_STYLE_DIM, b.n ? b.p : "");
    tb_buf_free(&b);
}

static void draw_heads(const struct tb_screen *s, struct tb_canvas *c, const struct chat_layout *l)
{
    const struct chat_state *st = s->state;
    struct chat_columns k = tb_chatbox_columns(st, c->width);
    const struct tb_talk_turn *t = tb_chatbox_chosen(st);
    bool is_hidden = st->is_blind || (t && tb_talk_is_hidden(t));
    for (int i = 0; i < k.n_seen && k.n; i++) {
        struct tb_rect at = { k.at[i].x + 1, l->head.y, k.at[i].width - 1, 1 };
        struct tb_canvas head = tb_canvas_part(c, at);
        int side = tb_chatbox_side_at(&k, NULL, i);
        if (is_hidden && side < 2)
            tb_canvas_fmt(&head, 0, 0, TB_STYLE_STRONG, "%d   hidden until you vote", side + 1);
        else
            draw_name(s, &head, side);
        at.y = l->facts.y;
        head = tb_canvas_part(c, at);
        if (l->facts.height && !(is_hidden && side < 2))
            draw_rates(t, side, &head);
        if (i)
            tb_canvas_wall(c, k.at[i].x - 1, 0, l->head.height + l->facts.height);
    }
}

/* Columns there is no room for, in the line under the heads: "tab: B". */
static void draw_unseen(const struct chat_state *st, struct tb_canvas *c, int y)
{
    struct chat_columns k = tb_chatbox_columns(st, c->width);
    struct tb_buf b = { 0 };
    bool is_hidden = st->is_blind;
    for (int i = 0; i < k.n; i++) {
        const char *letter = st->talk.side[k.side[i]].letter;
        if (i < k.first || i >= k.first + k.n_seen)
            tb_buf_fmt(&b, "%s%s", b.n ? ", " : " tab: ", is_hidden && k.side[i] < 2 ? i ? "2" : "1" : letter);
    }
    tb_buf_str(&b, b.n ? " " : "");
    if (b.n && y >= 0)
        tb_canvas_right(c, 0, y, c->width - 2, TB_STYLE_HINT, b.p);
    tb_buf_free(&b);
}

/* ---- below */

static void draw_tally(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct chat_state *st = s->state;
    struct tb_buf b = { 0 };
    const struct tb_votes *v = &st->tally;
    if (st->has_tally)
        tb_buf_fmt(&b, "tally  A %lld   %s %lld   tie %lld   ", (long long)v->won, st->n_has > 1 ? "B" : "base",
                   (long long)v->lost, (long long)v->tied);
    if (st->has_tally && v->blind)
        tb_buf_fmt(&b, "(%lld blind)   ", (long long)v->blind);
    int x = tb_canvas_text(c, 1, 0, TB_STYLE_PLAIN, b.n ? b.p : "");
    if (st->is_blind || c->width >= WIDE)
        x = tb_canvas_fmt(c, x, 0, st->is_blind ? TB_STYLE_STRONG : TB_STYLE_DIM, "blind: %s   ",
                          st->is_blind ? "on" : "off");
    tb_buf_clear(&b);
    tb_chatbox_say_settings(st, &b);
    tb_canvas_right(c, x, 0, c->width - 1 - x, TB_STYLE_DIM, b.p);
    tb_buf_free(&b);
}

static void draw_prompt(const struct chat_state *st, struct tb_canvas *c)
{
    bool has_focus = !st->is_away && !st->has_form;
    tb_canvas_text(c, 1, 0, has_focus ? TB_STYLE_STRONG : TB_STYLE_DIM, ">");
    tb_field_draw(&st->prompt, c, 3, 0, c->width - 4, has_focus ? TB_STYLE_FIELD : TB_STYLE_DIM, has_focus);
    if (!has_focus && !st->prompt.text.n)
        tb_canvas_text(c, 3, 0, TB_STYLE_DIM, "enter: to the prompt");
}

static void draw_form(const struct chat_state *st, struct tb_canvas *c)
{
    struct tb_rect r = tb_rect_center(tb_canvas_rect(c), FORM_WIDTH, FORM_ROWS);
    tb_canvas_fill(c, r, TB_STYLE_PLAIN);
    struct tb_canvas in = tb_canvas_part(c, tb_canvas_box(c, r, "how they write: enter takes it, esc leaves it"));
    tb_form_draw(&st->form, &in, true);
}

void tb_chatbox_draw(const struct tb_screen *s, struct tb_canvas *c)
{
    const struct chat_state *st = s->state;
    struct chat_layout l = layout_of(s, c->width, c->height);
    struct tb_canvas talk = tb_canvas_part(c, l.talk), tally = tb_canvas_part(c, l.tally),
                     prompt = tb_canvas_part(c, l.prompt),
                     notice = tb_canvas_part(c, (struct tb_rect){ 1, l.notice.y, c->width - 2, l.notice.height });
    struct tb_buf b = { 0 };
    draw_heads(s, c, &l);
    for (int i = 0; i < 2; i++)
        if (l.rule[i] >= 0)
            tb_canvas_rule(c, l.rule[i]);
    draw_unseen(st, c, l.rule[0]);
    draw_more(s, c, &l);
    if (st->talk.n)
        draw_turns(s, &talk);
    else
        draw_empty(s, &talk);
    unsigned style = say_notice(s, &b);
    tb_canvas_wrap(&notice, 0, style, b.n ? b.p : "");
    draw_tally(s, &tally);
    draw_prompt(st, &prompt);
    if (st->has_form)
        draw_form(st, c);
    tb_buf_free(&b);
}
