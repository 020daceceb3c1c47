/* SPDX-License-Identifier: MIT */
/* requests.c - lines out of a descriptor, so that a look at what came meanwhile never waits. */
#include "cli/requests.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_LINE = 1 << 20, PIECE = 1 << 16 };

void tb_requests_close(struct tb_requests *r)
{
    tb_buf_free(&r->have);
}

/* Whether something comes before patience ends. */
static bool comes(const struct tb_requests *r)
{
    struct pollfd fd = { .fd = r->fd, .events = POLLIN };
    int n;
    do
        n = poll(&fd, 1, r->idle_s > 0 ? (int)(r->idle_s * 1000) : -1);
    while (n < 0 && errno == EINTR);
    return n != 0;
}

/* Reads once, waiting if there is nothing. */
static void read_more(struct tb_requests *r)
{
    char piece[PIECE];
    ssize_t n;
    do
        n = read(r->fd, piece, sizeof piece);
    while (n < 0 && errno == EINTR);
    r->has_ended = n <= 0;
    if (n > 0)
        tb_buf_add(&r->have, piece, (size_t)n);
}

/* Drops what is done with. */
static void compact(struct tb_requests *r)
{
    if (r->at == 0)
        return;
    memmove(r->have.p, r->have.p + r->at, r->have.n - r->at);
    r->have.n -= r->at;
    r->at = r->seen = 0;
}

static const char *line_end(const struct tb_requests *r, size_t from)
{
    return r->have.n > from ? memchr(r->have.p + from, '\n', r->have.n - from) : NULL;
}

/* The next line without its end, lent until the next call; false behind the last. *is_long: only its beginning. */
static bool next_line(struct tb_requests *r, const char **p, size_t *n, bool *is_long)
{
    const char *end;
    compact(r);
    *is_long = false;
    while (!(end = line_end(r, 0)) && !r->has_ended) {
        *is_long |= r->have.n > MAX_LINE;
        if (*is_long)
            r->have.n = MAX_LINE;
        if (comes(r))
            read_more(r);
        else
            r->has_ended = true;
    }
    *n = end ? (size_t)(end - r->have.p) : r->have.n;
    *is_long |= *n > MAX_LINE;
    *p = r->have.p;
    r->at = r->seen = *n + (end != NULL); /* what waits may be about this one */
    return end || *n > 0;
}

static bool is_blank(const char *p, size_t n)
{
    while (n && (*p == ' ' || *p == '\t' || *p == '\r')) {
        p++;
        n--;
    }
    return n == 0;
}

bool tb_requests_next(struct tb_requests *r, struct tb_json **request, struct tb_err *why)
{
    const char *p;
    size_t n;
    bool is_long;
    *request = NULL;
    do
        if (!next_line(r, &p, &n, &is_long))
            return false;
    while (is_blank(p, n));
    if (is_long)
        tb_fail(why, TB_ERR_LIMIT, "a request is longer than %d bytes", MAX_LINE);
    else
        *request = tb_json_parse(p, n, "the request", why);
    return true;
}

bool tb_requests_look(struct tb_requests *r, tb_requests_fn *fn, void *arg)
{
    struct pollfd fd = { .fd = r->fd, .events = POLLIN };
    bool is_found = false;
    while (!r->has_ended && r->have.n < 2 * MAX_LINE && poll(&fd, 1, 0) > 0)
        read_more(r);
    for (const char *end; !is_found && (end = line_end(r, r->seen)); r->seen = (size_t)(end - r->have.p) + 1) {
        const char *from = r->have.p + r->seen;
        struct tb_json *request = end - from <= MAX_LINE ? tb_json_parse(from, (size_t)(end - from), "", NULL) : NULL;
        is_found = request && fn(arg, request);
        tb_json_free(request);
    }
    return is_found;
}

bool tb_requests_answer(struct tb_json *answer, const struct tb_json *request, struct tb_err *err)
{
    const struct tb_json *id = tb_json_get(request, "id");
    if (id)
        tb_json_set(answer, "id", tb_json_copy(id));
    char *text = tb_json_text(answer, TB_JSON_LINE);
    printf("%s\n", text);
    bool good = fflush(stdout) == 0 || tb_fail_errno(err, "cannot write the answer");
    free(text);
    tb_json_free(answer);
    return good;
}

struct tb_json *tb_requests_error(const struct tb_err *err)
{
    struct tb_json *map = tb_json_new_map(), *e = tb_json_new_map();
    tb_json_set(e, "kind", tb_json_new_str(tb_err_kind_name(err->kind)));
    tb_json_set(e, "text", tb_json_new_str(err->text));
    tb_json_set(e, "where", tb_json_new_str(*err->where ? err->where : NULL));
    tb_json_set(e, "line", err->line > 0 ? tb_json_new_int(err->line) : tb_json_new_null());
    tb_json_set(map, "error", e);
    return map;
}
