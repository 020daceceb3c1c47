/* SPDX-License-Identifier: MIT */
#include "text/stream.h"

#include <string.h>

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Drops the lead, once it is there or cannot come any more. */
static void begin(struct tb_text_stream *s)
{
    size_t n = s->lead ? strlen(s->lead) : 0, have = least(n, s->text.n);
    bool is_like = have == 0 || memcmp(s->text.p, s->lead, have) == 0;
    if (s->has_begun || (is_like && have < n && !s->has_ended))
        return;
    s->has_begun = true;
    if (!is_like || have < n || n == 0)
        return;
    s->text.n -= n;
    memmove(s->text.p, s->text.p + n, s->text.n + 1);
}

/* Where the first stop string begins at or behind `from`; the length of the text if none does. Of a text in pieces
 * those before `from` were looked at already. */
static size_t find_stop(const struct tb_text_stream *s, size_t from)
{
    for (size_t at = from; at < s->text.n; at++)
        for (int i = 0; i < s->n_stops; i++) {
            size_t n = strlen(s->stops[i]);
            if (n && n <= s->text.n - at && memcmp(s->text.p + at, s->stops[i], n) == 0)
                return at;
        }
    return s->text.n;
}

/* Ends the text before its first stop string; false if there is none. */
static bool cut(struct tb_text_stream *s)
{
    size_t at = s->has_begun ? find_stop(s, s->shown) : s->text.n;
    if (at == s->text.n)
        return false;
    s->text.n = at;
    s->text.p[at] = '\0';
    s->has_ended = true;
    return true;
}

bool tb_text_stream_add(struct tb_text_stream *s, const char *p, size_t n)
{
    if (s->has_ended || n == 0)
        return s->has_ended;
    tb_buf_add(&s->text, p, n);
    begin(s);
    return cut(s);
}

bool tb_text_stream_end(struct tb_text_stream *s)
{
    bool was_begun = s->has_begun;
    s->has_ended = true;
    begin(s);
    return !was_begun && cut(s);
}

/* Bytes at the end that may be the beginning of a stop string. */
static size_t begun_stop(const struct tb_text_stream *s)
{
    for (size_t at = s->shown; at < s->text.n; at++)
        for (int i = 0; i < s->n_stops; i++) {
            size_t n = s->text.n - at;
            if (n < strlen(s->stops[i]) && memcmp(s->text.p + at, s->stops[i], n) == 0)
                return n;
        }
    return 0;
}

/* Bytes of an unfinished UTF-8 sequence at the end of n. */
static size_t begun_rune(const char *p, size_t n)
{
    for (size_t back = 1; back <= 3 && back <= n; back++) {
        unsigned char c = (unsigned char)p[n - back];
        if ((c & 0xc0) == 0x80)
            continue;
        size_t need = c >= 0xf0 && c < 0xf5 ? 4 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xc2 && c < 0xe0 ? 2 : 1;
        return need > back ? back : 0;
    }
    return 0;
}

const char *tb_text_stream_take(struct tb_text_stream *s, size_t *n)
{
    const char *from = s->text.p ? s->text.p + s->shown : "";
    *n = s->has_begun ? s->text.n - s->shown : 0;
    if (*n && !s->has_ended) {
        *n -= begun_stop(s);
        *n -= begun_rune(from, *n);
    }
    s->shown += *n;
    return from;
}

void tb_text_stream_close(struct tb_text_stream *s)
{
    tb_buf_free(&s->text);
}
