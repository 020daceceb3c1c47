/* SPDX-License-Identifier: MIT */
/* screen_chat.c - 6 Chat: one prompt, two runs (or a run and the bare base) side by side on one loaded base while
 * training goes on. Typing goes to the prompt; behind Esc keys are keys. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "tui/chat_priv.h"

enum {
    PROMPT = TB_ACT_OWN, LEFT_ONE, RIGHT_ONE, TIE, FORK, BLIND, NEXT_ROW, ROW_BEFORE, LESS, MORE, BASE, MIX, SETTINGS,
    AGAIN, RENEW, BEST,
};

static const double scale_step = 0.1, most_scale = 8;

static const struct tb_bind binds[] = {
    TB_BIND('\n', "prompt", "to the prompt, and there sends it; /row 3 takes a row of the data", "enter send", PROMPT),
    TB_BIND('1', "left", "behind esc: the left one wrote better", "esc, then: 1 2 = vote", LEFT_ONE),
    TB_BIND('2', "right", "the right one wrote better", NULL, RIGHT_ONE),
    TB_BIND('=', "tie", "neither wrote better", NULL, TIE),
    TB_BIND('f', "fork", "what else could have stood where the texts part", "f fork", FORK),
    TB_BIND('B', "blind", "shuffle the sides and hide who is who until the vote", "B blind", BLIND),
    TB_BIND('n', "next-row", "the next prompt held out that you have not voted on", "n row", NEXT_ROW),
    TB_BIND('N', "row-before", "the one before", NULL, ROW_BEFORE),
    TB_BIND('[', "less", "less of the chosen adapter, from the next prompt on", "[] scale", LESS),
    TB_BIND(']', "more", "more of it", NULL, MORE),
    TB_BIND('m', "base", "the bare base as a column of its own", "m base", BASE),
    TB_BIND('M', "mix", "both adapters together as a column of its own", NULL, MIX),
    TB_BIND('o', "settings", "temperature, seed and how much is written", "o settings", SETTINGS),
    TB_BIND('a', "again", "the same prompt once more", "a again", AGAIN),
    TB_BIND('r', "renew", "newer checkpoints, the runs marked now, or a conversation that ended", "r renew", RENEW),
    TB_BIND('b', "best", "runs at their best checkpoint, or at the newest", NULL, BEST),
    TB_BIND('c', "charts", "curves of the marked runs", NULL, TB_ACT_GO),
    TB_BIND('d', "diff", "the marked runs side by side", NULL, TB_ACT_GO),
    { 0 }
};

/* ---- reading */

static bool open(struct tb_screen *s, struct tb_err *err)
{
    struct chat_state *st = s->state;
    st->settings = tb_json_new_map();
    st->scale[0] = st->scale[1] = 1;
    st->row_at = -1;
    return true;
}

static void close_screen(struct tb_screen *s)
{
    struct chat_state *st = s->state;
    tb_chatbox_end(st, "");
    tb_talk_free(&st->talk);
    tb_json_free(st->settings);
    tb_field_free(&st->prompt);
    tb_form_free(&st->form);
    for (size_t i = 0; i < st->n_past; i++)
        free(st->past[i]);
}

static int64_t sum(const struct tb_votes *v)
{
    return v->won + v->lost + v->tied;
}

/* Votes are done when the store counts them, whoever gave them. */
static void count_votes(struct tb_screen *s)
{
    struct chat_state *st = s->state;
    const struct tb_metrics *m = st->n_has ? tb_desk_run(s->desk, st->talk.side[0].run, NULL, NULL) : NULL;
    if (!m)
        return;
    struct tb_votes now = tb_votes_of(m, *st->talk.side[1].run ? st->talk.side[1].run : "base");
    if (st->has_tally)
        tb_talk_count(&st->talk, sum(&st->tally), sum(&now));
    st->tally = now;
    st->has_tally = true;
}

static bool load(struct tb_screen *s, struct tb_err *err)
{
    tb_chatbox_choose(s);
    tb_chatbox_pump(s);
    count_votes(s);
    return true;
}

