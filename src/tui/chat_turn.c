/* SPDX-License-Identifier: MIT */
/* chat_turn.c - one turn of a conversation: the prompt over the whole width, the texts beside each other, under them
 * what each cost and missed, then where they part and how somebody voted. */
#include "tui/chat_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "view/fmt.h"

enum { LEAST_WIDTH = 32, PROMPT_ROWS = 4 };

/* ---- columns */

struct chat_columns tb_chatbox_columns(const struct chat_state *st, int width)
{
    struct chat_columns k = { .n = 0 };
    struct tb_part part[TB_TALK_SIDES];
    for (int i = 0; i < st->talk.n_sides; i++)
        if (*st->talk.side[i].run || st->third != CHAT_NOBODY || st->talk.n_sides < TB_TALK_SIDES)
            k.side[k.n++] = i;
    k.n_seen = width / LEAST_WIDTH < k.n ? width / LEAST_WIDTH : k.n;
    k.n_seen = k.n_seen < 1 ? 1 : k.n_seen;
    k.first = k.n ? st->column % (k.n - k.n_seen + 1) : 0;
    for (int i = 0; i < k.n_seen; i++)
        part[i] = (struct tb_part){ 1, 1, 0, 0 };
    tb_split_columns((struct tb_rect){ 0, 0, width, 1 }, 1, part, k.n_seen, k.at);
    return k;
}

int tb_chatbox_side_at(const struct chat_columns *k, const struct tb_talk_turn *t, int i)
{
    int side = k->side[k->first + i < k->n ? k->first + i : 0];
    return t && t->is_swapped && side < 2 ? 1 - side : side;
}

/* The part of a canvas for one column, all rows of it, a blank at its left and one before the wall. */
static struct tb_canvas column_of(const struct chat_columns *k, int i, const struct tb_canvas *c)
{
    bool is_last = i + 1 == k->n_seen;
    return tb_canvas_part(c, (struct tb_rect){ k->at[i].x + 1, 0, k->at[i].width - 2 + is_last, c->height });
}

/* ---- what a person may know of a side: "A", "1" while it is hidden */

static const char *name_of(const struct chat_state *st, const struct tb_talk_turn *t, int side)
{
    if (tb_talk_is_hidden(t) && side < 2)
        return (side == 0) != t->is_swapped ? "1" : "2";
    return side == 0 ? "A" : *t->run[1] && side == 1 ? "B" : side > 1 ? st->talk.side[side].letter : "base";
}

static char *chance(char *dst, size_t n, double p)
{
    if (isnan(p))
        snprintf(dst, n, "-");
    else if (p < 0.01)
        snprintf(dst, n, "<.01");
    else if (p > 0.994)
        snprintf(dst, n, "1");
    else
        snprintf(dst, n, ".%02d", (int)(p * 100 + 0.5));
    return dst;
}

/* ---- texts */

/* A text in lines; from byte `fork` on, as long as the token there is, it is marked. */
static int draw_text(struct tb_canvas *c, int y, const char *s, size_t fork, size_t n_fork)
{
    size_t left = strlen(s), at = 0, skip;
    for (size_t n; left > 0 && c->width > 0; at += n + skip, left -= n + skip, y++) {
        n = tb_text_line(s + at, left, c->width, &skip);
        size_t from = fork < at ? at : fork, to = fork == SIZE_MAX ? 0 : fork + n_fork;
        to = to > at + n ? at + n : to;
        int x = tb_canvas_bytes(c, 0, y, TB_STYLE_PLAIN, s + at, (from < to ? from : at + n) - at);
        if (from < to) {
            x = tb_canvas_bytes(c, x, y, TB_STYLE_MATCH, s + from, to - from);
            tb_canvas_bytes(c, x, y, TB_STYLE_PLAIN, s + to, at + n - to);
        }
    }
    return y;
}

static int draw_facts(const struct tb_talk_turn *t, const struct tb_talk_text *x, struct tb_canvas *c, int y)
{
    char seconds[32];
    struct tb_buf b = { 0 };
    tb_buf_fmt(&b, "%lld token%s, %s", (long long)x->tokens, x->tokens == 1 ? "" : "s", x->stop);
    if (!tb_talk_is_hidden(t)) {
        tb_buf_fmt(&b, ", %s", tb_fmt_unit(seconds, sizeof seconds, TB_UNIT_SECONDS, x->seconds));
        if (x->scale != 1)
            tb_buf_fmt(&b, ", scale %.2f", x->scale);
        if (!isnan(x->perplexity))
            tb_buf_fmt(&b, ", reference ppl %.2f", x->perplexity);
    }
    y = tb_canvas_wrap(c, y, TB_STYLE_DIM, b.p);
    if (x->n_slots && !tb_talk_is_hidden(t)) {
        tb_buf_clear(&b);
        tb_buf_fmt(&b, "slots %lld/%lld%s%s", (long long)x->n_right, (long long)x->n_slots,
                   x->missing ? "   missing: " : "", x->missing ? x->missing : "");
        y = tb_canvas_wrap(c, y, x->missing ? TB_STYLE_WARN : TB_STYLE_DIM, b.p);
    }
    tb_buf_free(&b);
    return y;
}

