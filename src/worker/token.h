/* SPDX-License-Identifier: MIT */
/* token.h - a token that was made becomes text, for all who write: conversations, generate, metrics of texts. */
#ifndef TB_WORKER_TOKEN_H
#define TB_WORKER_TOKEN_H

#include "engine/generate.h"
#include "text/stream.h"
#include "text/tokenizer.h"

/* Appends it, and ends the text if it is the last: why ("nan": the logits are no numbers, "eos", "stop", "max" if no
 * more are wanted, "context"), else NULL. Static. */
const char *tb_token_take(struct tb_text_stream *s, const struct tb_tokenizer *t, const struct tb_made *made,
                          bool is_enough);

#endif
