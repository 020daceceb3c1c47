/* SPDX-License-Identifier: MIT */
/* token.c - the first reason counts, but for a stop string that is found only when nothing more can come. */
#include "worker/token.h"

#include <math.h>

const char *tb_token_take(struct tb_text_stream *s, const struct tb_tokenizer *t, const struct tb_made *made,
                          bool is_enough)
{
    const char *stop = NULL;
    size_t n;
    const char *bytes = tb_tokenizer_token(t, made->id, &n);
    if (isnan(made->logprob)) /* of damaged or diverged weights: no token is meant */
        stop = "nan";
    else if (made->id == tb_tokenizer_eos(t))
        stop = "eos";
    else if (tb_text_stream_add(s, bytes, n))
        stop = "stop";
    else if (is_enough)
        stop = "max";
    else if (made->is_last)
        stop = "context";
    return stop && tb_text_stream_end(s) ? "stop" : stop;
}
