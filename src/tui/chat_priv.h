/* SPDX-License-Identifier: MIT */
/* chat_priv.h - what the files of the screen Chat share: screen_chat.c (keys, reading), chat_server.c (the process that
 * writes), chat_ask.c (what is asked of it), chat_draw.c and chat_turn.c (cells). */
#ifndef TB_TUI_CHAT_PRIV_H
#define TB_TUI_CHAT_PRIV_H

#include "store/votes.h"
#include "tui/form.h"
#include "tui/screen.h"
#include "tui/talk.h"

enum { CHAT_REF = TB_RUN_ID + 8, CHAT_PAST = 50 };

/* Where a turn is seen: rows of it above the top. */
struct chat_place {
    size_t turn;
    int row;
};

enum chat_third { CHAT_NOBODY, CHAT_BASE, CHAT_MIX };

struct chat_state {
    struct tb_talk talk;

    /* The server. */
    struct tb_child *child;
    bool is_ready;
    bool is_asleep; /* it ended because nothing was asked for long */
    char *why;      /* it ended otherwise, or could not be started; NULL: it did not */
    char has[2][CHAT_REF], wants[2][CHAT_REF]; /* runs as it was opened with; as they are chosen now */
    int n_has, n_wants;

    /* What was chosen. */
    struct tb_json *settings; /* by name, those that are not as they are from the start */
    double scale[2];
    int side;                 /* whose scale the keys turn */
    int column;               /* the first that is seen */
    enum chat_third third;    /* who writes beside two runs */
    bool is_blind, is_best;
    bool is_away;             /* keys are keys: the prompt has not the focus */
    bool is_up;               /* it was scrolled away from the end, to: */
    struct chat_place top;
    size_t chosen;            /* the turn that keys are about, counted from 1; 0: the last */

    struct tb_field prompt;
    char *past[CHAT_PAST]; /* prompts, the newest last */
    size_t n_past, at_past; /* at_past: in the prompt; n_past: none of them */
    struct tb_form form;
    bool has_form;
    int row_step;   /* to this row from the last one as soon as rows are known */
    int64_t row_at; /* of the rows held out; -1: none yet */

    struct tb_votes tally; /* of A against the other one */
    bool has_tally;
};

/* chat_server.c */
void tb_chatbox_choose(struct tb_screen *s);  /* wants, by what is marked; those it has, while nothing is loaded */
bool tb_chatbox_differs(const struct chat_state *st); /* from what it was opened with */
bool tb_chatbox_has_mix(const struct chat_state *st); /* as the third, else the base */
void tb_chatbox_start(struct tb_screen *s);   /* anew, with what is wanted; with what it had, if nothing is */
void tb_chatbox_end(struct chat_state *st, const char *why);
unsigned tb_chatbox_pump(struct tb_screen *s); /* takes what it said; TB_DO_ bits */
void tb_chatbox_send(struct tb_screen *s, struct tb_json *request); /* takes it over */
bool tb_chatbox_is_writing(const struct chat_state *st);

/* chat_ask.c */
extern const struct tb_key tb_chatbox_keys[]; /* how is written */
void tb_chatbox_write(struct tb_screen *s, const char *prompt, int64_t row);
void tb_chatbox_step_row(struct tb_screen *s, int step); /* the next of the rows held out, or the one before */
void tb_chatbox_look(struct tb_screen *s);
void tb_chatbox_vote(struct tb_screen *s, char winner); /* 'l' the left one, 'r' the right one, 't' none */
void tb_chatbox_cancel(struct tb_screen *s);
void tb_chatbox_renew(struct tb_screen *s);
void tb_chatbox_open_settings(struct chat_state *st);
bool tb_chatbox_take_settings(struct chat_state *st); /* false while a value is wrong */
/* "greedy, max 64" */
void tb_chatbox_say_settings(const struct chat_state *st, struct tb_buf *b);
struct tb_talk_turn *tb_chatbox_chosen(const struct chat_state *st); /* NULL: nothing was said yet */

/* chat_draw.c: cells. */
struct chat_layout {
    struct tb_rect head, facts, talk, notice, tally, prompt; /* height 0: not there */
    int rule[2]; /* rows; -1: none */
};
struct chat_layout tb_chatbox_layout(int width, int height, int notice_rows);
void tb_chatbox_draw(const struct tb_screen *s, struct tb_canvas *c);
/* Turns seen from the top, in `rows` rows; where it is scrolled to. */
struct tb_rect tb_chatbox_talk(const struct tb_screen *s);
void tb_chatbox_scroll(struct tb_screen *s, int rows);
void tb_chatbox_go_to(struct tb_screen *s, size_t turn);

/* chat_turn.c: one turn. */
struct chat_columns {
    int side[TB_TALK_SIDES], n; /* all of them */
    int first, n_seen;          /* those seen begin with side[first] */
    struct tb_rect at[TB_TALK_SIDES]; /* of those seen */
};
struct chat_columns tb_chatbox_columns(const struct chat_state *st, int width);
/* The side in column i of a turn: sides that are hidden may be swapped. */
int tb_chatbox_side_at(const struct chat_columns *k, const struct tb_talk_turn *t, int i);
/* From row y on; the row behind it. A canvas of height 0 measures. */
int tb_chatbox_draw_turn(const struct chat_state *st, const struct chat_columns *k, size_t i, struct tb_canvas *c,
                         int y);

#endif