/* ---- the prompt */

static void remember(struct chat_state *st, const char *text)
{
    if (st->n_past && strcmp(st->past[st->n_past - 1], text) == 0) {
        st->at_past = st->n_past;
        return;
    }
    if (st->n_past == CHAT_PAST) {
        free(st->past[0]);
        memmove(st->past, st->past + 1, --st->n_past * sizeof *st->past);
    }
    st->past[st->n_past++] = tb_xstrdup(text);
    st->at_past = st->n_past;
}

static void recall(struct chat_state *st, int step)
{
    size_t to = st->at_past + (size_t)step;
    if (to > st->n_past)
        return;
    st->at_past = to;
    tb_field_set(&st->prompt, to < st->n_past ? st->past[to] : "");
}

static void send(struct tb_screen *s)
{
    struct chat_state *st = s->state;
    int64_t row = -1;
    char *text = tb_xstrdup(tb_field_text(&st->prompt));
    bool is_row = tb_str_starts(text, "/row "), is_good = !is_row || (tb_str_int(text + 5, &row) && row >= 0);
    if (!is_good) {
        tb_desk_say(s->desk, TB_STYLE_WARN, "/row: expected the number of a row, as in /row 3");
    } else if (*text && (st->n_has || st->n_wants)) {
        remember(st, text);
        tb_field_set(&st->prompt, "");
        tb_chatbox_write(s, text, row);
    }
    free(text);
}

/* ---- keys */

static int page_of(const struct tb_screen *s)
{
    int height = tb_chatbox_talk(s).height;
    return height > 2 ? height - 1 : 1;
}

static bool scroll(struct tb_screen *s, uint32_t key)
{
    enum { ALL = 1 << 20 };
    struct chat_state *st = s->state;
    if (!st->talk.n)
        return false;
    switch (key) {
    case TB_PRESS_PAGE_UP: tb_chatbox_scroll(s, -page_of(s)); return true;
    case TB_PRESS_PAGE_DOWN: tb_chatbox_scroll(s, page_of(s)); return true;
    case TB_PRESS_WHEEL_UP: tb_chatbox_scroll(s, -3); return true;
    case TB_PRESS_WHEEL_DOWN: tb_chatbox_scroll(s, 3); return true;
    default: break;
    }
    if (!st->is_away)
        return false;
    switch (key) {
    case TB_CTRL('u'): tb_chatbox_scroll(s, -page_of(s) / 2); return true;
    case TB_CTRL('d'): tb_chatbox_scroll(s, page_of(s) / 2); return true;
    case TB_PRESS_HOME: tb_chatbox_scroll(s, -ALL); return true;
    case TB_PRESS_END: st->is_up = false; return true;
    default: return false;
    }
}

static unsigned press_form(struct chat_state *st, const struct tb_press *p)
{
    if (p->key == TB_CTRL('c') || p->key == TB_PRESS_ESC)
        st->has_form = false;
    else if (p->key == '\n')
        tb_chatbox_take_settings(st);
    else
        tb_form_press(&st->form, p);
    return TB_DO_HANDLED | TB_DO_DRAW;
}

/* What means the same in the prompt and behind it. */
static bool press_both(struct tb_screen *s, const struct tb_press *p)
{
    struct chat_state *st = s->state;
    struct tb_rect talk = tb_chatbox_talk(s);
    switch (p->key) {
    case TB_PRESS_ESC:
    case TB_CTRL('c'):
        if (st->child && st->is_ready && tb_chatbox_is_writing(st)) {
            tb_chatbox_cancel(s);
            return true;
        }
        return false;
    case '\t': st->column++; return true;
    case TB_PRESS_BACKTAB: st->column += TB_TALK_SIDES * 2 - 1; return true;
    case TB_PRESS_CLICK:
        st->is_away = p->y < talk.y + talk.height;
        if (p->y < talk.y && st->n_has > 1)
            st->side = p->x >= s->width / 2;
        return true;
    default: return scroll(s, p->key);
    }
}

