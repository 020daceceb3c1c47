/* SPDX-License-Identifier: MIT */
/* stream.h - text that comes in pieces, as tokens are made: cut exactly before the first stop string, also where one
 * lies across pieces, and shown no earlier than it is certain to stay. */
#ifndef TB_TEXT_STREAM_H
#define TB_TEXT_STREAM_H

#include "base/buf.h"

#include <stdbool.h>

/* Zero but for what the caller sets. */
struct tb_text_stream {
    const char *const *stops; /* lent */
    int n_stops;
    const char *lead;   /* left out where the text begins with it, NULL: nothing is; lent */
    struct tb_buf text; /* all of it so far */
    size_t shown;       /* bytes that were taken */
    bool has_begun;     /* the lead is dealt with */
    bool has_ended;
};

/* Appends a piece; true if the text has ended at a stop string, which is cut off with all behind it. */
bool tb_text_stream_add(struct tb_text_stream *s, const char *p, size_t n);
/* No more will come. True if a stop string is found only now, in what might have been the lead. */
bool tb_text_stream_end(struct tb_text_stream *s);
/* The next bytes that will stay as they are, *n of them: nothing that may become a stop string, no part of a UTF-8
 * sequence. Valid until the next add. */
const char *tb_text_stream_take(struct tb_text_stream *s, size_t *n);
void tb_text_stream_close(struct tb_text_stream *s);

#endif
