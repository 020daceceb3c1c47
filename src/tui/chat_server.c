/* SPDX-License-Identifier: MIT */
/* chat_server.c - the process that has both adapters on one base (`chat --serve`). It stays while another screen is
 * looked at and ends by itself when nothing was asked for IDLE_S, so that its memory is free for training; leaving the
 * workbench ends it. */
#include "tui/chat_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static const char idle_s[] = "600";

/* ---- who */

bool tb_chatbox_differs(const struct chat_state *st)
{
    bool is_same = st->n_has == st->n_wants;
    for (int i = 0; is_same && i < st->n_has; i++)
        is_same = strcmp(st->has[i], st->wants[i]) == 0;
    return !is_same && st->n_wants > 0;
}

static bool wants_mix(const struct chat_state *st)
{
    return st->third == CHAT_MIX && st->n_has > 1;
}

bool tb_chatbox_has_mix(const struct chat_state *st)
{
    return tb_talk_is_mix(&st->talk.side[st->n_has]);
}

static void seat(struct tb_screen *s)
{
    struct chat_state *st = s->state;
    for (int i = 0; i < st->n_has; i++) {
        char id[CHAT_REF];
        tb_str_copy(id, sizeof id, st->has[i]);
        id[strcspn(id, ":")] = '\0';
        const struct tb_run_item *item = tb_desk_item(s->desk, id);
        tb_talk_seat(&st->talk, i, id, item && *item->sum.name ? item->sum.name : id);
    }
    tb_talk_seat(&st->talk, st->n_has, NULL, wants_mix(st) ? "mix" : "base");
}

/* Other runs than before. */
static void take_over(struct chat_state *st)
{
    memcpy(st->has, st->wants, sizeof st->has);
    st->n_has = st->n_wants;
    tb_talk_drop_rows(&st->talk);
    st->row_at = -1;
    st->row_step = st->side = 0;
    st->scale[0] = st->scale[1] = 1;
    st->has_tally = false;
}

void tb_chatbox_choose(struct tb_screen *s)
{
    struct chat_state *st = s->state;
    const struct tb_run_item *item[2];
    st->n_wants = (int)tb_desk_chosen(s->desk, item, 2);
    for (int i = 0; i < st->n_wants; i++)
        snprintf(st->wants[i], CHAT_REF, "%s%s", item[i]->sum.id, st->is_best ? ":best" : "");
    if (!st->child && tb_chatbox_differs(st)) {
        tb_chatbox_end(st, "");
        take_over(st);
        seat(s);
    }
}

/* ---- its life */

void tb_chatbox_end(struct chat_state *st, const char *why)
{
    tb_child_close(st->child);
    st->child = NULL;
    st->is_ready = st->is_asleep = false;
    free(st->why);
    st->why = NULL;
    tb_talk_break(&st->talk, why);
}

void tb_chatbox_start(struct tb_screen *s)
{
    struct chat_state *st = s->state;
    struct tb_err err = { 0 };
    const char *argv[12] = { "tunebench", "chat" };
    int n = 2;
    tb_chatbox_end(st, "this was not written: the conversation was begun anew");
    if (tb_chatbox_differs(st))
        take_over(st);
    seat(s);
    for (int i = 0; i < st->n_has; i++)
        argv[n++] = st->has[i];
    argv[n++] = wants_mix(st) ? "--mix" : "--base-too";
    argv[n++] = "--serve";
    argv[n++] = "--idle";
    argv[n++] = idle_s;
    if (s->desk->store_flag) {
        argv[n++] = "--store";
        argv[n++] = s->desk->store_flag;
    }
    st->child = tb_desk_child(s->desk, argv, &err);
    if (!st->child)
        st->why = tb_xstrdup(err.text);
}

void tb_chatbox_send(struct tb_screen *s, struct tb_json *request)
{
    struct chat_state *st = s->state;
    char *line = tb_json_text(request, TB_JSON_LINE);
    tb_child_send(st->child, line);
    free(line);
    tb_json_free(request);
}

bool tb_chatbox_is_writing(const struct chat_state *st)
{
    for (size_t i = st->talk.n; i-- > 0;)
        if (!st->talk.turn[i].is_done)
            return true;
    return false;
}

/* The last line of what it said on stderr, without the program's name. */
static char *last_words(const struct tb_child *c)
{
    static const char name[] = "tunebench: ";
    char *line = tb_child_last_line(tb_child_err(c));
    int code = tb_child_exit(c);
    size_t from = line && tb_str_starts(line, name) ? sizeof name - 1 : 0;
    char *words = line && line[from] ? tb_xstrdup(line + from) : NULL;
    free(line);
    return words      ? words
         : code > 128 ? tb_xasprintf("the process that writes was ended by signal %d", code - 128)
                      : tb_xasprintf("the process that writes ended with code %d", code);
}

static void bury(struct chat_state *st)
{
    bool is_asleep = tb_child_exit(st->child) == 0;
    if (tb_chatbox_has_mix(st) && !st->is_ready) /* these two cannot be mixed: without it they can write */
        st->third = CHAT_NOBODY;
    char *why = is_asleep ? tb_xstrdup("nothing was asked for long") : last_words(st->child);
    char *told = tb_xasprintf("this was not written to its end: %s", why);
    tb_chatbox_end(st, told);
    st->is_asleep = is_asleep;
    st->why = is_asleep ? NULL : tb_xstrdup(why);
    free(told);
    free(why);
}

/* ---- what it says */

static void say_steps(struct tb_screen *s)
{
    const struct tb_talk *t = &((const struct chat_state *)s->state)->talk;
    struct tb_buf b = { 0 };
    for (int i = 0; i < t->n_sides; i++)
        if (t->side[i].step >= 0)
            tb_buf_fmt(&b, "%s%s is as of step %lld", b.n ? ", " : "", t->side[i].letter, (long long)t->side[i].step);
    tb_desk_say(s->desk, TB_STYLE_GOOD, "%s", b.n ? b.p : "");
    tb_buf_free(&b);
}

static unsigned take(struct tb_screen *s, const char *line)
{
    struct chat_state *st = s->state;
    struct tb_err err = { 0 };
    bool was_ready = st->is_ready;
    struct tb_json *answer = tb_json_parse(line, strlen(line), "the answer", &err);
    unsigned what = answer ? tb_talk_take(&st->talk, answer, &err) : TB_TALK_TROUBLE;
    tb_json_free(answer);
    if (what & TB_TALK_TROUBLE)
        tb_desk_fail(s->desk, &err);
    st->is_ready = st->is_ready || what & TB_TALK_READY;
    if (was_ready && what & TB_TALK_READY)
        say_steps(s);
    if (what & TB_TALK_ROWS && st->row_step)
        tb_chatbox_step_row(s, st->row_step);
    return what & (TB_TALK_READY | TB_TALK_DONE) ? TB_DO_LOAD : TB_DO_DRAW;
}

unsigned tb_chatbox_pump(struct tb_screen *s)
{
    struct chat_state *st = s->state;
    unsigned done = TB_DO_NOTHING;
    if (!st->child)
        return done;
    tb_child_pump(st->child);
    for (const char *line; st->child && (line = tb_child_line(st->child));)
        done |= take(s, line);
    if (st->child && tb_child_has_ended(st->child)) {
        bury(st);
        done |= TB_DO_DRAW;
    }
    return done;
}