static unsigned press_prompt(struct tb_screen *s, const struct tb_press *p)
{
    struct chat_state *st = s->state;
    if (p->key == TB_PRESS_ESC)
        st->is_away = true;
    else if (p->key == '\n')
        send(s);
    else if (p->key == TB_PRESS_UP || p->key == TB_PRESS_DOWN)
        recall(st, p->key == TB_PRESS_UP ? -1 : 1);
    else if (!tb_field_press(&st->prompt, p))
        return TB_DO_NOTHING;
    else if (!st->child && !st->why && st->prompt.text.n)
        tb_chatbox_start(s); /* there before the prompt is finished */
    return TB_DO_HANDLED | TB_DO_DRAW;
}

/* Arrows behind the prompt: turns up and down, sides left and right. */
static unsigned press_keys(struct tb_screen *s, const struct tb_press *p)
{
    struct chat_state *st = s->state;
    size_t n = st->talk.n, at = st->chosen ? st->chosen : n;
    if (p->key == TB_PRESS_LEFT || p->key == TB_PRESS_RIGHT) {
        st->side = p->key == TB_PRESS_RIGHT && st->n_has > 1;
    } else if ((p->key == TB_PRESS_UP || p->key == TB_PRESS_DOWN) && n) {
        at = p->key == TB_PRESS_UP ? at - (at > 1) : at + (at < n);
        st->chosen = at == n ? 0 : at;
        tb_chatbox_go_to(s, at - 1);
    } else {
        return TB_DO_NOTHING;
    }
    return TB_DO_HANDLED | TB_DO_DRAW;
}

static bool is_typing(const struct tb_screen *s)
{
    const struct chat_state *st = s->state;
    return st->has_form || (!st->is_away && (st->n_has || st->n_wants));
}

static unsigned press(struct tb_screen *s, const struct tb_press *p)
{
    struct chat_state *st = s->state;
    if (st->has_form)
        return press_form(st, p);
    if (press_both(s, p))
        return TB_DO_HANDLED | TB_DO_DRAW;
    return is_typing(s) ? press_prompt(s, p) : press_keys(s, p);
}

static void turn_scale(struct tb_screen *s, double by)
{
    struct chat_state *st = s->state;
    double to = round((st->scale[st->side] + by) * 100) / 100;
    st->scale[st->side] = to > most_scale ? most_scale : to < -most_scale ? -most_scale : to;
    tb_desk_say(s->desk, TB_STYLE_MESSAGE, "%s counts %.2f times from the next prompt on; a writes this one again",
                st->talk.side[st->side].letter, st->scale[st->side]);
}

/* The third column; a process that has loaded the other one is opened anew. */
static void toggle_third(struct tb_screen *s, enum chat_third third)
{
    struct chat_state *st = s->state;
    const char *who = third == CHAT_MIX ? "both adapters together" : "the bare base";
    bool is_on = st->third != third;
    if (st->n_has < 2) {
        tb_desk_say(s->desk, TB_STYLE_MESSAGE, third == CHAT_MIX ? "a mix is of two runs: mark another one"
                                                                 : "with one run the base is the other side");
        return;
    }
    st->third = is_on ? third : CHAT_NOBODY;
    if (st->child && is_on && tb_chatbox_has_mix(st) != (third == CHAT_MIX))
        tb_chatbox_start(s);
    tb_desk_say(s->desk, TB_STYLE_MESSAGE, is_on ? "%s: from the next prompt on" : "%s: silent", who);
}

static void again(struct tb_screen *s)
{
    struct chat_state *st = s->state;
    const struct tb_talk_turn *t = tb_chatbox_chosen(st);
    if (!t)
        return;
    char *prompt = tb_xstrdup(t->prompt);
    tb_chatbox_write(s, prompt, t->row);
    free(prompt);
}

static void take_best(struct tb_screen *s)
{
    struct chat_state *st = s->state;
    st->is_best = !st->is_best;
    tb_chatbox_choose(s);
    if (st->child)
        tb_chatbox_start(s);
    tb_desk_say(s->desk, TB_STYLE_MESSAGE, st->is_best ? "runs at their best checkpoint" : "runs at their newest "
                "checkpoint");
}