static int draw_side(const struct tb_talk_turn *t, int side, struct tb_canvas *c, int y)
{
    const struct tb_talk_text *x = &t->text[side];
    bool is_marked = side < 2 && !tb_talk_is_hidden(t);
    size_t fork = is_marked ? tb_talk_fork_byte(t, side) : SIZE_MAX;
    if (!x->is_asked)
        return tb_canvas_wrap(c, y, TB_STYLE_DIM, "(not asked)");
    y = draw_text(c, y, x->text.n ? x->text.p : "", fork, is_marked ? strlen(t->token[side].text) : 0);
    if (x->has_ended)
        return draw_facts(t, x, c, y);
    return t->is_done ? y : tb_canvas_wrap(c, y, TB_STYLE_LIVE, t->has_begun ? ".." : "waits");
}

static int draw_texts(const struct chat_columns *k, const struct tb_talk_turn *t, struct tb_canvas *c, int y)
{
    int end = y;
    for (int i = 0; i < k->n_seen && k->n; i++) {
        struct tb_canvas part = column_of(k, i, c);
        int bottom = draw_side(t, tb_chatbox_side_at(k, t, i), &part, y);
        end = bottom > end ? bottom : end;
    }
    for (int i = 1; i < k->n_seen; i++)
        tb_canvas_wall(c, k->at[i].x - 1, y, end - y);
    return end;
}

/* ---- where they part */

static void say_token(struct tb_buf *b, const char *who, const struct tb_talk_token *t)
{
    char p[16];
    const char *s = t->text + (t->text[0] == ' ' && t->text[1]); /* a blank in front is the rule, and no news */
    tb_buf_fmt(b, "%s \"", who);
    for (; *s; s++)
        tb_buf_fmt(b, *s == '\n' ? "\\n" : "%c", *s);
    tb_buf_fmt(b, "\" %s", chance(p, sizeof p, t->p));
}

static void say_fork(const struct chat_state *st, const struct tb_talk_turn *t, struct tb_buf *b)
{
    char p[16];
    tb_buf_fmt(b, "FORK at %lld:  ", (long long)t->fork);
    for (int i = 0; i < 2; i++) {
        say_token(b, name_of(st, t, i), &t->token[i]);
        tb_buf_fmt(b, " (%s %s)   ", name_of(st, t, 1 - i), chance(p, sizeof p, t->token[i].p_other));
    }
    if (!isnan(t->kl))
        tb_buf_fmt(b, "%s against %s there: KL %.2f nat", name_of(st, t, 1), name_of(st, t, 0), t->kl);
    if (*t->base.text)
        say_token(b, "   base would say", &t->base);
}

static int draw_compared(const struct chat_state *st, const struct tb_talk_turn *t, struct tb_canvas *c, int y)
{
    struct tb_buf b = { 0 };
    bool has_tops = false;
    if (t->is_identical)
        tb_buf_str(&b, "identical");
    else if (t->fork < 0)
        tb_buf_fmt(&b, "alike for %lld tokens, where the shorter one ends", (long long)t->common);
    else
        say_fork(st, t, &b);
    y = tb_canvas_wrap(c, y, t->is_identical ? TB_STYLE_GOOD : TB_STYLE_PLAIN, b.p);
    for (int i = 0; i < st->talk.n_sides; i++) {
        const struct tb_talk_text *x = &t->text[i];
        tb_buf_clear(&b);
        for (int j = 0; j < x->n_top; j++)
            say_token(&b, j ? "  " : name_of(st, t, i), &x->top[j]);
        y = b.n ? tb_canvas_wrap(c, y, TB_STYLE_PLAIN, b.p) : y;
        has_tops = has_tops || b.n;
    }
    if (has_tops && !isnan(t->kl))
        y = tb_canvas_wrap(c, y, TB_STYLE_DIM,
                           "KL: how far their chances for this token differ; 0 the same, above 1 quite different");
    tb_buf_free(&b);
    return y;
}

