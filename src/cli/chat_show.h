/* SPDX-License-Identifier: MIT */
/* chat_show.h - the answers of a conversation as lines of text: one side after the other, the first that has not ended
 * as it writes. */
#ifndef TB_CLI_CHAT_SHOW_H
#define TB_CLI_CHAT_SHOW_H

#include "base/json.h"
#include "cli/out.h"

enum { TB_SHOWN = 9 };

struct tb_chat_show {
    struct tb_out out;
    bool shows_prompt; /* also prompt and reference */
    struct {
        char side[8];
        struct tb_buf text; /* that waits for its turn */
        struct tb_json *end;
    } side[TB_SHOWN];
    int n, turn;
    bool is_open; /* a line is under way */
};

/* As tb_chat_client's; arg is a struct tb_chat_show. */
bool tb_chat_show_tell(void *arg, struct tb_json *answer);
/* Who is there, from the answer "ready". */
void tb_chat_show_ready(const struct tb_chat_show *s, const struct tb_json *ready);
/* Sides that are to be shown, in order; forgets the last texts. */
void tb_chat_show_begin(struct tb_chat_show *s, const struct tb_json *ready);
void tb_chat_show_close(struct tb_chat_show *s);
/* A token and how likely it was: "\"Aromi\" 0.42", "\"<end>\" 0.97". */
void tb_chat_show_token(const struct tb_json *token);

#endif
