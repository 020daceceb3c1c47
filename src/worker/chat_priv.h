/* SPDX-License-Identifier: MIT */
/* chat_priv.h - what the files of a conversation share. */
#ifndef TB_WORKER_CHAT_PRIV_H
#define TB_WORKER_CHAT_PRIV_H

#include "dataset/prompt.h"
#include "text/stream.h"
#include "worker/chat.h"
#include "worker/sides.h"

enum { TB_CHAT_STOPS = 16 };

/* What one side wrote last. */
struct tb_chat_text {
    struct tb_ids ids; /* the end of a text included, where it made one */
    struct tb_text_stream stream;
    double logprob, begin_s, seconds;
    const char *stop; /* why it ended; NULL: it has not, or was not asked */
    bool is_asked;
};

struct tb_chat {
    struct tb_sides sides;
    struct tb_prompt_form form;
    struct tb_ids prompt; /* of the last texts; n 0: there are none */
    struct tb_chat_text text[TB_SIDES];
};

/* What is to be written; strings are lent from the request, or from the data set. */
struct tb_chat_wish {
    int row; /* of the data set, -1: a prompt of its own */
    const char *prompt, *reference; /* not terminated */
    size_t n_prompt, n_reference;
    bool is_raw;
    int max_tok;
    struct tb_sampling sampling;
    const char *stops[TB_CHAT_STOPS];
    int n_stops;
    bool is_wanted[TB_SIDES];
};

/* chat_wish.c: reads a request, checked; w->prompt may be lent from it. */
bool tb_chat_wish_read(struct tb_chat *c, const struct tb_json *request, struct tb_chat_wish *w, struct tb_err *err);
/* Fails on a key that is none of these, which end with NULL. */
bool tb_chat_check_keys(const struct tb_json *request, const char *const *keys, struct tb_err *err);
/* The side called "A", "B", .., "base" or by its name; -1 with *err. */
int tb_chat_side(const struct tb_chat *c, const char *name, struct tb_err *err);

/* chat_write.c */
bool tb_chat_write(struct tb_chat *c, const struct tb_json *request, const struct tb_chat_client *to,
                   struct tb_err *err);

/* chat_fork.c: what the first two sides have in common, a new value; NULL with *err. And the likeliest tokens at one
 * place. */
struct tb_json *tb_chat_compared(struct tb_chat *c, int a, int b, struct tb_err *err);
struct tb_json *tb_chat_look(struct tb_chat *c, const struct tb_json *request, struct tb_err *err);

#endif