static unsigned act(struct tb_screen *s, int what)
{
    struct chat_state *st = s->state;
    switch (what) {
    case PROMPT: st->is_away = false; break;
    case LEFT_ONE: tb_chatbox_vote(s, 'l'); break;
    case RIGHT_ONE: tb_chatbox_vote(s, 'r'); break;
    case TIE: tb_chatbox_vote(s, 't'); break;
    case FORK: tb_chatbox_look(s); break;
    case BLIND: st->is_blind = !st->is_blind; break;
    case NEXT_ROW: tb_chatbox_step_row(s, 1); break;
    case ROW_BEFORE: tb_chatbox_step_row(s, -1); break;
    case LESS: turn_scale(s, -scale_step); break;
    case MORE: turn_scale(s, scale_step); break;
    case BASE: toggle_third(s, CHAT_BASE); break;
    case MIX: toggle_third(s, CHAT_MIX); break;
    case SETTINGS: tb_chatbox_open_settings(st); break;
    case AGAIN: again(s); break;
    case RENEW: tb_chatbox_renew(s); break;
    default: take_best(s);
    }
    return TB_DO_DRAW;
}

/* ---- the server */

static int fds(const struct tb_screen *s, struct pollfd *fds, int room)
{
    return tb_child_fds(((const struct chat_state *)s->state)->child, fds, room);
}

static bool is_busy(const struct tb_screen *s)
{
    const struct chat_state *st = s->state;
    return st->child && (!st->is_ready || st->talk.n_open > 0);
}

static void status(const struct tb_screen *s, char *dst, size_t n)
{
    const struct chat_state *st = s->state;
    size_t n_live = tb_desk_open_runs(s->desk);
    int used = snprintf(dst, n, "%s", !st->child ? "nothing is loaded" : st->n_has > 1 ? "2 adapters" : "1 adapter");
    if (n_live)
        snprintf(dst + used, n - (size_t)used, ", %zu in training", n_live);
}

/* ---- kept */

static void save(const struct tb_screen *s, struct tb_json *map)
{
    const struct chat_state *st = s->state;
    struct tb_json *past = tb_json_new_list();
    for (size_t i = 0; i < st->n_past; i++)
        tb_json_append(past, tb_json_new_str(st->past[i]));
    tb_json_set(map, "past", past);
    tb_json_set(map, "settings", tb_json_copy(st->settings));
    tb_json_set(map, "base", tb_json_new_bool(st->third == CHAT_BASE));
    tb_json_set(map, "mix", tb_json_new_bool(st->third == CHAT_MIX));
    tb_json_set(map, "best", tb_json_new_bool(st->is_best));
}

static void restore(struct tb_screen *s, const struct tb_json *map)
{
    struct chat_state *st = s->state;
    const struct tb_json *past = tb_json_get(map, "past");
    for (size_t i = 0; i < tb_json_len(past); i++)
        remember(st, tb_json_str(tb_json_at(past, i), ""));
    struct tb_json *settings = tb_key_check(tb_chatbox_keys, tb_json_get(map, "settings"), "chat", NULL);
    if (settings) {
        tb_json_free(st->settings);
        st->settings = settings;
    }
    st->third = tb_json_bool(tb_json_get(map, "mix"), false)    ? CHAT_MIX
                : tb_json_bool(tb_json_get(map, "base"), false) ? CHAT_BASE
                                                                : CHAT_NOBODY;
    st->is_best = tb_json_bool(tb_json_get(map, "best"), false);
}

const struct tb_screen_class tb_screen_chat = {
    .name = "chat", .title = "Chat", .key = '6', .state_size = sizeof(struct chat_state), .binds = binds, .open = open,
    .close = close_screen, .load = load, .draw = tb_chatbox_draw, .press = press, .act = act, .is_typing = is_typing,
    .tick = tb_chatbox_pump, .fds = fds, .is_busy = is_busy, .status = status, .save = save, .restore = restore,
};
