/* SPDX-License-Identifier: MIT */
/* planning.h - `plan --serve` beside a screen: asked with every change, answers when it can. Of questions that come
 * faster than answers only the last one is asked. The last plan that was good stays until a better one comes. */
#ifndef TB_TUI_PLANNING_H
#define TB_TUI_PLANNING_H

#include "tui/child.h"
#include "view/forecast.h"

struct tb_planning {
    struct tb_child *child; /* NULL: not started, or it has ended */
    char *wanted, *sent;    /* words as JSON text: the last question, the one it works on; NULL: none */
    char *answered;         /* the question of the last answer, NULL: none yet */
    int n_deaths;           /* of children over the question that is open */
    bool is_there;          /* there is a forecast */
    bool is_good;           /* it is of the last answer; else that was an error, and the forecast is older */
    struct tb_forecast forecast;
    struct tb_err err;      /* of the last answer */
};

/* Words behind `plan`, a list. Asks unless that is what was answered last. */
void tb_planning_ask(struct tb_planning *p, const struct tb_json *words, const char *store);
/* Asks the last question again: a file may have changed. */
void tb_planning_again(struct tb_planning *p);
/* Takes what the child says; true if there is a new answer. */
bool tb_planning_pump(struct tb_planning *p);
/* Ends a child that works on nothing, so that its memory is free for training; the next question starts another. */
void tb_planning_rest(struct tb_planning *p);
bool tb_planning_is_busy(const struct tb_planning *p); /* there is no answer to the last question yet */
int tb_planning_fds(const struct tb_planning *p, struct pollfd *fds, int room);
void tb_planning_close(struct tb_planning *p); /* zeroes */

#endif
