/* SPDX-License-Identifier: MIT */
/* chat.h - a conversation with several runs on one base: texts written side by side, where they part and how sure each
 * was there. Requests and answers are JSON maps, so that the same words serve a terminal, a screen and a program; the
 * protocol is CONVERSATIONS in man/tunebench.txt. */
#ifndef TB_WORKER_CHAT_H
#define TB_WORKER_CHAT_H

#include "base/err.h"
#include "base/json.h"

struct tb_chat_spec {
    const char *store;
    const char *const *runs; /* "RUN", "RUN:400", "RUN:best" */
    int n_runs;
    const char *base;            /* instead of runs: a model, */
    const char *const *adapters; /* bare or with PEFT folders */
    int n_adapters;
    const char *data; /* rows, and a template for prompts; NULL: those of the first run */
    bool has_mix;     /* the adapters of all runs together write, too, behind the runs */
    bool has_base;    /* the bare base writes, too, as the last side */
    int threads;      /* 0: all */
};

/* Who asks. */
struct tb_chat_client {
    /* Takes an answer over; false: nobody listens any more, so that the request ends. */
    bool (*tell)(void *arg, struct tb_json *answer);
    /* Whether what is being written is not wanted any more; looked at before each token. May be NULL. */
    bool (*is_cancelled)(void *arg);
    void *arg;
};

struct tb_chat;

/* Loads them. spec is lent until it is closed. */
struct tb_chat *tb_chat_open(const struct tb_chat_spec *spec, struct tb_err *err);
void tb_chat_close(struct tb_chat *c); /* NULL is fine */
/* {event: "ready", sides: [..], base: {..}}: who is there. A new value. */
struct tb_json *tb_chat_ready(struct tb_chat *c);
/* Does what is asked, and tells it bit by bit; the last answer has event "done". False with *err if it cannot be done:
 * the next request may still be. */
bool tb_chat_ask(struct tb_chat *c, const struct tb_json *request, const struct tb_chat_client *to,
                 struct tb_err *err);

#endif