static int draw_vote(const struct chat_state *st, const struct tb_talk_turn *t, struct tb_canvas *c, int y)
{
    struct tb_buf b = { 0 };
    if (t->is_blind)
        tb_buf_fmt(&b, "1 was %s, 2 was %s; ", t->who[t->is_swapped], t->who[!t->is_swapped]);
    tb_buf_str(&b, t->vote == TB_VOTE_KEPT ? "your vote: " : "asked to vote: ");
    if (t->winner == 't')
        tb_buf_str(&b, "a tie");
    else
        tb_buf_fmt(&b, "%s", name_of(st, t, t->winner == 'b'));
    y = tb_canvas_wrap(c, y, t->vote == TB_VOTE_KEPT ? TB_STYLE_GOOD : TB_STYLE_MESSAGE, b.p);
    tb_buf_free(&b);
    return y;
}

/* ---- the whole */

/* Who writes from here on, where that differs from the turn before. */
static int draw_who(const struct chat_state *st, size_t i, struct tb_canvas *c, int y)
{
    const struct tb_talk_turn *t = &st->talk.turn[i], *before = i ? t - 1 : NULL;
    bool has_third = t->text[2].is_asked, is_other = before && has_third && strcmp(before->who[2], t->who[2]) != 0;
    struct tb_buf b = { 0 };
    if (!before || (memcmp(before->run, t->run, sizeof t->run) == 0 && strcmp(before->who[0], t->who[0]) == 0
                    && strcmp(before->who[1], t->who[1]) == 0 && !is_other))
        return y;
    tb_buf_fmt(&b, "from here on: A %s, %s %s%s%s", t->who[0], *t->run[1] ? "B" : "base", t->who[1],
               is_other ? ", beside them " : "", is_other ? t->who[2] : "");
    y = tb_canvas_wrap(c, y, TB_STYLE_DIM, b.p);
    tb_buf_free(&b);
    return y;
}

/* Behind "you> " or "row 117> ", as many lines as are worth it. */
static int draw_prompt(const struct chat_state *st, const struct tb_talk_turn *t, struct tb_canvas *c, int y)
{
    bool is_chosen = st->is_away && t == tb_chatbox_chosen(st);
    struct tb_buf b = { 0 };
    if (t->row >= 0)
        tb_buf_fmt(&b, "row %lld> %s", (long long)t->row, t->has_begun ? t->prompt : "");
    else
        tb_buf_fmt(&b, "you> %s", t->prompt);
    struct tb_canvas part = tb_canvas_part(c, (struct tb_rect){ 1, 0, c->width - 1, c->height });
    int rows = tb_wrap_rows(part.width, b.p), most = rows > PROMPT_ROWS ? PROMPT_ROWS : rows;
    struct tb_canvas seen = tb_canvas_part(&part, (struct tb_rect){ 0, 0, part.width, y + most });
    tb_canvas_wrap(&seen, y, TB_STYLE_STRONG, b.p);
    if (most < rows)
        tb_canvas_text(&part, part.width - 3, y + most - 1, TB_STYLE_DIM, " ..");
    tb_canvas_text(c, 0, y, TB_STYLE_MARK, is_chosen ? ">" : " ");
    tb_buf_free(&b);
    return y + most;
}

int tb_chatbox_draw_turn(const struct chat_state *st, const struct chat_columns *k, size_t i, struct tb_canvas *c,
                         int y)
{
    const struct tb_talk_turn *t = &st->talk.turn[i];
    struct tb_canvas part = tb_canvas_part(c, (struct tb_rect){ 1, 0, c->width - 1, c->height });
    if (i)
        tb_canvas_rule(&(struct tb_canvas){ c->sheet, c->x, c->y + y, c->width, y >= 0 && y < c->height }, 0);
    y = draw_who(st, i, &part, y + (i > 0));
    y = draw_prompt(st, t, c, y);
    y = draw_texts(k, t, c, y);
    if (t->trouble)
        y = tb_canvas_wrap(&part, y, TB_STYLE_BAD, t->trouble);
    if (t->reference) {
        char *text = tb_xasprintf("reference: %s", t->reference);
        y = tb_canvas_wrap(&part, y, TB_STYLE_DIM, text);
        free(text);
    }
    if (t->is_compared && !tb_talk_is_hidden(t))
        y = draw_compared(st, t, &part, y);
    if (tb_talk_is_hidden(t) && tb_talk_can_vote(t))
        y = tb_canvas_wrap(&part, y, TB_STYLE_MESSAGE, "esc, then: 1 the left one, 2 the right one, = a tie; then it "
                           "is shown who is who");
    return t->vote ? draw_vote(st, t, &part, y) : y;
}
